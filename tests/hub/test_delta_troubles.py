"""Troubles of the delta log, and what must be there after each."""

import os
import stat
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from test_delta import LONG, NOON, blobs, in_file, killed, logs, opened

import mqsql
from mqsql.errors import StorageError
from mqsql.hub import delta as module
from mqsql.hub import write_buffer
from mqsql.hub.delta import Delta
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.settings import Settings
from mqsql.storage.mishaps import Warn
from mqsql.storage.sqlite.delta_log import DeltaLog, LeftLog, left_logs
from mqsql.storage.sqlite.file_locks import lock_file
from mqsql.storage.sqlite.store import SqliteStore

posix = pytest.mark.skipif(sys.platform == 'win32', reason='not on Windows')


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'MERGE_SECONDS', 3600)
    monkeypatch.setattr(write_buffer, 'RETRY_SECONDS', 3600)


@pytest.fixture
def tasks(path: Path) -> Iterator[Delta]:
    tasks = opened(path)
    yield tasks
    tasks.close()


def locked(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.execute('BEGIN IMMEDIATE')
    return connection


def after_a_kill(path: Path, folder: Path) -> dict[str, Any]:
    """What is in the file when its process is killed now."""
    for file in path.parent.glob(f'{path.name}*'):
        if file.is_file() and not file.name.endswith('-shm'):
            folder.joinpath(file.name).write_bytes(file.read_bytes())
    with mqsql.open(folder / path.name) as opened_store:
        return {record['msg_id']: record for record in opened_store.find()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / 'copy'
    folder.mkdir()
    return folder


def test_output_that_is_kept_grows(tasks: Delta, path: Path, folder: Path) -> None:
    tasks.add_record('m', {'stdout': LONG})
    tasks.get_history()
    lock = locked(path)
    tasks.find_records({})
    for line in ('one', 'two', 'three'):
        tasks.update_record('m', {'stdout': tasks.get_record('m')['stdout'] + line})
        tasks.get_history()
    assert after_a_kill(path, folder)['m']['stdout'] == LONG + 'onetwothree'
    lock.close()


def test_output_that_was_replaced_while_it_is_kept(tasks: Delta, path: Path, folder: Path) -> None:
    tasks.add_record('m', {'stdout': LONG})
    tasks.get_history()
    lock = locked(path)
    tasks.update_record('m', {'label': 'x'})
    tasks.find_records({})
    tasks.update_record('m', {'stdout': 'short'})
    tasks.update_record('m', {'stdout': LONG + 'more'})
    assert after_a_kill(path, folder)['m']['stdout'] == LONG + 'more'
    lock.close()


def test_the_last_that_is_kept_is_dropped(tasks: Delta, path: Path, folder: Path) -> None:
    lock = locked(path)
    tasks.add_record('m', {})
    tasks.find_records({})
    lock.close()
    tasks.drop_record('m')
    assert after_a_kill(path, folder) == {}


def test_blobs_that_were_replaced_before_a_kill(path: Path) -> None:
    killed(
        path,
        """
tasks.add_record('m', {'buffers': [b'x'], 'result_buffers': [b'y']})
tasks.update_record('m', {'buffers': None})
tasks.update_record('m', {'result_buffers': [b'z']})
tasks.update_record('m', {'result_buffers': [b'z', b'a']})
""",
    )
    with mqsql.open(path) as opened_store:
        found = opened_store.get_record('m')
        assert (found['buffers'], found['result_buffers']) == (None, [b'z', b'a'])
    assert blobs(path) == 2


@pytest.mark.parametrize('name', ['n' * 246, 'ü' * 100, 'a%b ?#"\'é &'])
def test_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    tasks = opened(path)
    tasks.add_record('m', {})
    tasks.close()
    with mqsql.open(path) as opened_store:
        assert opened_store.get_history() == ['m']


@pytest.mark.parametrize('name', ['ü' * 60, 'ü' * 40, '"%\' /', '..', 'x' * 300])
def test_names_of_histories(tmp_path: Path, name: str) -> None:
    for number in (1, 2):
        tasks = SQLiteDB(location=str(tmp_path), table=name)
        assert len(tasks.get_history()) == number - 1
        tasks.add_record(f'm{number}', {'msg_id': f'm{number}'})
        tasks.close()


def test_readers_are_not_told_of_an_empty_log(path: Path) -> None:
    killed(path, "tasks.add_record('m', {}); tasks.get_history()")
    assert logs(path) != []
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        mqsql.open(path, readonly=True).close()


@posix
def test_a_fork_that_outlives_its_parent(path: Path) -> None:
    killed(
        path,
        """
tasks.add_record('m', {})
if os.fork() == 0:
    import time
    os.close(1); os.close(2)
    time.sleep(30)
    os._exit(0)
""",
    )
    with mqsql.open(path) as opened_store:
        assert opened_store.get_history() == ['m']


@posix
def test_a_log_that_another_process_is_about_to_merge_is_waited_for(path: Path) -> None:
    killed(path, "tasks.add_record('m', {})")
    log = os.open(logs(path)[0], os.O_RDWR)
    assert lock_file(log)
    program = f'import mqsql; print("begun", flush=True); print(mqsql.open({str(path)!r}).get_history())'
    child = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    child.stdout.readline()
    time.sleep(1)
    os.close(log)
    assert child.communicate()[0] == "['m']\n"


def test_many_lines_of_a_killed_process_are_written_once(path: Path) -> None:
    killed(
        path,
        """
tasks.add_record('m', {'stdout': 'x' * 3000})
tasks.get_history()
for i in range(1000):
    tasks.update_record('m', {'stdout': tasks.get_record('m')['stdout'] + 'a line'})
    tasks.update_record('m', {'label': i})
""",
    )
    statements: list[str] = []

    def trace(cursor: object, sql: str, values: object) -> bool:
        statements.append(sql)
        return True

    class Traced(SqliteStore):
        def _merge_left(self, say: Warn) -> None:
            self._connection.exec_trace = trace
            super()._merge_left(say)

    with Traced(str(path)) as opened_store:
        assert opened_store.get_record('m')['stdout'] == 'x' * 3000 + 'a line' * 1000
        assert sum(sql.startswith('UPDATE') for sql in statements) == 1


@posix
def test_a_log_has_the_rights_of_the_database(path: Path) -> None:
    mqsql.open(path).close()
    path.chmod(0o666)
    before = os.umask(0o077)
    try:
        tasks = opened(path)
        tasks.add_record('m', {})
        assert [stat.S_IMODE(log.stat().st_mode) for log in logs(path)] == [0o666]
        tasks.close()
    finally:
        os.umask(before)


def test_a_log_that_cannot_be_deleted_is_emptied(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(path, "tasks.add_record('m', {})")

    def refuse(name: str) -> None:
        raise PermissionError(1, 'only its owner may delete it')

    monkeypatch.setattr(os, 'unlink', refuse)
    mqsql.open(path).close()
    assert [log.stat().st_size for log in logs(path)] == [0]


def test_a_store_that_cannot_be_opened_is_closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(path, "tasks.add_record('m', {})")
    closed: list[object] = []
    monkeypatch.setattr(SqliteStore, '_close', lambda store: closed.append(store))

    def fail(log: LeftLog) -> None:
        raise StorageError('no')

    monkeypatch.setattr(LeftLog, 'delete', fail)
    with pytest.raises(StorageError, match='no'):
        mqsql.open(path)
    assert len(closed) == 1


def test_what_a_killed_process_left_is_merged_when_another_ends_its_transaction(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(path, "tasks.add_record('m', {})")

    def after_locking(*args: Any, **options: Any) -> Any:
        threading.Timer(0.5, locked(path).close).start()
        return left_logs(*args, **options)

    monkeypatch.setattr('mqsql.storage.sqlite.store.left_logs', after_locking)
    with SqliteStore(str(path), settings=Settings(busy_timeout=0)) as opened_store:
        assert opened_store.get_history() == ['m']


@posix
def test_each_change_and_the_new_log_are_flushed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[bool] = []
    monkeypatch.setattr(os, 'fsync', lambda file: flushed.append(stat.S_ISDIR(os.fstat(file).st_mode)))
    tasks = Delta(SqliteStore(str(path), settings=Settings(synchronous='full')), 2**20, print)
    tasks.add_record('m', {})
    assert flushed[0]  # the directory
    before = len(flushed)
    tasks.update_record('m', {'label': 1})
    assert len(flushed) == before + 1
    tasks.close()


def test_a_log_that_cannot_be_written_over_is_cut_short(
    tasks: Delta, path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.add_record('m', {'label': 'old'})

    def refuse(file: int, data: bytes) -> int:
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as full:
        full.setattr(os, 'write', refuse)
        tasks.update_record('m', {'label': 'new'})
        tasks.drop_record('m')
        assert after_a_kill(path, folder) == {}


def test_a_kill_while_what_the_log_lacks_is_written(
    tasks: Delta, path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for msg_id in ('a', 'b'):
        tasks.add_record(msg_id, {'label': 'old'})
    lock = locked(path)
    tasks.get_history()

    def refuse(log: DeltaLog, *_: object) -> int:
        raise StorageError('the disk is full')

    with monkeypatch.context() as full:
        full.setattr(DeltaLog, 'append', refuse)
        for msg_id in ('a', 'b'):
            tasks.update_record(msg_id, {'label': 'new'})
        lock.close()
        full.setattr(write_buffer, 'monotonic', iter([0, 2]).__next__)
        tasks._write_some(1)  # there is time for one record
        found = after_a_kill(path, folder)
    assert [found[msg_id]['label'] for msg_id in ('a', 'b')] == ['new', 'new']


def test_the_memory_for_what_the_log_lacks_is_that_of_its_records(tasks: Delta, path: Path) -> None:
    lock = locked(path)
    tasks.add_record('m', {})
    tasks.get_history()
    with pytest.MonkeyPatch.context() as full:
        full.setattr(DeltaLog, 'append', lambda *_: (_ for _ in ()).throw(StorageError('full')))
        for i in range(100):
            tasks.update_record('m', {'label': i})
    assert len(tasks._unlogged) == 1
    tasks._ready()
    assert len(tasks._unlogged) == 0
    lock.close()


def test_a_value_that_is_taken_away_while_the_disk_is_full(
    tasks: Delta, path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locked(path)
    tasks.add_record('m', {'label': 'x', 'stdout': 'x'})
    tasks.get_history()

    def refuse(log: DeltaLog, *_: object) -> int:
        raise StorageError('the disk is full')

    with monkeypatch.context() as full:
        full.setattr(DeltaLog, 'append', refuse)
        tasks.update_record('m', {'label': None, 'stdout': ''})
    tasks._ready()
    found = after_a_kill(path, folder)['m']
    assert (found.get('label'), found['stdout']) == (None, '')
    lock.close()


def test_output_of_a_task_whose_record_cannot_be_read(path: Path) -> None:
    """Something of it has just been written, and is not merged."""
    hub = SQLiteDB(location=str(path.parent), journal_mode='delete', busy_timeout=0)
    hub.add_record('m', {'msg_id': 'm', 'stdout': 'a'})
    hub.get_history()
    hub.update_record('m', {'label': 'x'})
    other = apsw.Connection(str(path))
    other.execute('BEGIN EXCLUSIVE')
    with pytest.raises(KeyError):
        hub.get_record('m')
    hub.add_record('m', {'msg_id': 'm', 'stdout': 'b'})
    other.close()
    found = hub.find_records({'msg_id': 'm'})
    assert [(r['stdout'], r['label']) for r in found] == [('ab', 'x')]
    hub.close()


def test_threads_that_close_a_hub(tmp_path: Path) -> None:
    hub = SQLiteDB(location=str(tmp_path), record_limit=50, max_age=1e6, drop_buffers_after=1e6)
    for i in range(100):
        hub.add_record(f'm{i}', {'msg_id': f'm{i}', 'submitted': NOON, 'buffers': [b'x']})
    threads = [threading.Thread(target=hub.close) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logs(tmp_path / 'tasks.db') == []
    assert len(in_file(tmp_path / 'tasks.db')) == 100
