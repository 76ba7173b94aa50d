"""`mqsql index create|drop|list`, as a user meets them."""

import json
from pathlib import Path

import pytest
from commands import interrupted, killed, run
from store_files import ask, fill
from systems import needs_sigkill

import mqsql

OWN = 6
"""The indexes that every history has."""


@pytest.fixture
def file(path: Path) -> Path:
    with mqsql.open(path) as store:
        fill(store, 20)
    return path


def names(path: Path) -> set[str]:
    return {index['name'] for index in json.loads(run('index', 'list', path, '--json').stdout)}


@pytest.mark.parametrize(
    ('keys', 'name', 'shown'),
    [
        ('queue', 'queue_1', 'queue'),
        ('-completed', 'completed_-1', '-completed'),
        ('header.session', 'header.session_1', 'header.session'),
        ('-header.session, completed', 'header.session_-1_completed_1', '-header.session, completed'),
    ],
)
def test_an_index_is_created_listed_and_dropped(file: Path, keys: str, name: str, shown: str) -> None:
    assert run('index', 'create', file, keys).stdout == f'{name}: created\n'
    assert run('index', 'create', file, keys).stdout == f'{name}: it is there already\n'
    listed = dict(line.split(maxsplit=1) for line in run('index', 'list', file).stdout.splitlines())
    assert listed[name] == shown
    assert len(listed) == OWN + 1
    assert run('index', 'drop', file, keys).stdout == f'{name}: dropped\n'
    assert len(names(file)) == OWN


def test_an_index_is_dropped_by_its_name(file: Path) -> None:
    created = json.loads(run('index', 'create', file, 'queue,-completed', '--json').stdout)
    assert created == {'name': 'queue_1_completed_-1', 'created': True}
    dropped = json.loads(run('index', 'drop', file, 'queue_1_completed_-1', '--json').stdout)
    assert dropped == {'name': 'queue_1_completed_-1', 'dropped': True}
    assert len(names(file)) == OWN


def test_the_options_stay_options(file: Path) -> None:
    for command in ('create', 'drop', 'list'):
        assert run('index', command, '-h').stdout.startswith(f'Usage: mqsql index {command} ')
    assert "No such option '--jsom'" in run('index', 'create', file, 'label', '--jsom').stderr


def test_without_a_file_it_is_that_of_the_profile(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / 'profile_default'
    profile.mkdir()
    file.rename(profile / file.name)
    monkeypatch.setenv('IPYTHONDIR', str(tmp_path))
    assert run('index', 'create', '-completed').stdout == 'completed_-1: created\n'


@pytest.mark.parametrize(
    ('words', 'status', 'reason'),
    [
        (['create'], 2, "Missing argument 'KEYS'"),
        (['create', 'tasks.db', 'lable'], 2, "unknown key 'lable', did you mean 'label'?"),
        (['create', 'tasks.db', 'label,,queue'], 2, 'KEYS are keys separated by commas'),
        (['create', 'missing.db', 'label'], 1, 'there is no such file'),
        (['drop', 'tasks.db', 'queue'], 2, "unknown index 'queue'"),
        (['drop', 'tasks.db', 'label'], 2, "every history has 'label_1'"),
        (['list', 'missing.db'], 1, 'there is no such file'),
        (['create', 'duckdb:tasks.duckdb', 'label'], 1, 'a store in DuckDB has no indexes'),
    ],
)
def test_a_mistake_is_named_and_nothing_is_done(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, reason: str
) -> None:
    monkeypatch.chdir(file.parent)
    mqsql.open('duckdb:tasks.duckdb').close()
    done = run('index', *words)
    assert (done.exit_code, done.stdout) == (status, '')
    assert reason in done.stderr
    assert len(names(file)) == OWN
    assert not Path('missing.db').exists()


SLOW = (
    'from pathlib import Path\n'
    'import time\n'
    'from mqsql.storage.sqlite import ddl\n'
    'make = ddl.make_index\n'
    'def slow(table, index):\n'
    '    for sql in make(table, index):\n'
    '        yield sql\n'
    '        Path(sys.argv[3] + ".begun").touch()\n'
    '    while True:\n'
    '        time.sleep(0.01)\n'
    'ddl.make_index = slow\n'
)
"""The index is made, and not yet committed."""


@needs_sigkill
@pytest.mark.parametrize('keys', ['queue', 'header.n'])
def test_who_is_interrupted_or_killed_leaves_the_file_as_it_was(file: Path, keys: str) -> None:
    begun = Path(f'{file}.begun')
    status, errors = interrupted(begun.exists, 'index', 'create', file, keys, program=SLOW)
    assert (status, errors.strip()) == (1, 'Aborted!')
    begun.unlink()
    killed(begun.exists, 'index', 'create', file, keys, program=SLOW)
    assert len(names(file)) == OWN
    assert ask(file, 'PRAGMA integrity_check') == 'ok'
    assert run('check', file).exit_code == 0
    assert run('index', 'create', file, keys).exit_code == 0


@needs_sigkill
def test_ctrl_c_ends_a_long_statement(file: Path) -> None:
    program = (
        'from pathlib import Path\n'
        'from mqsql.storage.sqlite import ddl\n'
        'def make_index(table, index):\n'
        '    Path(sys.argv[3] + ".begun").touch()\n'
        '    yield "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"\n'
        'ddl.make_index = make_index\n'
    )
    status, errors = interrupted(Path(f'{file}.begun').exists, 'index', 'create', file, 'queue', program=program)
    assert (status, errors.strip()) == (1, 'Aborted!')
    assert len(names(file)) == OWN
