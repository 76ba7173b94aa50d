"""`mqsql check` lists what is wrong with a file, and only reads it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from store_files import fill, other
from systems import needs_sigkill

import mqsql
from mqsql import cli
from mqsql.hub.purging import PurgingStore
from mqsql.hub.sqlite_db import SQLiteDB


@pytest.fixture
def file(path: Path) -> Path:
    with mqsql.open(path) as store:
        fill(store, 5)
        store.create_index('header.n')
    return path


def check(*words: object) -> Result:
    return CliRunner().invoke(cli.main, ['check', *map(str, words)])


def damage(path: Path, *statements: str) -> None:
    connection = other(path)
    for sql in statements:
        connection.execute(sql)
    connection.close()


def test_a_file_in_order(file: Path) -> None:
    before = file.read_bytes()
    done = check(file)
    size = f'{len(before) / 1_000:.1f} kB'
    facts = f'{file}: 5 tasks in {size}; layout 3; indexes: 7; statistics of 5 tasks\n'
    assert (done.exit_code, done.stdout) == (0, f'{facts}{file}: problems found: 0\n')
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ('sql', 'line'),
    [
        ("SET content = '{'", "task_records: 'm0001': content: is no JSON as mqsql stores it"),
        ("SET content = '5'", "task_records: 'm0001': content: is neither an object nor an array but 5 (int)"),
        ("SET content = x'00'", "task_records: 'm0001': content: is no text but b'\\x00' (bytes)"),
        (
            "SET label = CAST(x'41ff' AS TEXT)",
            "task_records: 'm0001': label: is no text in UTF-8: invalid start byte at byte 1",
        ),
        ("SET submitted = 'noon'", "task_records: 'm0001': submitted: is no count of microseconds"),
        ("SET buffers = '{}'", "task_records: 'm0001': buffers: is no list of ids of buffers"),
        ("SET buffers = '[77]'", "task_records: 'm0001': buffers: names buffers that are not there: 77"),
        ("SET msg_id = x'00'", "task_records: row 2: msg_id: is no text but b'\\x00' (bytes)"),
    ],
)
def test_a_damaged_value_is_named_with_its_place(file: Path, sql: str, line: str) -> None:
    damage(file, f"UPDATE task_records {sql} WHERE msg_id = 'm0001'")
    done = check(file)
    assert done.exit_code == 1
    assert any(found.startswith(line) for found in done.stdout.splitlines()), done.stdout
    # What the value kept is not missed elsewhere.
    assert "'m0000'" not in done.stdout


@pytest.mark.parametrize(
    ('sql', 'line'),
    [
        ('DROP TRIGGER "task_records.buffers.deleted"', 'task_records: task_records.buffers.deleted: is missing'),
        ('DROP TABLE "task_records/header.n"', 'task_records: task_records/header.n: is missing'),
        (
            'CREATE TRIGGER spy AFTER INSERT ON task_records BEGIN SELECT 1; END',
            "task_records: spy: is a trigger of another program on 'task_records'",
        ),
        ("INSERT INTO task_buffers (data) VALUES (x'00')", 'task_buffers: no record names these buffers: 6'),
        ("UPDATE task_buffers SET data = 'text' WHERE id = 2", 'task_buffers: these buffers are no bytes: 2'),
        (
            "UPDATE task_records SET buffers = '[1]' WHERE msg_id = 'm0001'",
            'task_buffers: several records name these buffers: 1',
        ),
    ],
)
def test_what_is_missing_left_over_or_strange(file: Path, sql: str, line: str) -> None:
    damage(file, sql)
    done = check(file)
    assert done.exit_code == 1
    assert line in done.stdout.splitlines()


def test_what_sqlite_finds(file: Path) -> None:
    data = file.read_bytes()
    at = data.index(b'm0003', data.index(b'm0003') + 5)  # in the first index, which comes behind the table
    file.write_bytes(data[:at] + b'm0009' + data[at + 5 :])
    done = check(file)
    assert done.exit_code == 1
    assert 'SQLite: ' in done.stdout


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    'sql',
    [
        'CREATE TABLE odd (x CHECK (length(hex(zeroblob(500000000 + x)))))',
        'CREATE TABLE odd (x, y AS (hex(zeroblob(500000000 + x))), UNIQUE (y))',
        'CREATE TABLE others (x); CREATE INDEX odd ON others (hex(zeroblob(500000000 + x)))',
    ],
)
def test_what_a_file_computes_is_not_computed(file: Path, sql: str) -> None:
    damage(file, sql)
    done = check(file)
    assert done.exit_code == 1
    assert done.stdout.startswith('odd: computes or checks what it holds')


def test_a_change_that_was_begun_and_never_ended(file: Path) -> None:
    program = (
        'import apsw, os, sys\n'
        'connection = apsw.Connection(sys.argv[1])\n'
        'connection.pragma("journal_mode", "delete")\n'
        'connection.pragma("cache_size", 1)\n'
        'connection.execute("BEGIN; UPDATE task_records SET stdout = hex(zeroblob(30000))")\n'
        'os.kill(os.getpid(), 9)\n'
    )
    subprocess.run([sys.executable, '-c', program, str(file)])
    done = check(file)
    assert done.exit_code == 1
    assert f'who wrote it was stopped in the middle of a change; undo that: sqlite3 {file} .schema' in done.stderr
    mqsql.open(file).close()
    assert check(file).exit_code == 0


def test_another_history_of_a_file(tmp_path: Path) -> None:
    db = SQLiteDB(location=str(tmp_path), table='mine')
    db.add_record('m', {'content': {}})
    db.close()
    file = tmp_path / 'tasks.db'
    assert check(file, '--table', 'mine').exit_code == 0
    damage(file, "UPDATE mine_records SET content = '{'")
    assert "mine_records: 'm': content:" in check(file, '--table', 'mine').stdout


def test_the_histories_of_a_file_are_named_if_it_has_not_the_one_that_is_asked_for(tmp_path: Path) -> None:
    for name in ('mine', 'yours'):
        SQLiteDB(location=str(tmp_path), table=name).close()
    for words in ([], ['--table', 'his']):
        done = check(tmp_path / 'tasks.db', *words)
        assert done.exit_code == 1
        assert done.stderr.strip().endswith("; write --table with one of 'mine', 'yours'")


def test_a_file_of_ipyparallel_is_to_be_imported(tmp_path: Path) -> None:
    columns = 'msg_id, header, content, buffers, submitted, client_uuid, engine_uuid, started, completed'
    damage(tmp_path / 'old.db', f'CREATE TABLE "ipython-tasks" ({columns})')
    done = check(tmp_path / 'old.db')
    assert done.exit_code == 1
    assert 'ipyparallel itself wrote this file; "mqsql import" copies it' in done.stderr


def test_histories_that_share_a_table_of_buffers(tmp_path: Path) -> None:
    for name in ('run', 'runs'):
        db = SQLiteDB(location=str(tmp_path), table=name)
        db.add_record('m', {'buffers': [b'x'], 'result_buffers': [b'y']})
        db.close()
    file = tmp_path / 'tasks.db'
    for name in ('run', 'runs'):
        assert check(file, '--table', name).stdout.splitlines()[-1] == f'{file}: problems found: 0'
    damage(file, "UPDATE runs_records SET buffers = '{', result_buffers = '[1]'")
    lines = check(file, '--table', 'run').stdout.splitlines()
    assert lines[:-2] == ['run_buffers: several records name these buffers: 1']


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['missing'], 'there is no such file'),
        (['letter'], 'not an SQLite database'),
        (['empty.db'], "it has no history called 'ipython-tasks'"),
    ],
)
def test_a_file_that_cannot_be_checked_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('letter').write_text('Dear hub,')
    Path('empty.db').write_bytes(b'')
    done = check(*words)
    assert done.exit_code == 1
    assert done.stderr.startswith('Error: ')
    assert reason in done.stderr
    assert done.stderr.count('\n') == 1


@pytest.mark.parametrize('words', [[], ['a', 'b'], ['--tabel']])
def test_a_wrong_command_is_a_usage_error(words: list[str]) -> None:
    assert check(*words).exit_code == 2


def test_help_says_what_is_looked_for() -> None:
    done = check('--help')
    assert done.exit_code == 0
    assert 'List what is wrong' in done.stdout


def test_the_program_itself(file: Path) -> None:
    damage(file, "UPDATE task_records SET content = '{' WHERE msg_id = 'm0001'")
    command = [sys.executable, '-m', 'mqsql', 'check', str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {'PYTHONWARNINGS': 'error'})
    assert done.returncode == 1
    assert done.stderr == ''
    assert done.stdout.splitlines()[-1] == f'{file}: problems found: 1'


@pytest.mark.skipif(sys.platform == 'win32', reason='Windows has no pseudoterminals')
def test_on_a_terminal_no_line_is_behind_the_bar(file: Path) -> None:
    import pty

    damage(file, "UPDATE task_records SET content = '{'")
    seen, terminal = pty.openpty()
    command = [sys.executable, '-m', 'mqsql', 'check', str(file)]
    env = os.environ | {'TERM': 'xterm', 'NO_COLOR': '1'}
    assert subprocess.run(command, stdout=terminal, stderr=terminal, env=env).returncode == 1
    os.close(terminal)
    lines = os.read(seen, 100_000).decode().splitlines()
    os.close(seen)
    assert len([line for line in lines if 'content: is no JSON' in line]) == 5
    assert not [line for line in lines if 'Checking' in line and 'content:' in line]


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='this system has no /dev/full')
def test_a_full_disk_is_an_error_of_one_line(file: Path) -> None:
    with open('/dev/full', 'w') as full:
        done = subprocess.run([sys.executable, '-m', 'mqsql', 'check', str(file)], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == b'Error: No space left on device\n'


def test_a_hub_may_be_using_the_file(tmp_path: Path) -> None:
    db = SQLiteDB(location=str(tmp_path))
    db.add_record('m', {'buffers': [b'x']})
    assert check(tmp_path / 'tasks.db').exit_code == 0
    db.close()


# --- what else is told


def notes(file: Path) -> list[str]:
    return [line.removeprefix('note: ') for line in check(file).stdout.splitlines() if line.startswith('note: ')]


def test_json_has_the_facts_and_the_problems(file: Path) -> None:
    facts = json.loads(check(file, '--json').stdout)
    assert facts.pop('file') == str(file)
    assert facts.pop('bytes') == file.stat().st_size
    assert len(facts.pop('indexes')) == 7
    assert facts == {
        'records': 5,
        'free_bytes': 0,
        'layout': 3,
        'journal_mode': 'wal',
        'statistics': 5,
        'notes': [],
        'problems': [],
    }
    damage(file, "UPDATE task_records SET submitted = 'noon' WHERE msg_id = 'm0001'")
    done = check(file, '--json')
    assert done.exit_code == 1
    (problem,) = json.loads(done.stdout)['problems']
    assert (problem['table'], problem['key'], problem['column']) == ('task_records', "'m0001'", 'submitted')


def test_statistics_that_are_missing_or_stale_are_noted_and_made_anew(path: Path) -> None:
    def grow(start: int, stop: int) -> None:
        rows = ', '.join(f"('m{i}')" for i in range(start, stop))
        damage(path, f'INSERT INTO task_records (msg_id) VALUES {rows}')

    mqsql.open(path).close()
    grow(0, 400)
    assert notes(path) == []  # which is too few for them to matter
    grow(400, 600)
    assert notes(path) == ["the planner's statistics are missing; make them anew: mqsql check --renew-statistics"]
    done = check(path, '--renew-statistics')
    assert 'statistics of 600 tasks' in done.stdout
    assert notes(path) == []
    grow(600, 5_000)
    assert notes(path) == []
    grow(5_000, 7_000)
    assert notes(path)[0].startswith("the planner's statistics are of when it had 600 records; make them anew")
    damage(path, 'CREATE INDEX "task_records.queue" ON task_records ("queue")')
    check(path, '--renew-statistics')
    damage(path, "DELETE FROM sqlite_stat1 WHERE idx = 'task_records.queue'")
    assert notes(path)[0].startswith("the planner's statistics of these indexes are missing: task_records.queue; ")


def test_statistics_are_those_of_a_file(tmp_path: Path) -> None:
    done = check(f'duckdb:{tmp_path}/tasks.duckdb', '--renew-statistics')
    assert done.exit_code == 1
    assert 'only an SQLite file has statistics' in done.stderr


def test_a_purge_that_goes_on_is_noted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mqsql.hub.purging.FEW', 1)
    with PurgingStore(str(path)) as store:
        fill(store, 5)
        store.drop_matching_records({'header.n': {'$lt': 3}})
    (note,) = notes(path)
    assert note.startswith('it has records that were purged')


@needs_sigkill
def test_what_a_killed_hub_has_left_is_noted(path: Path) -> None:
    program = (
        'import os, sys\n'
        'from mqsql.hub import SQLiteDB, delta\n'
        'delta.MERGE_SECONDS = 1e6\n'
        'SQLiteDB(location=sys.argv[1]).add_record("a", {})\n'
        'os.kill(os.getpid(), 9)\n'
    )
    subprocess.run([sys.executable, '-c', program, str(path.parent)])
    (note,) = notes(path)
    assert note.startswith('a process that was killed has left changes in ')
    with mqsql.open(path):
        pass
    assert notes(path) == []


def test_an_earlier_layout_is_noted(file: Path) -> None:
    damage(file, 'PRAGMA user_version = 1')
    assert notes(file) == [
        'it has layout 1 of an earlier mqsql, and gets that of this one when it is next opened to write'
    ]
