"""What ipyparallel's own MongoDB database gets wrong is right in `mqsql.hub.MongoDB`; on a server that tests share."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import numpy as np
import pymongo
import pytest
from ipyparallel.controller.hub import empty_record, init_record
from jupyter_client.session import Session
from mongo_servers import KINDS, Place
from systems import in_zone, needs_tzset
from traitlets import TraitError
from waiting import wait_until

from mqsql import hub
from mqsql.errors import QueryError, StorageError

pytestmark = pytest.mark.skipif('MongoDB' not in hub.DATABASES, reason='mqsql.hub has no MongoDB')

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LOG = logging.getLogger('mongodb')
LARGE = b'x' * 9_000_000
"""Two of them are larger than MongoDB's documents may be."""


@pytest.fixture(params=[kind for kind in KINDS if kind != 'nx'])
def place(request: pytest.FixtureRequest, mongo_place: Callable[[str], Place]) -> Place:
    """A database on a server that knows all of MongoDB's operators."""
    return mongo_place(request.param)


@pytest.fixture
def opened(place: Place) -> Iterator[Callable[..., Any]]:
    """Opens the hub's database there; each call is another hub."""
    with ExitStack() as stack:

        def open_another(**options: Any) -> Any:
            # On a machine that does other things, too, the server may be slow.
            patient = {'timeout': 60.0, 'query_timeout': 60.0}
            given = {'connection_args': [place.url], 'database': place.database, **patient, **options}
            made = hub.MongoDB(session='s', log=LOG, **given)
            stack.callback(made.close)
            return made

        yield open_another


@pytest.fixture
def db(opened: Callable[..., Any]) -> Any:
    return opened()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING)
    return caplog


def request(msg_id: str, *buffers: Any, at: datetime = NOON, **content: Any) -> dict[str, Any]:
    """The record of a task that the hub makes of a client's message."""
    message = Session(key=b'').msg('apply_request', content=content)
    message['header'] |= {'msg_id': msg_id, 'date': at}
    return dict(init_record(message | {'buffers': list(buffers)}))


def found(db: Any, query: Any) -> list[str]:
    return [record['msg_id'] for record in db.find_records(query, [])]


# --- what is lost


def test_a_task_with_arguments_larger_than_a_document_is_in_the_history(db: Any) -> None:
    db.add_record('m', request('m', LARGE, b'y', LARGE))
    assert list(db.get_record('m')['buffers']) == [LARGE, b'y', LARGE]
    assert found(db, {}) == db.get_history() == ['m']


def test_a_task_with_one_buffer_larger_than_a_document_is_in_the_history(db: Any) -> None:
    db.add_record('m', request('m', 2 * LARGE))
    assert list(db.get_record('m')['buffers']) == [2 * LARGE]


def test_a_task_with_large_arguments_and_a_large_result_is_finished(db: Any) -> None:
    db.add_record('m', request('m', LARGE))
    db.update_record('m', {'completed': NOON, 'result_buffers': [LARGE], 'result_content': {'status': 'ok'}})
    record = db.get_record('m')
    assert (list(record['buffers']), list(record['result_buffers'])) == ([LARGE], [LARGE])
    assert (record['completed'], record['result_content']) == (NOON, {'status': 'ok'})


def test_a_task_that_prints_more_than_a_document_holds_is_finished(db: Any, said: pytest.LogCaptureFixture) -> None:
    db.add_record('m', request('m'))
    db.update_record('m', {'stdout': 'x' * 17_000_000, 'stderr': 'e'})
    db.update_record('m', {'completed': NOON})
    record = db.get_record('m')
    assert (record['completed'], record['stderr']) == (NOON, 'e')
    assert len(record['stdout'] or '') == 17_000_000 or 'stdout' in said.text


UNSTORABLE = [
    *(2**64, '\ud800', np.int64(3), np.bool_(True), np.arange(3), {1}, 1j, str, memoryview(b'a')),
    *({1: 2}, {(1, 2): 3}, {'a\0': 1}, UUID(int=5), date(2026, 3, 1), timedelta(1), PurePosixPath('/x')),
]


