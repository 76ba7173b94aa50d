"""Drawn records come back from a MongoDB server as they are, or are refused before anything is written."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mongo_servers import place
from mongo_stores import COLLECTION, client_of
from stores import outcome, plain
from tables import TABLE, collections, record
from test_bad_queries import spoiled_queries

import mqsql
from mqsql.errors import RecordError
from mqsql.schema import Record
from mqsql.storage import Store
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.queries import Query

UNINDEXED = replace(TABLE, indexes=())
"""SecantusDB cannot have a DBRef in an index."""

Held = tuple[Store, Callable[[], int]]

pytestmark = pytest.mark.usefixtures('local_zone')


@pytest.fixture(scope='module')
def held(mongo_urls: Callable[[str], str]) -> Iterator[Held]:
    """A store, and how many documents there are of its records and buffers."""
    with place('secantus', mongo_urls('secantus')) as made, client_of(made) as client:
        documents = [client[made.database][name] for name in (COLLECTION, f'{COLLECTION}_buffers')]
        with mqsql.open(f'{made.url}/{made.database}.{COLLECTION}', table=UNINDEXED) as store:
            yield store, lambda: sum(one.count_documents({}) for one in documents)


def canonical(given: Record) -> str:
    """All columns of a record, in a form that is equal only if all is."""
    values = TABLE.normalize(given)
    return repr({column: values.get(column) for column in TABLE.all_keys})


def refused(count: Callable[[], int], call: Callable[[], object]) -> bool:
    """Whether a call is refused; then its error names a place, and nothing has been written."""
    before = count()
    try:
        call()
    except RecordError as error:
        return (bool(error.path) and count() == before) or pytest.fail(f'{error} has no place or left something')
    return False


@settings(max_examples=settings().max_examples // 2)
@given(collections())
def test_records_come_back_or_nothing_is_written(held: Held, collection: list[Record]) -> None:
    store, count = held
    store.drop_matching_records({})
    assert count() == 0
    expected = {}
    for one in collection:
        if not refused(count, partial(store.add_record, one['msg_id'], one)):
            expected[one['msg_id']] = canonical(one)
            assert repr(plain(store.get_record(one['msg_id']))) == expected[one['msg_id']]
    assert {found['msg_id']: repr(plain(found)) for found in store.find_records({})} == expected


COLUMNS = {'content', 'started', 'label', 'buffers'}


@st.composite
def changes(draw: st.DrawFn) -> tuple[Record, list[Record]]:
    """A record, and changes of a few of its columns, one after the other."""
    d = Draws(draw)
    drawn = [{**record(d, COLUMNS), 'msg_id': 'm'} for _ in range(d.pick([2, 3, 4]))]
    return drawn[0], drawn[1:]


@settings(max_examples=settings().max_examples // 2)
@given(changes())
def test_changes_leave_what_they_say(held: Held, drawn: tuple[Record, list[Record]]) -> None:
    store, count = held
    store.drop_matching_records({})
    now, changed = drawn
    assume(not refused(count, partial(store.add_record, 'm', now)))
    for change in changed:
        if not refused(count, partial(store.update_record, 'm', change)):
            now = now | change
        assert repr(plain(store.get_record('m'))) == canonical(now)
    chunks = [buffer for column in ('buffers', 'result_buffers') for buffer in now.get(column) or () if buffer]
    assert count() == 1 + len(chunks)


@settings(max_examples=settings().max_examples // 2)
@given(spoiled_queries())
def test_a_spoiled_query_is_refused_as_everywhere(held: Held, drawn: tuple[list[Record], list[Query]]) -> None:
    store, _ = held
    with mqsql.open('dict:', table=TABLE) as empty:
        for one in drawn[1]:
            expected = outcome(empty.find_records, one)
            answer = outcome(store.find_records, one)
            if expected.startswith('raises'):
                assert answer == expected
