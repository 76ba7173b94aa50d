"""A dialect refuses what it does not define: by the operator as the query has it, and where that is."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import corpus
import duckdb
import pytest

import mqsql
from mqsql.compiler import compile_count, compile_delete, compile_distinct
from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.dialects import DIALECTS
from mqsql.compiler.dialects.duckdb.keywords import KEYWORDS
from mqsql.compiler.dialects.duckdb.words import DuckDBWords
from mqsql.compiler.dialects.sqlite import SQLITE
from mqsql.compiler.dialects.sqlite.words import SQLiteWords

DEFAULTS = {'call', 'functions', 'mentions', 'part'}
"""Words that the base class says."""
WORDS = [name for name in vars(Words) if not name.startswith('_') and name not in DEFAULTS]


def without(*lacking: str) -> Dialect:
    """SQLite without some words or functions."""
    words = {name: getattr(Words, name) for name in lacking if name in WORDS}
    small = type('Small', (SQLiteWords,), {**words, 'functions': SQLiteWords.functions - set(lacking)})
    return replace(SQLITE, name='small', words=small())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of SQLite without the words in the parameter."""
    monkeypatch.setitem(DIALECTS, 'small', without(*request.param))
    return 'small'


def refused(compiled: Any, *arguments: Any, **options: Any) -> mqsql.UnsupportedError:
    with pytest.raises(mqsql.UnsupportedError) as caught:
        compiled(*arguments, dialect='small', **options)
    assert str(caught.value).startswith(f'{caught.value.path}: {caught.value.operator} is not supported by small')
    return caught.value


IN_ELEMENT = {'$nor': [{'content.a': {'$elemMatch': {'b': re.compile('x')}}}]}

LACKING: list[tuple[str, Any, str, str]] = [
    ('mqsql_regex', {'label': {'$regex': 'x'}}, '$regex', 'label.$regex'),
    ('mqsql_regex', IN_ELEMENT, '$regex', '$nor[0].content.a.$elemMatch.b'),
    ('mqsql_regex', {'label': {'$not': {'$regex': 'x'}}}, '$regex', 'label.$not.$regex'),
    ('mqsql_regex', {'content.a': {'$in': [re.compile('x')]}}, '$in', 'content.a.$in'),
    ('mqsql_key', {'content.a': {'b': 1}}, '$eq', 'content.a'),
    ('mqsql_key', {'content.a': {'$ne': {'b': 1}}}, '$ne', 'content.a.$ne'),
    ('mqsql_key', {'content.a': {'$nin': [{'b': 1}]}}, '$nin', 'content.a.$nin'),
    ('mqsql_key', {'$or': [{'stdout': 'a'}, {'content.a': {'$all': [5, [1]]}}]}, '$all', '$or[1].content.a.$all[1]'),
    ('mqsql_bits', {'content.a': {'$bitsAllSet': 5}}, '$bitsAllSet', 'content.a.$bitsAllSet'),
    (
        'mqsql_multiple',
        {'$jsonSchema': {'properties': {'content': {'properties': {'a': {'multipleOf': 5}}}}}},
        '$jsonSchema',
        '',
    ),
    ('mqsql_expr', {'$and': [{'$expr': {'$eq': ['$label', 5]}}]}, '$expr', '$and[0].$expr'),
    ('exists', {'content.a': 5}, '$eq', 'content.a'),
    ('exists', {'content.a': {'$elemMatch': {'$gt': 5}}}, '$elemMatch', 'content.a.$elemMatch'),
    ('members', {'$jsonSchema': {'properties': {'content': {'additionalProperties': False}}}}, '$jsonSchema', ''),
    ('in_list', {'stdout': {'$in': ['a', 'b']}}, '$in', 'stdout.$in'),
    ('type_of', {'content.a': {'$lt': 5}}, '$lt', 'content.a.$lt'),
]


