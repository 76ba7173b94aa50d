"""A statement says which functions it calls and which indexes on paths it reads."""

import re
from dataclasses import replace
from typing import Any

import corpus
import pytest

import mqsql
from mqsql.compiler import FUNCTIONS, Statement, compile_count, compile_delete, compile_distinct
from mqsql.schema import TASKS, Index

INDEXES = (
    Index(('content.a',)),
    Index(('content.a', 'queue')),
    Index(('content.b', 'content.a')),
    Index(('queue', 'header.x')),
)
TABLE = replace(TASKS, indexes=(*TASKS.indexes, *INDEXES))
STORED = {index.stored_name(TABLE.name): index.name for index in INDEXES}


def named(sql: str) -> set[str]:
    """The indexes on paths whose tables a text names."""
    return {STORED[name.partition('~')[0]] for name in re.findall(r'"(task_records/[^"]*)"', sql)}


QUERIES: list[dict[str, Any]] = [
    {},
    {'queue': 'x'},
    {'content.a': 1},
    {'content.a': 1, 'queue': 'x'},
    {'content.a': {'$gt': 1}, 'content.b': [1]},
    {'$or': [{'content.a': 1}, {'$nor': [{'header.x': 2, 'queue': 'x'}]}, {'content.b': None}]},
    {'content': {'$elemMatch': {'a': 1}}},
    {'$jsonSchema': {'oneOf': [{'required': ['content']}, {'properties': {'content': {'required': ['a']}}}]}},
    {'content.a': {'$elemMatch': {'$gt': 1}}},
]


@pytest.mark.parametrize('query', QUERIES)
@pytest.mark.parametrize('sort', [None, 'content.a', [('queue', 1), ('content.b', -1)], [('content.b', 1)]])
def test_it_names_the_indexes_on_paths_that_it_reads(query: dict[str, Any], sort: Any) -> None:
    statements: list[Statement] = [
        mqsql.compile(query, ['msg_id'], sort=sort, table=TABLE),
        compile_count(query, table=TABLE),
        compile_distinct('content.a', query, table=TABLE),
        compile_delete(query, table=TABLE),
    ]
    for statement in statements:
        assert set(statement.indexes) == named(statement.sql)
        plain = statement.unindexed()
        assert plain.indexes == ()
        assert named(plain.sql) == set()
        assert type(plain) is type(statement)
        for one in (statement, plain):
            assert set(re.findall(r':(\w+)', one.sql)) == one.params.keys()


def test_each_index_is_named_once() -> None:
    statement = mqsql.compile({'$or': [{'content.a': 1}, {'content.a': {'$gt': 5}}, {'header.x': 1}]}, table=TABLE)
    assert statement.indexes == ('content.a_1',)
    ordered = mqsql.compile({'content.a': 1}, sort=[('content.b', 1)], table=TABLE)
    assert ordered.indexes == ('content.b_1_content.a_1', 'content.a_1')


def test_it_names_the_functions_that_it_calls() -> None:
    called = set()
    for case in corpus.read():
        query = case.call(mqsql.compile)
        assert query.functions == set(re.findall(r'mqsql_\w+', query.sql)), case.arguments
        called |= query.functions
    assert called
    assert called <= {name for name, _, _ in FUNCTIONS}


def test_rows_in_any_order_have_their_positions() -> None:
    query = mqsql.compile({'queue': 'x'}, ['label'], dialect='duckdb')
    positioned = query.positioned()
    assert positioned is not None
    assert positioned.sql == 'SELECT msg_id, label, rowid FROM task_records WHERE queue = $p0'
    assert positioned.params == {'p0': 'x'}
    for options in ({'limit': 1}, {'skip': 1}, {'sort': 'label'}, {'projection': {'n': {'$add': [1, 2]}}}):
        assert mqsql.compile({'queue': 'x'}, dialect='duckdb', **options).positioned() is None


def test_a_key_that_is_no_text_is_named_whatever_its_operand_is() -> None:
    for operand in ('a', 1, None, True, {'$gt': 1}):
        with pytest.raises(mqsql.QueryError, match=r'a key is text, not 1 \(int\)'):
            mqsql.compile({'label': 'x', 1: operand})
