"""Several threads and processes on one store: closing ends what reads, indexes come and go, a fork has no store."""

import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
import pytest
from test_store_deadline import KINDS, opened

import mqsql
from mqsql.errors import MissingRecordError, MqsqlError, StorageError, UnknownNameError
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.limits import Deadline
from mqsql.storage import Store
from mqsql.storage.duckdb.connection import Database
from mqsql.storage.duckdb.failures import Failures as DuckFailures
from mqsql.storage.duckdb.reader import DuckReader
from mqsql.storage.readers import Reader
from mqsql.storage.sqlite.failures import Failures as SqliteFailures
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.storage.sqlite.streaming import SqliteReader

WAIT = 30.0  # until a test gives up


class Threads:
    """Functions in threads, and what left them."""

    def __init__(self, *functions: Callable[[], object]) -> None:
        self.errors: list[BaseException] = []
        self._all = [threading.Thread(target=self._run, args=(f,), daemon=True) for f in functions]
        for thread in self._all:
            thread.start()

    def _run(self, function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as e:
            self.errors.append(e)

    def join(self) -> list[BaseException]:
        """The errors, when all have ended."""
        for thread in self._all:
            thread.join(WAIT)
            assert not thread.is_alive()
        return self.errors


def for_ever(call: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        while True:
            call()

    return run


def open_files(path: Path) -> list[str]:
    """The descriptors of this process for a database and what belongs to it."""
    if not os.path.isdir('/proc/self/fd'):
        return []
    names = []
    for fd in os.listdir('/proc/self/fd'):
        try:
            names.append(os.readlink(f'/proc/self/fd/{fd}'))
        except OSError:
            continue
    return [name for name in names if name.startswith(str(path))]


SLOW: dict[str, Any] = {'$nor': [{f'content.a{i}.b': i} for i in range(30)] * 5}


def fill(store: Store, count: int = 2000) -> None:
    store.add_records(
        {'msg_id': f'm{i}', 'content': {f'a{k}': [{'b': -1}] for k in range(30)}, 'label': f'l{i % 5}'}
        for i in range(count)
    )


# --- closing


@pytest.fixture(params=[*KINDS, 'with query_timeout'])
def slow(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    with (
        mqsql.open(path, query_timeout=600) if request.param == 'with query_timeout' else opened(request.param, path)
    ) as store:
        fill(store)
        yield store


def test_closing_ends_what_other_threads_read(slow: Store, path: Path) -> None:
    threads = Threads(
        for_ever(lambda: list(slow.find(SLOW))),
        for_ever(lambda: slow.count(SLOW)),
        for_ever(lambda: slow.drop_matching_records({'$and': [SLOW, {'label': 'none'}]})),
        for_ever(lambda: list(slow.find(keys=['label']))),
        for_ever(slow.get_history),
    )
    time.sleep(0.3)
    assert threads.errors == []
    slow.close()
    errors = threads.join()
    assert len(errors) == 5
    for error in errors:
        assert isinstance(error, StorageError)
        assert 'the store was closed' in str(error) or 'the store is closed' in str(error)
    assert open_files(path) == []
    assert [p.name for p in path.parent.iterdir()] in ([path.name], [])
    slow.close()


def test_two_threads_may_close_at_once(slow: Store, path: Path) -> None:
    reading = Threads(for_ever(lambda: slow.count(SLOW)))
    time.sleep(0.1)
    assert Threads(slow.close, slow.close, slow.close).join() == []
    assert [type(e) for e in reading.join()] == [StorageError]
    assert open_files(path) == []


def sqlite_reader() -> Reader:
    return SqliteReader(apsw.Connection(':memory:'), SqliteFailures(':memory:'))


def duckdb_reader() -> Reader:
    return DuckReader(Database(':memory:', readonly=False).connect(), DuckFailures(':memory:'))


@pytest.mark.parametrize('reader', [sqlite_reader, duckdb_reader])
def test_two_threads_may_close_one_reader(reader: Callable[[], Reader], monkeypatch: pytest.MonkeyPatch) -> None:
    one = reader()
    one.deadline = Deadline(0)
    close, closing = one._close, threading.Event()

    def close_slowly() -> None:
        close()
        closing.set()
        time.sleep(0.1)

    monkeypatch.setattr(one, '_close', close_slowly)
    first = Threads(lambda: one.close(Deadline.check))
    assert closing.wait(WAIT)
    assert Threads(lambda: one.close(Deadline.check)).join() == []
    assert first.join() == []


@pytest.mark.parametrize('kind', KINDS)
def test_held_iterators_say_that_the_store_was_closed(path: Path, kind: str) -> None:
    store = opened(kind, path)
    fill(store, 20)
    begun, new, ended = store.find(), store.find(), store.find()
    next(begun)
    assert len(list(ended)) == 20
    store.close()
    for found in (begun, new):
        with pytest.raises(StorageError, match='the store is closed'):
            next(found)
    assert list(ended) == []
    del begun, new
    assert open_files(path) == []


def test_what_fails_in_closing_leaves_nothing_else_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(str(path))
    fill(store, 5)
    held = store.find()
    next(held)

    def fail() -> None:
        raise apsw.IOError('no more disk')

    with monkeypatch.context() as failing:
        failing.setattr(store._checkpoints, 'close', fail)
        with pytest.raises(StorageError, match='no more disk'):
            store.close()
    assert open_files(path) == []
    store.close()
    with pytest.raises(StorageError, match='closed'):
        store.count()


def test_a_hubs_database_is_closed_while_it_works(tmp_path: Path) -> None:
    db = SQLiteDB(location=str(tmp_path), session='s', max_age=3600, record_limit=1000)
    for i in range(300):
        db.add_record(f'm{i}', {'content': {f'a{k}': [{'b': -1}] for k in range(30)}, 'stdout': 'x' * 10_000})
    ids = iter(range(10**9))
    threads = Threads(
        for_ever(lambda: db.find_records(SLOW)),
        for_ever(lambda: db.update_record('m1', {'stdout': db.get_record('m1')['stdout'] + 'line\n'})),
        for_ever(lambda: db.add_record(f'n{next(ids)}', {})),
    )
    time.sleep(0.5)
    assert threads.errors == []
    assert Threads(db.close, db.close).join() == []
    assert {type(e) for e in threads.join()} <= {StorageError, KeyError}
    db.close()
    assert open_files(tmp_path) == []
    assert [p.name for p in tmp_path.iterdir()] == ['tasks.db']


# --- at the same time


@pytest.mark.parametrize('kind', ['wal', 'duckdb'])
def test_six_threads_read_and_write_one_store(path: Path, kind: str) -> None:
    with opened(kind, path, query_timeout=60) as store:
        end = time.monotonic() + 3
        kept = [0] * 6

        def work(name: int) -> None:
            r = random.Random(name)
            mine: dict[str, int] = {}
            while time.monotonic() < end:
                for _ in range(20):
                    key = f'{name}-{r.randrange(50)}'
                    match r.randrange(8):
                        case 0 if key not in mine:
                            store.add_record(key, {'queue': str(name), 'content': {'n': 0}, 'buffers': [key.encode()]})
                            mine[key] = 0
                        case 1 if key in mine:
                            mine[key] += 1
                            store.update_record(key, {'content': {'n': mine[key]}})
                        case 2 if key in mine:
                            store.drop_record(key)
                            del mine[key]
                        case 3 if key in mine:
                            found = store.get_record(key)
                            assert (found['content'], found['buffers']) == ({'n': mine[key]}, [key.encode()])
                        case 4:
                            assert store.count({'queue': str(name)}) == len(mine)
                        case 5:
                            seen = {f['msg_id']: f['content']['n'] for f in store.find({'queue': str(name)})}
                            assert seen == mine
                        case 6:
                            store.drop_matching_records({'queue': str(name), 'content.n': {'$gt': 3}})
                            mine = {k: n for k, n in mine.items() if n <= 3}
                        case 7:
                            assert set(store.distinct('content.n', {'queue': str(name)})) == set(mine.values())
            kept[name] = len(mine)

        def indexes() -> None:
            while time.monotonic() < end and kind != 'duckdb':
                store.drop_index(store.create_index('content.n'))

        assert Threads(*(lambda n=n: work(n) for n in range(6)), indexes).join() == []
        assert store.count() == sum(kept)


# --- indexes

COMING_AND_GOING = """
import sys, time, mqsql
with mqsql.open(sys.argv[1], busy_timeout=60) as store:
    end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        name = store.create_index('content.a')
        try:
            store.drop_index(name)
        except mqsql.UnknownNameError:
            pass
"""


def process(path: Path, seconds: float) -> 'subprocess.Popen[bytes]':
    return subprocess.Popen([sys.executable, '-c', COMING_AND_GOING, str(path), str(seconds)])


@pytest.mark.parametrize('kind', ['wal', 'delete'])
def test_queries_are_answered_while_another_process_makes_and_drops_an_index(path: Path, kind: str) -> None:
    with mqsql.open(path, journal_mode=kind, busy_timeout=60) as store:
        for i in range(300):
            store.add_record(f'm{i:03}', {'content': {'a': i}})
        other = process(path, 3)
        while other.poll() is None:
            assert len(store.find_records({'content.a': {'$lt': 10}}, ['label'])) == 10
            assert [r['msg_id'] for r in store.find({'content.a': {'$in': iter([5, 7])}}, [])] == ['m005', 'm007']
            assert store.count({'content.a': {'$nin': iter(range(290))}}) == 10
            assert store.distinct('content.a', {'content.a': 7}) == [7]
            assert [r['msg_id'] for r in store.find(sort='content.a', limit=2)] == ['m000', 'm001']
            store.drop_matching_records({'content.a': 299})
            store.add_record('m299', {'content': {'a': 299}}) if store.count() == 299 else None
            assert store.explain({'content.a': 5}).sql
        assert other.returncode == 0


def dropped(store: Store, query: dict[str, Any]) -> int:
    before = store.count()
    store.drop_matching_records(query)
    return before - store.count()


def test_an_index_that_has_gone_is_not_needed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqliteStore(str(path)) as store, SqliteStore(str(path)) as other:
        for i in range(30):
            store.add_record(f'm{i:02}', {'content': {'a': i}})
        calls: list[Callable[[], object]] = [
            lambda: len(list(store.find({'content.a': {'$gte': 20}}))),
            lambda: len(store.find_records({'content.a': {'$in': map(int, range(10))}})),
            lambda: store.count({'content.a': {'$lt': 10}}),
            lambda: len(store.distinct('content.a', {'content.a': {'$lt': 10}})),
            lambda: dropped(store, {'content.a': {'$in': map(int, range(10))}}),
        ]
        for call in calls:
            store.create_index('content.a')
            look = store._look_for_indexes

            def gone_after_the_look(look: Callable[[], int] = look) -> int:
                version = look()
                if 'content.a_1' in other.list_indexes():
                    other.drop_index('content.a_1')
                return version

            with monkeypatch.context() as patched:
                patched.setattr(store, '_look_for_indexes', gone_after_the_look)
                assert call() == 10


def test_threads_and_processes_make_and_drop_one_index(path: Path) -> None:
    with mqsql.open(path, busy_timeout=60) as store:
        for i in range(100):
            store.add_record(f'm{i}', {'content': {'a': i}})
        end = time.monotonic() + 3

        def make_and_drop() -> None:
            while time.monotonic() < end:
                name = store.create_index('content.a')
                with suppress(UnknownNameError):  # another thread was first
                    store.drop_index(name)

        other = process(path, 3)
        assert Threads(*[make_and_drop] * 3).join() == []
        assert other.wait() == 0
        before = store.list_indexes()
        assert Threads(*[lambda: store.create_index('content.b')] * 4).join() == []
        assert store.list_indexes() == {**before, 'content.b_1': (('content.b', 1),)}
        assert store.count({'content.a': {'$lt': 10}}) == 10


# --- forks


def _ask(store: Store, answers: Any) -> None:
    said = []
    calls: list[Callable[[], object]] = [
        lambda: store.get_record('m0'),
        lambda: store.add_record('child', {}),
        lambda: store.find_records({}),
        lambda: list(store.find()),
        lambda: store.count(),
        lambda: store.create_index('content.a'),
        lambda: store.get_history(),
    ]
    for call in calls:
        try:
            call()
        except MqsqlError as e:
            said.append(f'{type(e).__name__}: {e}')
    store.close()
    answers.put(said)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='there are no forks here')
@pytest.mark.filterwarnings('ignore:This process:DeprecationWarning')
@pytest.mark.parametrize('kind', KINDS)
def test_a_fork_is_told_to_open_the_store_again(path: Path, kind: str) -> None:
    context = multiprocessing.get_context('fork')
    with opened(kind, path) as store:
        fill(store, 20)
        held = store.find()
        next(held)
        inside, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with store._lock:
                inside.set()
                leave.wait(WAIT)

        holding = Threads(hold)
        inside.wait(WAIT)
        answers = context.Queue()
        child = context.Process(target=_ask, args=(store, answers))
        child.start()
        try:
            said = answers.get(timeout=WAIT)
        finally:
            leave.set()
            child.kill()
        child.join()
        assert len(said) == 7
        for sentence in said:
            assert sentence.startswith('StorageError: ')
            assert 'opened in another process' in sentence
        assert holding.join() == []
        # And here all is as it was.
        assert len(list(held)) == 19
        store.add_record('parent', {})
        assert store.count() == 21
        with pytest.raises(MissingRecordError):
            store.get_record('child')
