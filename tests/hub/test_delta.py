"""Changes are durable when a call returns, and merged into the table later: nothing is lost, and whoever asks sees all."""

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import apsw
import pytest
from waiting import SECONDS, wait_until

import mqsql
from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, StorageError
from mqsql.hub import delta as module
from mqsql.hub import write_buffer
from mqsql.hub.delta import MOST, SHORT, Delta
from mqsql.schema import TASKS
from mqsql.settings import Settings
from mqsql.storage.sqlite import delta_log
from mqsql.storage.sqlite.store import SqliteStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINE = 'a line of output, of ordinary length: ü\0\ud800\n'
LONG = 'x' * 2 * SHORT
MEBIBYTE = 2**20
START = delta_log._START.pack(delta_log.MAGIC, 0)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes are merged when they must be, not because time passes."""
    monkeypatch.setattr(module, 'MERGE_SECONDS', 3600)
    monkeypatch.setattr(write_buffer, 'RETRY_SECONDS', 0.05)


@pytest.fixture
def said() -> list[str]:
    return []


def opened(path: Path, said: list[str] | None = None, **options: Any) -> Delta:
    store = SqliteStore(str(path), settings=Settings(busy_timeout=0))
    say: Callable[[str], object] = print if said is None else said.append
    return Delta(store, MEBIBYTE, say, **options)


@pytest.fixture
def tasks(path: Path, said: list[str]) -> Iterator[Delta]:
    tasks = opened(path, said)
    yield tasks
    tasks.close()


@pytest.fixture
def lock(path: Path, tasks: Delta) -> Iterator[apsw.Connection]:
    """Another program in a transaction."""
    connection = apsw.Connection(str(path))
    connection.execute('BEGIN IMMEDIATE')
    yield connection
    connection.close()


def whole(**values: Any) -> dict[str, Any]:
    return dict.fromkeys(TASKS.all_keys) | values


def in_file(path: Path) -> dict[str, Any]:
    """What another process reads."""
    with mqsql.open(path, readonly=True) as store:
        return {record['msg_id']: whole(**record) for record in store.find()}


def left_changes(path: Path) -> list[Any]:
    """What is in the log of a process that is still there."""
    (log,) = logs(path)
    with log.open('rb') as file:
        return [*delta_log.LeftLog(str(log), file).changes(TASKS)]


def blobs(path: Path) -> object:
    with SqliteStore(str(path)) as store, store.using() as connection:
        return connection.execute('SELECT count(*) FROM task_buffers').get


def logs(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f'{path.name}-*-delta*'))


def killed(path: Path, program: str) -> None:
    """A process that does this with `tasks` at the path, and is killed."""
    start = f"""
