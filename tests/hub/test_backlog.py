"""While the file cannot be written, the hub goes on, sees its tasks as they are, and writes them later."""

import copy
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from waiting import SECONDS, wait_until

import mqsql
from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, StorageError
from mqsql.hub import write_buffer as backlog
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.schema import TASKS
from mqsql.settings import Settings
from mqsql.storage.sqlite.store import SqliteStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEBIBYTE = 2**20


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, 'RETRY_SECONDS', 0.05)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def tasks(path: Path, said: list[str]) -> Iterator[WriteBuffer[SqliteStore]]:
    opened = WriteBuffer(SqliteStore(str(path), settings=Settings(busy_timeout=0)), MEBIBYTE, said.append)
    opened.add_record('old', {'label': 'old', 'buffers': [b'x', b'y'], 'submitted': NOON})
    yield opened
    opened.close()


@pytest.fixture
def lock(path: Path, tasks: WriteBuffer[SqliteStore]) -> Iterator[apsw.Connection]:
    """Another program in a transaction."""
    connection = apsw.Connection(str(path))
    connection.execute('BEGIN IMMEDIATE')
    yield connection
    connection.close()


def written(path: Path) -> dict[str, Any]:
    with mqsql.open(path, readonly=True) as store:
        return {record['msg_id']: copy.deepcopy(record) for record in store.find_records({})}


def test_what_cannot_be_written_is_kept_and_written_later(
    path: Path, tasks: WriteBuffer[SqliteStore], lock: apsw.Connection, said: list[str]
) -> None:
    tasks.add_record('new', {'submitted': NOON, 'header': {'a': 1}, 'buffers': [b'n']})
    tasks.update_record('new', {'stdout': 'one\n'})
    tasks.update_record('new', {'stdout': tasks.get_record('new')['stdout'] + 'two\n'})
    tasks.update_record('old', {'label': 'changed'})
    old = dict.fromkeys(TASKS.all_keys) | {
        'msg_id': 'old',
        'label': 'changed',
        'buffers': [b'x', b'y'],
        'submitted': NOON,
    }
    new = dict.fromkeys(TASKS.all_keys) | {
        'msg_id': 'new',
        'submitted': NOON,
        'header': {'a': 1},
        'buffers': [b'n'],
        'stdout': 'one\ntwo\n',
    }
    assert tasks.get_record('old') == old
    assert tasks.get_record('new') == new
    assert written(path)['old']['label'] == 'old'
    assert len(said) == 1
    assert 'busy_timeout' in said[0]
    assert 'kept in memory, up to 1,048,576 bytes' in said[0]
    lock.execute('ROLLBACK')
    wait_until(lambda: len(said) == 2)
    assert said[1] == '2 tasks that were kept in memory have been written.'
    assert written(path) == {'old': old, 'new': new}
    assert tasks.get_record('new') == new
    assert tasks.find_records({}) == [old, new]


def test_queries_see_what_is_kept(tasks: WriteBuffer[SqliteStore], lock: apsw.Connection) -> None:
    tasks.add_record('new', {'label': 'new', 'header': {'n': 2}})
    tasks.update_record('old', {'label': 'changed', 'header': {'n': 1}})
    assert [r['msg_id'] for r in tasks.find_records({'label': 'old'})] == []
    assert tasks.find_records({'header.n': {'$gt': 0}}, ['label']) == [
        {'msg_id': 'new', 'label': 'new'},
        {'msg_id': 'old', 'label': 'changed'},
    ]
    assert tasks.find_records({'label': 'changed'}) == [tasks.get_record('old')]
    assert tasks.get_history() == ['old', 'new']


def test_the_rules_of_a_store_hold_for_what_is_kept(tasks: WriteBuffer[SqliteStore], lock: apsw.Connection) -> None:
    tasks.add_record('new', {})
    for msg_id in ('new', 'old'):
        with pytest.raises(DuplicateRecordError):
            tasks.add_record(msg_id, {})
    for call in (tasks.get_record, tasks.drop_record, lambda msg_id: tasks.update_record(msg_id, {'queue': 'a'})):
        with pytest.raises(MissingRecordError):
            call('absent')
    with pytest.raises(RecordError):
        tasks.update_record('new', {'queue': 5})
    assert tasks.get_record('new')['queue'] is None


def test_what_is_dropped_is_dropped_from_both(
    path: Path, tasks: WriteBuffer[SqliteStore], lock: apsw.Connection, said: list[str]
) -> None:
    tasks.update_record('old', {'completed': NOON})
    tasks.add_record('new', {'completed': NOON})
    tasks.add_record('kept', {})
    with pytest.raises(StorageError, match='busy_timeout'):
        tasks.drop_matching_records({'completed': {'$ne': None}})
    assert len(tasks.get_history()) == 3
    # The lock is gone, and the thread has not looked yet, or has: both must do.
    lock.execute('ROLLBACK')
    tasks.drop_matching_records({'completed': {'$ne': None}})
    assert tasks.get_history() == ['kept']
    wait_until(lambda: len(said) == 2)
    assert list(written(path)) == ['kept']


def test_beyond_the_limit_a_change_is_lost_with_a_word(tasks: WriteBuffer[SqliteStore], lock: apsw.Connection) -> None:
    tasks.update_record('old', {'result_buffers': [bytes(MEBIBYTE - 100)]})
    with pytest.raises(StorageError, match='has reached 1,048,576 bytes; this change is lost'):
        tasks.update_record('old', {'stdout': 'x' * 200})
    assert tasks.get_record('old')['stdout'] is None
    for _ in range(100):
        tasks.update_record('old', {'stdout': 'shorter'})
    assert len(tasks.get_record('old')['result_buffers'][0]) == MEBIBYTE - 100


