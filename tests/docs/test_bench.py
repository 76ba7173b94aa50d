"""The endurance run and the comparison of hubs stay alive, and find what they are there to find."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from systems import needs_process_groups

import mqsql
from bench import hub_journal
from bench.contenders import CONTENDERS
from bench.hub_soak import integrity, losses
from bench.measuring import LEFT_OUT, OK, WRONG
from bench.results import FILL, Report

ROOT = Path(__file__).parents[2]


def run(module: str, *arguments: str, directory: Path) -> str:
    """What a module of bench prints, which is to leave nothing running and nothing behind."""
    command = [sys.executable, '-m', f'bench.{module}'.removesuffix('.'), *arguments]
    environment = {**os.environ, 'TMPDIR': str(directory), 'NO_COLOR': '1', 'PYTHONUTF8': '1'}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding='utf-8', timeout=540
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(directory.iterdir()) == []
    assert [p for p in psutil.process_iter(['cmdline']) if str(directory) in ' '.join(p.info['cmdline'] or ())] == []
    return done.stdout


@needs_process_groups
@pytest.mark.hub
def test_nothing_is_lost_when_controllers_are_killed(tmp_path: Path) -> None:
    said = run('hub_soak', '--kills', '2', '--seed', '1', directory=tmp_path)
    assert '2 controllers killed' in said
    assert 'Nothing is lost, and nothing is there besides.' in said


@needs_process_groups
@pytest.mark.hub
def test_databases_side_by_side(tmp_path: Path) -> None:
    runs, directory = tmp_path / 'runs', tmp_path / 'work'
    directory.mkdir()
    only = ('--only', 'mqsql SQLiteDB', '--only', 'mqsql DictDB')
    said = run('hub_load', '--tasks', '50', '--repeat', '1', *only, '--json', str(runs), directory=directory)
    found = json.loads(runs.read_text())['runs']
    assert found.keys() == {'none', 'mqsql SQLiteDB', 'mqsql DictDB'}
    assert all(name in said and run['tasks/s'] > 0 for name, (run,) in found.items())


def test_how_long_programs_take_to_start(tmp_path: Path) -> None:
    pytest.importorskip('resource')
    said = run('start', '--rounds', '1', directory=tmp_path)
    assert 'import mqsql' in said
    assert 'mqsql --help' in said


def test_indexes_on_paths(tmp_path: Path) -> None:
    said = run('path_indexes', '--records', '300', directory=tmp_path)
    assert 'newest 10 with a tag' in said
    assert 'content.tags_1_completed_-1' in said


def test_what_expressions_cost(tmp_path: Path) -> None:
    said = run('expressions', '--records', '300', directory=tmp_path)
    assert 'lasting over a minute' in said


def test_what_patterns_cost(tmp_path: Path) -> None:
    said = run('patterns', '--rows', '100', '--patterns', '10', '--pairs', '3', directory=tmp_path)
    assert 'µs for a row' in said
    assert '3 pairs: {' in said


def test_culling_beside_a_hub_at_work(tmp_path: Path) -> None:
    said = run(
        'retention', '--records', '300', '--large', '3', '--seconds', '2', '--only', 'record_limit', directory=tmp_path
    )
    assert '300 → ' in said


def test_how_things_grow(tmp_path: Path) -> None:
    out, directory = tmp_path / 'out', tmp_path / 'work'
    directory.mkdir()
    where = ('--out', str(out), '--directory', str(directory))
    run('growth', '--records', '700', '2500', '--block', '700', '--seconds', '3', *where, directory=directory)
    found = json.loads((out / 'results.json').read_text())
    assert found.keys() == {'700', '2500'}
    assert all(figures['get'] > 0 and figures['calls'] > 0 for figures in found.values())
    assert '| latest ten |' in (out / 'results.md').read_text()


def test_what_is_acknowledged_is_noted(tmp_path: Path) -> None:
    db = hub_journal.JournalledDB(location=str(tmp_path))
    db.add_record('a', {'stdout': '', 'buffers': [b'12', memoryview(b'3')], 'engine_uuid': None})
    db.update_record('a', {'stdout': 'one\n', 'content': {}})
    with pytest.raises(KeyError):
        db.update_record('b', {'stdout': 'two\n'})
    db.close()
    (path,) = tmp_path.glob('journal.*')
    expected = 2, {'a': {'stdout': 4, 'buffers': 3, 'content': 1}}
    assert hub_journal.read(path) == expected
    with path.open('a') as file:
        file.write('["c", {')
    assert hub_journal.read(path) == expected
    assert hub_journal.read(tmp_path / 'none') == (0, {})


def test_losses_are_found(tmp_path: Path) -> None:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path) as store:
        store.add_record('a', {'stdout': 'one\n', 'buffers': [b'123']})
        store.add_record('b', {})
    whole: dict[str, hub_journal.Sizes] = {'a': {'stdout': 4, 'buffers': 3}, 'b': {}}
    more: dict[str, hub_journal.Sizes] = {'a': {'stdout': 5, 'buffers': 4, 'content': 1}, 'c': {}}
    assert losses(path, whole, {'a', 'b'}) == []
    assert losses(path, whole, {'a', 'b', 'c'}) == []
    assert losses(path, more, {'a'}) == [
        'a has lost stdout, acknowledged with size 5',
        'a has lost buffers, acknowledged with size 4',
        'a has lost content, acknowledged with size 1',
        'c is lost',
        'b was not submitted by anyone',
    ]
    assert integrity(path) == []
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    assert integrity(path) != []


SERVERS = ('mqsql-mongodb', 'secantusdb')
"""Contenders that a server answers, which takes its time."""


def benchmarked(folder: Path, names: list[str], records: int, *options: str) -> tuple[str, Report]:
    """What the benchmark of these contenders prints, and reports."""
    pytest.importorskip('resource')
    pytest.importorskip('matplotlib')
    out, directory = folder / 'out', folder / 'work'
    directory.mkdir()
    # With such patience nothing takes too long even on a machine under load.
    given = [f'--records={records}', '--seconds=1', '--patience=400', f'--out={out}', f'--cache={folder / "cache"}']
    said = run('', *given, *options, *(f'--contenders={name}' for name in names), directory=directory)
    return said, Report.read(out / 'results.json')


def test_the_benchmark(tmp_path: Path) -> None:
    chosen, out = ('limit', 'mqsql', 'ipyparallel', 'neosqlite'), tmp_path / 'out'
    installed = [name for name, entry in CONTENDERS.items() if not entry.missing()]
    names = [name for name in installed if name.startswith(chosen) and name not in SERVERS]
    said, report = benchmarked(tmp_path, names, 300)
    assert report.contenders == names
    assert report.left_out == {}
    ours = [result for result in report.results if result.contender.startswith(('limit', 'mqsql'))]
    assert [result for result in ours if result.status not in (OK, LEFT_OUT)] == []
    assert {result.question for result in ours if result.contender == 'mqsql'} == {*report.questions, FILL}
    dicts = report.find(300, 'ipyparallel-dict', 'status')
    assert dicts is not None
    assert dicts.status == WRONG  # it finds nothing by a path
    assert 'WRONG' in said
    assert '| pending: `{completed: None}` |' in (out / 'results.md').read_text()
    for name in ('questions', 'few', 'cycle', 'memory'):
        assert (out / f'{name}.svg').read_text().startswith('<?xml')
        assert (out / f'{name}.png').read_bytes().startswith(b'\x89PNG')
    same = run('', 'compare', str(out / 'results.json'), str(out / 'results.json'), directory=tmp_path / 'work')
    assert 'better' not in same
    assert 'worse' not in same


def test_the_benchmark_of_servers(tmp_path: Path) -> None:
    names = [name for name in SERVERS if not CONTENDERS[name].missing()]
    if not names:
        pytest.skip('no server is installed')
    asked = ('get', 'pending', 'purge')
    _, report = benchmarked(tmp_path, names, 50, *(f'--questions={question}' for question in asked))
    found = {(result.contender, result.question): result.status for result in report.results}
    assert found.items() >= {((name, question), OK) for name in names for question in asked}