import os, signal, sys
from datetime import UTC, datetime
from mqsql.hub import delta
from mqsql.hub.delta import Delta
from mqsql.settings import Settings
from mqsql.storage.sqlite.store import SqliteStore
delta.MERGE_SECONDS = 3600
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
store = SqliteStore({str(path)!r}, settings=Settings(busy_timeout=0))
tasks = Delta(store, {MEBIBYTE}, print)
"""
    kill = '\nos.kill(os.getpid(), signal.SIGKILL)\n'
    done = subprocess.run([sys.executable, '-c', start + program + kill], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


# --- what is read


def test_a_task_is_read_before_it_is_in_the_table(tasks: Delta, path: Path) -> None:
    tasks.add_record('m', {'submitted': NOON, 'header': {'at': NOON}, 'buffers': [b'x', b'y'], 'stdout': ''})
    tasks.update_record('m', {'started': NOON, 'result_buffers': []})
    tasks.update_record('m', {'completed': NOON, 'started': None})
    expected = whole(
        msg_id='m',
        submitted=NOON,
        completed=NOON,
        header={'at': NOON},
        buffers=[b'x', b'y'],
        result_buffers=[],
        stdout='',
    )
    assert tasks.get_record('m') == expected
    assert list(tasks.get_record('m')) == list(TASKS.all_keys)
    assert in_file(path) == {}
    tasks.get_record('m')['buffers'].clear()
    assert tasks.find_records({'completed': {'$ne': None}}) == [expected]
    assert tasks.get_record('m') == expected
    tasks.update_record('m', {'label': 'changed'})
    assert tasks.get_record('m') == expected | {'label': 'changed'}
    assert in_file(path)['m']['label'] is None
    assert tasks.get_history() == ['m']
    assert in_file(path)['m']['label'] == 'changed'


def test_the_rules_of_a_store_hold(tasks: Delta, path: Path) -> None:
    tasks.add_record('merged', {})
    tasks.get_history()
    tasks.add_record('new', {})
    for msg_id in ('merged', 'new'):
        with pytest.raises(DuplicateRecordError):
            tasks.add_record(msg_id, {})
    for call in (tasks.get_record, tasks.drop_record, lambda msg_id: tasks.update_record(msg_id, {'queue': 'a'})):
        with pytest.raises(MissingRecordError):
            call('absent')
    with pytest.raises(MissingRecordError):
        tasks.update_record('absent', {})
    with pytest.raises(RecordError):
        tasks.update_record('new', {'queue': 5})
    tasks.update_record('new', {})
    assert tasks.get_record('new')['queue'] is None
    tasks.drop_record('new')
    tasks.drop_matching_records({'msg_id': 'merged'})
    assert tasks.get_history() == []


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that were looked for in the table."""
    keys: list[str] = []
    has = SqliteStore.has

    def note(store: SqliteStore, key: str) -> bool:
        keys.append(key)
        return has(store, key)

    monkeypatch.setattr(SqliteStore, 'has', note)
    return keys


def ask_in_vain(tasks: Delta, msg_id: str) -> None:
    with pytest.raises(MissingRecordError):
        tasks.get_record(msg_id)


def test_a_key_that_was_just_asked_for_is_not_looked_for_again(tasks: Delta, looked_for: list[str]) -> None:
    ask_in_vain(tasks, 'm')
    tasks.add_record('m', {'label': 'x'})
    assert looked_for == []
    for _ in range(2):
        with pytest.raises(DuplicateRecordError):
            tasks.add_record('m', {})
        tasks.get_history()
    assert looked_for == ['m']
    ask_in_vain(tasks, 'n')
    tasks.add_record('other', {})
    tasks.add_record('n', {})
    assert looked_for == ['m', 'other', 'n']


def test_a_key_that_was_asked_for_long_ago_is_looked_for(
    tasks: Delta, path: Path, looked_for: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, 'ABSENT_SECONDS', 0)
    ask_in_vain(tasks, 'm')
    with mqsql.open(path) as store:
        store.add_record('m', {'label': 'of another process'})
    with pytest.raises(DuplicateRecordError):
        tasks.add_record('m', {})
    assert looked_for == ['m']


@pytest.mark.parametrize('values', [{'stdout': 'x' * 70_000}, {'buffers': [bytes(70_000)]}])
def test_a_large_record_that_was_asked_for_in_vain_is_added_once(tasks: Delta, values: dict[str, Any]) -> None:
    ask_in_vain(tasks, 'm')
    tasks.add_record('m', values)
    with pytest.raises(DuplicateRecordError):
        tasks.add_record('m', {'label': 'x'})
    assert tasks.get_record('m') == whole(msg_id='m', **values)


