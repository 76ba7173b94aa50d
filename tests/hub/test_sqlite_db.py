"""The hub's database in an SQLite file: its options, and a file that other programs use, damage or lock."""

import logging
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from ipyparallel.controller.hub import empty_record
from store_files import change
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader
from waiting import wait_until

import mqsql
from mqsql.errors import StorageError
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.schema import TASKS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Any:
    opened = SQLiteDB(location=str(tmp_path))
    yield opened
    opened.close()


def reopened(db: SQLiteDB, **options: Any) -> SQLiteDB:
    db.close()
    return SQLiteDB(location=db.location, **options)


# --- options


def test_options_are_read_from_a_controllers_configuration(tmp_path: Path) -> None:
    options = Config({'SQLiteDB': {'location': str(tmp_path), 'filename': 'history.db', 'journal_mode': 'DELETE'}})
    db = SQLiteDB(session='s', config=options, log=logging.getLogger('hub'))
    db.add_record('m', {})
    db.close()
    with mqsql.open(tmp_path / 'history.db', readonly=True) as store:
        assert store.get_history() == ['m']


def test_every_option_has_help() -> None:
    own = SQLiteDB.class_own_traits(config=True)
    assert {
        'filename',
        'location',
        'table',
        'journal_mode',
        'synchronous',
        'busy_timeout',
        'query_timeout',
        'record_limit',
        'adopt',
    } <= own.keys()
    assert all(trait.help for trait in own.values())


def test_the_file_is_in_the_current_directory_without_a_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    SQLiteDB().close()
    assert Path('tasks.db').exists()


def test_each_named_table_is_a_history_of_its_own(tmp_path: Path) -> None:
    sessions = [{'table': '', 'session': name} for name in ('one', 'two')]
    for i, option in enumerate([{}, {'table': "a'b"}, *sessions]):
        db = SQLiteDB(location=str(tmp_path), **option)
        db.add_record(f'm{i}', {'buffers': [b'x']})
        assert db.get_history() == [f'm{i}']
        db.close()
    with mqsql.open(tmp_path / 'tasks.db', table=TASKS.rename("a'b_records")) as store:
        assert store.get_record('m1')['buffers'] == [b'x']


# --- the file


def test_a_process_that_ends_leaves_all_in_the_table(tmp_path: Path) -> None:
    program = (
        'from mqsql.hub import SQLiteDB\n'
        f'db = SQLiteDB(location={str(tmp_path)!r}, commit_interval=1000)\n'
        'db.add_record("m", {})\n'
    )
    subprocess.run([sys.executable, '-c', program], check=True)
    with mqsql.open(tmp_path / 'tasks.db', readonly=True) as store:
        assert store.get_history() == ['m']


def test_a_million_ids_are_purged(tmp_path: Path) -> None:
    db = SQLiteDB(location=str(tmp_path), query_timeout=0)
    for i in range(10):
        db.add_record(f'm{i}', {'completed': NOON, 'submitted': NOON})
    db.drop_matching_records({'msg_id': {'$in': [f'm{i}' for i in range(3, 1_000_000)]}})
    assert db.get_history() == ['m0', 'm1', 'm2']
    db.close()


def test_while_the_file_is_locked_the_hub_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    db = SQLiteDB(location=str(tmp_path), busy_timeout=0)
    db.add_record('m', {'submitted': NOON})
    lock = apsw.Connection(str(tmp_path / 'tasks.db'))
    lock.execute('BEGIN IMMEDIATE')
    db.update_record('m', {'stdout': 'one\n'})
    db.add_record('n', empty_record() | {'msg_id': 'n', 'submitted': NOON})
    db.update_record('m', {'stdout': db.get_record('m')['stdout'] + 'two\n'})
    assert db.get_record('m')['stdout'] == 'one\ntwo\n'
    assert [r['msg_id'] for r in db.find_records({'stdout': 'one\ntwo\n'}, [])] == ['m']
    assert caplog.text.count('are kept in memory') == 1
    lock.execute('ROLLBACK')
    db = reopened(db)
    assert db.get_record('m')['stdout'] == 'one\ntwo\n'
    assert db.get_history() == ['m', 'n']
    db.close()


