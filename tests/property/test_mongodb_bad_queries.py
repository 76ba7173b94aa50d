"""The store of a MongoDB server refuses what the compiler refuses, in its words, and tells the server nothing of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from mongo_servers import place
from mongo_stores import Commands, heard
from tables import TABLE
from test_bad_queries import spoiled_queries

import mqsql
from mqsql.errors import MqsqlError, UnsupportedError
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


def refusal(call: Callable[..., object], *arguments: object, **options: Any) -> str:
    """The class and the words of a refusal; '' if there is none."""
    try:
        call(*arguments, **options)
    except MqsqlError as e:
        return f'{type(e).__name__}: {e}'
    return ''


@settings(max_examples=settings().max_examples * 2)
@given(spoiled_queries())
def test_a_spoiled_query_is_refused_in_the_same_words_and_not_sent(
    asked: tuple[MongoStore, Commands], drawn: tuple[list[Record], list[Any]]
) -> None:
    store, commands = asked
    for one in drawn[1]:
        if one is None:  # for a store, that is any record
            continue
        expected = refusal(mqsql.compile, one, table=TABLE)
        for call in (store.find, store.count, store.drop_matching_records, partial(store.distinct, 'label')):
            commands.clear()
            said = refusal(call, one)
            if expected:
                assert said == expected
            if expected or UnsupportedError.__name__ in said:
                assert not commands.sent
            SEEN['refused' if expected else 'taken'] += 1


def test_most_were_refused() -> None:
    if SEEN.total() < 5_000:
        pytest.skip('judges the queries of the first test, which were too few')
    assert SEEN['refused'] > SEEN['taken'] > 1_000