def test_many_changes_are_merged_at_once(tasks: Delta, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    merge = SqliteStore.merge

    def measured(store: SqliteStore, changes: list[Any]) -> list[str]:
        sizes.append(len(changes))
        return merge(store, changes)

    monkeypatch.setattr(SqliteStore, 'merge', measured)
    for i in range(2 * MOST):
        tasks.add_record(f'm{i}', {'submitted': NOON, 'buffers': [b'%d' % i]})
        tasks.update_record(f'm{i}', {'started': NOON})
    assert sizes == [MOST, MOST]
    tasks.get_history()
    assert list(in_file(path)) == [f'm{i}' for i in range(2 * MOST)]
    with mqsql.open(path, readonly=True) as store:
        assert [r['buffers'] for r in store.find_records({})] == [[b'%d' % i] for i in range(2 * MOST)]
        assert store.count({'started': NOON}) == 2 * MOST


def test_other_processes_see_a_task_soon(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'MERGE_SECONDS', 0.02)
    tasks = opened(path)
    for number in (1, 2):
        tasks.add_record(f'm{number}', {})
        wait_until(lambda: not tasks._merging)
        assert len(in_file(path)) == number
    tasks.close()


def test_a_large_value_is_written_once(tasks: Delta, path: Path) -> None:
    tasks.add_record('m', {'label': 'first'})
    tasks.update_record('m', {'result_buffers': [bytes(200_000)]})
    assert in_file(path)['m']['label'] == 'first'
    assert sum(log.stat().st_size for log in logs(path)) < 1_000
    assert [len(b) for b in tasks.get_record('m')['result_buffers']] == [200_000]


def test_buffers_get_new_ids_even_if_another_program_has_lowered_the_last_one(
    tasks: Delta, path: Path, said: list[str]
) -> None:
    tasks.add_record('m', {'buffers': [b'a', b'b']})
    assert tasks.get_history() == ['m']
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'task_buffers'")
    connection.close()
    tasks.add_record('n', {'buffers': [b'c']})
    tasks.update_record('n', {'result_buffers': [bytes(100_000)]})
    assert [r['buffers'] for r in tasks.find_records({})] == [[b'a', b'b'], [b'c']]
    assert said == []


# --- output


def write(tasks: Delta, msg_id: str, text: str, column: str = 'stdout') -> None:
    """As the hub does for each message."""
    tasks.update_record(msg_id, {column: tasks.get_record(msg_id)[column] + text})


@pytest.mark.parametrize('merged', [False, True])
def test_many_lines_cost_what_they_are_long(
    tasks: Delta, merged: bool, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    tasks.add_record('m', {'stdout': LONG})
    if merged:
        tasks.get_history()
    sizes: list[int] = []
    write_entry = os.write

    def measured(file: int, entry: bytes) -> int:
        sizes.append(len(entry))
        return write_entry(file, entry)

    monkeypatch.setattr(os, 'write', measured)
    for _ in range(600):
        write(tasks, 'm', LINE)
    assert sum(sizes) < 600 * 3 * len(LINE)
    assert tasks.get_record('m')['stdout'] == LONG + LINE * 600
    tasks.update_record('m', {'stdout': 'short'})
    assert tasks.find_records({'stdout': 'short'}, []) == [{'msg_id': 'm'}]


@pytest.mark.parametrize('begun', [False, True])
def test_output_outlives_a_kill(path: Path, begun: bool) -> None:
    if begun:
        tasks = opened(path)
        tasks.add_record('m', {'stdout': LONG})
        tasks.close()
    program = f"""
if not {begun}:
    tasks.add_record('m', {{'stdout': {LONG!r}}})
for i in range(3):
    tasks.update_record('m', {{'stdout': tasks.get_record('m')['stdout'] + {LINE!r} + str(i)}})
"""
    killed(path, program)
    assert opened(path).get_record('m')['stdout'] == LONG + ''.join(f'{LINE}{i}' for i in range(3))


def test_output_that_a_former_version_left_is_taken_up(path: Path) -> None:
    mqsql.open(path).close()
    with SqliteStore(str(path)) as store:
        for msg_id in ('m', 'taken up'):
            store.add_record(msg_id, {'stdout': LINE if msg_id == 'm' else LINE + 'tail'})
    connection = apsw.Connection(str(path))
    connection.execute('CREATE TABLE "task_tails" (record TEXT, name TEXT, start INTEGER, tail TEXT)')
    for record in ('m', 'taken up', 'of another history'):
        row = (record, 'stdout', len(LINE), 'tail')
        connection.execute('INSERT INTO task_tails VALUES (?, ?, ?, ?)', row)
    connection.close()
    for _ in range(2):
        mqsql.open(path).close()
        assert {r['stdout'] for r in in_file(path).values()} == {LINE + 'tail'}
    connection = apsw.Connection(str(path))
    assert connection.execute('SELECT record FROM task_tails').fetchall() == [('of another history',)]
    connection.execute('DELETE FROM task_tails')
    connection.close()
    mqsql.open(path).close()
    assert not apsw.Connection(str(path)).execute("SELECT 1 FROM sqlite_schema WHERE name = 'task_tails'").fetchall()


# --- kills


def test_what_a_killed_process_has_acknowledged_is_there_after_it(path: Path) -> None:
    killed(
        path,
        """
tasks.add_record('old', {'label': 'x'})
tasks.get_history()
tasks.add_record('new', {'submitted': NOON, 'header': {'at': NOON}, 'buffers': [b'a', b''], 'label': 5})
tasks.update_record('new', {'result_buffers': [b'r'], 'completed': NOON})
tasks.update_record('old', {'label': None, 'queue': 'q'})
tasks.add_record('dropped', {})
tasks.drop_record('dropped')
tasks.add_record('last', {})
""",
    )
    assert len(logs(path)) == 1
    for _ in range(2):
        tasks = opened(path)
        assert logs(path) == []
        assert tasks.get_history() == ['old', 'last', 'new']
        assert tasks.get_record('new') == whole(
            msg_id='new',
            submitted=NOON,
            completed=NOON,
            header={'at': NOON},
            buffers=[b'a', b''],
            result_buffers=[b'r'],
            label=5,
        )
        assert tasks.get_record('old') == whole(msg_id='old', queue='q')
        tasks.close()
    assert blobs(path) == 3


def test_a_process_that_is_killed_between_the_merge_and_the_end_of_its_log(path: Path) -> None:
    killed(
        path,
        """
from mqsql.storage.sqlite.delta_log import DeltaLog
tasks.add_record('m', {'stdout': '', 'buffers': [b'x']})
for i in range(2000):
    tasks.update_record('m', {'stdout': f"{tasks.get_record('m')['stdout']}{i} "})
DeltaLog.clear = lambda log: os.kill(os.getpid(), signal.SIGKILL)
tasks.get_history()
""",
    )
    expected = ''.join(f'{i} ' for i in range(2000))
    assert len(logs(path)) == 1
    tasks = opened(path)
    assert tasks.get_record('m')['stdout'] == expected
    assert tasks.get_record('m')['buffers'] == [b'x']
    tasks.close()
    assert blobs(path) == 1


@pytest.mark.parametrize('cut', [1, 5, 40])
def test_an_entry_that_is_not_whole_is_none(path: Path, cut: int) -> None:
    killed(path, "tasks.add_record('one', {}); tasks.add_record('two', {'label': 'x' * 100})")
    (log,) = logs(path)
    log.write_bytes(log.read_bytes()[:-cut])
    with mqsql.open(path) as store:
        assert store.get_history() == ['one']
    assert logs(path) == []


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'mqsql',
        b'something else' * 100,
        START + b'\xff' * 16,
        START + b'\0' * 16,
        *(
            START + delta_log._HEAD.pack(0, len(json), 0, crc32(json)) + json
            for json in (
                b'[]',
                b'5',
                b'[0,"a",{"nosuch":1},0]',
                b'[9,"a",{},0]',
                b'[0,5,{},0]',
                b'[1,"a",{"buffers":{"bytes":"x"}},0]',
                b'[0,"a",{"buffers":{}},0]',
            )
        ),
    ],
)
def test_a_log_that_is_none_of_ours_holds_nothing_up(path: Path, content: bytes) -> None:
    mqsql.open(path).close()
    Path(f'{path}-task_records-delta').write_bytes(content)
    with mqsql.open(path) as store:
        assert store.get_history() == []


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_link(path: Path) -> None:
    path.symlink_to(path.parent / 'elsewhere')


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='there are no FIFOs here')
@pytest.mark.parametrize('make', [make_fifo, make_link, Path.mkdir])
def test_a_log_that_is_no_file_is_refused(path: Path, make: Callable[[Path], None]) -> None:
    mqsql.open(path).close()
    make(Path(f'{path}-task_records-delta'))
    with pytest.raises(StorageError, match='task_records-delta: what a process left in this file cannot be read'):
        mqsql.open(path)