@pytest.mark.parametrize('cause', ['full', 'read-only'])
def test_other_causes(path: Path, tasks: WriteBuffer[SqliteStore], said: list[str], cause: str) -> None:
    connection = tasks._store._connection
    pages = connection.pragma('page_count')
    pragma, bad, good = ('max_page_count', pages, pages + 1000) if cause == 'full' else ('query_only', 1, 0)
    connection.pragma(pragma, bad)
    tasks.add_record('new', {'buffers': [bytes(500_000)], 'label': 'new'})
    assert tasks.get_record('new')['label'] == 'new'
    assert list(written(path)) == ['old']
    connection.pragma(pragma, good)
    wait_until(lambda: len(said) == 2)
    assert written(path)['new']['buffers'] == [bytes(500_000)]


def test_what_another_controller_has_added_meanwhile_is_completed(
    path: Path, tasks: WriteBuffer[SqliteStore], lock: apsw.Connection, said: list[str]
) -> None:
    tasks.add_record('new', {'stdout': 'of ours', 'label': None})
    lock.execute("INSERT INTO task_records (msg_id, label) VALUES ('new', 'of theirs')")
    lock.execute('COMMIT')
    wait_until(lambda: len(said) == 2)
    found = written(path)['new']
    assert (found['stdout'], found['label']) == ('of ours', 'of theirs')


def test_a_file_that_cannot_even_be_read_is_no_loss(path: Path, said: list[str]) -> None:
    # As a rollback journal has it while another program commits.
    tasks = WriteBuffer(SqliteStore(str(path), settings=Settings('delete', busy_timeout=0)), MEBIBYTE, said.append)
    tasks.add_record('old', {'label': 'old', 'stdout': 'one'})
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN EXCLUSIVE')
    tasks.add_record('new', {'label': 'new'})
    tasks.add_record('old', {'stdout': None, 'header': {}, 'submitted': NOON})
    tasks.update_record('new', {'stdout': 'two'})
    with pytest.raises(StorageError):
        tasks.get_record('older')
    lock.execute('ROLLBACK')
    wait_until(lambda: len(said) == 2)
    found = written(path)
    assert (found['old']['stdout'], found['old']['submitted']) == ('one', NOON)
    assert (found['new']['label'], found['new']['stdout']) == ('new', 'two')
    tasks.close()


def test_a_lasting_failure_is_said_once_even_when_nothing_can_be_kept(path: Path, said: list[str]) -> None:
    tasks = WriteBuffer(SqliteStore(str(path), settings=Settings(busy_timeout=0)), 0, said.append)
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN IMMEDIATE')
    for i in range(5):
        with pytest.raises(StorageError, match='this change is lost'):
            tasks.add_record(f'm{i}', {'label': 'x'})
    assert len(said) == 1
    lock.execute('ROLLBACK')
    wait_until(lambda: not tasks._waiting)
    tasks.add_record('after', {})
    assert tasks.get_history() == ['after']
    assert len(said) == 1
    tasks.close()


def test_closing_writes_what_is_kept_or_says_what_is_lost(path: Path, said: list[str]) -> None:
    for release in (True, False):
        tasks = WriteBuffer(SqliteStore(str(path), settings=Settings(busy_timeout=0)), MEBIBYTE, said.append)
        lock = apsw.Connection(str(path))
        lock.execute('BEGIN IMMEDIATE')
        tasks.add_record(f'released {release}', {})
        if release:
            lock.execute('ROLLBACK')
        tasks.close()
        tasks.close()
        lock.close()
    assert list(written(path)) == ['released True']
    assert said[-1] == '1 tasks could not be written and are lost.'
    with pytest.raises(StorageError, match='closed'):
        tasks.add_record('after', {})


def test_changes_during_the_writing_come_after_it(
    path: Path, tasks: WriteBuffer[SqliteStore], lock: apsw.Connection, said: list[str]
) -> None:
    for i in range(300):
        tasks.add_record(f'm{i}', {'stdout': '0'})

    def work() -> None:
        for n in range(1, 4):
            for i in range(300):
                tasks.update_record(f'm{i}', {'stdout': f'{tasks.get_record(f"m{i}")["stdout"]}{n}'})

    lock.execute('ROLLBACK')
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    wait_until(lambda: len(said) == 2)
    assert {r['stdout'] for m, r in written(path).items() if m != 'old'} == {'0123'}


def test_closing_waits_for_the_file_as_any_change_does(
    path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, 'RETRY_SECONDS', 60)
    tasks = WriteBuffer(SqliteStore(str(path), settings=Settings(busy_timeout=0.01)), MEBIBYTE, said.append)
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN IMMEDIATE')
    tasks.add_record('m', {})
    tried = threading.Event()

    def wait(tries: int) -> bool:
        tried.set()
        return True

    tasks._store._connection.set_busy_handler(wait)
    closing = threading.Thread(target=tasks.close)
    closing.start()
    assert tried.wait(SECONDS)
    lock.execute('ROLLBACK')
    closing.join(SECONDS)
    assert list(written(path)) == ['m']
    lock.close()


def test_a_task_that_is_too_large_holds_up_no_other(
    path: Path, tasks: WriteBuffer[SqliteStore], lock: apsw.Connection, said: list[str]
) -> None:
    tasks.add_record('large', {'stdout': 'x' * 50_000})
    tasks.add_record('small', {'label': 'a'})
    tasks._store._connection.limit(apsw.SQLITE_LIMIT_LENGTH, 30_000)  # of a billion bytes
    lock.execute('ROLLBACK')
    wait_until(lambda: not tasks._waiting)
    assert list(written(path)) == ['old', 'small']
    assert any('What was kept of a task is not written: a value is larger' in line for line in said)
