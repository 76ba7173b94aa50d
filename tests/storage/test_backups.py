"""A backup is the file as it is at one moment, with what is logged beside it; it appears when it is complete, or not at all."""

import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_shipped import write_sessions
from store_files import FULL, ask, fill
from systems import needs_sigkill

import mqsql
from mqsql.errors import StorageError
from mqsql.hub import SQLiteDB, delta
from mqsql.storage.sqlite import backups
from mqsql.storage.sqlite.backups import Backup, back_up
from mqsql.storage.sqlite.delta_log import read_logs


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / 'copy.db'


@pytest.fixture
def filled(path: Path) -> Path:
    with mqsql.open(path) as store:
        fill(store, 50)
        store.add_record('full', FULL)
    return path


def untracked(rows: Iterable[Any], total: int) -> Iterable[Any]:
    return rows


def copy(path: Path, out: Path, track: Callable[..., Iterable[Any]] = untracked, *, replace: bool = False) -> Backup:
    return back_up(str(path), out, track, replace=replace)


def contents(path: Path) -> list[Any]:
    with mqsql.open(path, readonly=True) as store:
        return [
            {key: [*value] if 'buffers' in key and value else value for key, value in record.items()}
            for record in store.find({}, store.table.all_keys)
        ]


def only_files(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir() if not entry.name.endswith(('-wal', '-shm'))}


def test_a_backup_has_all_that_the_file_has(filled: Path, out: Path) -> None:
    totals: list[int] = []

    def track(steps: Iterable[int], total: int) -> Iterable[int]:
        totals.append(total)
        return steps

    assert copy(filled, out, track) == Backup(51, 0, out.stat().st_size)
    assert contents(out) == contents(filled)
    assert totals == [1]
    with mqsql.open(out) as store:  # and can be used in place of it
        store.add_record('next', {})
        assert len(store.list_indexes()) == 6


@pytest.mark.parametrize('mode', ['wal', 'delete'])
def test_a_store_writes_meanwhile(path: Path, out: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, 'STEP_BYTES', 4_096)
    refused = []
    with mqsql.open(path, journal_mode=mode, busy_timeout=0) as store:
        fill(store, 200)

        def track(steps: Iterable[int], total: int) -> Iterator[int]:
            for step in steps:
                try:
                    store.add_record(f'meanwhile{step}', {'buffers': [bytes(9_000)]})
                except StorageError as e:
                    refused.append(e)
                yield step

        assert copy(path, out, track).records == 200
        assert bool(refused) is (mode == 'delete')  # whose file has one state only
        store.add_record('later', {})
    assert ask(out, "SELECT count(*) FROM task_records WHERE msg_id LIKE 'meanwhile%'") == 0


# --- what a hub has logged


@pytest.fixture
def hub(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteDB]:
    """A hub that merges nothing into the table by itself."""
    monkeypatch.setattr(delta, 'MERGE_SECONDS', 1e6)
    db = SQLiteDB(location=str(path.parent), filename=path.name)
    yield db
    db.close()


def test_what_a_hub_has_logged_is_in_it(hub: SQLiteDB, path: Path, out: Path) -> None:
    hub.add_record('a', {'stdout': 'x' * 3_000, 'buffers': [b'a']})
    hub.update_record('a', {'stdout': 'x' * 3_000 + 'y'})
    hub.update_record('a', {'result_buffers': [b'r']})
    assert ask(path, 'SELECT count(*) FROM task_records') == 0
    assert copy(path, out)[:2] == (1, 1)
    (record,) = contents(out)
    assert record['stdout'] == 'x' * 3_000 + 'y'
    assert (record['buffers'], record['result_buffers']) == ([b'a'], [b'r'])
    assert ask(path, 'SELECT count(*) FROM task_records') == 0
    assert hub.get_record('a')['result_buffers'] == [b'r']


def test_what_it_merges_at_the_same_moment_is_in_it(
    hub: SQLiteDB, path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = []

    def merging(*of: Any) -> Any:
        logs = read_logs(*of)
        times.append(1)
        if len(times) == 1:
            hub.find_records({})  # which merges first
            hub.add_record('b', {})
        return logs

    monkeypatch.setattr(backups, 'read_logs', merging)
    hub.add_record('a', {})
    assert copy(path, out)[:2] == (2, 1)
    assert len(times) == 4
    assert [record['msg_id'] for record in contents(out)] == ['a', 'b']


def test_who_merges_all_the_time_cannot_be_copied(
    hub: SQLiteDB, path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(10**6))

    def merging(*of: Any) -> Any:
        hub.add_record(f'm{next(numbers)}', {})
        hub.find_records({'msg_id': ''})
        return read_logs(*of)

    monkeypatch.setattr(backups, 'read_logs', merging)
    monkeypatch.setattr(backups, 'TRIES', 3)
    with pytest.raises(StorageError, match='writes too much'):
        copy(path, out)
    assert not out.exists()


@needs_sigkill
def test_what_a_killed_hub_has_left_is_in_it(path: Path, out: Path) -> None:
    program = (
        'import os, sys\n'
        'from mqsql.hub import SQLiteDB, delta\n'
        'delta.MERGE_SECONDS = 1e6\n'
        'db = SQLiteDB(location=sys.argv[1])\n'
        'db.add_record("a", {"label": "left"})\n'
        'os.kill(os.getpid(), 9)\n'
    )
    subprocess.run([sys.executable, '-c', program, str(path.parent)])
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir() if not entry.name.endswith('-shm')}
    assert any(name.endswith('-delta') for name in before)
    assert copy(path, out)[:2] == (1, 1)
    assert [record['label'] for record in contents(out)] == ['left']
    after = {name: (path.parent / name).read_bytes() for name in before}
    assert after == before


