"""`mqsql trace` as a user meets it."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from systems import needs_terminals
from timed_records import failed, task

import mqsql
from bench.data import History
from mqsql.cli import main
from mqsql.hub.legacy import history_table
from mqsql.settings import LEGACY_TABLE

RECORDS = (
    task('a', 0, 1, 3, engine='engine-1', label='train/a'),
    failed('b', 1, 2, 4, engine='engine-2', label='train/b'),
    task('c', 2, label='score'),
)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path, table=history_table(LEGACY_TABLE)) as store:
        store.add_records(RECORDS)
    return path


def new_files(directory: Path) -> list[str]:
    """What is there besides the history and what SQLite keeps beside it."""
    return [name for name in os.listdir(directory) if not name.startswith('tasks.db')]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ['trace', *map(str, words)])


def ids(trace: bytes) -> set[str]:
    """The tasks in a trace that ran."""
    events: list[dict[str, Any]] = json.loads(trace)['traceEvents']
    return {event['args']['msg_id'] for event in events if event['ph'] == 'X'}


def test_a_trace_is_written(history: Path, tmp_path: Path) -> None:
    out = tmp_path / 'trace.json'
    done = run(history, '-o', out)
    assert (done.exit_code, done.output) == (0, f'{out}: tasks 2, waits 3, engines 2, tracks 2\n')
    assert ids(out.read_bytes()) == {'a', 'b'}


def test_a_name_in_gz_is_compressed_and_always_the_same(history: Path, tmp_path: Path) -> None:
    out = tmp_path / 'trace.json.gz'
    assert run(history, '-o', out).exit_code == 0
    first = out.read_bytes()
    assert ids(gzip.decompress(first)) == {'a', 'b'}
    assert run(history, '-o', out).exit_code == 0
    assert out.read_bytes() == first


def test_engines_are_named_as_the_hub_numbers_them(history: Path, tmp_path: Path) -> None:
    (tmp_path / 'log').mkdir()
    (tmp_path / 'log/engines-a.json').write_text(json.dumps({'engines': {'7': 'engine-1', '8': None}}))
    (tmp_path / 'log/engines-b.json').write_text('{"engines":')
    (tmp_path / 'log/engines-c.json').write_text('{"engines": []}')
    out = tmp_path / 'trace.json'
    assert run(history, '-o', out).exit_code == 0
    assert b'"engine 7 engine-1"' in out.read_bytes()
    assert b'"engine engine-2"' in out.read_bytes()
    assert run(history, '--engine', '7', '-o', out).exit_code == 0
    assert ids(out.read_bytes()) == {'a'}


def test_figures_are_json_too(history: Path, tmp_path: Path) -> None:
    out = tmp_path / 'trace.json'
    done = run(history, '-o', out, '--json')
    assert json.loads(done.output) == {'file': str(out), 'tasks': 2, 'waits': 3, 'engines': 2, 'tracks': 2}


@pytest.mark.parametrize(
    ('words', 'found'),
    [
        (['--label', 'train/*'], {'a', 'b'}),
        (['--status', 'failed'], {'b'}),
        (['--engine', 'engine-1'], {'a'}),
        (['--since', '2026-01-01T00:00:01Z'], {'b'}),
        (['--until', '2026-01-01T00:00:01Z'], {'a'}),
        (["{'result_content.ename': 'KeyError'}"], {'b'}),
        (['--pending'], set()),
    ],
)
def test_options_choose_the_tasks(history: Path, tmp_path: Path, words: list[str], found: set[str]) -> None:
    out = tmp_path / 'trace.json'
    assert run(history, *words, '-o', out).exit_code == 0
    assert ids(out.read_bytes()) == found


def test_a_trace_goes_to_standard_output(history: Path) -> None:
    done = run(history, '-o', '-')
    assert ids(done.stdout_bytes) == {'a', 'b'}


@pytest.mark.parametrize(
    ('words', 'code', 'said'),
    [
        ([], 2, "Missing option '-o'"),
        (['-o', 'FILE'], 2, 'is the history itself'),
        (['-o', '.'], 2, 'this is a directory'),
        (['-o', '-', '--json'], 2, 'goes to standard output'),
        (['-o', 'no/such/directory.json'], 1, 'No such file or directory'),
        (['-o', 'x.json', '{label: {$gtt: 1}}'], 2, "unknown operator '$gtt'"),
        (['-o', 'x.json', '--since', 'soon'], 2, "'soon' is no time"),
    ],
)
def test_wrong_input_is_named(
    history: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    given = [str(history) if word == 'FILE' else word for word in words]
    monkeypatch.chdir(history.parent)
    done = run(history, *given)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert new_files(history.parent) == []


def test_a_file_that_is_no_history_is_named(tmp_path: Path) -> None:
    done = run(tmp_path / 'none.db', '-o', tmp_path / 'x.json')
    assert done.exit_code == 1
    assert 'none.db' in done.output
    assert os.listdir(tmp_path) == []


@needs_terminals
@pytest.mark.parametrize('command', ['trace', 'report'])
def test_an_interrupt_leaves_no_file(tmp_path: Path, command: str) -> None:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path, table=history_table(LEGACY_TABLE)) as store:
        store.add_records(History(5_000, 3))
    # The interrupt comes while records are read.
    program = (
        'import os, signal\n'
        'from mqsql.cli import main\n'
        'from mqsql.analysis import timeline\n'
        'real = timeline.timed_task\n'
        'seen = []\n'
        'def slow(record):\n'
        '    seen.append(1)\n'
        '    if len(seen) == 2_000: os.kill(os.getpid(), signal.SIGINT)\n'
        '    return real(record)\n'
        'timeline.timed_task = slow\n'
        f'main([{command!r}, {str(path)!r}, "-o", {str(tmp_path / "out")!r}])\n'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, '', 'Aborted!')
    assert new_files(tmp_path) == []
