"""The command line as a user meets it, on files that ipyparallel's own SQLiteDB wrote."""

import errno
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner, Result
from hub_shipped import records, write_sessions
from store_files import blob_count, change
from systems import needs_sigkill, needs_terminals

import mqsql
from mqsql.cli import main
from mqsql.errors import StorageError
from mqsql.hub.importing import import_history
from mqsql.hub.legacy import LegacyHistory
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.schema import Record
from mqsql.settings import LEGACY_TABLE, Settings


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope='module')
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sessions(tmp_path_factory.mktemp('written'), 2)


@pytest.fixture
def old(written: Path, tmp_path: Path) -> Path:
    directory = tmp_path / 'old'
    directory.mkdir()
    return Path(shutil.copy(written, directory))


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / 'new.db'


def history_of(path: Path) -> list[str]:
    with mqsql.open(path, readonly=True) as store:
        return store.get_history()


# --- import


def test_a_history_is_copied_whole_and_stays_where_it_was(tmp_path: Path, old: Path, new: Path) -> None:
    before = old.read_bytes()
    done = run('import', old, new)
    assert done.exit_code == 0
    assert done.stdout == f'{new}: tasks imported: 5; there already: 0; values damaged: 0; tables read: 2\n'
    assert done.stderr == ''
    assert sorted(tmp_path.rglob('*')) == sorted([old.parent, old, new])
    assert old.read_bytes() == before
    with mqsql.open(new) as store:
        assert sorted(store.get_history()) == ['done0', 'done1', 'pending0', 'pending1', 'shared']
        for session in range(2):
            found = store.get_record(f'done{session}')
            expected = records(session)[f'done{session}']
            assert {key: found[key] for key in expected} == expected


def test_the_figures_are_json_if_wanted(old: Path, new: Path) -> None:
    assert json.loads(run('import', old, new, '--json').stdout) == {
        'name': str(new),
        'tables': ['ipython-tasks', 'ipython-tasks_1'],
        'added': 5,
        'present': 0,
        'lost': 0,
        'refused': 0,
        'damaged': 0,
    }


def test_what_is_there_already_stays_as_it_is(old: Path, new: Path) -> None:
    with mqsql.open(new) as store:
        store.add_record('done0', {'label': 'kept'})
        store.add_record('other', {})
    assert 'tasks imported: 4; there already: 1;' in run('import', old, new).stdout
    assert 'tasks imported: 0; there already: 5;' in run('import', old, new).stdout
    with mqsql.open(new) as store:
        assert store.count() == 6
        assert store.get_record('done0')['label'] == 'kept'
        assert store.get_record('done0')['buffers'] is None


def test_a_history_of_another_name_goes_where_the_hub_looks_for_it(tmp_path: Path) -> None:
    directory = tmp_path / 'old'
    directory.mkdir()
    old = write_sessions(directory, 1, 'mine')
    assert run('import', old, tmp_path / 'new.db', '--table', 'mine').exit_code == 0
    db = SQLiteDB(location=str(tmp_path), filename='new.db', table='mine')
    assert sorted(db.get_history()) == ['done0', 'pending0', 'shared']
    db.close()


def test_a_hub_that_did_not_adopt_its_file_can_be_given_the_history_later(old: Path) -> None:
    db = SQLiteDB(location=str(old.parent), adopt=False)
    db.add_record('m', {})
    db.close()
    assert 'tasks imported: 5;' in run('import', old, old).stdout
    assert len(history_of(old)) == 6


def test_a_hub_uses_the_file_meanwhile(old: Path, tmp_path: Path) -> None:
    db = SQLiteDB(location=str(tmp_path), filename='new.db')
    db.add_record('m', {})
    assert run('import', old, tmp_path / 'new.db').exit_code == 0
    assert len(db.get_history()) == 6
    db.close()


def test_the_journal_is_the_one_asked_for(old: Path, new: Path) -> None:
    assert run('import', old, new, '--journal-mode', 'delete').exit_code == 0
    connection = apsw.Connection(str(new))
    assert connection.pragma('journal_mode') == 'delete'
    connection.close()


