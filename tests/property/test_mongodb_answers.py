"""The store of a MongoDB server against the reference: a part of what `make compare` compares with DIALECT=mongodb.

The times of the records and of the queries end at milliseconds; others are a test of their own.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mongo_comparisons import compare
from mongo_servers import KINDS, Place
from mongo_stores import opened

from mqsql import reference
from mqsql.testing.drawing.queries import OPERATORS

pytestmark = pytest.mark.usefixtures('local_zone')

SEEDS = range(201, 207)
SERVERS = [kind for kind in KINDS if kind != 'nx']
"""NX-27017 answers few of the queries as MongoDB does."""


@pytest.mark.parametrize('number', SEEDS)
@pytest.mark.parametrize('kind', SERVERS)
def test_a_server_answers_as_the_reference(mongo_place: Callable[[str], Place], kind: str, number: int) -> None:
    done = compare(number, mongo_place(kind), count=2_000, values=40)
    assert done['compared'] >= 2_000
    assert done['deviating'] <= (done['asked'] / 12 if kind == 'secantus' else 0)
    assert done['not said'] <= done['asked'] / 10
    assert done['not held'] <= done['records'] / 5
    assert done['refused'] <= done['compared'] / 20
    assert done['telling'] >= done['plain'] / 4
    assert all(done[name] >= 50 for name in ('distinct', 'count', 'find_one', 'drop'))
    assert OPERATORS.keys() <= done.keys()


AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEHIND = AT + timedelta(microseconds=300)
NEXT = AT + timedelta(milliseconds=1)

TIMES: list[tuple[Any, list[str], list[str]]] = [
    (BEHIND, ['at', 'behind'], ['behind']),
    (AT, ['at', 'behind'], ['at']),
    ({'$gt': AT}, ['next'], ['behind', 'next']),
    ({'$gte': BEHIND}, ['at', 'behind', 'next'], ['behind', 'next']),
    ({'$lt': BEHIND}, [], ['at']),
    ({'$lt': NEXT}, ['at', 'behind'], ['at', 'behind']),
    ({'$in': [BEHIND]}, ['at', 'behind'], ['behind']),
]


@pytest.mark.parametrize(('test', 'on_a_server', 'elsewhere'), TIMES)
def test_times_inside_values_compare_by_the_millisecond_on_a_server(
    secantus: Place, test: Any, on_a_server: list[str], elsewhere: list[str]
) -> None:
    records = [
        {'msg_id': name, 'started': time, 'content': {'t': time}}
        for name, time in (('at', AT), ('behind', BEHIND), ('next', NEXT))
    ]
    with opened(secantus) as store:
        store.add_records(records)
        assert store.keys({'content.t': test}, sort='msg_id') == on_a_server
        assert store.keys({'started': test}, sort='msg_id') == elsewhere
        for path in ('started', 'content.t'):
            assert [one['msg_id'] for one in reference.find(records, {path: test})] == elsewhere
        # Yet they come back as they were.
        assert store.get_record('behind')['started'] == BEHIND