def test_several_hubs_and_other_users_of_sqlite_do_not_meet(tmp_path: Path) -> None:
    first, second = SQLiteDB(location=str(tmp_path)), SQLiteDB(location=str(tmp_path))
    first.add_record('a', {'header': {}, 'buffers': [b'a']})
    second.add_record('b', {'header': {}, 'buffers': [b'b']})
    wait_until(lambda: first.get_history() == second.get_history() == ['a', 'b'])
    assert second.get_record('a')['buffers'] == [b'a']
    with closing(sqlite3.connect(':memory:')) as connection, pytest.raises(sqlite3.ProgrammingError):
        connection.execute('SELECT ?', ({},))
    first.close()
    second.close()


def test_a_damaged_value_is_left_out_and_the_log_names_it(
    db: SQLiteDB, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db.add_record('m', {'header': {'a': 1}, 'label': 'kept'})
    assert db.get_history() == ['m']  # it is in the table now
    change(tmp_path / 'tasks.db', "UPDATE task_records SET header = '{', submitted = 'noon'")
    for record in (db.get_record('m'), *db.find_records({'label': 'kept'})):
        assert (record['header'], record['submitted'], record['label']) == (None, None, 'kept')
    assert caplog.text.count("task_records: the header of the record 'm' is no JSON") == 1
    assert caplog.text.count("task_records: the submitted of the record 'm' is no count") == 1


def test_a_configuration_to_start_from(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, '-m', 'mqsql', 'hub-config'], capture_output=True, text=True, check=True)
    config = get_config_of(done.stdout, tmp_path)
    assert config.IPController.db_class == 'mqsql.hub.SQLiteDB'
    options = re.findall(r'^# c\.SQLiteDB\.(\w+) = ', done.stdout, re.MULTILINE)
    assert set(options) >= SQLiteDB.class_own_traits(config=True).keys()
    everything = re.sub(r'^# (c\.SQLiteDB\.)', r'\1', done.stdout, flags=re.MULTILINE)
    assert get_config_of(everything, tmp_path).SQLiteDB.record_limit == 0


def get_config_of(text: str, directory: Path) -> Config:
    (directory / 'config.py').write_text(text, encoding='utf-8')
    return PyFileConfigLoader('config.py', str(directory)).load_config()


def test_a_file_that_is_not_ours_stops_the_controller_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / 'tasks.db').write_text('a letter')
    with pytest.raises(StorageError, match='not an SQLite database'):
        SQLiteDB(location=str(tmp_path))


def test_a_transaction_of_another_program_delays_no_call(
    db: SQLiteDB, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db.add_record('m', {'submitted': NOON})
    with sqlite3_shell(tmp_path, 'BEGIN', 'SELECT count(*) FROM task_records'):
        db.add_record('n', {'submitted': NOON, 'buffers': [b'x']})
        db.update_record('m', {'completed': NOON})
        with mqsql.open(tmp_path / 'tasks.db', readonly=True) as notebook:
            wait_until(lambda: notebook.count({'completed': None}) == 1 and notebook.count() == 2)
            assert notebook.get_record('n')['buffers'] == [b'x']
    assert caplog.text == ''


@contextmanager
def sqlite3_shell(directory: Path, *statements: str) -> Iterator[None]:
    """Another process that has done these statements, and waits."""
    program = (
        'import sqlite3, sys\n'
        'connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n'
        'for statement in sys.argv[2:]: connection.execute(statement).fetchall()\n'
        'print("ready", flush=True)\n'
        'sys.stdin.read()\n'
    )
    command = [sys.executable, '-c', program, str(directory / 'tasks.db'), *statements]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b'ready\n'
        yield


def test_a_line_of_output_of_a_task_with_large_arguments_writes_little(db: SQLiteDB, tmp_path: Path) -> None:
    db.add_record('m', {'buffers': [bytes(20_000_000)], 'stdout': ''})
    db = reopened(db)
    log = tmp_path / 'tasks.db-wal'
    for i in range(10):
        found = db.get_record('m')
        assert len(found['buffers']) == 1
        db.update_record('m', {'stdout': found['stdout'] + f'line {i}\n'})
    assert log.stat().st_size < 1_000_000
    assert db.get_record('m')['buffers'] == [bytes(20_000_000)]
    db.close()