def test_what_cannot_be_read_is_named_and_counted(old: Path, new: Path) -> None:
    connection = apsw.Connection(str(old))
    given = (pickle.dumps(['text']), 'yesterday', 'done0')
    connection.execute(f'UPDATE "{LEGACY_TABLE}" SET buffers = ?, submitted = ? WHERE msg_id = ?', given)
    connection.close()
    done = run('import', old, new)
    assert done.exit_code == 0
    assert 'tasks imported: 5; there already: 0; values damaged: 2;' in done.stdout
    named = re.findall(r'^The (\w+) of task done0 cannot be read and is left out', done.stderr, re.MULTILINE)
    assert sorted(named) == ['buffers', 'submitted']


# --- all or nothing


def stopping(records: Iterable[Record], total: int) -> Iterator[Record]:
    """Passes on all but the last, and is interrupted then, as by the user."""
    for number, record in enumerate(records, 1):
        if number == total:
            raise KeyboardInterrupt
        yield record


@pytest.mark.parametrize('exists', [False, True])
def test_an_interrupted_import_leaves_the_file_as_it_was(old: Path, new: Path, exists: bool) -> None:
    if exists:
        with mqsql.open(new) as store:
            store.add_record('m', {'buffers': [b'1']})
    with pytest.raises(KeyboardInterrupt):
        import_history(old, new, LegacyHistory(LEGACY_TABLE, print), Settings(), stopping)
    if exists:
        assert history_of(new) == ['m']
        assert blob_count(new) == 1
    else:
        assert [path.name for path in new.parent.iterdir()] == ['old']


@needs_sigkill
def test_a_killed_import_leaves_nothing_once_it_has_been_repeated(old: Path, new: Path) -> None:
    program = (
        'import os, sys\n'
        'from mqsql import cli\n'
        'from mqsql.hub import importing as transfer\n'
        'insert = transfer.HidingStore.add_missing\n'
        'transfer.HidingStore.add_missing = lambda store, records: (insert(store, records), os.kill(os.getpid(), 9))\n'
        'cli.main(sys.argv[1:])\n'
    )
    command = [sys.executable, '-c', program, 'import', str(old), str(new)]
    for _ in range(2):
        assert subprocess.run(command).returncode == -signal.SIGKILL
        assert [path.name.rpartition('-')[0] for path in new.parent.glob('.*')] == ['.new.db.import']
    assert 'tasks imported: 5;' in run('import', old, new).stdout
    assert {path.name for path in new.parent.iterdir()} == {'old', 'new.db'}


def test_two_imports_do_not_create_one_file_at_once(old: Path, new: Path) -> None:
    def meanwhile(records: Iterable[Record], total: int) -> Iterator[Record]:
        second = run('import', old, new)
        assert second.exit_code == 1
        assert 'another import is creating it' in second.stderr
        yield from records

    import_history(old, new, LegacyHistory(LEGACY_TABLE, print), Settings(), meanwhile)
    assert len(history_of(new)) == 5


def test_a_file_that_came_meanwhile_is_not_replaced(old: Path, new: Path) -> None:
    def slow(records: Iterable[Record], total: int) -> Iterator[Record]:
        yield from records
        mqsql.open(new).close()

    with pytest.raises(StorageError, match='created by another process meanwhile'):
        import_history(old, new, LegacyHistory(LEGACY_TABLE, print), Settings(), slow)
    assert history_of(new) == []


