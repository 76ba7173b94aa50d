"""Queries of a known shape give the statement that they give when they are parsed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch

import pytest
from draws import Draws
from finds import find_options
from hypothesis import given
from hypothesis import strategies as st
from places import places
from queries import query
from strategies import collections
from tables import TABLE

from mqsql import compiler
from mqsql.compiler import compile, compile_count
from mqsql.errors import MqsqlError
from mqsql.schema import TASKS, Index, Table

TEXTS = ['', 'a', 'e\x01\0', '\ud800', '2026-01-01', 'ü' * 20, '$a']
TIMES = [
    datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=-9))),
    datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-9))),  # past the years of UTC
    datetime(2026, 7, 1),
]
INDEXED = Table(
    'indexed', dict(TASKS.columns), 'msg_id', indexes=(Index(('content.a',)), Index(('started', 'content.b'), (1, -1)))
)


def parsing() -> AbstractContextManager[object]:
    """A block in which all queries are parsed."""
    return patch.object(compiler, 'read_shape', lambda *_: None)


def statements(query: Any, options: dict[str, Any], table: Table) -> str:
    """All that compiling gives, or the error."""
    said = []
    makes: list[Callable[[], Any]] = [
        lambda: compile(query, **options, table=table),
        lambda: compile_count(query, table=table),
    ]
    for make in makes:
        try:
            made = make()
        except MqsqlError as e:
            said.append(repr(e))
            continue
        plain = made.unindexed()
        said.append(repr((made, plain.sql, plain.params, plain.unindexed() == plain, getattr(made, 'keys', None))))
    return '\n'.join(said)


def assert_same(query: Any, options: dict[str, Any], table: Table) -> None:
    with parsing():
        expected = statements(query, options, table)
    assert statements(query, options, table) == expected


def with_others(d: Draws, value: Any) -> Any:
    """The query with other operands of the same types."""
    if isinstance(value, dict):
        return {key: with_others(d, part) for key, part in value.items()}
    if isinstance(value, list):
        return [with_others(d, part) for part in value]
    if type(value) is str:
        return d.pick(TEXTS)
    return d.pick(TIMES) if type(value) is datetime else value


@pytest.mark.usefixtures('local_zone')
@given(st.data())
def test_drawn_queries(data: st.DataObject) -> None:
    d = Draws(data.draw)
    known = places(data.draw(collections()))
    for _ in range(5):
        one = query(d, known)
        options = find_options(d, known) if d.once_in(2) else {}
        for asked in (one, with_others(d, one), with_others(d, one)):
            assert_same(asked, options, TABLE)


COLUMNS = ['started', 'complete', 'client_uuid', 'label', 'content.a', 'content.b', 'buffers', 'unknown', 'header']
OPERATORS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$ge', '$le', '$in', '$nin', '$exists', '$wrong']


@pytest.mark.usefixtures('local_zone')
@given(st.data())
def test_shapes(data: st.DataObject) -> None:
    d = Draws(data.draw)

    def operand(operator: str) -> Any:
        kinds: list[list[Any]] = [TEXTS, TEXTS, TIMES, [None], [7, True, 1.5]]
        kind = d.pick(kinds)
        several = operator in ('$in', '$nin') and not d.once_in(8)
        return [d.pick(kind) for _ in range(d.pick(range(4)))] if several else d.pick(kind)

    def tests() -> Any:
        return {name: operand(name) for name in d.several(0, 2, lambda: d.pick(OPERATORS))}

    shaped = {key: tests() if d.once_in(2) else operand('') for key in d.several(0, 3, lambda: d.pick(COLUMNS))}
    choices: list[dict[str, Any]] = [
        {},
        {'keys': ['label', 'content.a']},
        {'keys': 'label', 'sort': 'started'},
        {'limit': 3},
    ]
    options = d.pick(choices)
    for asked in (shaped, with_others(d, shaped), with_others(d, shaped)):
        for table in (TASKS, INDEXED):
            assert_same(asked, options, table)


def test_documented_queries_are_parsed_once() -> None:
    moment = TIMES[0]
    documented: list[tuple[Any, Any]] = [
        ({'complete': None}, ['msg_id', 'started']),
        ({'started': {'$gte': moment}, 'client_uuid': 'c'}, None),
        ({'started': {'$le': moment}, 'client_uuid': {'$ne': 'c'}}, None),
        ({'engine_uuid': {'$in': ['a', 'b']}}, ['msg_id', 'result_header']),
    ]
    for asked, keys in documented:
        compile(asked, keys)
    with patch.object(compiler, 'parse', side_effect=AssertionError('parsed again')):
        for asked, keys in documented:
            compile(asked, keys)
