"""Wrong options of the hub's database, and histories whose names are nearly the same."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest
from traitlets import TraitError
from traitlets.config import Config

import mqsql
from mqsql.errors import StorageError
from mqsql.hub.importing import import_history
from mqsql.hub.legacy import LegacyHistory
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.schema import TASKS
from mqsql.settings import LEGACY_TABLE, Settings

STRING = 'y' * 20_000

KILLED = """
import os, sys
from mqsql.hub.sqlite_db import SQLiteDB
db = SQLiteDB(location=sys.argv[1], table=sys.argv[2])
db.add_record('t', {'label': 'x', 'buffers': [sys.argv[2].encode()]})
text = 'y' * 20_000
db.update_record('t', {'stdout': text})
db.update_record('t', {'stdout': text + 'acknowledged'})
os.kill(os.getpid(), 9)
"""


def killed(location: Path, table: str) -> None:
    """A hub that is killed with a tail of output that no text has taken up."""
    subprocess.run([sys.executable, '-c', KILLED, str(location), table], check=False)


def output(location: Path, table: str, msg_id: str = 't') -> str:
    """What the history has of the task's output."""
    db = SQLiteDB(location=str(location), table=table)
    try:
        return str(db.get_record(msg_id)['stdout']).removeprefix(STRING)
    finally:
        db.close()


# --- histories


@pytest.mark.parametrize(('one', 'other'), [('run', 'runs'), ('runs', 'run'), (LEGACY_TABLE, 'tasks'), ('r', 'rss')])
def test_no_history_takes_the_output_of_another(tmp_path: Path, one: str, other: str) -> None:
    killed(tmp_path, one)
    killed(tmp_path, other)
    SQLiteDB(location=str(tmp_path), table='others').close()
    assert output(tmp_path, other) == 'acknowledged'
    assert output(tmp_path, one) == 'acknowledged'
    for name in (one, other):
        db = SQLiteDB(location=str(tmp_path), table=name)
        assert list(db.get_record('t')['buffers']) == [name.encode()]
        db.drop_record('t')
        db.close()


def test_the_tables_of_files_that_exist_keep_their_names() -> None:
    assert TASKS.buffers_table == 'task_buffers'
    assert TASKS.rename('runs_records').buffers_table == 'run_buffers'


@pytest.mark.parametrize('other', ['Run', 'RUN', 'rUn'])
def test_a_name_that_differs_in_case_alone_is_refused(tmp_path: Path, other: str) -> None:
    SQLiteDB(location=str(tmp_path), table='run').close()
    with pytest.raises(
        StorageError, match=f"it has the name 'run_records', and SQLite does not tell '{other}_records'"
    ):
        SQLiteDB(location=str(tmp_path), table=other)
    assert SQLiteDB(location=str(tmp_path), table='run').get_history() == []


def test_histories_that_share_a_table_of_buffers_in_another_case(tmp_path: Path) -> None:
    for name in ('Run', 'runs', 'ÄB', 'äb'):
        db = SQLiteDB(location=str(tmp_path), table=name)
        db.add_record('m', {'buffers': [name.encode()], 'label': name})
        db.close()
    for name in ('Run', 'runs', 'ÄB', 'äb'):
        db = SQLiteDB(location=str(tmp_path), table=name)
        assert list(db.get_record('m')['buffers']) == [name.encode()]
        db.close()


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('task', f'write {LEGACY_TABLE!r}'),
        ('TASK', f'write {LEGACY_TABLE!r}'),
        ('sqlite', "cannot be called 'sqlite'"),
        ('SQLite_x', 'write another'),
        ('pragma_x', 'write another'),
        ('a\0b', 'text that a file can be named by'),
        ('\ud800', 'text that a file can be named by'),
    ],
)
def test_a_history_that_cannot_be_is_refused_with_what_to_write(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(TraitError, match=message):
        SQLiteDB(location=str(tmp_path), table=name)
    assert list(tmp_path.iterdir()) == []


def test_an_import_into_such_a_history_is_refused(tmp_path: Path) -> None:
    old = tmp_path / 'old.db'
    with apsw.Connection(str(old)) as connection:
        columns = ', '.join(f'"{column}"' for column in TASKS.columns)
        connection.execute(f'CREATE TABLE sqliteish ({columns})')
        connection.execute(f'CREATE TABLE task ({columns})')
    connection.close()
    with pytest.raises(StorageError, match='write'):
        import_history(
            old, tmp_path / 'new.db', LegacyHistory('task', print), Settings(), lambda records, total: records
        )


@pytest.mark.parametrize('name', ['run', "a'b", 'é', 'a b', 'x_records', 'things', 's', '_', '"', 'select', 'new'])
def test_any_other_name_is_a_history(tmp_path: Path, name: str) -> None:
    db = SQLiteDB(location=str(tmp_path), table=name)
    db.add_record('m', {'label': 7, 'buffers': [b'a'], 'stdout': STRING})
    db.update_record('m', {'stdout': STRING + 'more'})
    assert db.find_records({'label': 7}, ['stdout']) == [{'msg_id': 'm', 'stdout': STRING + 'more'}]
    db.close()


# --- other options


@pytest.mark.parametrize('option', ['max_age', 'drop_buffers_after', 'query_timeout', 'busy_timeout'])
@pytest.mark.parametrize('value', [float('nan'), float('inf'), 1e300, -1, 10**400, True, 'ten', None])
def test_a_number_of_seconds_is_one(tmp_path: Path, option: str, value: Any) -> None:
    with pytest.raises(TraitError, match=f'{option} is a number of seconds from 0 to'):
        SQLiteDB(location=str(tmp_path), **{option: value})
    with pytest.raises(TraitError, match=option):
        SQLiteDB(config=Config(SQLiteDB={'location': str(tmp_path), option: value}))


def test_the_largest_numbers_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seconds = {'max_age': 1e10, 'drop_buffers_after': 1e10, 'query_timeout': 1e6, 'busy_timeout': 1e6}
    db = SQLiteDB(location=str(tmp_path), record_limit=2**62, size_limit=2**62, memory_limit=2**62, **seconds)
    db.add_record('m', {'label': 'a'})
    db._retention.step()
    assert db.get_history() == ['m']
    db.close()
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]


@pytest.mark.parametrize('filename', ['', '.', '..', 'sub/..', 'a\0b', '\ud800'])
def test_what_is_no_name_of_a_file_is_refused(tmp_path: Path, filename: str) -> None:
    with pytest.raises(TraitError, match='filename'):
        SQLiteDB(location=str(tmp_path), filename=filename)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / 'tasks.db').mkdir()
    with pytest.raises(StorageError, match='this is a directory'):
        SQLiteDB(location=str(tmp_path))


def test_the_directory_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r'no such directory; create it, or set c\.SQLiteDB\.location'):
        SQLiteDB(location=str(tmp_path / 'nowhere'))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TraitError, match='location'):
        SQLiteDB(location='a\0b')


def test_the_home_directory_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    os.mkdir(tmp_path / 'records')
    SQLiteDB(location='~/records').close()
    SQLiteDB(location='~', filename='~/mine.db').close()
    assert (tmp_path / 'records' / 'tasks.db').exists()
    assert (tmp_path / 'mine.db').exists()


def test_a_column_of_blobs_must_be_ours(tmp_path: Path) -> None:
    path = tmp_path / 'tasks.db'
    mqsql.open(path, table=mqsql.Table('run_buffers', {'k': mqsql.schema.STRING}, 'k')).close()
    with pytest.raises(StorageError, match="'run_buffers'"):
        SQLiteDB(location=str(tmp_path), table='run')