@pytest.mark.parametrize(
    ('small', 'query', 'operator', 'path'), [((word,), *rest) for word, *rest in LACKING], indirect=['small']
)
def test_what_a_dialect_lacks_is_named_as_in_the_query(small: str, query: Any, operator: str, path: str) -> None:
    for compiled in (mqsql.compile, compile_count, compile_delete, partial(compile_distinct, 'stdout')):
        error = refused(compiled, query)
        assert (error.operator, error.dialect) == (operator, small)
        assert error.path.startswith(path)
    assert mqsql.compile({'stdout': 'a'}, dialect='small').sql == mqsql.compile({'stdout': 'a'}).sql


@pytest.mark.parametrize('small', [('mqsql_key',)], indirect=True)
def test_equal_shapes_are_refused_each_by_its_own_name(small: str) -> None:
    queries: dict[str, Any] = {
        'content.a.$ne': {'content.a': {'$ne': [1]}},
        'content.a.$not.$eq': {'content.a': {'$not': {'$eq': [1]}}},
    }
    for path, query in queries.items():
        assert refused(mqsql.compile, query).path == path


@pytest.mark.parametrize('small', [('position',)], indirect=True)
def test_what_a_projection_asks_for_is_named(small: str) -> None:
    error = refused(mqsql.compile, {}, projection={'content.a': {'$elemMatch': {'b': 1}}})
    assert (error.operator, error.path) == ('$elemMatch', 'projection.content.a.$elemMatch')


NUMBERS = mqsql.Table('numbers', {'k': mqsql.STRING, 'n': mqsql.NUMBER}, 'k')

_MEMBERS = {'minProperties': 1, 'patternProperties': {'x': {}}, 'additionalProperties': False}
OTHERS: list[tuple[Any, dict[str, Any]]] = [
    ({'$jsonSchema': {'properties': {'content': _MEMBERS, 'stdout': {'minLength': 5}}}}, {}),
    ({'content.a.b': None}, {}),
    ({'content.a': {'$all': list(range(100))}}, {}),
    ({'$expr': {'$eq': ['$label', 5]}}, {}),
    ({'$or': [{f'content.{name}': 1} for name in 'abcdefghijklmnopqrst']}, {}),
    ({'$jsonSchema': {'properties': {'content': {'oneOf': [{'minItems': 1}, {'items': [{'minimum': 5}]}]}}}}, {}),
    ({}, {'projection': {'content.a': {'$elemMatch': {'b': 1}}}}),
    ({}, {'keys': ['content.a']}),
    ({'n': {'$gt': 1}}, {'table': NUMBERS}),
    ({'n': {'$type': 'int'}}, {'table': NUMBERS}),
    ({}, {'table': NUMBERS, 'sort': 'n'}),
    ({'$expr': {'$gt': ['$n', 1]}}, {'table': NUMBERS}),
    ({'$jsonSchema': {'oneOf': [{'required': ['stdout']}, {'required': ['stderr']}]}}, {}),
    (
        {'$jsonSchema': {'properties': {'content': {'properties': {'a': {'items': [{}], 'additionalItems': False}}}}}},
        {},
    ),
]
"""Queries for the words that no query needs."""


def calls() -> Iterator[Callable[[Any], Any]]:
    """Each calls a function with the arguments of a query."""
    yield from (case.call for case in corpus.read())
    yield from (lambda function, one=one: function(one[0], **one[1]) for one in OTHERS)


@pytest.mark.parametrize('word', WORDS)
def test_every_word_is_needed_and_refused_without(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setitem(DIALECTS, 'small', without(word))
    assert any(map(_operator_lacking, calls())), f'no query needs {word}'


def _operator_lacking(call: Callable[[Any], Any]) -> str:
    try:
        call(partial(mqsql.compile, dialect='small'))
    except mqsql.UnsupportedError as e:
        return e.operator
    return ''


def test_duckdb_says_all_words() -> None:
    assert set(WORDS) - set(vars(DuckDBWords)) == set()


def test_every_keyword_of_duckdb_is_quoted() -> None:
    rows = duckdb.execute(
        "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    ).fetchall()
    assert {word for (word,) in rows} <= KEYWORDS
