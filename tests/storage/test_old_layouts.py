"""Files of earlier layouts: their indexes on paths are made again at the first opening to write, all at once or not at all."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from store_files import ask, change, other

import mqsql
from mqsql import cli, reference
from mqsql.errors import StorageError
from mqsql.storage import Store
from mqsql.storage.sqlite import ddl

LAYOUT_1 = Path(__file__).with_name('layout_1.sql')
INDEXES = {
    'content.a_1',
    'content.a_-1_queue_1',
    'queue_1_content.b_1',
    'content.b_1_content.a_1_header.n_-1',
    'header.date_-1',
    'label.run_1',
    'content.x/y~z_1',
}
CALLS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({'content.a': 'x'}, {}),
    ({'content.a': {'$gte': 1}}, {'sort': [('content.a', 1)]}),
    ({'content.a': None}, {'sort': [('content.a', -1), ('queue', 1)]}),
    ({'content.a': {'$ne': 1}, 'queue': 'l'}, {'sort': [('content.b', -1)]}),
    ({'content.b': 1, 'content.a': {'$exists': True}}, {'sort': [('header.n', -1)], 'limit': 3}),
    ({'label.run': {'$gt': 3}}, {}),
    ({'content.x/y~z': {'$lt': 7}}, {'sort': 'content.x/y~z'}),
    ({}, {'sort': [('header.date', -1)]}),
]


@pytest.fixture
def old(path: Path) -> Path:
    """A file that a version with layout 1 has written."""
    with closing(sqlite3.connect(path)) as file:
        file.execute('PRAGMA auto_vacuum = 2')
        file.execute('PRAGMA journal_mode = wal')
        file.executescript(LAYOUT_1.read_text(encoding='utf-8'))
        file.execute(f'PRAGMA application_id = {ddl.APPLICATION_ID}')
        file.execute('PRAGMA user_version = 1')
    return path


def agree(store: Store, expected: set[str]) -> None:
    """Queries are answered as the reference answers them, with these of the indexes on paths."""
    records = list(store.find({}))
    assert len(records) == 19
    assert INDEXES & store.list_indexes().keys() == expected
    used = set()
    for query, options in CALLS:
        answer = [record['msg_id'] for record in store.find(query, [], **options)]
        assert answer == [record['msg_id'] for record in reference.find(records, query, [], **options)], query
        used |= set(store.explain(query, **options).indexes)
    assert INDEXES & used <= expected
    assert bool(INDEXES & used) == bool(expected)


def parts(path: Path) -> dict[str, str]:
    connection = other(path)
    found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE name GLOB 'task_records/*'"))
    connection.close()
    return found


def test_a_reader_needs_no_index(old: Path) -> None:
    before = old.read_bytes()
    with mqsql.open(old, readonly=True) as store:
        agree(store, set())
    assert old.read_bytes() == before


def test_the_first_opening_to_write_renews_the_indexes(old: Path) -> None:
    with mqsql.open(old, readonly=True) as reader:
        with mqsql.open(old) as store:
            agree(store, INDEXES)
            store.add_record('new', {'content': {'a': [5, 'x']}})
            assert [r['msg_id'] for r in store.find({'content.a': 5}, [])] == ['new']
            store.drop_record('new')
        agree(reader, INDEXES)
    assert ask(old, 'PRAGMA user_version') == ddl.layout_version() == 3
    assert ask(old, 'PRAGMA integrity_check') == 'ok'
    made = parts(old)
    assert len(made) == 8 * len(INDEXES)
    assert not any('~others' in name for name in made)
    # The planner knows how large they are.
    assert ask(old, "SELECT count(*) FROM sqlite_stat1 WHERE tbl GLOB 'task_records/*~multikey'")
    change(old, 'VACUUM')
    with mqsql.open(old) as store:
        agree(store, INDEXES)
    assert parts(old) == made


def test_the_index_of_the_history_is_renewed(old: Path) -> None:
    index = "SELECT sql FROM sqlite_schema WHERE name = 'task_records.submitted.msg_id'"
    assert '("submitted", "msg_id")' in ask(old, index)
    with mqsql.open(old, readonly=True) as reader:
        history = reader.get_history()
        with mqsql.open(old) as store:
            assert '("submitted", "rowid", "msg_id")' in ask(old, index)
            assert store.get_history() == reader.get_history() == history
    assert ask(old, 'PRAGMA integrity_check') == 'ok'


def test_a_new_file_has_the_same_indexes(old: Path, tmp_path: Path) -> None:
    new = tmp_path / 'new.db'
    with mqsql.open(old) as store, mqsql.open(new) as fresh:
        for keys in (keys for name, keys in store.list_indexes().items() if name in INDEXES):
            fresh.create_index(keys)
    assert parts(old) == parts(new)


def test_check_names_the_indexes_that_will_be_renewed(old: Path) -> None:
    done = CliRunner().invoke(cli.main, ['check', str(old)])
    assert done.exit_code == 1
    assert done.stdout.count('is an index of an earlier mqsql') == len(INDEXES)
    # And a column's index that sorted otherwise, and the triggers of two columns of buffers, of which there were half as many.
    assert done.stdout.count('is renewed when the file is opened') == len(INDEXES) + 1 + 4
    assert f'problems found: {len(INDEXES) + 1 + 4 + 4}\n' in done.stdout
    mqsql.open(old).close()
    assert CliRunner().invoke(cli.main, ['check', str(old)]).exit_code == 0


KILLED = """
import os, sys
import mqsql
from mqsql.storage.sqlite import connection

