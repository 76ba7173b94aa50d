"""Whether a query reads every record, and which indexes would prevent that: they are tried on an empty copy of the table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Unpack

from mqsql.errors import QueryError
from mqsql.schema import Index
from mqsql.settings import MEMORY
from mqsql.storage import open
from mqsql.storage.base import Explanation, Options, Query, Store
from mqsql.storage.indexes import read_index

FEW = 0.2
"""The part of all records up to which it is faster to find them by an index than to read all."""
MOST = 8
"""Conditions that are looked at."""

_SORTED = 'USE TEMP B-TREE FOR ORDER BY'
"""What the plan of SQLite says where the records that match are all sorted before the first is given."""


@dataclass(frozen=True)
class Condition:
    """A condition on one key that all records must satisfy which match, and how many do."""

    key: str
    test: Any
    matching: int


@dataclass(frozen=True)
class Advice:
    """What reads more than is needed, if anything, and what prevents it.

    `full_scan`: each of the `records` is read to find those that match. `sorts`: all that match are sorted to give the first.
    `conditions` are those that were looked at, the most selective first. `indexes` are to be created, all of them.
    """

    full_scan: bool = False
    sorts: bool = False
    records: int = 0
    conditions: tuple[Condition, ...] = ()
    indexes: tuple[Index, ...] = ()


def advise(store: Store, query: Query, explanation: Explanation, **options: Unpack[Options]) -> Advice:
    """What is to be said of the plan of a `find` with this query and these options."""
    full_scan = bool(query) and _scans(explanation, store)
    sorts = _sorts(explanation, store, options)
    if not full_scan and not sorts:
        return Advice()
    records = store.count()
    found = [Condition(key, test, store.count({key: test})) for key, test in islice(_conditions(query), MOST)]
    found.sort(key=lambda condition: condition.matching)
    return Advice(full_scan, sorts, records, tuple(found), _useful(store, query, found, FEW * records, options))


def _scans(explanation: Explanation, store: Store) -> bool:
    """Whether the plan reads all of the table or of the collection; DuckDB, which always does, has no indexes to create."""
    return any(line.strip() in (f'SCAN {store.table.name}', 'COLLSCAN') for line in explanation.plan)


def _sorts(explanation: Explanation, store: Store, options: Mapping[str, Any]) -> bool:
    """Whether all that match are sorted to give the first; not if the first are looked for in a head of the sort's index."""
    has_head = any(line.strip() == f'MATERIALIZE {store.table.name}~head' for line in explanation.plan)
    return bool(options.get('sort') and options.get('limit')) and _SORTED in explanation.plan and not has_head


def _conditions(query: Query) -> Iterator[tuple[str, Any]]:
    """The conditions on single keys that all hold."""
    for key, test in query.items():
        if key == '$and' and isinstance(test, list):
            for part in test:
                yield from _conditions(part)
        elif not key.startswith('$'):
            yield key, test


def _alternatives(store: Store, query: Query, few: float) -> Iterator[list[str]]:
    """For each $or that must hold, the keys of its parts, if few records satisfy it."""
    for key, test in query.items():
        if key == '$and':
            for part in test:
                yield from _alternatives(store, part, few)
        elif key == '$or' and store.count({key: test}) <= few:
            yield [name for part in test for name, _ in _conditions(part)]


def _useful(
    store: Store, query: Query, found: Sequence[Condition], few: float, options: Mapping[str, Any]
) -> tuple[Index, ...]:
    """The first of the candidates with which the plan is better."""
    candidates = [[condition.key] for condition in found if condition.matching <= few]
    candidates += _alternatives(store, query, few)
    if options.get('sort'):
        candidates.append([options['sort']])
    for keys in candidates:
        indexes = list(dict.fromkeys(_indexes(store, keys)))
        if indexes and _helps(store, query, indexes, options):
            return tuple(indexes)
    return ()


def _indexes(store: Store, keys: Sequence[Any]) -> Iterator[Index]:
    """The indexes on these keys that can be created and are not there."""
    for key in keys:
        try:
            index = read_index(key, store.table)
        except QueryError:
            continue
        if index not in store.table.indexes:
            yield index


def _helps(store: Store, query: Query, indexes: Sequence[Index], options: Mapping[str, Any]) -> bool:
    """Whether the plan of an SQLite file with these indexes reads neither all records nor sorts those that match.

    MongoDB's own choice is not known here; it takes an index on a condition that few records satisfy.
    """
    if not _has_sqlite_plans(store):
        return True
    with open(MEMORY, table=store.table) as copy:
        for index in indexes:
            copy.create_index(index.keys)
        explanation = copy.explain(query, [], **Options(**options))  # type: ignore[typeddict-item]
        return not _scans(explanation, copy) and not _sorts(explanation, copy, options)


def _has_sqlite_plans(store: Store) -> bool:
    from mqsql.storage.sqlite.store import SqliteStore

    return isinstance(store, SqliteStore)
