"""A history within limits: the oldest finished tasks go, pending ones never, and the file gets smaller."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from waiting import wait_until

from mqsql.hub import retention
from mqsql.hub.culled import ORPHAN_SECONDS
from mqsql.hub.purging import PurgingStore
from mqsql.hub.retention import Limits, Retention
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.settings import Settings
from mqsql.storage.sqlite import statistics
from mqsql.storage.sqlite.store import SqliteStore

NOW = datetime.now(UTC)


class Clock:
    """A clock that the test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(retention, 'monotonic', clock)
    return clock


@pytest.fixture(autouse=True)
def _without_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their thread would read the file while the log is moved into it, of which a part then stays until the next time."""
    monkeypatch.setattr(statistics, 'FIRST', 1_000_000)


@pytest.fixture
def store(path: Path) -> Iterator[PurgingStore]:
    with PurgingStore(str(path), settings=Settings(busy_timeout=0)) as opened:
        yield opened


def fill(store: PurgingStore, n: int, size: int = 0) -> None:
    """Tasks that ended 0, 1, 2, … hours ago, the latest first, and three that did not, the oldest of all."""
    for i in range(3):
        store.add_record(f'pending{i}', {'submitted': NOW - timedelta(days=1000), 'buffers': [b'argument']})
    for i in range(n):
        end = datetime.now(UTC) - timedelta(hours=i)
        buffers = [b'argument', bytes(size)]
        store.add_record(f'm{i:03}', {'submitted': end, 'completed': end, 'buffers': buffers, 'stdout': 'out'})


def keeper(store: PurgingStore, limits: Limits) -> Retention:
    return Retention(WriteBuffer(store, 0, print), store, limits, print)


def settle(store: PurgingStore, limits: Limits) -> Retention:
    kept = keeper(store, limits)
    while kept.step():
        pass
    return kept


def finished(store: PurgingStore) -> list[str]:
    return [r['msg_id'] for r in store.find({'completed': {'$ne': None}}, [])]


def test_without_limits_nothing_goes(store: PurgingStore) -> None:
    fill(store, 30)
    assert not keeper(store, Limits()).step()
    assert store.count() == 33


def test_the_oldest_finished_records_go_first(store: PurgingStore) -> None:
    fill(store, 50)
    kept = settle(store, Limits(record_limit=20))
    assert finished(store) == [f'm{i:03}' for i in range(17)]
    assert store.count() == 20
    assert kept.culled('m017')
    assert not kept.culled('m016')


def test_records_are_counted_only_near_a_limit(store: PurgingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 30)
    counted: list[int] = []
    count = SqliteStore.count

    def note(self: SqliteStore) -> int:
        counted.append(1)
        return count(self)

    monkeypatch.setattr(SqliteStore, 'count', note)
    assert not keeper(store, Limits(record_limit=33, size_limit=10_000_000)).step()
    assert not counted
    settle(store, Limits(record_limit=32))
    assert counted
    assert len(finished(store)) == 29


def test_pending_records_stay_even_beyond_the_limit(store: PurgingStore) -> None:
    fill(store, 5)
    settle(store, Limits(record_limit=1, size_limit=1, max_age=1, drop_buffers_after=1))
    assert store.get_history() == ['pending0', 'pending1', 'pending2']
    assert store.get_record('pending0')['buffers'] == [b'argument']


def test_age(store: PurgingStore) -> None:
    fill(store, 30)
    settle(store, Limits(max_age=timedelta(hours=9.5).total_seconds()))
    assert finished(store) == [f'm{i:03}' for i in range(10)]


def test_size_and_the_file_shrinks(store: PurgingStore, path: Path) -> None:
    fill(store, 100, 100_000)
    before = path.stat().st_size
    settle(store, Limits(size_limit=3_000_000))
    assert 20 < len(finished(store)) < 30
    assert finished(store)[0] == 'm000'
    assert path.stat().st_size < 5_000_000 < before
    assert store.get_record('m003')['buffers'] == [b'argument', bytes(100_000)]


def test_a_purge_shrinks_the_file(store: PurgingStore, path: Path) -> None:
    fill(store, 100, 100_000)
    store.drop_matching_records({'completed': {'$ne': None}})
    settle(store, Limits())
    assert path.stat().st_size < 2_000_000


def test_buffers_go_and_the_rest_stays(store: PurgingStore) -> None:
    fill(store, 30)
    store.update_record('m025', {'buffers': None})
    kept = settle(store, Limits(drop_buffers_after=timedelta(hours=9.5).total_seconds()))
    for i in range(30):
        record = store.get_record(f'm{i:03}')
        assert record['stdout'] == 'out'
        assert record['buffers'] == (None if i > 9 else [b'argument', b''])
    assert not kept.culled('m029')


def test_a_step_is_short(store: PurgingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 200)
    monkeypatch.setattr(retention, 'STEP_SECONDS', 0)
    kept = keeper(store, Limits(record_limit=1))
    for left in range(203 - retention.BATCH, 100, -retention.BATCH):
        assert kept.step()
        assert store.count() == left


def test_looking_for_what_is_too_much_holds_nobody_up(store: PurgingStore) -> None:
    fill(store, 30)
    kept = keeper(store, Limits(record_limit=30, size_limit=1, max_age=1, drop_buffers_after=1))
    with store.using():
        looking = threading.Thread(target=kept._look)
        looking.start()
        looking.join(30)
        assert not looking.is_alive()
    kept.close()


def test_large_old_tasks_do_not_take_small_new_ones_with_them(store: PurgingStore) -> None:
    fill(store, 200)
    for i in range(5):
        store.add_record(f'large{i}', {'completed': NOW - timedelta(days=100 + i), 'buffers': [bytes(1_000_000)]})
    settle(store, Limits(size_limit=4_000_000))
    assert len(finished(store)) >= 205 - retention.BATCH


def test_output_without_a_task_goes_when_its_request_will_not_come(store: PurgingStore, clock: Clock) -> None:
    fill(store, 10)
    for i in range(50):
        store.add_record(f'orphan{i}', {'stdout': 'of a broadcast'})
    limits = Limits(record_limit=20)
    kept = settle(store, limits)
    # At once it is taken for the output of a task whose request is on its way: the finished ones have gone.
    assert (store.count(), finished(store)) == (53, [])
    store.update_record('orphan0', {'submitted': NOW})
    clock.seconds += ORPHAN_SECONDS
    while kept.step():
        pass
    assert store.get_history() == [f'orphan{i}' for i in range(34, 50)] + [
        'pending0',
        'pending1',
        'pending2',
        'orphan0',
    ]
    assert kept.culled('orphan1')


def test_output_without_a_task_goes_by_age_too(store: PurgingStore, clock: Clock) -> None:
    fill(store, 0)
    store.add_record('orphan', {'stdout': 'of a broadcast'})
    kept = settle(store, Limits(max_age=100))
    clock.seconds += 99
    assert not kept.step()
    assert 'orphan' in store.get_history()
    clock.seconds += 1
    while kept.step():
        pass
    assert store.get_history() == ['pending0', 'pending1', 'pending2']


def test_two_controllers_keep_the_limits_of_one_file(
    store: PurgingStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, 'STEP_SECONDS', 0)  # so that their steps alternate
    fill(store, 40)
    limits = Limits(record_limit=20, drop_buffers_after=1)
    with PurgingStore(str(path)) as second:
        both = [keeper(store, limits), keeper(second, limits)]
        while sum(kept.step() for kept in both):
            pass
    assert finished(store) == [f'm{i:03}' for i in range(17)]
    assert store.get_record('m016')['buffers'] is None


def test_a_locked_file_is_left_for_later(store: PurgingStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, 'IDLE_SECONDS', 0.01)
    fill(store, 30)
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN IMMEDIATE')
    said: list[str] = []
    kept = Retention(WriteBuffer(store, 0, print), store, Limits(record_limit=10), said.append)
    kept.start()
    wait_until(lambda: bool(said))
    assert 'not culled just now' in said[0]
    assert store.count() == 33
    lock.execute('ROLLBACK')
    wait_until(lambda: store.count() == 10)
    kept.close()
    assert len(said) == 1


def test_a_culled_record_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, 'IDLE_SECONDS', 0.01)
    db = SQLiteDB(location=str(tmp_path), record_limit=2)
    for i in range(5):
        db.add_record(f'm{i}', {'completed': NOW + timedelta(seconds=i), 'submitted': NOW + timedelta(seconds=i)})
    wait_until(lambda: db.get_history() == ['m3', 'm4'])
    with pytest.raises(KeyError, match='was culled to keep a limit'):
        db.get_record('m0')
    with pytest.raises(KeyError, match='there is no record'):
        db.get_record('never')
    db.close()
