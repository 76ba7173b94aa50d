"""Servers that are away, frozen, slow or killed, and stores that are closed: every call ends in time, with a StorageError."""

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest
from bson import encode
from bson.errors import InvalidBSON
from mongo_servers import JOURNALED, PROGRAMS, Place, Program, Server, place, running
from mongo_stores import COLLECTION, client_of, opened, url_of
from pymongo.errors import AutoReconnect, CursorNotFound, NetworkTimeout, OperationFailure
from waiting import SECONDS, wait_until

import mqsql
from mqsql import limits
from mqsql.errors import DuplicateRecordError, MqsqlError, QueryError, RecordError, StorageError
from mqsql.storage import Store, queries
from mqsql.storage.mongodb.failures import Failures

SOON = 0.3
"""Seconds that a call may wait for a server."""

LOOKING = 'heartbeatFrequencyMS=500&connectTimeoutMS=500'
"""Options with which a client soon sees that its server has fallen silent."""

SECRET = 'pa55w0rd'


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own, which its tests freeze and restart, and whose commands they let fail."""
    options = ['--enable-test-commands', *JOURNALED['secantus']]
    with running('secantus', tmp_path_factory.mktemp('secantus'), *options) as started:
        yield started


@pytest.fixture
def mine(server: Server) -> Iterator[Place]:
    """A database on that server."""
    with place('secantus', server.url) as made:
        yield made


@contextmanager
def failing(mine: Place, commands: list[str], times: int = 1, **data: Any) -> Iterator[None]:
    """The next commands of these names fail in some way."""
    with client_of(mine) as client:
        fail = {'configureFailPoint': 'failCommand', 'data': {'failCommands': commands, **data}}
        client.admin.command({**fail, 'mode': {'times': times}})
        try:
            yield
        finally:
            client.admin.command({'configureFailPoint': 'failCommand', 'mode': 'off'})


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


CALLS: dict[str, Callable[[Store], object]] = {
    'add': lambda store: store.add_record('new', {'label': 'x'}),
    'add with buffers': lambda store: store.add_record('new', {'buffers': [b'x']}),
    'add many': lambda store: store.add_records([{'msg_id': 'new'}]),
    'get': lambda store: store.get_record('m'),
    'update': lambda store: store.update_record('m', {'stdout': 'x'}),
    'update of nothing': lambda store: store.update_record('m', {}),
    'update of buffers': lambda store: store.update_record('m', {'buffers': [b'x']}),
    'drop': lambda store: store.drop_record('m'),
    'find': lambda store: list(store.find()),
    'find_one': lambda store: store.find_one({'label': 'x'}),
    'keys': lambda store: store.keys(),
    'history': lambda store: store.get_history(),
    'count': lambda store: store.count(),
    'distinct': lambda store: store.distinct('label'),
    'explain': lambda store: store.explain({'label': 'x'}),
    'drop matching': lambda store: store.drop_matching_records({}),
    'create index': lambda store: store.create_index('content.a'),
    'drop index': lambda store: store.drop_index('label_1'),
    'list indexes': lambda store: store.list_indexes(),
}
BY_KEY = ['add', 'add with buffers', 'add many', 'get', 'update', 'update of nothing', 'update of buffers', 'drop']


# --- addresses


@pytest.mark.parametrize(
    'name', ['mongodb://127.0.0.1:1/x.y', f'mongodb://user:{SECRET}@127.0.0.1:1/x.y?authSource=admin']
)
def test_a_server_that_is_away_is_a_storage_error(name: str) -> None:
    started = time.monotonic()
    with pytest.raises(StorageError, match=r'mongodb://127\.0\.0\.1:1/x\.y: the server does not answer') as refused:
        mqsql.open(name, busy_timeout=SOON)
    assert time.monotonic() - started < SECONDS
    assert SECRET not in str(refused.value)


ADDRESSES = [
    'mongodb://127.0.0.1',
    'mongodb://127.0.0.1/',
    'mongodb://',
    'mongodb://127.0.0.1:99999/x',
    'mongodb://127.0.0.1/x?noSuchOption=1&maxPoolSize=x',
    'mongodb://127.0.0.1/a b.c',
    'mongodb://127.0.0.1:1/x?authMechanism=nonsense',
    f'mongodb://user:{SECRET}/x@127.0.0.1/x',
    f'mongodb://user:a:{SECRET}@127.0.0.1/x',
    f'mongodb://user:{SECRET}@@127.0.0.1/x',
    f'mongodb://user:%{SECRET}@127.0.0.1:x/x',
    f'mongodb://user:{SECRET}@127.0.0.1/x?authMechanism={SECRET}',
]


@pytest.mark.parametrize('address', ADDRESSES)
def test_an_address_that_cannot_be_used_is_refused_without_the_password(address: str) -> None:
    with pytest.raises(StorageError, match='address') as refused:
        mqsql.open(address, busy_timeout=SOON)
    error: BaseException | None = refused.value
    while error is not None:
        assert SECRET not in f'{error} {error!r}'
        error = error.__cause__


def test_what_is_wrong_with_an_address_is_said() -> None:
    for user in ('', f'hub:{SECRET}@'):
        with pytest.raises(StorageError, match='authmechanism must be'):
            mqsql.open(f'mongodb://{user}127.0.0.1:1/x?authMechanism=nonsense')
    # A part of the address that may be the password would be repeated.
    with pytest.raises(StorageError, match=r'write each character other than .* as urllib\.parse\.quote_plus does'):
        mqsql.open('mongodb://password:a:b@127.0.0.1:1/x')


def test_a_server_must_acknowledge_what_it_stores() -> None:
    with pytest.raises(StorageError, match='w=0'):
        mqsql.open('mongodb://127.0.0.1:1/x?w=0')


def test_the_tables_name_is_that_of_the_collection(secantus: Place) -> None:
    with mqsql.open(f'{secantus.url}/{secantus.database}') as store:
        store.add_record('m', {})
        assert store.explain().sql.startswith('db.task_records.find(')
    with client_of(secantus) as client:
        assert client[secantus.database].task_records.count_documents({}) == 1


def test_a_wrong_password_is_a_storage_error_that_does_not_name_it(tmp_path: Path) -> None:
    directory = tmp_path / 'server'
    with (
        running('secantus', directory, *JOURNALED['secantus']) as server,
        pymongo.MongoClient[dict[str, Any]](server.url) as client,
    ):
        client.admin.command('createUser', 'hub', pwd='right', roles=['root'])
    with running('secantus', directory, '--auth') as server:
        host = f'127.0.0.1:{server.port}'
        with mqsql.open(f'mongodb://hub:right@{host}/x.y?authSource=admin') as store:
            store.add_record('m', {})
            assert 'right' not in f'{store!r} {store.explain()} {store.path}'  # type: ignore[attr-defined]
        with pytest.raises(StorageError, match='refuses the name or the password') as refused:
            mqsql.open(f'mongodb://hub:{SECRET}@{host}/x.y?authSource=admin', busy_timeout=60)
        assert SECRET not in str(refused.value)
        with pytest.raises(StorageError, match='may not do this'):
            mqsql.open(f'mongodb://{host}/x.y', busy_timeout=60)


# --- a server that does not answer


@pytest.mark.parametrize('name', [name for name in CALLS if 'index' not in name])
def test_no_call_waits_longer_for_a_frozen_server_than_it_may(server: Server, mine: Place, name: str) -> None:
    with opened(mine) as patient, opened(mine, query_timeout=SOON) as store:
        patient.add_record('m', {'buffers': [b'kept']})
        said = 'the server does not answer' if name in BY_KEY else r'longer than query_timeout \(0\.3 s\)'
        with frozen(server), store.waiting(SOON), pytest.raises(StorageError, match=said):
            CALLS[name](store)
        wait_until(lambda: works(patient.count))


@pytest.mark.timeout(10)
def test_an_error_without_a_code_is_told_at_once() -> None:
    with pytest.raises(StorageError, match=r'x: the server failed \(no\)'), Failures('x'):
        raise OperationFailure('no')


def test_a_client_that_gives_up_a_little_early_says_what_took_too_long() -> None:
    with limits.deadline(0.04), pytest.raises(StorageError, match='longer than query_timeout'), Failures('x'):
        raise NetworkTimeout('timed out')
    with limits.deadline(60), pytest.raises(StorageError, match='does not answer'), Failures('x'):
        raise NetworkTimeout('timed out')


def test_a_query_without_a_limit_ends_when_the_server_falls_silent(server: Server, mine: Place) -> None:
    with mqsql.open(f'{url_of(mine)}?{LOOKING}') as store:
        store.add_record('m', {})
        with frozen(server), pytest.raises(StorageError, match='the server does not answer'):
            store.count()
        wait_until(lambda: works(store.count))


def works(call: Callable[[], object]) -> bool:
    try:
        call()
    except StorageError:
        return False
    return True


def test_a_slow_answer_is_ended_by_query_timeout(mine: Place) -> None:
    with opened(mine, query_timeout=SOON) as store:
        store.add_record('m', {})
        with (
            failing(mine, ['find', 'aggregate'], blockConnection=True, blockTimeMS=3000),
            pytest.raises(StorageError, match='longer than query_timeout'),
        ):
            store.find()


@pytest.mark.parametrize('name', ['add with buffers', 'add many', 'get', 'update of buffers', 'find', 'drop matching'])
def test_connections_that_are_closed_are_a_storage_error(mine: Place, name: str) -> None:
    commands = ['insert', 'find', 'update', 'findAndModify', 'delete', 'aggregate', 'distinct', 'explain']
    with opened(mine) as store:
        store.add_record('m', {'buffers': [b'kept']})
        with (
            failing(mine, commands, times=10_000, closeConnection=True),
            store.waiting(SOON),
            pytest.raises(StorageError, match='does not answer'),
        ):
            CALLS[name](store)
        assert store.get_record('m')['buffers'] == [b'kept']
        assert store.keys() == ['m']


def test_a_write_is_repeated_where_the_server_allows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = PROGRAMS['secantus']
    as_set = Program(whole.command, lambda *given: [one for one in whole.options(*given) if one != '--standalone'])
    monkeypatch.setitem(PROGRAMS, 'set', as_set)
    with (
        running('set', tmp_path, '--enable-test-commands') as server,
        place('set', server.url) as mine,
        opened(mine, busy_timeout=60) as store,
    ):
        for command, call in (
            ('insert', lambda: store.add_record('m', {'label': 'a'})),
            ('update', lambda: store.update_record('m', {'label': 'b'})),
            ('find', lambda: store.get_record('m')),
            ('findAndModify', lambda: store.drop_record('m')),
        ):
            with failing(mine, [command], closeConnection=True):
                call()
        assert store.count() == 0


# --- a server that is restarted


def test_a_store_goes_on_when_its_server_is_there_again(server: Server, mine: Place) -> None:
    with opened(mine, busy_timeout=SOON) as store:
        store.add_record('m', {'label': 'x'})
        server.kill()
        for name in BY_KEY:
            with pytest.raises(StorageError, match='the server does not answer'):
                CALLS[name](store)
        server.start()
        wait_until(lambda: works(lambda: store.get_record('m')))
        assert store.keys() == ['m']
        store.update_record('m', {'label': 'y'})


def test_an_iterator_says_that_its_server_was_restarted(
    server: Server, mine: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, 'MOST', 32)  # or it has all of them before the restart
    with opened(mine) as store:
        store.add_records({'msg_id': f'{i:04}'} for i in range(500))
        found = store.find(sort='msg_id')
        assert next(found)['msg_id'] == '0000'
        server.restart()
        with pytest.raises(StorageError, match=url_of(mine)):
            for _ in found:
                pass
        assert list(found) == []
        wait_until(lambda: works(store.count))
        assert len(list(store.find())) == 500


def test_what_was_acknowledged_survives_a_kill_of_the_server(server: Server, mine: Place) -> None:
    acknowledged: list[str] = []

    def kill() -> None:
        wait_until(lambda: len(acknowledged) > 20)
        server.kill()

    with opened(mine, busy_timeout=SOON) as store:
        killing = threading.Thread(target=kill)
        killing.start()
        with pytest.raises(StorageError):  # noqa: PT012 - until it fails
            for i in range(100_000):
                store.add_record(str(i), {'buffers': [b'%d' % i]})
                acknowledged.append(str(i))
        killing.join()
        server.start()
        wait_until(lambda: works(store.count))
        assert set(acknowledged) <= set(store.keys())
        for record in store.find_records({}):
            assert record['buffers'] == [record['msg_id'].encode()]


# --- closing


def test_every_call_of_a_closed_store_says_so(secantus: Place) -> None:
    store = opened(secantus)
    store.add_records({'msg_id': str(i)} for i in range(300))
    begun, lazy = store.find(), store.find(keys=['msg_id'])
    next(begun)
    store.add_record('m', {'buffers': [b'x']})
    buffers = store.get_record('m')['buffers']
    store.close()
    for call in CALLS.values():
        with pytest.raises(StorageError, match='the store is closed; open it again'):
            call(store)
    for held in (lambda: list(begun), lambda: next(lazy), lambda: list(buffers)):
        with pytest.raises(StorageError, match='the store is closed; open it again'):
            held()
    store.close()


def test_closing_waits_for_no_answer_and_ends_what_is_read(server: Server, mine: Place) -> None:
    store = mqsql.open(f'{url_of(mine)}?{LOOKING}', busy_timeout=SOON)
    store.add_record('m', {})
    with ThreadPoolExecutor(3) as threads, frozen(server):
        reading = [threads.submit(call) for call in (store.count, lambda: list(store.find()), store.get_history)]
        wait_until(lambda: len(store._queries._answering) == 3)
        started = time.monotonic()
        store.close()
        assert time.monotonic() - started < SECONDS / 4
        errors = [one.exception(SECONDS) for one in reading]
    for error in errors:
        assert isinstance(error, StorageError)
        assert 'the store was closed while it was being read' in str(error)


def test_closing_while_others_write_leaves_only_storage_errors(mine: Place) -> None:
    store = opened(mine)
    dropped: list[str] = []

    def write(name: int) -> None:
        for i in range(100_000):
            store.add_record(f'{name}-{i}', {'buffers': [b'x']})
            store.update_record(f'{name}-{i}', {'buffers': [b'y']})
            store.drop_record(f'{name}-{i}')
            dropped.append(f'{name}-{i}')

    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(write, name) for name in range(3)]
        wait_until(lambda: len(dropped) > 20)
        store.close()
        errors = [one.exception(SECONDS) for one in writing]
    for error in errors:
        assert isinstance(error, StorageError)
        assert 'the store is closed' in str(error)


def ask_in_fork(store: Store, answers: Any) -> None:
    said = []
    for call in CALLS.values():
        try:
            call(store)
        except MqsqlError as e:
            said.append(str(e))
    store.close()
    answers.put(said)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='there are no forks here')
@pytest.mark.filterwarnings('ignore:This process:DeprecationWarning', 'ignore:.*fork:UserWarning')
def test_a_fork_is_told_to_open_the_store_again(secantus: Place) -> None:
    context = multiprocessing.get_context('fork')
    with opened(secantus) as store:
        store.add_record('m', {})
        answers = context.Queue()
        child = context.Process(target=ask_in_fork, args=(store, answers))
        child.start()
        said = answers.get(timeout=SECONDS)
        child.join(SECONDS)
        assert len(said) == len(CALLS)
        assert all('opened in another process' in one for one in said)
        store.add_record('parent', {})
        assert store.count() == 2


# --- several


def test_two_stores_share_a_collection_and_its_keys(mongo: Place) -> None:
    with opened(mongo) as one, opened(mongo) as two:
        one.add_record('m', {'label': 'one', 'buffers': [b'1']})
        with pytest.raises(DuplicateRecordError):
            two.add_record('m', {'label': 'two', 'buffers': [b'2']})
        two.update_record('m', {'stdout': 'two'})
        assert (one.get_record('m')['label'], one.get_record('m')['stdout']) == ('one', 'two')
        one.drop_record('m')
        with pytest.raises(mqsql.MissingRecordError):
            two.drop_record('m')
        two.add_record('m', {'label': 'two'})


ADDING = """
import sys, mqsql
with mqsql.open(sys.argv[1], busy_timeout=60) as store:
    added = 0
    for i in range(50):
        try:
            store.add_record(str(i), {'label': sys.argv[2], 'buffers': [sys.argv[2].encode()]})
            added += 1
        except mqsql.DuplicateRecordError:
            pass