@pytest.mark.parametrize('value', UNSTORABLE, ids=repr)
def test_a_value_that_bson_cannot_hold_loses_neither_the_task_nor_its_result(db: Any, value: Any) -> None:
    db.add_record('m', request('m', b'x', value=value, other=1))
    db.update_record('m', {'completed': NOON, 'result_content': {'status': 'ok', 'value': value}})
    record = db.get_record('m')
    assert (list(record['buffers']), record['content']['other']) == ([b'x'], 1)
    assert (record['completed'], record['result_content']['status']) == (NOON, 'ok')


def test_a_value_of_a_thousand_levels_loses_neither_the_task_nor_its_result(db: Any) -> None:
    deep: Any = 1
    for _ in range(1000):
        deep = [deep]
    db.add_record('m', request('m', value=deep, other=1))
    db.update_record('m', {'completed': NOON, 'result_content': {'status': 'ok', 'value': deep}})
    assert found(db, {'completed': NOON, 'content.other': 1, 'result_content.status': 'ok'}) == ['m']


def test_output_before_the_request_does_not_lose_the_request(db: Any) -> None:
    db.add_record('m', empty_record() | {'msg_id': 'm', 'stdout': 'early\n'})
    db.add_record('m', request('m', b'x'))
    record = db.get_record('m')
    assert (record['stdout'], record['submitted'], list(record['buffers'])) == ('early\n', NOON, [b'x'])


def test_every_display_of_a_task_is_kept(db: Any) -> None:
    db.add_record('m', request('m'))
    assert db.get_record('m')['display_data'] is None
    for i in range(3):
        db.update_record('m', {'display_data': {'data': i}})
    assert db.get_record('m')['display_data'] == {'data': 2, 'earlier': [{'data': 0}, {'data': 1}]}


# --- what comes back changed


@pytest.mark.parametrize(
    'value',
    [
        {'$ref': 'c', '$id': 1},
        {'$ref': 'c', '$id': 1, '$db': 'd'},
        {'a': [{'$ref': 'c', '$id': 1}]},
        {'$a': 1},
        {'a.b': 1},
        {'': {'': 1}},
    ],
    ids=str,
)
def test_a_document_that_looks_like_a_dbref_comes_back_as_it_was_and_can_be_sent(db: Any, value: Any) -> None:
    db.add_record('m', request('m', value=value))
    record = db.get_record('m')
    assert type(record['content']['value']) is dict
    assert record['content'] == {'value': value}
    Session(key=b'').serialize({**Session(key=b'').msg('reply'), 'content': {'records': [record]}})


def test_a_document_that_looks_like_a_dbref_is_found_by_its_fields(db: Any) -> None:
    db.add_record('m', request('m', value={'$ref': 'c', '$id': 1}))
    db.add_record('n', request('n', value={'$ref': 'd', '$id': 1}))
    assert found(db, {'content.value': {'$eq': {'$ref': 'c', '$id': 1}}}) == ['m']


def test_times_have_their_microseconds(db: Any) -> None:
    earlier, later = NOON, NOON + timedelta(microseconds=300)
    db.add_record('second', request('second', at=later))
    db.add_record('first', request('first', at=earlier))
    assert db.get_record('first')['submitted'] == earlier
    assert db.get_record('first')['header']['date'] == earlier
    assert db.get_history() == ['first', 'second']
    assert 'second' in found(db, {'submitted': {'$gte': later}})
    assert 'first' in found(db, {'submitted': earlier, 'header.date': earlier})


def test_what_the_hub_reads_again_is_what_it_wrote_so_that_a_resubmitted_task_has_no_conflict(db: Any) -> None:
    db.add_record('m', request('m', b'x', a=1))
    again, record = request('m', b'x', a=1), db.get_record('m')
    # The session of a message is its own.
    again['header'] |= {'session': record['header']['session']}
    assert [key for key, value in again.items() if 'buffers' not in key and value and record[key] != value] == []


@needs_tzset
def test_a_naive_time_is_local(db: Any) -> None:
    with in_zone('JST-9'):
        db.add_record('m', request('m'))
        db.update_record('m', {'completed': datetime(2026, 3, 1, 12)})
        assert db.get_record('m')['completed'] == datetime(2026, 3, 1, 3, tzinfo=UTC)
        assert found(db, {'completed': datetime(2026, 3, 1, 12)}) == ['m']


