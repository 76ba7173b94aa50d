"""Columns of times compare by the microsecond in MongoDB, whose times end at milliseconds."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from typing import Any

import pytest
from mongo_servers import Place
from mongo_stores import opened

import mqsql
from mqsql import reference
from mqsql.schema import TASKS
from mqsql.storage.mongodb.documents import MICROSECONDS, to_fields
from mqsql.storage.mongodb.queries import translate

AT = datetime(2026, 3, 1, 12, 0, 0, 5_000, tzinfo=UTC)
TIMES = [AT + timedelta(microseconds=us) for us in (-1000, -1, 0, 1, 500, 999, 1000, 1001)]
RECORDS: list[dict[str, Any]] = [
    *({'msg_id': str(i), 'started': time} for i, time in enumerate(TIMES)),
    {'msg_id': 'none'},
    {'msg_id': 'both', 'started': AT, 'completed': TIMES[3]},
]
ONE = ('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$ge', '$le')
TESTS: list[Any] = [
    *TIMES,
    None,
    *({operator: time} for operator, time in product(ONE, [*TIMES, None])),
    *({'$not': {operator: time}} for operator, time in product(ONE, TIMES)),
    *({operator: list(pair)} for operator, pair in product(('$in', '$nin', '$all'), combinations([*TIMES, None], 2))),
    *({'$gt': first, '$lte': last} for first, last in combinations(TIMES, 2)),
    *({'$not': {'$gte': first, '$lt': last}} for first, last in combinations(TIMES, 2)),
    *({operator: []} for operator in ('$in', '$nin', '$all')),
    {'$exists': True, '$gt': TIMES[3]},
    {'$type': 'date', '$ne': TIMES[3]},
    {'$regex': 'a', '$options': 'i'},
]


def stored(record: dict[str, Any]) -> dict[str, Any]:
    """The document of a record, with the times as BSON has them."""
    fields, microseconds = to_fields(TASKS.normalize(record))
    cut = {
        column: value.replace(microsecond=value.microsecond // 1000 * 1000) if isinstance(value, datetime) else value
        for column, value in fields.items()
    }
    return {**cut, MICROSECONDS: microseconds}


@pytest.mark.parametrize('query', [{'started': test} for test in TESTS], ids=str)
def test_a_translated_query_tells_microseconds_apart(query: dict[str, Any]) -> None:
    expected = [one['msg_id'] for one in reference.find(RECORDS, query, [])]
    match = mqsql.matcher(translate(query, TASKS))
    assert [one['msg_id'] for one in map(stored, RECORDS) if match(one)] == expected


@pytest.mark.parametrize(
    'query', [{'started': test} for test in (*TIMES, {'$gt': AT}, {'$lte': AT}, {'$ne': AT})], ids=str
)
def test_microseconds_of_a_time_that_another_program_changed_do_not_count(query: dict[str, Any]) -> None:
    stale = [{**stored(one), MICROSECONDS: {'started': 777_777}} for one in RECORDS]
    whole = [{**one, 'started': stored(one).get('started')} for one in RECORDS]
    expected = [one['msg_id'] for one in reference.find(whole, query, [])]
    match = mqsql.matcher(translate(query, TASKS))
    assert [one['msg_id'] for one in stale if match(one)] == expected


def test_a_server_tells_microseconds_apart(secantus: Place) -> None:
    two: list[dict[str, Any]] = [
        {'started': {'$gte': TIMES[3]}, 'completed': None},
        {'$or': [{'started': TIMES[5]}, {'started': {'$lt': TIMES[1]}}]},
        {'started': {'$lte': TIMES[4]}, 'complete': {'$gt': AT}},
        {'$nor': [{'started': {'$lte': TIMES[4]}, 'completed': None}]},
    ]
    with opened(secantus) as store:
        store.add_records(RECORDS)
        one: list[dict[str, Any]] = [{'started': test} for test in TESTS[::3]]
        for query in [*one, *two]:
            expected = sorted(found['msg_id'] for found in reference.find(RECORDS, query, []))
            assert sorted(store.keys(query)) == expected, query
            assert store.count(query) == len(expected)
