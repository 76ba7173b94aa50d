"""Old tasks go, others stay, whatever else goes on; who is interrupted has deleted some whole, and a repeat goes on."""

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hub_shipped import write_sessions
from mongo_servers import Place
from store_files import ask, blob_count

import mqsql
from mqsql.errors import QueryError, StorageError
from mqsql.hub import SQLiteDB, pruning
from mqsql.hub.pruning import Choice, Pruning
from mqsql.hub.purging import PurgingStore
from mqsql.settings import LEGACY_TABLE
from mqsql.storage import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TASKS = 40
BEFORE = NOW - timedelta(days=9.5)
"""Tasks 10 to 39 are older."""


def task(number: int) -> dict[str, Any]:
    """A task that ended so many days ago; every tenth has not, every fifth of the others has failed."""
    at = NOW - timedelta(days=number)
    status = 'error' if number % 5 == 1 else 'ok'
    result = {'completed': at, 'result_buffers': [b'r' * 1_000], 'result_content': {'status': status}}
    return {'submitted': at, 'label': f'l{number % 2}', 'buffers': [b'a' * 1_000], **(result if number % 10 else {})}


def fill(store: Store) -> None:
    store.add_records([{'msg_id': f'm{i:02}', **task(i)} for i in range(TASKS)])


@pytest.fixture(params=['sqlite', 'duckdb', 'mongodb'])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A history of each kind that can be written."""
    if request.param == 'mongodb':
        place: Place = request.getfixturevalue('secantus')
        url = f'{place.url}/{place.database}.tasks'
    else:
        url = f'duckdb:{tmp_path}/tasks.duckdb' if request.param == 'duckdb' else str(tmp_path / 'tasks.db')
    with mqsql.open(url) as store:
        fill(store)
    return url


@pytest.fixture
def file(path: Path) -> Path:
    with mqsql.open(path) as store:
        fill(store)
    return path


def untracked(rows: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return rows


def new(url: str | Path, choice: Choice) -> Pruning:
    return Pruning(str(url), LEGACY_TABLE, choice)


def left(url: str | Path) -> set[int]:
    with mqsql.open(url, readonly=True) as store:
        return {int(key[1:]) for key in store.get_history()}


def finished(numbers: Iterable[int]) -> set[int]:
    return {number for number in numbers if number % 10}


OLD, ALL = set(range(10, TASKS)), set(range(TASKS))
FAILED = {number for number in finished(OLD) if number % 5 == 1}
CHOICES = [
    (Choice(BEFORE), finished(OLD)),
    (Choice(BEFORE, keep_errors=True), finished(OLD) - FAILED),
    (Choice(BEFORE, unfinished=True), OLD),
    (Choice(BEFORE, query={'label': 'l1'}), {number for number in finished(OLD) if number % 2}),
    (Choice(NOW - timedelta(days=999)), set[int]()),
]


@pytest.mark.parametrize(('choice', 'old'), CHOICES)
def test_old_tasks_go_and_the_others_stay(url: str, choice: Choice, old: set[int]) -> None:
    pruning = new(url, choice)
    tasks, size = pruning.amount(untracked)
    assert tasks == len(old)
    assert len(old) * 1_000 <= size <= len(old) * 3_000
    assert left(url) == ALL  # it is only looked at
    pruning.run(untracked)
    assert pruning.done == len(old)
    assert left(url) == ALL - old
    assert new(url, choice).amount(untracked) == (0, 0)


def test_buffers_go_and_their_tasks_stay(url: str) -> None:
    pruning = new(url, Choice(BEFORE, keep_errors=True, buffers_only=True))
    old = finished(OLD) - FAILED
    assert pruning.amount(untracked) == (len(old), len(old) * 2_000)
    pruning.run(untracked)
    assert pruning.done == len(old)
    with mqsql.open(url, readonly=True) as store:
        for number in sorted(ALL):
            record = store.get_record(f'm{number:02}')
            kept = {key: value for key, value in task(number).items() if number not in old or 'buffers' not in key}
            assert {key: value for key, value in record.items() if value is not None and key != 'msg_id'} == kept
    assert new(url, Choice(BEFORE, keep_errors=True, buffers_only=True)).amount(untracked) == (0, 0)


def test_the_buffers_in_the_file_go_with_the_tasks(file: Path) -> None:
    before = blob_count(file)
    new(file, Choice(BEFORE)).run(untracked)
    assert before - blob_count(file) == 2 * len(finished(OLD))


def test_the_space_is_given_back(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_records({'msg_id': f'm{i}', 'completed': NOW, 'buffers': [bytes(20_000)]} for i in range(100))
        store.add_record('kept', {'submitted': NOW})
    before = path.stat().st_size
    pruning = new(path, Choice(NOW + timedelta(days=1)))
    pruning.run(untracked)
    assert pruning.file_bytes() == path.stat().st_size < before / 10
    assert ask(path, 'PRAGMA freelist_count') == 0


def test_a_file_of_ipyparallel_gives_its_space_back_when_it_is_written_anew(tmp_path: Path) -> None:
    path = write_sessions(tmp_path, 1)
    db = SQLiteDB(location=str(tmp_path))
    for i in range(50):
        db.add_record(f'm{i}', {'completed': NOW, 'buffers': [bytes(20_000)]})
    db.close()
    pruning = new(path, Choice(NOW + timedelta(days=1)))
    pruning.run(untracked)
    before = path.stat().st_size
    assert before > 1_000_000  # SQLite cannot do it in steps
    pruning.vacuum()
    assert path.stat().st_size < before / 5
    assert ask(path, 'PRAGMA auto_vacuum') == 2
    assert ask(path, 'SELECT group_concat(msg_id) FROM task_records') == 'pending0,shared'
    assert ask(path, f'SELECT count(*) FROM "{LEGACY_TABLE}"') == 3  # what ipyparallel wrote stays


def test_a_file_is_not_written_anew_while_it_is_open(file: Path) -> None:
    with mqsql.open(file) as store:
        with pytest.raises(StorageError, match='another process has it open'):
            new(file, Choice(BEFORE)).vacuum()
        assert store.count() == TASKS
        store.add_record('m99', {})
        store.drop_record('m99')
        assert ask(file, 'PRAGMA journal_mode') == 'wal'
    new(file, Choice(BEFORE)).vacuum()
    assert ask(file, 'PRAGMA journal_mode') == 'wal'
    assert left(file) == ALL


def test_a_purge_that_a_hub_has_begun_is_ended(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('purging.FEW', 'pruning.FEW', 'pruning.FIRST'):
        monkeypatch.setattr(f'mqsql.hub.{name}', 3)
    with PurgingStore(str(file)) as store:
        store.drop_matching_records({'label': 'l1'})
        assert store.purging
    assert ask(file, 'SELECT count(*) FROM task_records') == TASKS
    pruning = new(file, Choice(BEFORE))
    even = {number for number in finished(OLD) if number % 2 == 0}
    assert pruning.amount(untracked).tasks == len(even)
    pruning.run(untracked)
    assert ask(file, 'SELECT count(*) FROM task_records') == TASKS / 2 - len(even)


# --- meanwhile


def test_a_hub_writes_meanwhile(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mqsql.open(path) as store:
        store.add_records({'msg_id': f'old{i}', 'submitted': NOW, 'completed': NOW} for i in range(5_000))
    db = SQLiteDB(location=str(path.parent), filename=path.name)
    ended = threading.Event()

    def work() -> Iterator[str]:
        number = 0
        while not ended.is_set() or number < 500:
            yield f'new{number}'
            db.add_record(f'new{number}', {'submitted': NOW, 'buffers': [b'a']})
            db.update_record(f'new{number}', {'completed': NOW + timedelta(days=2), 'result_buffers': [b'r']})
            number += 1

    written: list[str] = []
    hub = threading.Thread(target=lambda: written.extend(work()))
    hub.start()
    new(path, Choice(NOW + timedelta(days=1))).run(untracked)
    ended.set()
    hub.join()
    assert sorted(db.get_history()) == sorted(written)
    assert all(db.get_record(key)['result_buffers'] == [b'r'] for key in written[:100])
    db.close()
    assert caplog.text == ''
    assert ask(path, 'PRAGMA integrity_check') == 'ok'


@pytest.mark.parametrize('url', ['sqlite', 'mongodb'], indirect=True)
def test_a_task_that_ends_meanwhile_stays(url: str) -> None:
    def track(keys: Iterable[str], total: int, what: str) -> Iterator[str]:
        with mqsql.open(url) as store:
            store.update_record('m20', {'completed': NOW})
        yield from keys

    new(url, Choice(BEFORE, unfinished=True)).run(track)
    assert 20 in left(url)
    assert 30 not in left(url)


@pytest.mark.parametrize('buffers_only', [False, True])
def test_who_is_interrupted_has_done_a_part_and_goes_on_later(
    url: str, buffers_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, 'FIRST', 3)
    choice, old = Choice(BEFORE, buffers_only=buffers_only), len(finished(OLD))

    def track(keys: Iterable[str], total: int, what: str) -> Iterator[str]:
        for number, key in enumerate(keys):
            if number == 8:
                raise KeyboardInterrupt
            yield key

    interrupted = new(url, choice)
    with pytest.raises(KeyboardInterrupt):
        interrupted.run(track)
    assert 0 < interrupted.done < old
    assert new(url, choice).amount(untracked).tasks == old - interrupted.done
    again = new(url, choice)
    again.run(untracked)
    assert again.done == old - interrupted.done
    assert left(url) == (ALL if buffers_only else ALL - finished(OLD))


class Clock:
    """A clock that goes on when the test says so, and what has been waited for."""

    seconds = 0.0

    def __init__(self) -> None:
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.seconds


def test_a_change_takes_some_milliseconds_and_others_have_a_turn_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(pruning, 'monotonic', clock)
    monkeypatch.setattr(pruning, 'sleep', clock.waited.append)
    sizes = []
    for some in pruning._slices(map(str, range(3_000))):
        sizes.append(len(some))
        clock.seconds += len(some) * 0.0001
    assert sizes[:4] == [10, 20, 40, 80]
    assert max(sizes[4:]) == 80  # 8 ms
    assert clock.waited == pytest.approx([size * 0.00005 for size in sizes])
    slow = []
    for some in pruning._slices(map(str, range(100))):
        slow.append(len(some))
        clock.seconds += 0.02
    assert slow[:5] == [10, 5, 2, 1, 1]


# --- mistakes


@pytest.mark.parametrize(
    ('url', 'reason'),
    [
        (':memory:', 'in memory'),
        ('dict:', 'in memory'),
        ('parquet:tasks.parquet', 'never changed'),
        ('tasks://a', 'there is no store for'),
    ],
)
def test_what_cannot_be_pruned_says_so(url: str, reason: str) -> None:
    with pytest.raises(StorageError, match=reason):
        new(url, Choice(BEFORE))


def test_a_missing_file_is_not_created(path: Path) -> None:
    with pytest.raises(StorageError, match='there is no such file'):
        new(path, Choice(BEFORE)).amount(untracked)
    with pytest.raises(StorageError, match='there is no such file'):
        new(path, Choice(BEFORE)).run(untracked)
    assert not path.exists()


def test_a_wrong_query_deletes_nothing(file: Path) -> None:
    for run in (Pruning.amount, Pruning.run):
        with pytest.raises(QueryError, match=r"unknown key 'lable', did you mean 'label'\?"):
            run(new(file, Choice(BEFORE, query={'lable': 'a'})), untracked)
    assert left(file) == ALL


def test_only_a_file_of_sqlite_is_written_anew(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match='only an SQLite file'):
        new(f'duckdb:{tmp_path}/tasks.duckdb', Choice(BEFORE)).vacuum()
    assert not list(tmp_path.iterdir())