# --- errors


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['missing', 'new.db'], 'missing: there is no such file'),
        (['letter', 'new.db'], 'letter: this is not an SQLite database'),
        (['old/tasks.db', 'letter'], 'letter: this is not an SQLite database'),
        (['old/tasks.db', 'old/tasks.db'], 'tasks.db: this is a database of another application'),
        (['old/tasks.db', 'nowhere/new.db'], 'nowhere/new.db: it cannot be created (No such file or directory)'),
        (
            ['old/tasks.db', 'new.db', '--table', 'mine'],
            "'mine' that ipyparallel wrote; its tables are 'ipython-tasks'",
        ),
        (['ours.db', 'new.db'], 'ours.db: it has no records'),
        (['ours.db', 'new.db', '--table', 'x'], "ours.db: it has no history called 'x'; write --table with one of "),
        (['letter/old', 'new.db'], 'letter/old: there is no such file'),
        (['x' * 300, 'new.db'], os.strerror(errno.ENAMETOOLONG)),
    ],
)
def test_an_error_is_one_line_and_changes_nothing(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('letter').write_bytes(b'Dear hub,')
    mqsql.open('ours.db').close()
    before = old.read_bytes()
    done = run('import', *words)
    assert done.exit_code == 1
    assert done.stderr.startswith('Error: ')
    assert reason in done.stderr
    assert done.stderr.count('\n') == 1
    assert done.stdout == ''
    assert old.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} - {'ours.db-wal', 'ours.db-shm'} == {'letter', 'ours.db', 'old'}


@needs_sigkill
def test_a_file_left_in_the_middle_of_a_change_says_how_to_undo_it(old: Path, new: Path) -> None:
    program = (
        'import os, sqlite3, sys\n'
        'connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n'
        'connection.execute("PRAGMA cache_size = 1")\n'
        'connection.execute("BEGIN")\n'
        'connection.executemany("INSERT INTO \'ipython-tasks\' (msg_id) VALUES (?)", [(f"x{i}" * 99,) for i in range(999)])\n'
        'os.kill(os.getpid(), 9)\n'
    )
    assert subprocess.run([sys.executable, '-c', program, str(old)]).returncode == -signal.SIGKILL
    before = old.read_bytes()
    done = run('import', old, new)
    assert done.exit_code == 1
    assert f'undo that: sqlite3 {old} .schema' in done.stderr
    assert old.read_bytes() == before
    change(old, 'SELECT * FROM sqlite_schema')
    assert 'tasks imported: 5;' in run('import', old, new).stdout


@pytest.mark.parametrize(
    'words', [['import'], ['import', 'a'], ['import', 'a', 'b', 'c'], ['imprt'], ['import', '--mode']]
)
def test_a_wrong_command_is_a_usage_error(words: list[str]) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert 'Usage: ' in done.stderr


# --- the program


def on_a_terminal(words: list[str], environment: dict[str, str]) -> str:
    """What the program writes to standard error if that is a terminal."""
    ours, theirs = os.openpty()
    env = (
        {k: v for k, v in os.environ.items() if k != 'NO_COLOR'}
        | {'TERM': 'xterm-256color', 'COLUMNS': '100'}
        | environment
    )
    command = [sys.executable, '-m', 'mqsql', *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(theirs)
        with open(ours, 'rb') as terminal:
            short_repr = b''.join(iter(lambda: _read(terminal.fileno()), b''))
        process.communicate()
    assert process.returncode == 0
    return short_repr.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError as e:
        if e.errno != errno.EIO:  # which is how Linux says that the other side is closed
            raise
        return b''


@needs_terminals
@pytest.mark.parametrize('environment', [{}, {'NO_COLOR': '1'}])
def test_a_terminal_shows_how_far_it_is_in_colour_if_wanted(old: Path, new: Path, environment: dict[str, str]) -> None:
    short_repr = on_a_terminal(['import', str(old), str(new)], environment)
    assert 'Importing' in short_repr
    assert '5/5' in short_repr
    assert bool(re.search(r'\x1b\[[0-9;]*3[0-9]', short_repr)) is not bool(environment)


@pytest.mark.parametrize('words', [[], ['import'], ['hub-config']])
def test_every_command_explains_itself(words: list[str]) -> None:
    done = run(*words, '--help')
    assert done.exit_code == 0
    assert done.stdout.startswith('Usage: mqsql ' + ''.join(f'{word} ' for word in words))


def test_the_version_is_that_of_the_package() -> None:
    assert run('--version').stdout == f'mqsql, version {mqsql.__version__}\n'


def test_without_ipyparallel_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['ipyparallel'] = None; from mqsql.cli import main; main(['hub-config'])"
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: ipyparallel is not installed; try: pip install 'mqsql[hub]'\n"