print(added)
"""


def test_of_two_processes_one_adds_each_key(secantus: Place) -> None:
    processes = [
        subprocess.Popen([sys.executable, '-c', ADDING, url_of(secantus), name], stdout=subprocess.PIPE, text=True)
        for name in ('a', 'b')
    ]
    added = [int(process.communicate(timeout=SECONDS)[0]) for process in processes]
    assert sum(added) == 50
    with opened(secantus) as store, client_of(secantus) as client:
        assert store.count() == 50
        for record in store.find_records({}):
            assert record['buffers'] == [record['label'].encode()]
        assert client[secantus.database][f'{COLLECTION}_buffers'].count_documents({}) == 50


def test_threads_share_a_store(mongo: Place) -> None:
    def work(name: int) -> None:
        for i in range(10):
            key = f'{name}-{i}'
            store.add_record(key, {'queue': str(name)})
            store.update_record(key, {'stdout': key})
            assert store.get_record(key)['stdout'] == key
            assert store.count({'queue': str(name)}) == i + 1

    with opened(mongo, busy_timeout=60) as store, ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work, name) for name in range(4)]:
            done.result(SECONDS)
        assert len(store.keys()) == 40


def test_a_store_that_only_reads_changes_nothing(mongo: Place) -> None:
    with opened(mongo, readonly=True) as store, client_of(mongo) as client:
        assert store.keys() == []
        for call in (lambda: store.add_record('m', {}), lambda: store.drop_matching_records({})):
            with pytest.raises(StorageError, match='read-only'):
                call()  # type: ignore[no-untyped-call]
        assert client[mongo.database].list_collection_names() == []


# --- what errors of the driver are


def failure(code: int) -> OperationFailure:
    return OperationFailure('said by pymongo', code, {'errmsg': 'said by the server', 'code': code})


ERRORS: dict[str, tuple[Exception, type[MqsqlError], str]] = {
    'no permission': (failure(13), StorageError, 'may not do this'),
    'too slow': (failure(50), StorageError, 'took too long'),
    'forgotten': (CursorNotFound('x', 43), StorageError, 'ask again'),
    'too large': (failure(10_334), QueryError, 'at most 16 MiB'),
    'bad value': (failure(2), QueryError, 'the server refuses this: said by the server'),
    'a check of its own': (failure(51_091), QueryError, 'the server refuses this: said by the server'),
    'anything else': (failure(8), StorageError, r'the server failed \(said by the server\)'),
    'away': (AutoReconnect('a:1: refused, Timeout: 30s, Topology: x'), StorageError, r'not answer; .*\(a:1: refused\)'),
    'no BSON': (InvalidBSON('odd'), StorageError, 'what is no BSON: odd'),
}  # fmt: skip


@pytest.mark.parametrize(('error', 'kind', 'said'), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_of_the_driver_says_what_happened(error: Exception, kind: type[MqsqlError], said: str) -> None:
    with pytest.raises(kind, match=f'a store: .*{said}') as told, Failures('a store'):
        raise error
    assert told.value.__cause__ is error


@pytest.mark.parametrize('code', [2, 28, 52, 57, 121, 171])
def test_what_the_server_refuses_to_store_is_a_record_error(code: int) -> None:
    with pytest.raises(RecordError, match='refuses this: said by the server'), Failures('x', {'label': 1}):
        raise failure(code)


def test_the_largest_column_is_named() -> None:
    fields = {'label': 'x', 'content': {'a': 'x' * 100}, 'stdout': 'x' * 50}
    assert len(encode(fields)) > 100
    with pytest.raises(RecordError, match='content: MongoDB stores records'), Failures('x', fields):
        raise failure(17_419)


# --- without pymongo


def test_without_pymongo_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'pymongo', None)
    with pytest.raises(StorageError, match=r"pymongo is not installed; try: pip install 'mqsql\[mongodb\]'"):
        mqsql.open('mongodb://127.0.0.1/x')
