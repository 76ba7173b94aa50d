"""Which records a query finds, in what order, with which keys. Imports `schema`, `errors`, and all of the reference."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mqsql.errors import QueryError, shown
from mqsql.reference.collation import read_collation
from mqsql.reference.keys import Select, read_keys
from mqsql.reference.paths import sort_orders, walk
from mqsql.reference.place import Place, resolve
from mqsql.reference.projection import read_projection
from mqsql.reference.query import Match, read_query
from mqsql.reference.values import MISSING, Fold, order
from mqsql.schema import BUFFERS, TASKS, Record, Table

Records = Iterable[Mapping[str, Any]]
Keys = str | Iterable[str] | None
Sort = str | list[tuple[str, int]] | None
Collation = Mapping[str, Any] | None


def matches(record: Mapping[str, Any], query: object, *, table: Table = TASKS) -> bool:
    """Whether the record matches; QueryError for a query, RecordError for a record without a meaning."""
    return read_query(query, Place(table))(_read_record(record, table))


def find(
    records: Records,
    query: object = None,
    keys: Keys = None,
    *,
    sort: Sort = None,
    limit: int | None = None,
    skip: int = 0,
    projection: Mapping[str, Any] | None = None,
    collation: Collation = None,
    table: Table = TASKS,
) -> list[Record]:
    """The matching records, in insertion order unless sorted, cut down to `keys` (None: all but Buffers) or `projection`.

    A `limit` of None or 0 is none. Returns fresh dicts with canonical values.
    """
    place = _place(table, collation)
    match, select = _read_optional(query, place), _read_select(keys, projection, table, place.fold)
    by, window = _read_sort(sort, table), _read_window(limit, skip)
    found = [record for record in _read_records(records, table) if match(record)]
    return [select(record) for record in _sorted(found, by, place)[window]]


def find_one(records: Records, query: object = None, keys: Keys = None, **options: Any) -> Record | None:
    """The first record that `find` gives with these options, or None."""
    return next(iter(find(records, query, keys, **{**options, 'limit': 1})), None)


def count(
    records: Records,
    query: object = None,
    *,
    limit: int | None = None,
    skip: int = 0,
    collation: Collation = None,
    table: Table = TASKS,
) -> int:
    """How many records `find` gives."""
    return len(find(records, query, (), limit=limit, skip=skip, collation=collation, table=table))


def distinct(
    records: Records, key: str, query: object = None, *, collation: Collation = None, table: Table = TASKS
) -> list[Any]:
    """The different values at `key`, an array's elements one by one, in the order they are met; missing gives none."""
    place = _place(table, collation)
    steps, kind = resolve(key, table, place.at(str(key)))
    if kind is BUFFERS:
        raise place.at(key).error('Buffers have no distinct values')
    match = _read_optional(query, place)
    found = [v for record in _read_records(records, table) if match(record) for v in _values(record, steps)]
    return list({order(value, place.fold): value for value in reversed(found)}.values())[::-1]


def _place(table: Table, collation: object) -> Place:
    return Place(table, fold=read_collation(collation, Place(table, 'collation')))


def _read_select(keys: Keys, projection: object, table: Table, fold: Fold) -> Select:
    if projection is None or projection == {}:
        return read_keys(keys, table)
    if keys is not None:
        raise QueryError('keys and projection do not stand together', 'projection')
    return read_projection(projection, table, fold)


def _values(record: Record, steps: list[str]) -> list[Any]:
    values = [value for value, _ in walk(record, steps) if value is not MISSING]
    return [v for value in values for v in (value if isinstance(value, list) else [value])]


def _read_records(records: Records, table: Table) -> Iterator[Record]:
    return (_read_record(record, table) for record in records)


def _read_record(record: Mapping[str, Any], table: Table) -> Record:
    """The record's canonical values, in the order of the table's columns; what is None is missing."""
    given = table.read(record)
    return {column: given[column] for column in table.columns if given.get(column) is not None}


def _read_optional(query: object, place: Place) -> Match:
    return read_query({} if query is None else query, place)


def _read_window(limit: object, skip: object) -> slice:
    start = _read_amount('skip', skip)
    length = None if limit is None else _read_amount('limit', limit)
    return slice(start, start + length if length else None)


def _read_amount(what: str, amount: object) -> int:
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
        raise QueryError(f'{what} takes a whole number of at least 0, not {shown(amount)}')
    return amount


def _read_sort(sort: object, table: Table) -> list[tuple[list[str], bool]]:
    """The paths to sort by, each with whether it is descending."""
    if sort is None:
        return []
    pairs = [(sort, 1)] if isinstance(sort, str) else sort
    if not isinstance(pairs, list | tuple):
        raise QueryError(f'sort takes a key or a list of (key, 1 or -1), not {shown(sort)}')
    return [_read_sort_pair(pair, table) for pair in pairs]


def _read_sort_pair(pair: Any, table: Table) -> tuple[list[str], bool]:
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not _is_direction(pair[1]):
        raise QueryError(f'sort takes pairs of a key and 1 or -1, not {shown(pair)}')
    steps, kind = resolve(pair[0], table, Place(table, 'sort'))
    if kind is BUFFERS:
        raise QueryError('a Buffers column has no order', 'sort')
    return steps, pair[1] == -1


def _is_direction(direction: object) -> bool:
    return type(direction) is int and direction in (1, -1)


def _sorted(records: list[Record], by: list[tuple[list[str], bool]], place: Place) -> list[Record]:
    # Sorting is stable: the last path first, the first path has the last word.
    for steps, descending in reversed(by):
        extreme = max if descending else min
        keyed = [(extreme(sort_orders(record, steps, place.fold)), record) for record in records]
        keyed.sort(key=lambda pair: pair[0], reverse=descending)
        records = [record for _, record in keyed]
    return records
