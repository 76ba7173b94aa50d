"""Background threads of the hub's database go on after every failure and report it."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

import mqsql
from mqsql.errors import StorageError
from mqsql.hub import delta, retention
from mqsql.hub import write_buffer as backlog
from mqsql.hub.delta import Delta
from mqsql.hub.purging import PurgingStore
from mqsql.hub.retention import Limits, Retention
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.settings import Settings
from mqsql.storage import mishaps
from mqsql.storage.mishaps import Mishaps
from mqsql.storage.sqlite import checkpoints, connection


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, 'RETRY_SECONDS', 0.02)
    monkeypatch.setattr(delta, 'MERGE_SECONDS', 0.02)
    monkeypatch.setattr(retention, 'IDLE_SECONDS', 0.02)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def store(path: Path) -> Iterator[PurgingStore]:
    with PurgingStore(str(path), settings=Settings(busy_timeout=0)) as opened:
        yield opened


def wait_for(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Failing:
    """A function that fails so many times, then does what it did."""

    def __init__(self, function: Callable[..., object], times: int, error: Exception) -> None:
        self._function, self.left, self._error = function, times, error

    def __call__(self, *args: object, **options: object) -> object:
        if self.left:
            self.left -= 1
            raise self._error
        return self._function(*args, **options)


def test_each_kind_of_failure_is_said_once_an_hour(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Mishaps(said.append, 'It does not work')

    def fail(*errors: Exception) -> None:
        for error in errors:
            with failing:
                raise error

    fail(ValueError('one'), ValueError('two'), OSError('three'), KeyError(), ValueError('four'))
    assert said == ['It does not work: one', 'It does not work: three', 'It does not work: KeyError']
    monkeypatch.setattr(mishaps, 'SILENT_SECONDS', -1)
    fail(ValueError('five'))
    assert said[3:] == ['It does not work: five']
    with pytest.raises(KeyboardInterrupt), failing:
        raise KeyboardInterrupt


@pytest.mark.parametrize('age', [math.inf, 1e12, 1e300, 1e5])
def test_an_age_longer_than_time_is_never(store: PurgingStore, said: list[str], age: float) -> None:
    for i in range(5):
        end = f'2026-03-01T12:00:0{i}+00:00'
        store.add_record(f'm{i}', {'submitted': end, 'completed': end, 'buffers': [b'x']})
    limits = Limits(record_limit=3, drop_buffers_after=age, max_age=age if age > 1e6 else 0)
    kept = Retention(WriteBuffer(store, 0, said.append), store, limits, said.append)
    kept.start()
    wait_for(lambda: store.count() == 3)
    kept.close()
    assert said == []
    assert store.get_history() == ['m2', 'm3', 'm4']


@pytest.mark.parametrize('limit', [math.nan, -1.0, '5', None, True])
def test_a_limit_that_is_no_number_is_refused(limit: float) -> None:
    for name in ('record_limit', 'size_limit', 'max_age', 'drop_buffers_after'):
        with pytest.raises(StorageError, match=f'{name} is a number from 0 on, not '):
            Limits(**{name: limit})  # type: ignore[arg-type]


def test_keeping_limits_goes_on_after_any_failure(
    store: PurgingStore, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(20):
        store.add_record(f'm{i}', {'completed': '2026-03-01T12:00:00+00:00'})
    kept = Retention(WriteBuffer(store, 0, said.append), store, Limits(record_limit=5), said.append)
    failing = Failing(kept._look, 3, OverflowError('too far'))
    monkeypatch.setattr(kept, '_look', failing)
    kept.start()
    wait_for(lambda: store.count() == 5)
    kept.close()
    assert said == ['The history is not culled just now: too far']


def test_the_log_is_moved_once_the_file_can_be_opened_again(
    store: PurgingStore, path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(store._checkpoints._connect, 2, apsw.CantOpenError('no descriptors'))
    monkeypatch.setattr(store._checkpoints, '_connect', failing)
    store.checkpoint_in_background(said.append)
    size = 4096 * checkpoints.WORTH_IT
    for i in range(4):
        store.add_record(f'm{i}', {'buffers': [bytes(2 * size)]})
        wait_for(lambda i=i: failing.left == max(0, 1 - i))  # type: ignore[misc]
    wait_for(lambda: path.stat().st_size > 7 * size)
    assert said == ['The write-ahead log is not moved into the file just now: no descriptors']


def test_changes_are_merged_after_any_failure(
    store: PurgingStore, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = Delta(store, 2**20, said.append)
    monkeypatch.setattr(tasks, '_merge', Failing(tasks._merge, 3, RuntimeError('odd')))
    tasks.add_record('m', {'label': 'x'})
    wait_for(lambda: store.get_history() == ['m'])
    assert said == ['Tasks are merged into the table later: odd']
    tasks.close()


def test_what_is_kept_is_written_after_any_failure(
    store: PurgingStore, path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = WriteBuffer(store, 2**20, said.append)
    monkeypatch.setattr(tasks, '_write_kept', Failing(tasks._write_kept, 3, RuntimeError('odd')))
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN IMMEDIATE')
    tasks.add_record('m', {})
    lock.close()
    wait_for(lambda: store.get_history() == ['m'])
    wait_for(lambda: len(said) == 3)
    assert said[1:] == [
        'What is kept in memory cannot be written: odd',
        '1 tasks that were kept in memory have been written.',
    ]
    tasks.close()


@pytest.mark.parametrize('replaced', [False, True])
def test_a_deleted_file_is_told(path: Path, said: list[str], replaced: bool) -> None:
    with PurgingStore(str(path)) as store:
        kept = Retention(WriteBuffer(store, 0, said.append), store, Limits(), said.append)
        kept.start()
        time.sleep(0.1)
        assert not store.lost()
        path.unlink()
        if replaced:
            path.touch()
        wait_for(lambda: said)
        time.sleep(0.1)
        kept.close()
    assert len(said) == 1
    assert f'{path} has been deleted or replaced' in said[0]


def test_a_log_that_a_reader_made_long_shrinks_after_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, 'JOURNAL_BYTES', 1_000_000)
    log = path.with_name(f'{path.name}-wal')
    with mqsql.open(path) as store:
        for i in range(100):
            store.add_record(f'm{i}', {'stdout': 'x' * 10_000})
        held = store.find()
        next(held)
        for n in range(10):
            for i in range(100):
                store.update_record(f'm{i}', {'stdout': str(n) * 10_000})
        assert log.stat().st_size > 8_000_000
        del held
        for i in range(3):
            store.add_record(f'after{i}', {'stdout': 'x' * 10_000})
        assert log.stat().st_size < 2_000_000
