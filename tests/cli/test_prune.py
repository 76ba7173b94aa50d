"""`mqsql prune`, as a user meets it; what it deletes is the matter of tests/hub/test_pruning.py."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commands import interrupted, killed, run, said_on_terminal
from store_files import ask
from systems import needs_sigkill, needs_terminals

import mqsql

NOW = datetime.now(UTC)


def fill(path: Path, number: int, size: int = 1_000) -> None:
    """So many tasks that ended a day ago, a failed one of ten days ago, and a pending one."""
    yesterday, earlier = NOW - timedelta(days=1), NOW - timedelta(days=10)
    with mqsql.open(path) as store:
        store.add_record(
            'failed', {'completed': earlier, 'result_content': {'status': 'error'}, 'buffers': [b'a' * 50]}
        )
        store.add_record('pending', {'submitted': earlier})
        store.add_records(
            {'msg_id': f'm{i}', 'completed': yesterday, 'label': f'l{i % 2}', 'buffers': [bytes(size)]}
            for i in range(number)
        )


@pytest.fixture
def file(path: Path) -> Path:
    fill(path, 20)
    return path


def left(path: Path) -> int:
    return int(ask(path, 'SELECT count(*) FROM task_records'))


def test_a_dry_run_says_what_would_go(file: Path) -> None:
    before = file.read_bytes()
    done = run('prune', file, '--older-than', '12h', '--dry-run')
    assert (done.exit_code, done.stderr) == (0, '')
    assert done.stdout.startswith(f'{file}: would delete 21 tasks (20.')
    assert ' kB) that ended before ' in done.stdout
    facts = json.loads(
        run('prune', file, '--older-than', '12h', '--drop-buffers', '--keep-errors', '--dry-run', '--json').stdout
    )
    assert (facts['tasks'], facts['bytes'], facts['dry_run'], facts['drop_buffers']) == (20, 20_000, True, True)
    ago = datetime.now(UTC) - datetime.fromisoformat(facts['before']['$date'])
    assert timedelta(hours=12) <= ago < timedelta(hours=13)
    assert file.read_bytes() == before


def test_old_tasks_go(file: Path) -> None:
    done = run('prune', file, '--older-than', '2d', '--yes')
    assert (done.exit_code, done.stderr) == (0, '')
    assert done.stdout.startswith(f'{file}: deleted 1 task that ended before ')
    assert left(file) == 21
    assert 'deleted 10 tasks' in run('prune', file, '--older-than', '1h', '--yes', '--query', "{label: 'l1'}").stdout
    assert 'deleted 10 tasks that ended, or were submitted and never ended, ' in (
        run(
            'prune', file, '--older-than', '1h', '--yes', '--keep-errors', '--with-pending', '--query', "{label: 'l0'}"
        ).stdout
    )
    facts = json.loads(run('prune', file, '--older-than', '1h', '--yes', '--with-pending', '--vacuum', '--json').stdout)
    assert facts['tasks'] == 1
    assert facts['file_bytes'] == file.stat().st_size <= facts['file_bytes_before']
    assert left(file) == 0


def test_nothing_goes_where_nobody_can_be_asked(file: Path) -> None:
    done = run('prune', file, '--older-than', '2d')
    assert done.exit_code == 2
    assert '--yes deletes without asking' in done.stderr
    assert 'would delete 1 task' in run('prune', file, '--older-than', '2d', '--dry-run').stdout


def test_buffers_go(file: Path) -> None:
    assert (
        'dropped the buffers of 21 tasks that'
        in run('prune', file, '--older-than', '1h', '--yes', '--drop-buffers').stdout
    )
    assert left(file) == 22
    assert ask(file, 'SELECT count(*) FROM task_buffers') == 0


@needs_terminals
@pytest.mark.parametrize(('answer', 'number'), [('n\n', 22), ('y\n', 1), ('\n', 22), ('\x04', 22)])
def test_on_a_terminal_it_asks_first(file: Path, answer: str, number: int) -> None:
    said = said_on_terminal(answer, 'prune', file, '--older-than', '1h')
    plain = said.replace('\r\n', ' ').replace('\n', ' ')
    assert f'{file}: delete 21 tasks (20.' in plain
    assert left(file) == number
    assert ('deleted 21 tasks' in plain) is (number == 1)
    assert ('Aborted' in plain) is (number != 1)


@needs_terminals
def test_with_yes_it_does_not(file: Path) -> None:
    said = said_on_terminal('', 'prune', file, '--older-than', '1h', '--yes')
    assert '[y/N]' not in said
    assert 'Deleting' in said  # how far it is
    assert left(file) == 1


SLOW = (
    'from mqsql.hub import pruning\nwait = pruning.sleep\npruning.sleep = lambda seconds: wait(0.05)\npruning.FEW = 10'
)
"""Small changes, and long pauses."""


def begun(path: Path, number: int) -> bool:
    return left(path) < number


@needs_sigkill
def test_ctrl_c_ends_it_at_once_and_a_repeat_goes_on(path: Path) -> None:
    fill(path, 3_000, 10)
    status, errors = interrupted(lambda: begun(path, 2_900), 'prune', path, '--older-than', '1h', '--yes', program=SLOW)
    rest = left(path)
    assert status == 1
    assert errors == f'Error: interrupted; tasks done: {3_002 - rest:,}; a repeat goes on\n'
    assert ask(path, 'PRAGMA integrity_check') == 'ok'
    assert f'deleted {rest - 1:,} tasks' in run('prune', path, '--older-than', '1h', '--yes').stdout


@needs_sigkill
def test_who_kills_it_finds_each_task_whole_or_gone(path: Path) -> None:
    fill(path, 3_000, 10)
    killed(lambda: begun(path, 2_900), 'prune', path, '--older-than', '1h', '--yes', program=SLOW)
    rest = left(path)
    assert 100 < rest < 2_900
    assert ask(path, 'SELECT count(*) FROM task_buffers') == rest - 1
    assert 'problems found: 0' in run('check', path).stdout
    assert f'deleted {rest - 1:,} tasks' in run('prune', path, '--older-than', '1h', '--yes').stdout


@pytest.mark.parametrize(
    ('words', 'status', 'reason'),
    [
        (['tasks.db'], 2, "Missing option '--older-than'"),
        (['tasks.db', '--older-than', '30'], 2, "'30' is no span of time"),
        (['tasks.db', '--older-than', '1d', '--with-pending', '--drop-buffers'], 2, 'not both'),
        (['tasks.db', '--older-than', '1d', '--query', '{label'], 2, 'QUERY ends too early'),
        (['tasks.db', '--older-than', '1d', '--query', '{lable: 1}'], 2, "unknown key 'lable', did you mean 'label'?"),
        (['missing.db', '--older-than', '1d'], 1, 'missing.db'),
        (['parquet:x', '--older-than', '1d'], 1, 'never changed'),
        (['duckdb:x', '--older-than', '1d', '--vacuum'], 2, '--vacuum is for an SQLite file'),
    ],
)
def test_a_mistake_is_named_and_nothing_is_done(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, reason: str
) -> None:
    monkeypatch.chdir(file.parent)
    done = run('prune', *words)
    assert done.exit_code == status
    assert reason in done.stderr
    assert done.stdout == ''
    assert left(file) == 22
    assert {entry.name for entry in file.parent.iterdir()} <= {'tasks.db', 'tasks.db-wal', 'tasks.db-shm'}


def test_the_file_is_only_rewritten_while_nobody_has_it(file: Path) -> None:
    with mqsql.open(file) as store:
        done = run('prune', file, '--older-than', '2d', '--yes', '--vacuum')
        assert done.exit_code == 1
        assert 'another process has it open' in done.stderr
        assert 'tasks done: 1; a repeat goes on' in done.stderr
        again = run('prune', file, '--older-than', '2d', '--yes', '--vacuum')
        assert again.exit_code == 1
        assert 'a repeat goes on' not in again.stderr  # nothing is done that a repeat could go on with
        assert store.count() == 21
