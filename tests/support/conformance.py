"""Reads cases recorded from MongoDB's own tests, and judges an engine's answers to them. Helper of test_conformance.

The cases are data kept outside the project; where they are not there, test_conformance is skipped.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from mqsql.errors import QueryError
from mqsql.schema import Record
from mqsql.storage import Store

FOLDER = Path(__file__).parents[3] / 'shared' / 'conformance'

EXCEPTIONS = {
    'c2488631451d': 'BSON cannot have NUL in the name of a field; a Document can',
}
"""Cases whose recorded answer is not the right one here, by id, each with the reason."""


class Group(NamedTuple):
    """A collection, and the cases that ask it something; the cases' paths are those of a task record."""

    records: list[Record]
    cases: list[Any]


class Engine(Protocol):
    """What answers queries over records that it was given; `options` are sort, skip, limit, projection, collation."""

    def find(self, query: Any, **options: Any) -> list[Record]: ...

    def count(self, query: Any, **options: Any) -> int: ...

    def distinct(self, key: Any, query: Any, **options: Any) -> list[Any]: ...


class StoreEngine:
    """A store as an engine."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def find(self, query: Any, **options: Any) -> list[Record]:
        return list(self.store.find(query, **options))

    def count(self, query: Any, **options: Any) -> int:
        return self.store.count(query, **options)

    def distinct(self, key: Any, query: Any, **options: Any) -> list[Any]:
        return self.store.distinct(key, query, **options)

    def close(self) -> None:
        self.store.close()


@cache
def cases_module() -> Any:
    """The module that comes with the cases."""
    sys.path.append(str(FOLDER))
    try:
        return import_module('cases')
    finally:
        sys.path.remove(str(FOLDER))


def load() -> dict[str, list[Group]]:
    """All collections with their cases, by the MongoDB test that they come from; empty where they are not there."""
    groups: dict[str, list[Group]] = {}
    if FOLDER.exists():
        module = cases_module()
        for docs, cases in module.load():
            records = [module.record(i, doc) for i, doc in enumerate(docs)]
            group = Group(records, [module.on_content(case) for case in cases])
            groups.setdefault(cases[0].source, []).append(group)
    return groups


def load_documents() -> dict[str, list[Group]]:
    """The same of the cases that are about a filter, as recorded: the documents are no task records."""
    groups: dict[str, list[Group]] = {}
    for documents, cases in cases_module().load() if FOLDER.exists() else ():
        of_filters = [case for case in cases if case.op != 'distinct' and not (case.error and case.projection)]
        if of_filters:
            groups.setdefault(cases[0].source, []).append(Group(documents, of_filters))
    return groups


def verdict(engine: Engine, case: Any) -> str:
    """'' where the engine's answer is the recorded one, else what it did instead."""
    try:
        answer = _answer(engine, case)
    except QueryError as e:
        return '' if case.error else f'refused: {e}'
    if case.error:
        return f'answered {answer!r}'
    return '' if cases_module().agrees(case, answer) else f'gave {answer!r}, not {case.expected!r}'


def _answer(engine: Engine, case: Any) -> Any:
    options = dict(_options(case))
    if case.op == 'distinct':
        return engine.distinct(case.key, case.filter, **options)
    if case.op == 'count':
        return engine.count(case.filter, **options)
    found = engine.find(case.filter, **options)
    return [record['content' if case.projection is not None else 'msg_id'] for record in found]


def _projection(case: Any) -> dict[str, Any] | None:
    """The case's projection, where `_id` stands apart from all other fields, as it does not under `content`."""
    projection: dict[str, Any] | None = case.projection
    if projection is None or len(projection) < 2:
        return projection
    rest = {path: operand for path, operand in projection.items() if path != 'content._id'}
    inclusive = any(not isinstance(operand, dict) and operand for operand in rest.values())
    excludes_id = projection.get('content._id') in (0, False)
    return rest if excludes_id == inclusive else projection


def _options(case: Any) -> Iterator[tuple[str, Any]]:
    if projection := _projection(case):
        yield 'projection', projection
    if case.sort:
        yield 'sort', list(case.sort.items()) if isinstance(case.sort, Mapping) else case.sort
    for name in ('skip', 'limit', 'collation'):
        if getattr(case, name):
            yield name, getattr(case, name)