def test_a_record_has_the_keys_of_records_and_no_others(db: Any) -> None:
    db.add_record('m', request('m', b'x'))
    for record in (db.get_record('m'), *db.find_records({})):
        assert record.keys() == empty_record().keys() | {'display_data'}


def test_the_callers_record_is_left_as_it_is_and_can_be_added_again(db: Any) -> None:
    record = request('m', b'a')
    keys = set(record)
    db.add_record('m', record)
    assert set(record) == keys
    assert type(record['buffers'][0]) is bytes
    db.add_record('n', {**record, 'msg_id': 'n'})
    changes = {'result_buffers': [memoryview(b'r')]}
    db.update_record('n', changes)
    assert type(changes['result_buffers'][0]) is memoryview
    assert db.get_history() == ['m', 'n']


def test_a_record_can_be_read_and_put_back(db: Any) -> None:
    db.add_record('m', request('m', b'a'))
    record = db.get_record('m')
    db.update_record('m', {**record, 'queue': 'mux'})
    assert (db.get_record('m')['queue'], list(db.get_record('m')['buffers'])) == ('mux', [b'a'])


# --- ids and keys


def test_a_record_is_found_by_the_id_that_it_is_added_with(db: Any) -> None:
    for msg_id in ('m', 'n'):
        db.add_record(msg_id, {'header': {'msg_id': msg_id}})
    assert db.get_record('n')['header'] == {'msg_id': 'n'}


def test_an_unknown_id_is_a_key_error(db: Any) -> None:
    for call in (db.get_record, db.drop_record, lambda m: db.update_record(m, {'stdout': 'x'})):
        with pytest.raises(KeyError, match='no record'):
            call('absent')
    assert db.get_history() == []


def test_an_update_of_nothing_changes_nothing(db: Any) -> None:
    db.add_record('m', request('m', a=1))
    before = db.get_record('m')
    db.update_record('m', {})
    assert db.get_record('m') == before


def test_the_keys_of_an_update_are_no_paths_and_no_operators(db: Any) -> None:
    db.add_record('m', request('m', a=1))
    db.update_record('m', {'content.a': 2, '$set': {'queue': 'x'}, 'tomorrow': 1, 'stdout': 'x'})
    record = db.get_record('m')
    assert (record['content'], record['queue'], record['stdout']) == ({'a': 1}, None, 'x')
    assert record.keys() == empty_record().keys() | {'display_data'}


@pytest.mark.parametrize('keys', [['queue'], ('queue',), {'queue': 1}.keys(), (key for key in ['queue'])], ids=range(4))
def test_keys_are_any_iterable_and_are_left_as_they_are(db: Any, keys: Any) -> None:
    db.add_record('m', request('m', b'x') | {'queue': 'task'})
    assert db.find_records({}, keys) == [{'msg_id': 'm', 'queue': 'task'}]
    assert keys != ['queue', 'msg_id']


def test_no_keys_are_the_id_alone(db: Any) -> None:
    db.add_record('m', request('m', b'x'))
    assert db.find_records({}, []) == [{'msg_id': 'm'}]


# --- queries


def test_the_names_in_the_documentation_of_ipyparallel_mean_something(db: Any) -> None:
    db.add_record('m', request('m'))
    db.add_record('done', request('done', at=NOON + timedelta(1)))
    db.update_record('done', {'completed': NOON})
    assert found(db, {'complete': None}) == found(db, {'submitted': {'$le': NOON + timedelta(1)}}) == ['m']
    assert found(db, {'complete': {'$ne': None}}) == found(db, {'submitted': {'$ge': NOON}}) == ['done']
    assert found(db, {'submitted': {'$gte': '2026-03-02'}}) == ['done']


@pytest.mark.parametrize(
    'query', [{'engine_uid': None}, {'sumbitted': {'$gte': NOON}}, {'submitted': {'$foo': 1}}], ids=str
)
def test_a_mistyped_key_or_operator_is_an_error(db: Any, query: Any) -> None:
    db.add_record('m', request('m'))
    with pytest.raises(QueryError, match='unknown'):
        db.find_records(query)
    with pytest.raises(QueryError, match='unknown'):
        db.drop_matching_records(query)
    with pytest.raises(KeyError, match='unknown'):
        db.find_records({}, ['engine_uid'])
    assert db.get_history() == ['m']