path, most = sys.argv[1], int(sys.argv[2])
connect, done = connection.connect, []

def trace(cursor, sql, params):
    if sql.startswith(('CREATE', 'DROP', 'INSERT', 'ANALYZE', 'PRAGMA user_version', 'COMMIT')):
        done.append(sql)
        if len(done) > most:
            os._exit(9)
    return True

def traced(*arguments, **options):
    made = connect(*arguments, **options)
    made.exec_trace = trace
    return made

connection.connect = traced
mqsql.open(path).close()
"""


@pytest.mark.parametrize('most', [1, 60, 110])
def test_a_kill_in_the_middle_loses_nothing(old: Path, most: int) -> None:
    before = parts(old)
    assert subprocess.run([sys.executable, '-c', KILLED, str(old), str(most)], check=False).returncode == 9
    assert parts(old) == before
    assert ask(old, 'PRAGMA user_version') == 1
    with mqsql.open(old, readonly=True) as reader:
        agree(reader, set())
    with mqsql.open(old) as store:
        assert store.list_indexes().keys() >= INDEXES


OPENED = """
import sys
import mqsql

with mqsql.open(sys.argv[1]) as store:
    print(len(list(store.find({'content.a': {'$exists': True}}, sort='content.a'))), len(store.list_indexes()))
"""


def test_processes_open_it_at_the_same_time(old: Path) -> None:
    command = [sys.executable, '-c', OPENED, str(old)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(set(answers)) == 1
    with mqsql.open(old) as store:
        agree(store, INDEXES)


def test_an_index_that_was_damaged_is_renewed_alone(old: Path) -> None:
    """The name of one index begins as that of another does."""
    mqsql.open(old).close()
    made = parts(old)
    change(old, 'DROP TRIGGER "task_records/content.a~inserted"')
    with mqsql.open(old) as store:
        agree(store, INDEXES)
    assert parts(old) == made


def test_an_earlier_version_is_told_to_be_updated(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mqsql.open(old).close()
    monkeypatch.setattr(ddl, 'MIGRATIONS', ())
    for readonly in (False, True):
        with pytest.raises(StorageError, match=r'a newer mqsql wrote this file \(layout 3\); update mqsql to use it'):
            mqsql.open(old, readonly=readonly)
