"""The output of a task: long texts grow at the price of what is new, and are whole for whoever asks."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import pytest
from waiting import SECONDS, wait_until

import mqsql
from mqsql.hub import append_log as output
from mqsql.hub.append_log import SHORT, AppendLog
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.settings import Settings
from mqsql.storage.sqlite import waiting
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.values.codec import encode_text

LINE = 'a line of output, of ordinary length: ü\0\ud800\n'
LONG = 'x' * 2 * SHORT


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output is taken up when it must be, not because time passes."""
    monkeypatch.setattr(output, 'TAKE_UP_SECONDS', 3600)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, 'TAKE_UP_SECONDS', 0.05)


def opened(path: Path) -> AppendLog:
    store = SqliteStore(str(path), settings=Settings(busy_timeout=0))
    return AppendLog(WriteBuffer(store, 2**20, print), store, print)


@pytest.fixture
def tasks(path: Path) -> Iterator[AppendLog]:
    tasks = opened(path)
    for msg_id in ('m', 'n'):
        tasks.add_record(msg_id, {'stdout': LONG, 'stderr': ''})
    yield tasks
    tasks.close()


def write(tasks: AppendLog, msg_id: str, text: str, column: str = 'stdout') -> None:
    """As the hub does for each message."""
    tasks.update_record(msg_id, {column: tasks.get_record(msg_id)[column] + text})


def in_file(path: Path) -> dict[str, Any]:
    """What another process reads."""
    with mqsql.open(path, readonly=True) as store:
        return {r['msg_id']: r['stdout'] for r in store.find()}


def tails(path: Path) -> int:
    connection = apsw.Connection(str(path))
    rows = connection.execute('SELECT 1 FROM task_tails').fetchall()
    connection.close()
    return len(rows)


def test_many_lines_cost_what_they_are_long(tasks: AppendLog, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    update = tasks._tasks.update_record

    def measured(msg_id: str, changes: dict[str, str]) -> None:
        sizes.append(len(changes['stdout']))
        update(msg_id, changes)

    monkeypatch.setattr(tasks._tasks, 'update_record', measured)
    for _ in range(3000):
        write(tasks, 'm', 'a line of output\n')
    assert sum(sizes) < 4 * len(LONG + 'a line of output\n' * 3000)
    assert tasks.get_record('m')['stdout'] == LONG + 'a line of output\n' * 3000


def test_queries_see_the_whole_text(tasks: AppendLog, path: Path) -> None:
    write(tasks, 'm', 'the end')
    write(tasks, 'n', 'an error', 'stderr')
    assert tails(path) == 1
    assert tasks.find_records({'stdout': {'$regex': 'the end$'}}, ['stdout']) == [
        {'msg_id': 'm', 'stdout': LONG + 'the end'}
    ]
    assert tails(path) == 0
    assert in_file(path) == {'m': LONG + 'the end', 'n': LONG}


@pytest.mark.usefixtures('_quick')
def test_other_processes_see_it_soon(tasks: AppendLog, path: Path) -> None:
    write(tasks, 'm', 'the end')
    wait_until(lambda: in_file(path)['m'] == LONG + 'the end')
    write(tasks, 'm', ', really')
    wait_until(lambda: in_file(path)['m'] == LONG + 'the end, really')
    assert tails(path) == 0


def test_the_end_of_a_task_takes_its_output_up(tasks: AppendLog, path: Path) -> None:
    write(tasks, 'm', 'one')
    write(tasks, 'm', 'two')
    tasks.update_record('m', {'label': 'done'})
    assert in_file(path)['m'] == LONG + 'onetwo'
    write(tasks, 'm', 'three')
    assert tasks.get_record('m')['stdout'] == LONG + 'onetwothree'


def test_a_text_that_does_not_grow_is_written_as_it_is(tasks: AppendLog, path: Path) -> None:
    write(tasks, 'm', 'one')
    tasks.update_record('m', {'stdout': LONG.upper()})
    assert in_file(path)['m'] == LONG.upper()
    assert tasks.get_record('m')['stdout'] == LONG.upper()


@pytest.mark.parametrize('taken_up', [0, 1, 3])
def test_nothing_is_lost_by_a_kill(path: Path, taken_up: int) -> None:
    killed = opened(path)
    killed.add_record('m', {'stdout': LONG})
    expected = LONG
    for i in range(3):
        write(killed, 'm', f'{LINE}{i}')
        expected += f'{LINE}{i}'
    left = [('m', 'stdout', len(LONG) + i * (len(LINE) + 1), f'{LINE}{i}') for i in range(3)]
    killed.close()
    # The file as it is when the process ends with that many of the tails taken up, but none deleted.
    with SqliteStore(str(path)) as store, store.using() as connection:
        store.update_record('m', {'stdout': LONG + ''.join(tail for *_, tail in left[:taken_up])})
        for record, column, start, tail in left:
            connection.execute('INSERT INTO task_tails VALUES (?, ?, ?, ?)', (record, column, start, encode_text(tail)))
        connection.execute("INSERT INTO task_tails VALUES ('dropped', 'stdout', 0, 'x')")
    after = opened(path)
    assert after.get_record('m')['stdout'] == expected
    assert tails(path) == 0
    after.close()


def test_a_dropped_record_takes_its_output_with_it(tasks: AppendLog, path: Path) -> None:
    write(tasks, 'm', 'one')
    write(tasks, 'n', 'one')
    tasks.drop_record('m')
    tasks.drop_matching_records({'stdout': {'$regex': 'one$'}})
    assert tasks.find_records({}) == []
    tasks.add_record('m', {'stdout': 'new'})
    write(tasks, 'm', ' text')
    assert tasks.get_record('m')['stdout'] == 'new text'


@pytest.mark.usefixtures('_quick')
def test_while_the_file_is_locked_output_is_kept(tasks: AppendLog, path: Path) -> None:
    write(tasks, 'm', 'one')
    lock = apsw.Connection(str(path))
    lock.set_busy_timeout(60_000)  # what is to be taken up may just be written
    lock.execute('BEGIN IMMEDIATE')
    write(tasks, 'm', 'two')
    write(tasks, 'm', 'three')
    assert tasks.get_record('m')['stdout'] == LONG + 'onetwothree'
    lock.execute('ROLLBACK')
    wait_until(lambda: in_file(path)['m'] == LONG + 'onetwothree')
    assert tasks.get_record('m')['stdout'] == LONG + 'onetwothree'


def test_a_hub_that_starts_waits_for_another_program_that_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(str(path), settings=Settings(busy_timeout=0))
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN IMMEDIATE')
    waits = threading.Event()

    def wait(seconds: float) -> None:
        waits.set()
        time.sleep(seconds)

    monkeypatch.setattr(waiting, 'sleep', wait)
    with ThreadPoolExecutor() as pool:
        opening = pool.submit(AppendLog, WriteBuffer(store, 2**20, print), store, print)
        assert waits.wait(SECONDS)
        lock.execute('ROLLBACK')
        tasks = opening.result(SECONDS)
    lock.execute('BEGIN IMMEDIATE')
    waits.clear()
    tasks.add_record('kept', {})
    assert not waits.is_set()
    lock.close()
    tasks.close()