def test_a_query_of_ids_of_more_bytes_than_a_query_may_have(db: Any) -> None:
    many = [f'{"6c0c2b3e-0a1b2c3d4e5f6a7b8c9d0e1f" * 10}_{i}' for i in range(50_000)]
    for msg_id in (many[0], many[-1], 'other'):
        db.add_record(msg_id, request(msg_id))
    assert found(db, {'msg_id': {'$in': many}}) == [many[0], many[-1]]
    with pytest.raises(QueryError, match='at most 16 MiB'):
        db.find_records({'msg_id': {'$nin': many}})
    db.drop_matching_records({'msg_id': {'$in': many}})
    assert db.get_history() == ['other']


def test_a_set_and_a_map_are_lists_of_values(db: Any) -> None:
    db.add_record('m', request('m'))
    assert found(db, {'msg_id': {'$in': {'m'}}}) == found(db, {'msg_id': {'$in': map(str, ['m'])}}) == ['m']


def test_a_glob_stands_beside_other_operators_and_in_every_query(db: Any) -> None:
    for msg_id in ('ab', 'ab\n', 'a\nb', 'b', 'AB', 'a[b'):
        db.add_record(msg_id, request(msg_id))
    assert found(db, {'msg_id': {'$glob': 'ab'}}) == ['ab']
    assert found(db, {'msg_id': {'$glob': 'a?b'}}) == ['a\nb', 'a[b']
    assert found(db, {'msg_id': {'$glob': 'a[[]*'}}) == ['a[b']
    assert found(db, {'msg_id': {'$glob': 'a*', '$ne': 'ab'}}) == ['ab\n', 'a\nb', 'a[b']
    assert found(db, {'msg_id': {'$not': {'$glob': 'a*'}}}) == ['b', 'AB']
    with pytest.raises(QueryError, match='glob'):
        db.find_records({'msg_id': {'$glob': None}})
    db.drop_matching_records({'$or': [{'msg_id': {'$glob': 'a*'}}, {'msg_id': re.compile('^A')}]})
    assert db.get_history() == ['b']


def test_a_purge_of_all_takes_records_that_cannot_finish(db: Any) -> None:
    db.add_record('orphan', empty_record() | {'msg_id': 'orphan', 'stdout': 'of a broadcast\n'})
    db.add_record('pending', request('pending'))
    assert db.get_history() == ['orphan', 'pending']
    db.drop_matching_records({'completed': {'$ne': None}})
    assert db.get_history() == ['pending']


# --- the server


def test_a_document_of_another_program_spoils_no_query(db: Any, place: Place, said: pytest.LogCaptureFixture) -> None:
    db.add_record('m', request('m'))
    with pymongo.MongoClient[dict[str, Any]](place.url) as client:
        (name,) = {info['name'] for info in client[place.database].list_collections()} & {'task_records'}
        client[place.database][name].insert_one({'_id': 'odd', 'msg_id': 'odd', 'stdout': 3, 'submitted': 'then'})
    assert 'm' in db.get_history()
    assert {'msg_id': 'm', 'stdout': ''} in db.find_records({}, ['stdout'])
    assert db.get_record('odd')['stdout'] in (None, '')
    assert db.get_record('odd')['submitted'] is None
    assert 'odd' in said.text


def test_hubs_with_one_database_share_their_records_and_each_sees_all_of_earlier_sessions(
    opened: Callable[..., Any],
) -> None:
    first, second = opened(), opened()
    first.add_record('m', request('m', b'x'))
    second.update_record('m', {'completed': NOON})
    assert list(second.get_record('m')['buffers']) == [b'x']
    assert found(first, {'completed': NOON}) == opened().get_history() == ['m']


@pytest.mark.parametrize('name', ['a b', 'a.b', 'a/b', 'a$b', 'a"b', 'a\0b', 'x' * 64])
def test_a_name_that_no_database_has_is_refused_with_the_reason(opened: Callable[..., Any], name: str) -> None:
    with pytest.raises((TraitError, StorageError), match='database name'):
        opened(database=name)


def test_a_closed_database_leaves_no_thread(opened: Callable[..., Any]) -> None:
    before = set(threading.enumerate())
    another = opened()
    another.add_record('m', request('m'))
    another.close()
    wait_until(lambda: set(threading.enumerate()) <= before, 'threads are left')