def test_readers_are_told_of_what_a_killed_process_has_left(path: Path) -> None:
    killed(path, "tasks.add_record('m', {})")
    with (
        pytest.warns(UserWarning, match='a process that was killed has left changes here'),
        mqsql.open(path, readonly=True),
    ):
        pass
    mqsql.open(path).close()
    assert list(in_file(path)) == ['m']


# --- several processes


def test_two_processes_have_logs_of_their_own(path: Path) -> None:
    tasks = [opened(path), opened(path)]
    for i, one in enumerate(tasks):
        one.add_record(f'm{i}', {})
    assert [log.name for log in logs(path)] == [f'{path.name}-task_records-delta', f'{path.name}-task_records-delta-2']
    with mqsql.open(path) as store:
        assert store.get_history() == []
    for one in tasks:
        one.get_history()
    assert [sorted(one.get_history()) for one in tasks] == [['m0', 'm1']] * 2
    for one in tasks:
        one.close()
    assert logs(path) == []


def test_what_another_process_has_added_or_dropped_meanwhile(tasks: Delta, path: Path, said: list[str]) -> None:
    tasks.add_record('dropped', {})
    tasks.get_history()
    tasks.update_record('dropped', {'result_buffers': [b'x'], 'label': 'x'})
    tasks.add_record('new', {'stdout': 'of ours', 'label': None, 'buffers': [b'x']})
    tasks.add_record('other', {})
    with mqsql.open(path) as store:
        store.drop_record('dropped')
        store.add_record('new', {'stdout': 'of theirs', 'label': 'of theirs'})
    assert tasks.get_history() == ['new', 'other']
    found = tasks.get_record('new')
    assert (found['stdout'], found['label'], found['buffers']) == ('of ours', 'of theirs', [b'x'])
    assert said == ["What was known of a task is not written: there is no record 'dropped' any more"]
    assert blobs(path) == 1


