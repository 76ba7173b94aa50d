"""Tests of one path, which are one condition, on all that can be at the path."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import mqsql
from mqsql import reference

DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = [DAY + timedelta(i, microseconds=i) for i in range(6)]

VALUES: list[Any] = [
    *DAYS,
    *(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
    *([DAYS[0], DAYS[5]], [DAYS[2], 'b'], [[DAYS[2]]], []),
    *(
        'a',
        'b',
        'bc',
        'c',
        '',
        '2026-01-03',
        '{"$date":"2026-01-03T00:00:00.000002Z"}',
        ['a', 'c'],
        ['b'],
        [['b']],
        '[',
        '{',
    ),
    *(None, True, 5, 5.5, float('nan'), 2**70, b'b', {'b': 'b'}, {'$date': '2026'}, {'x': DAYS[2]}, {}),
]
DOCUMENTS: list[Any] = [
    *({'a': value} for value in VALUES),
    *({'a': {'b': value}} for value in VALUES),
    *({'a': [{'b': value}, {}, 3, {'b': 'b'}]} for value in VALUES),
    *([{'a': value}, {'a': {'b': value}}] for value in VALUES),
    *({}, [], {'a': []}, {'a': {'b': []}}, [[{'a': 'b'}]], {'b': 'b'}),
]
TESTS: list[Any] = [
    {'$gte': DAYS[2]},
    {'$gt': DAYS[2]},
    {'$lt': DAYS[2]},
    {'$lte': DAYS[2]},
    {'$gte': DAYS[1], '$lt': DAYS[4]},
    {'$gt': DAYS[1], '$lte': DAYS[4], '$ne': DAYS[2]},
    {'$gt': DAYS[4], '$lt': DAYS[1]},
    {'$gte': DAYS[1], '$lt': 'c'},
    {'$gte': DAYS[1], '$type': 'date'},
    {'$not': {'$gte': DAYS[1], '$lt': DAYS[4]}},
    {'$elemMatch': {'$gte': DAYS[1], '$lt': DAYS[4]}},
    {'$elemMatch': {'a': {'$gte': DAYS[1], '$lt': DAYS[4]}}},
    {'$elemMatch': {'b': {'$gte': DAYS[1], '$lt': DAYS[4]}}},
    *('b', True, DAYS[2]),
    {'$gte': 'b', '$lt': 'c'},
    {'$gte': 'b', '$regex': 'c$'},
    {'$gte': 'a', '$exists': True},
    {'$in': ['a', 'b'], '$nin': ['c']},
    {'$in': ['b', 5, None]},
    {'$nin': ['a', 'c', 'bc', 'x', 'y']},
    {'$in': []},
    {'$not': {'$gte': 'b', '$lt': 'c'}},
    {'$gte': 5, '$lt': 6},
    {'$type': 'null'},
    {'$type': 'string', '$gt': 'a'},
    {'$all': ['a', 'c']},
    {'$eq': True, '$ne': False},
    {'$gte': b'a', '$type': 'binData'},
]
PATHS = ('content.a', 'content.a.b', 'content.0.a', 'content.a.0', 'content.a.0.b')


@pytest.fixture(scope='module', params=['sqlite', 'duckdb'])
def store(request: pytest.FixtureRequest) -> Iterator[mqsql.Store]:
    if request.param == 'duckdb':
        pytest.importorskip('duckdb')
    with mqsql.open('duckdb::memory:' if request.param == 'duckdb' else ':memory:') as store:
        store.add_records({'msg_id': f'{i:03}', 'content': document} for i, document in enumerate(DOCUMENTS))
        yield store


@pytest.mark.parametrize('test', TESTS, ids=repr)
def test_they_hold_where_the_reference_says_so(store: mqsql.Store, test: Any) -> None:
    records = [{'msg_id': f'{i:03}', 'content': document} for i, document in enumerate(DOCUMENTS)]
    for path in PATHS:
        for query in ({path: test}, {'$nor': [{path: test}]}, {'content.a': {'$exists': True}, path: test}):
            try:
                answer = store.keys(query)
            except mqsql.UnsupportedError:
                continue  # DuckDB has not all operators
            assert answer == [record['msg_id'] for record in reference.find(records, query, [])], query


def test_a_range_of_dates_looks_at_each_document_once() -> None:
    sql = mqsql.compile({'header.date': {'$gte': DAYS[0], '$lt': DAYS[1]}}, []).sql
    found, _, otherwise = sql.partition(', CASE ')
    assert 'json_type' not in found
    assert found.count('header ->>') == 2
    assert sql.count("json_type(header, '$.date')") == 1
    assert 'EXISTS' in otherwise


def test_a_string_is_found_by_its_type_and_its_value() -> None:
    sql = mqsql.compile({'header.a.b': {'$gte': 'x', '$lt': 'y'}}, []).sql
    before, _, _ = sql.partition(' ELSE CASE ')
    assert before.count("json_type(header, '$.a.b')") == 1
    assert "WHEN 'text' THEN header ->> '$.a.b' >= :p0 AND header ->> '$.a.b' < :p1" in before
