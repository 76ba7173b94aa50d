"""`mqsql backup`, as a user meets it; what is copied is the matter of tests/storage/test_backups.py."""

import json
from pathlib import Path

import pytest
from commands import interrupted, killed, run
from store_files import ask, fill
from systems import needs_sigkill

import mqsql
from mqsql.hub import SQLiteDB, delta


@pytest.fixture
def file(path: Path) -> Path:
    with mqsql.open(path) as store:
        fill(store, 20)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / 'copy.db'


def beside(out: Path) -> set[str]:
    return {entry.name for entry in out.parent.iterdir() if not entry.name.endswith(('-wal', '-shm'))}


def test_a_file_is_copied(file: Path, out: Path) -> None:
    done = run('backup', file, out)
    assert (done.exit_code, done.stderr) == (0, '')
    assert done.stdout.startswith(f'{out}: tasks copied: 20; ')
    assert ask(out, 'SELECT count(*) FROM task_buffers') == 20
    assert 'it exists already; --force replaces it' in run('backup', file, out).stderr
    facts = json.loads(run('backup', file, out, '--force', '--json').stdout)
    assert facts == {'file': str(file), 'out': str(out), 'records': 20, 'logged': 0, 'bytes': out.stat().st_size}


def test_what_is_replaced_must_be_named_beside_the_history(file: Path) -> None:
    done = run('backup', file, '--force')
    assert done.exit_code == 2
    assert '--force needs FILE and OUT' in done.stderr
    assert ask(file, 'SELECT count(*) FROM task_records') == 20


def test_without_a_file_it_is_that_of_the_profile(
    file: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / 'profile_default'
    profile.mkdir()
    file.rename(profile / file.name)
    monkeypatch.setenv('IPYTHONDIR', str(tmp_path))
    assert 'tasks copied: 20' in run('backup', out).stdout


def test_a_hub_may_use_the_file(path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, 'MERGE_SECONDS', 1e6)
    db = SQLiteDB(location=str(path.parent))
    db.add_record('m', {'label': 'logged'})
    assert run('backup', path, out).stdout.startswith(f'{out}: tasks copied: 1, 1 of them from logs; ')
    db.close()


STOPPED = (
    'from pathlib import Path\n'
    'import time\n'
    'from mqsql.storage.sqlite import backups\n'
    'def stop(connection, source):\n'
    '    Path(sys.argv[3] + ".begun").touch()\n'
    '    while True:\n'
    '        time.sleep(0.01)\n'
    'backups._check = stop\n'
)
"""The copy is complete, and is being checked."""


@needs_sigkill
def test_ctrl_c_leaves_nothing(file: Path, out: Path) -> None:
    begun = Path(f'{out}.begun')
    status, errors = interrupted(begun.exists, 'backup', file, out, program=STOPPED)
    assert (status, errors.strip()) == (1, 'Aborted!')
    assert beside(out) == {file.name, begun.name}


@needs_sigkill
def test_who_kills_it_finds_nothing_after_a_repeat(file: Path, out: Path) -> None:
    begun = Path(f'{out}.begun')
    killed(begun.exists, 'backup', file, out, program=STOPPED)
    assert not out.exists()
    assert run('backup', file, out).exit_code == 0
    assert beside(out) == {file.name, out.name, begun.name}


@pytest.mark.parametrize(
    ('words', 'status', 'reason'),
    [
        ([], 2, "Missing argument 'OUT'"),
        (['a', 'b', 'c'], 2, 'one argument too many'),
        (['missing.db', 'copy.db'], 1, 'missing.db: there is no such file'),
        (['duckdb:tasks.duckdb', 'copy.db'], 1, 'copy others with mqsql import'),
        (['tasks.db', 'duckdb:copy.duckdb'], 1, 'copy others with mqsql import'),
        (['tasks.db', 'nowhere/copy.db'], 1, 'it cannot be created'),
    ],
)
def test_a_mistake_is_named_and_nothing_is_done(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, reason: str
) -> None:
    monkeypatch.chdir(file.parent)
    done = run('backup', *words)
    assert (done.exit_code, done.stdout) == (status, '')
    assert reason in done.stderr
    assert beside(file) == {file.name}
