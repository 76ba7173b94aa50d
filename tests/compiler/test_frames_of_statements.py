"""A statement in its frame is printed as the whole of it would be."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import mqsql
from mqsql.compiler import rendering
from mqsql.compiler.dialects import DIALECTS
from mqsql.compiler.lower.predicate import BLANK
from mqsql.compiler.lower.statements import lower_statement
from mqsql.compiler.parse import parse
from mqsql.compiler.parse.sort import parse_sort
from mqsql.compiler.plan import plan
from mqsql.compiler.tree.predicate import Predicate
from mqsql.compiler.tree.select import (
    CountRecords,
    Delete,
    Part,
    Select,
    SelectDistinct,
    SelectPositions,
    Statement,
    without_indexes,
)
from mqsql.schema import TASKS, Index

TABLE = replace(TASKS, indexes=(*TASKS.indexes, Index(('content.a',)), Index(('queue', 'header.x'))))
PARTS = (Part('msg_id'), Part('content', ('a', 'b')), Part('buffers'))
QUERIES: list[dict[str, Any]] = [
    {},
    {'queue': 'x'},
    {'$or': [{'label': 'x'}, {'started': None}]},
    {'content.a': {'$in': []}},
    {'content.a': {'$gt': 1}, 'queue': 'x'},
    {'content.b': {'$elemMatch': {'c': 1}}, '$expr': {'$gt': [{'$size': '$content.b'}, 1]}},
]
WINDOWS = ((False, False), (True, False), (True, True))
SORTS = [None, 'started', 'label', 'content.a', [('queue', 1), ('header.x', -1)], '$natural']


def of_first(predicate: Predicate) -> list[Statement]:
    positions = parse({'content.c': {'$elemMatch': {'d': 1}}}, TABLE, DIALECTS['sqlite'].glob_type).predicate
    return [
        Select(TABLE, PARTS, computed, predicate, parse_sort(sort, TABLE), limited, skipped)
        for sort in SORTS
        for limited, skipped in WINDOWS
        for computed in ([(positions,)] if sort is None else [()])
    ]


KINDS: list[Callable[[Predicate], list[Statement]]] = [
    of_first,
    lambda predicate: [Select(TABLE, PARTS, (), predicate, positioned=True)],
    lambda predicate: [SelectDistinct(TABLE, part, predicate) for part in PARTS],
    lambda predicate: [CountRecords(TABLE, predicate, limited, skipped) for limited, skipped in WINDOWS],
    lambda predicate: [Delete(TABLE, predicate, within) for within in (False, True)],
    lambda predicate: [SelectPositions(TABLE, predicate, limited) for limited in (False, True)],
]


@pytest.mark.parametrize('dialect', DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize('query', QUERIES, ids=str)
def test_the_text_is_that_of_the_whole_statement(query: dict[str, Any], dialect: Any) -> None:
    predicate = parse(query, TABLE, dialect.glob_type).predicate
    for statement in [statement for kind in KINDS for statement in kind(predicate)]:
        bare = statement if dialect.path_indexes else without_indexes(statement)
        sql, functions, params = dialect.render(lower_statement(plan(bare), dialect))
        for _ in range(2):
            made = rendering.render(statement, dialect)
            assert made.sql == sql
            assert made.params == params
            assert made.functions == {name for name in functions if name.startswith('mqsql_')}
            rendering._RENDERED.cache_clear()


def test_queries_with_the_same_keys_share_a_frame() -> None:
    rendering._FRAMES.cache_clear()
    mqsql.compile({'queue': 'a'}, ['msg_id', 'content'])
    size = rendering._FRAMES.size
    assert 0 < size <= rendering._FRAMES.room
    mqsql.compile({'stdout': {'$ne': 'a'}, 'stderr': 'b'}, ['msg_id', 'content'])
    assert rendering._FRAMES.size == size
    mqsql.compile({'stdout': {'$ne': 'a'}, 'stderr': 'b'}, ['msg_id'])
    assert rendering._FRAMES.size > size


@pytest.mark.parametrize('dialect', DIALECTS)
def test_no_statement_has_what_stands_for_a_condition(dialect: str) -> None:
    key = f'content.a{BLANK}b'
    for options in (
        {'keys': [key]},
        {'sort': [(key, 1)]},
        {'projection': {key: {'$elemMatch': {BLANK: BLANK}}}},
    ):
        query = mqsql.compile({key: BLANK}, dialect=dialect, **options)
        assert BLANK not in query.sql
