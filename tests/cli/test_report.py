"""`mqsql report` as a user meets it; tests/analysis/test_page.py opens the page."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from timed_records import failed, task

import mqsql
from mqsql.analysis.report import MOST_BARS
from mqsql.cli import main
from mqsql.cli.reporting import MOST_BARS as MOST_BARS_OF_HELP
from mqsql.hub.legacy import history_table
from mqsql.settings import LEGACY_TABLE


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path, table=history_table(LEGACY_TABLE)) as store:
        store.add_records([task('a', 0, 1, 3, engine='e', label='x'), failed('b', 1, 2, 4, engine='e', label='<y>')])
    return path


def new_files(directory: Path) -> list[str]:
    """What is there besides the history and what SQLite keeps beside it."""
    return [name for name in os.listdir(directory) if not name.startswith('tasks.db')]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ['report', *map(str, words)])


def test_a_page_is_written(history: Path, tmp_path: Path) -> None:
    out = tmp_path / 'report.html'
    done = run(history, '-o', out)
    assert (done.exit_code, done.output) == (0, f'{out}: {out.stat().st_size / 1000:.1f} kB\n')
    page = out.read_text('utf-8')
    assert f'<h1>Tasks of {history}</h1>' in page
    assert '<dd id="tasks">2</dd>' in page
    assert 'Chosen' not in page


def test_the_page_says_how_tasks_were_chosen(history: Path, tmp_path: Path) -> None:
    out = tmp_path / 'report.html'
    done = run(history, '--label', '<*', '--since', '2026-01-01T00:00:00+00:00', '--title', 'A <b>', '-o', out)
    assert done.exit_code == 0, done.output
    page = out.read_text('utf-8')
    assert '<h1>A &lt;b&gt;</h1>' in page
    assert '<dd id="tasks">1</dd>' in page
    assert 'label &lt;*' in page
    assert 'since 202' in page


def test_the_size_is_json_too(history: Path, tmp_path: Path) -> None:
    out = tmp_path / 'report.html'
    done = run(history, '-o', out, '--json', '--bars', 0)
    assert json.loads(done.output) == {'file': str(out), 'bytes': out.stat().st_size}


def test_a_page_goes_to_standard_output(history: Path) -> None:
    assert run(history, '-o', '-').output.startswith('<!DOCTYPE html>')


def test_the_help_says_how_many_tasks_are_shown_singly() -> None:
    assert MOST_BARS_OF_HELP == MOST_BARS


@pytest.mark.parametrize(
    ('words', 'code', 'said'),
    [
        ([], 2, "Missing option '-o'"),
        (['-o', '-', '--json'], 2, 'goes to standard output'),
        (['-o', 'no/such/directory.html'], 1, 'No such file or directory'),
        (['-o', 'x.html', '--bars', '-1'], 2, 'not in the range'),
        (['-o', 'x.html', '{labl: 1}'], 2, "did you mean 'label'"),
    ],
)
def test_wrong_input_is_named(
    history: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(history.parent)
    done = run(history, *words)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert new_files(history.parent) == []