# --- all or nothing


def test_who_is_interrupted_leaves_nothing(filled: Path, out: Path) -> None:
    def interrupted(steps: Iterable[int], total: int) -> Iterator[int]:
        yield from steps
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(filled, out, interrupted)
    assert only_files(filled.parent) == {filled.name}


@needs_sigkill
def test_who_is_killed_leaves_nothing_once_it_has_been_repeated(filled: Path, out: Path) -> None:
    program = (
        'import os, sys\n'
        'from pathlib import Path\n'
        'from mqsql.storage.sqlite.backups import back_up\n'
        'def killed(steps, total):\n'
        '    yield from steps\n'
        '    os.kill(os.getpid(), 9)\n'
        'back_up(sys.argv[1], Path(sys.argv[2]), killed)\n'
    )
    assert subprocess.run([sys.executable, '-c', program, str(filled), str(out)]).returncode == -9
    assert not out.exists()
    assert len(only_files(filled.parent)) == 2
    copy(filled, out)
    assert only_files(filled.parent) == {filled.name, out.name}


def test_what_is_there_is_replaced_only_if_asked(filled: Path, out: Path) -> None:
    with mqsql.open(out) as store:
        store.add_record('earlier', {})
    with pytest.raises(StorageError, match='it exists already; --force replaces it'):
        copy(filled, out)
    assert [record['msg_id'] for record in contents(out)] == ['earlier']
    copy(filled, out, replace=True)
    assert contents(out) == contents(filled)


def test_what_is_in_use_is_not_replaced(filled: Path, out: Path) -> None:
    with mqsql.open(out) as store:
        store.add_record('earlier', {})
        with pytest.raises(StorageError, match='it is in use, or its last user was killed'):
            copy(filled, out, replace=True)
        assert store.keys() == ['earlier']


@pytest.mark.parametrize('name', ['copy.db-wal', 'copy.db-journal', 'copy.db-task_records-delta', 'copy.db-x-delta-2'])
def test_a_part_of_an_earlier_file_does_not_become_one_of_the_copy(filled: Path, out: Path, name: str) -> None:
    out.with_name(name).write_bytes(b'something')
    with pytest.raises(StorageError, match=name):
        copy(filled, out)
    assert not out.exists()


def test_a_damaged_file_gives_no_copy(filled: Path, out: Path) -> None:
    root = ask(filled, "SELECT rootpage FROM sqlite_schema WHERE name LIKE '%label%' AND type = 'index'")
    size = ask(filled, 'PRAGMA page_size')
    with filled.open('r+b') as file:
        file.seek((root - 1) * size + 8)
        file.write(b'\xff' * 64)
    with pytest.raises(StorageError, match='damaged'):
        copy(filled, out)
    assert only_files(filled.parent) == {filled.name}


@pytest.mark.skipif(sys.platform == 'win32', reason='Windows has other permissions')
def test_what_only_its_owner_may_read_stays_so(filled: Path, out: Path) -> None:
    filled.chmod(0o600)
    copy(filled, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ('source', 'target', 'reason'),
    [
        ('missing.db', 'copy.db', 'missing.db: there is no such file'),
        ('tasks.db', 'tasks.db', 'this is the file itself'),
        ('tasks.db', 'nowhere/copy.db', 'it cannot be created'),
        ('tasks.db', '.', 'directory'),
        ('tasks.db', 'link.db', 'link.db: this is a symbolic link; name the file itself'),
        ('letter', 'copy.db', 'this is not an SQLite database'),
        ('empty', 'copy.db', 'it has no history of mqsql'),
        ('theirs/tasks.db', 'copy.db', 'this is a database of another application'),
    ],
)
def test_mistakes_are_named(
    filled: Path, monkeypatch: pytest.MonkeyPatch, source: str, target: str, reason: str
) -> None:
    monkeypatch.chdir(filled.parent)
    Path('letter').write_bytes(b'Dear hub,')
    Path('empty').touch()
    Path('link.db').symlink_to('elsewhere.db')
    Path('theirs').mkdir()
    write_sessions(Path('theirs'), 1)
    before = only_files(filled.parent)
    with pytest.raises(StorageError, match=reason):
        copy(Path(source), Path(target), replace=True)
    assert only_files(filled.parent) == before
