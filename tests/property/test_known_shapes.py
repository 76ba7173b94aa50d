"""Queries of a known shape give the statement that they give when they are parsed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import TABLE, collections, places

from mqsql import compiler
from mqsql.compiler import compile, compile_count, compile_delete, compile_distinct, known
from mqsql.errors import MqsqlError
from mqsql.schema import TASKS, Index, Table
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.finds import find_options
from mqsql.testing.drawing.queries import query

TEXTS = ['', 'a', 'e\x01\0', '\ud800', '2026-01-01', 'ü' * 20, '$a']
TIMES = [
    datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=-9))),
    datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-9))),  # past the years of UTC
    datetime(2026, 7, 1),
]
NUMBERS: dict[type, list[Any]] = {
    int: [0, 1, -1, 2**53 + 1, 2**62, 2**62 + 1, -(2**63), 2**63, 10**400],
    float: [0.0, -0.0, 1.5, 1e18, 2.0**62, 1e300, float('inf'), float('nan')],
    bool: [True, False],
}
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
        lambda: compile_distinct('label', query, table=table),
        lambda: compile_distinct('content.a', query, table=table),
        lambda: compile_delete(query, table=table),
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
    if type(value) in NUMBERS:
        return d.pick(NUMBERS[type(value)])
    return d.pick(TIMES) if type(value) is datetime else value


@pytest.mark.usefixtures('local_zone')
@given(st.data())
def test_drawn_queries(data: st.DataObject) -> None:
    d = Draws(data.draw)
    known = places(data.draw(collections()))
    for _ in range(5):
        one = query(d, known)
        options = find_options(d, known) if d.once_in(2) else {}
        for asked in (one, *(with_others(d, one) for _ in range(3))):
            assert_same(asked, options, TABLE)


COLUMNS = ['started', 'complete', 'client_uuid', 'label', 'content.a', 'content.b', 'buffers', 'unknown', 'header']
OPERATORS = ('$eq $ne $gt $gte $lt $lte $ge $le $in $nin $exists $glob $regex $options $size $type $not $wrong').split()
KINDS: list[list[Any]] = [TEXTS, TEXTS, TIMES, [None], *NUMBERS.values()]
EXPRESSIONS: list[Any] = [
    {'$gt': [{'$subtract': ['$completed', '$started']}, 5]},
    {'$eq': ['$label', 'a']},
    '$label',
    0,
]


@pytest.mark.usefixtures('local_zone')
@given(st.data())
def test_shapes(data: st.DataObject) -> None:
    d = Draws(data.draw)

    def operand(operator: str) -> Any:
        if operator == '$not' and not d.once_in(8):
            return tests()
        kind = d.pick(KINDS)
        several = operator in ('$in', '$nin') and not d.once_in(8)
        return [d.pick(kind) for _ in range(d.pick(range(4)))] if several else d.pick(kind)

    def tests() -> Any:
        return {name: operand(name) for name in d.several(0, 2, lambda: d.pick(OPERATORS))}

    def drawn(levels: int) -> dict[str, Any]:
        keys = d.several(0, 3, lambda: d.pick(COLUMNS))
        found = {key: tests() if d.once_in(2) else operand('') for key in keys}
        if levels and d.once_in(3):
            queries = [drawn(levels - 1) for _ in range(d.pick(range(3)))]
            found[d.pick(['$or', '$and', '$nor', '$wrong'])] = queries
        if d.once_in(6):
            found['$expr'] = d.pick(EXPRESSIONS)
        return found

    shaped = drawn(2)
    choices: list[dict[str, Any]] = [
        {},
        {'keys': ['label', 'content.a']},
        {'keys': 'label', 'sort': 'started'},
        {'keys': ('label',), 'sort': [('started', -1), ('label', d.pick([1, True, 1.0]))]},
        {'sort': {'content.a': d.pick([1, -1, -1.0])}},
        {'projection': {'label': d.pick([1, 0, True, 1.0, -0.0])}},
        {'projection': {'content.list': {'$slice': d.pick([1, 2])}}},
        {'limit': 3},
    ]
    options = d.pick(choices)
    for asked in (shaped, *(with_others(d, shaped) for _ in range(3))):
        for table in (TASKS, INDEXED):
            assert_same(asked, options, table)


def test_documented_queries_are_known() -> None:
    moment = TIMES[0]
    documented: list[tuple[Any, dict[str, Any]]] = [
        ({'complete': None}, {'keys': ['msg_id', 'started']}),
        ({'started': {'$gte': moment}, 'client_uuid': 'c'}, {}),
        ({'started': {'$le': moment}, 'client_uuid': {'$ne': 'c'}}, {}),
        ({'engine_uuid': {'$in': ['a', 'b']}}, {'keys': ['msg_id', 'result_header']}),
        ({}, {'sort': [('completed', -1)], 'limit': 10}),
        ({'$or': [{'submitted': {'$lt': moment}}, {'started': {'$gte': moment}}]}, {'keys': TASKS.all_keys}),
        ({'content.a': {'$gt': 5}, 'content.b': {'$exists': True}}, {'projection': {'content.a': 1}}),
        ({'content.a': 1.5, 'header.done': True}, {'sort': {'submitted': 1}}),
        ({'label': {'$glob': 'a*'}, 'queue': {'$not': {'$regex': '^b'}}}, {}),
        (EXPRESSION, {}),
    ]
    for asked, options in documented * 2:
        compile(asked, **options)
        compile_count(asked)
        compile_distinct('label', asked)
        compile_delete(asked)
    with patch.object(compiler, 'parse', side_effect=AssertionError('parsed again')):
        for asked, options in documented:
            frozen = 'label' in asked or asked is EXPRESSION
            compile(asked if frozen else with_others(FIRST, asked), **options)
            compile_count(asked)
            compile_distinct('label', asked)
            compile_delete(asked)


FIRST = Draws(lambda strategy: 0)
EXPRESSION = {'$expr': {'$gt': [{'$subtract': ['$completed', '$started']}, 60_000]}}


def test_the_time_of_a_query_is_its_own() -> None:
    asked = {'$expr': {'$lt': ['$started', '$$NOW']}}
    times = [compile(asked).params for _ in range(4)]
    assert all(one != other for one, other in pairwise(times))


def test_an_operand_that_is_also_in_the_shape() -> None:
    for number in (1, 2, 1, 2):
        assert 1 in compile({'content.a': {'$size': 1}, 'content.b': number}).params.values()
        assert number in compile({'content.a': {'$size': 1}, 'content.b': number}).params.values()


def test_what_is_kept_of_shapes_is_bounded() -> None:
    for i in range(1_200):
        compile({'label': {'$glob': f'{i}*' + 'x' * 150}})
    assert known._KNOWN.size <= known._KNOWN.room
