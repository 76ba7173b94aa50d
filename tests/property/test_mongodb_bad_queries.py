"""The store of a MongoDB server refuses what the compiler refuses, in its words, and tells the server nothing of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from mongo_servers import place
from mongo_stores import Commands, heard
from queries import Query
from tables import TABLE
from test_bad_queries import spoiled_queries

import mqsql
from mqsql.errors import MqsqlError
from mqsql.schema import Record
from mqsql.storage.mongodb.store import MongoStore

pytestmark = pytest.mark.usefixtures('local_zone')

SEEN = Counter[str]()


@pytest.fixture(scope='module')
def asked(mongo_urls: Callable[[str], str]) -> Iterator[tuple[MongoStore, Commands]]:
    """An empty store, and what it asks its server."""
    commands = Commands()
    with place('secantus', mongo_urls('secantus')) as made, heard(made, commands, table=TABLE) as store:
        yield store, commands


def refusal(call: Callable[[], object]) -> str:
    """The class and the words of a refusal; '' if there is none."""
    try:
        call()
    except MqsqlError as e:
        return f'{type(e).__name__}: {e}'
    return ''


@settings(max_examples=settings().max_examples * 2)
@given(spoiled_queries())
def test_a_spoiled_query_is_refused_in_the_same_words_and_not_sent(
    asked: tuple[MongoStore, Commands], drawn: tuple[list[Record], list[Query]]
) -> None:
    store, commands = asked
    for one in drawn[1]:
        expected = refusal(lambda one=one: mqsql.compile(one, table=TABLE))
        calls: list[Callable[[Any], object]] = [
            store.find,
            store.count,
            store.drop_matching_records,
            lambda one: store.distinct('label', one),
        ]
        for call in calls:
            commands.clear()
            given_words = refusal(lambda one=one, call=call: call(one))
            SEEN['refused' if expected else 'taken'] += 1
            if expected:
                assert given_words == expected
            if given_words:
                assert not commands.sent
            SEEN['not said'] += bool(given_words) and not expected


def test_many_were_refused():
    print(SEEN)
    assert 0
