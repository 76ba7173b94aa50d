"""Which records a query finds, in what order, with which keys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from mqsql import limits
from mqsql.errors import QueryError, short_repr
from mqsql.reference.allowance import allowed
from mqsql.reference.collation import read_collation
from mqsql.reference.keys import Select, read_keys
from mqsql.reference.narrowing import Indexed, conditions
from mqsql.reference.paths import at_path
from mqsql.reference.place import Place, resolve_value
from mqsql.reference.projection import read_projection
from mqsql.reference.query import Match, read_query
from mqsql.reference.sorting import read_sort, sorted_by
from mqsql.reference.values import MISSING, Fold, Order, order, same_text
from mqsql.schema import TASKS, Record, Table
from mqsql.values.plain import either, read_plain

Records = Iterable[Mapping[str, Any]] | Indexed
Keys = str | Iterable[str] | Mapping[str, Any] | None
Sort = str | Iterable[str | tuple[str, int]] | Mapping[str, int] | None
Projection = Mapping[str, Any] | Iterable[str] | None
Collation = Mapping[str, Any] | None


@limits.within_python
def matches(record: Mapping[str, Any], query: object, *, table: Table = TASKS) -> bool:
    """Whether the record matches; QueryError for a query, RecordError for a record without a meaning."""
    return read_query(read_plain(query), Place(table))(_read_record(record, table))


@limits.within_python
def found(
    records: Records,
    query: object = None,
    keys: Keys = None,
    *,
    filter: object = None,
    sort: Sort = None,
    limit: int | None = None,
    skip: int = 0,
    projection: Projection = None,
    collation: Collation = None,
    table: Table = TASKS,
) -> 'Found':
    """The matching records, in insertion order unless sorted, cut down to `keys` (None: all but Buffers) or `projection`.

    `filter` is pymongo's name of `query`; a dict in place of `keys` is a projection. A `limit` of None or 0 is none.
    Gives fresh dicts with canonical values; those in them belong to the records, if they are Indexed. All records are tested
    at once; what a projection computes comes with each.
    """
    place, query = _place(table, collation), read_plain(either(query, filter))
    with allowed():  # one allowance for everything computed while the query is read
        match, select = _read_optional(query, place), _read_select(keys, projection, table, place.fold)
    by, window = read_sort(sort, table), _read_window(limit, skip)
    matching = _matching(records, query, match, table, place.fold)
    # As in MongoDB, nothing is sorted where the key has one value, not even what could not be.
    one = place.fold is same_text and _of_one_key(query, table)
    ordered = matching if one else sorted_by(matching, by, place.fold)
    return Found(partial(_made, select), ordered[window])


class Found(Iterable[Record]):
    """What is made of records, each time that it is iterated over."""

    def __init__(self, make: Select, records: Sequence[Record]) -> None:
        self._make, self._records = make, records

    def __iter__(self) -> Iterator[Record]:
        return map(self._make, self._records)


def find(records: Records, query: object = None, keys: Keys = None, **options: Any) -> list[Record]:
    """The records that `found` gives."""
    return list(found(records, query, keys, **options))


def selection(
    keys: Keys = None, projection: Projection = None, *, collation: Collation = None, table: Table = TASKS
) -> Select:
    """What makes the dict to return of a record: of canonical values, without those that are missing. See `found`."""
    place = _place(table, collation)
    with allowed():
        return partial(_made, _read_select(keys, projection, table, place.fold))


def find_one(records: Records, query: object = None, keys: Keys = None, **options: Any) -> Record | None:
    """The first record that `find` gives with these options, or None."""
    return next(iter(find(records, query, keys, **{**options, 'limit': 1})), None)


def count(
    records: Records,
    query: object = None,
    *,
    filter: object = None,
    limit: int | None = None,
    skip: int = 0,
    collation: Collation = None,
    table: Table = TASKS,
) -> int:
    """How many records `find` gives."""
    return len(find(records, query, (), filter=filter, limit=limit, skip=skip, collation=collation, table=table))


@limits.within_python
def distinct(
    records: Records,
    key: str,
    query: object = None,
    *,
    filter: object = None,
    collation: Collation = None,
    table: Table = TASKS,
) -> list[Any]:
    """The different values at `key`, an array's elements one by one, in the order they are met; missing gives none."""
    place, key = _place(table, collation), read_plain(key, 'key')
    steps = resolve_value(key, table, place.at(key if isinstance(key, str) else 'key'))
    query = read_plain(either(query, filter))
    match = _read_optional(query, place)
    first: dict[Order, Any] = {}
    for record in _matching(records, query, match, table, place.fold):
        for value in _values(record, steps):
            first.setdefault(order(value, place.fold), value)
    return list(first.values())


@limits.within_python
def _made(select: Select, record: Record) -> Record:
    limits.check()
    with allowed():
        return select(record)


def _place(table: Table, collation: object) -> Place:
    return Place(table, fold=read_collation(read_plain(collation, 'collation'), Place(table, 'collation')))


def _read_select(keys: object, projection: object, table: Table, fold: Fold) -> Select:
    wanted, fields = (
        read_plain(part, what, iterable=True) for part, what in ((keys, 'keys'), (projection, 'projection'))
    )
    if fields and wanted is not None:
        raise QueryError('give keys or projection, not both', 'projection')
    if isinstance(wanted, dict):
        wanted, fields = None, wanted
    if isinstance(fields, list) and all(isinstance(name, str) for name in fields):
        fields = dict.fromkeys((table.key, *fields), 1)
    if fields is None or fields == {}:
        return read_keys(wanted, table)
    return read_projection(fields, table, fold)


def _values(record: Record, steps: list[str]) -> list[Any]:
    values = list(at_path(record.get(steps[0], MISSING), steps[1:]))
    return [v for value in values for v in (value if isinstance(value, list) else [value])]


def _matching(records: Records, query: Any, match: Match, table: Table, fold: Fold) -> list[Record]:
    found = []
    for record in _candidates(records, query, table, fold):
        limits.check()
        if match(record):
            found.append(record)
    return found


def _candidates(records: Records, query: Any, table: Table, fold: Fold) -> Iterable[Record]:
    """The records that may match, each in canonical form."""
    if not isinstance(records, Indexed):
        return (_read_record(record, table) for record in records)
    # A collation finds texts that are not equal.
    return records.candidates(conditions(query or {}, table, records) if fold is same_text else ())


def _read_record(record: Mapping[str, Any], table: Table) -> Record:
    """The record's canonical values, in the order of the table's columns; what is None is missing."""
    given = table.normalize(record)
    return {column: given[column] for column in table.columns if given.get(column) is not None}


def _read_optional(query: object, place: Place) -> Match:
    return read_query({} if query is None else query, place)


def _of_one_key(query: object, table: Table) -> bool:
    if not isinstance(query, Mapping):
        return False
    value = query.get(table.key, {})
    tests = value if isinstance(value, Mapping) else {'$eq': value}
    if any(isinstance(one, str) for one in (tests.get('$eq'), *tests.get('$all', ()))):
        return True
    alternatives = query.get('$or', ())
    parts = [*query.get('$and', ()), *(alternatives if len(alternatives) == 1 else ())]
    return any(_of_one_key(part, table) for part in parts)


def _read_window(limit: object, skip: object) -> slice:
    start = _read_amount('skip', skip)
    length = None if limit is None else _read_amount('limit', limit)
    return slice(start, start + length if length else None)


def _read_amount(what: str, amount: Any) -> int:
    amount = read_plain(amount, what)
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount < 2**63:
        raise QueryError(f'takes an integer from 0 to 2**63 - 1, not {short_repr(amount)}', what)
    return amount