# --- while the table cannot be written


def test_a_locked_file_holds_nothing_up_and_what_is_known_is_logged(
    tasks: Delta, path: Path, lock: apsw.Connection, said: list[str]
) -> None:
    tasks.add_record('new', {'submitted': NOON, 'label': 'new'})
    assert said == []
    assert tasks.find_records({'label': 'new'}, []) == [{'msg_id': 'new'}]
    assert len(said) == 1
    assert 'kept in memory' in said[0]
    tasks.update_record('new', {'label': 'changed'})
    tasks.update_record('new', {'result_buffers': [bytes(100_000)]})
    tasks.add_record('another', {'submitted': NOON})
    assert tasks.get_history() == ['new', 'another']
    (log,) = logs(path)
    left = log.read_bytes()
    lock.execute('ROLLBACK')
    wait_until(lambda: len(said) == 2)
    assert in_file(path)['new']['label'] == 'changed'
    assert list(left_changes(path)) == []
    # The file as it was when the process had been killed while the table was locked.
    tasks.drop_matching_records({})
    tasks.close()
    log.write_bytes(left)
    with mqsql.open(path) as store:
        assert store.get_history() == ['new', 'another']
        assert [len(b) for b in store.get_record('new')['result_buffers']] == [100_000]


def test_what_is_dropped_while_something_is_kept_does_not_come_back(
    tasks: Delta, path: Path, lock: apsw.Connection, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for msg_id in ('a', 'b', 'c'):
        tasks.add_record(msg_id, {'label': msg_id})
    tasks.get_history()
    with pytest.raises(StorageError):
        tasks.drop_matching_records({'label': 'a'})
    monkeypatch.setattr(write_buffer, 'RETRY_SECONDS', 3600)
    lock.execute('ROLLBACK')
    tasks.drop_matching_records({'label': 'a'})
    left = [log.read_bytes() for log in logs(path)]
    tasks.close()
    if left:
        Path(f'{path}-task_records-delta').write_bytes(left[0])
    with mqsql.open(path) as store:
        assert sorted(store.get_history()) == ['b', 'c']


def test_closing_leaves_what_cannot_be_merged_for_the_next(path: Path, said: list[str]) -> None:
    tasks = opened(path, said)
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN IMMEDIATE')
    tasks.add_record('m', {'label': 'x'})
    tasks.close()
    tasks.close()
    assert said[-1] == f'1 tasks could not be written; they are when {path} is opened again.'
    with pytest.raises(StorageError, match='closed'):
        tasks.add_record('after', {})
    lock.close()
    with mqsql.open(path) as store:
        assert store.get_record('m')['label'] == 'x'


class Full:
    """A disk that has no room for logs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full, self._write = True, os.write
        monkeypatch.setattr(os, 'write', self)

    def __call__(self, file: int, data: bytes) -> int:
        if not self.full:
            return self._write(file, data)
        # A part still fits.
        self._write(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, 'No space left on device')


def test_without_a_log_each_change_is_in_the_table(
    tasks: Delta, path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.add_record('before', {})
    disk = Full(monkeypatch)
    tasks.add_record('m', {'label': 'x'})
    assert list(in_file(path)) == ['before', 'm']
    tasks.update_record('m', {'label': 'y'})
    assert in_file(path)['m']['label'] == 'y'
    disk.full = False
    tasks.add_record('after', {})
    assert 'after' not in in_file(path)
    (log,) = logs(path)
    left = log.read_bytes()
    tasks.close()
    log.write_bytes(left)
    with mqsql.open(path) as store:
        assert store.get_history() == ['before', 'm', 'after']
    assert said == []


def test_a_full_disk_loses_nothing_that_was_acknowledged(
    tasks: Delta, path: Path, lock: apsw.Connection, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.add_record('logged', {'label': 'one'})
    disk = Full(monkeypatch)
    tasks.add_record('kept', {})
    tasks.update_record('logged', {'label': 'two'})
    assert {r['msg_id']: r['label'] for r in tasks.find_records({})} == {'logged': 'two', 'kept': None}
    (log,) = logs(path)
    left = log.read_bytes()
    disk.full = False
    wait_until(lambda: not tasks._unlogged)
    everything = log.read_bytes()
    lock.execute('ROLLBACK')
    wait_until(lambda: len(said) == 2)
    assert {m: r['label'] for m, r in in_file(path).items()} == {'logged': 'two', 'kept': None}
    tasks.drop_matching_records({})
    tasks.close()
    for content, expected in ((left, {'logged': 'one'}), (everything, {'logged': 'two', 'kept': None})):
        log.write_bytes(content)
        with mqsql.open(path) as store:
            assert {r['msg_id']: r['label'] for r in store.find()} == expected
            store.drop_matching_records({})


@pytest.mark.skipif(not hasattr(os, 'geteuid') or os.geteuid() == 0, reason='root may write everywhere')
def test_a_directory_where_no_log_can_be_made(path: Path) -> None:
    tasks = opened(path)
    path.parent.chmod(0o500)
    tasks.add_record('m', {})
    assert list(in_file(path)) == ['m']
    path.parent.chmod(0o700)
    tasks.close()


# --- an interval


def test_with_an_interval_a_large_value_is_written_at_once(path: Path) -> None:
    tasks = opened(path, commit_interval=3600)
    tasks.add_record('m', {'stdout': 'x' * 70_000})
    assert list(in_file(path)) == ['m']
    tasks.add_record('n', {'stdout': 'x'})
    assert list(in_file(path)) == ['m']
    tasks.update_record('m', {'stdout': 'x' * 70_000 + 'y'})
    assert list(in_file(path)) == ['m']
    tasks.close()
    assert in_file(path)['m']['stdout'] == 'x' * 70_000 + 'y'


def test_with_an_interval_nothing_is_logged(path: Path) -> None:
    tasks = opened(path, commit_interval=0.1)
    tasks.add_record('m', {'label': 'x'})
    assert logs(path) == []
    assert tasks.get_record('m')['label'] == 'x'
    wait_until(lambda: 'm' in in_file(path))
    tasks.update_record('m', {'label': 'y'})
    tasks.close()
    assert in_file(path)['m']['label'] == 'y'


# --- threads


def test_threads(tasks: Delta, path: Path) -> None:
    def work(number: int) -> None:
        for i in range(100):
            tasks.add_record(f'{number} {i}', {'stdout': ''})
            for word in ('a', 'b'):
                write(tasks, f'{number} {i}', word)
            if i % 20 == 0:
                tasks.find_records({'stdout': 'ab'}, [])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(tasks.find_records({'stdout': 'ab'}, [])) == 400
