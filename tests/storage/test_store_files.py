"""The files of stores: made, opened, migrated, refused, shared read-only."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from store_files import FULL, NOON, ask, change, fill

import mqsql
from mqsql.errors import MqsqlError, StorageError
from mqsql.schema import BUFFERS, DOCUMENT, STRING, TASKS, TIMESTAMP, Index, Table
from mqsql.settings import JOURNAL_MODES, Settings
from mqsql.storage import Store
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.store import SqliteStore


def test_a_file_keeps_its_records(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
    for url in (path, str(path), f'sqlite:///{path}'):
        with mqsql.open(url) as store:
            assert store.get_record('m')['buffers'] == FULL['buffers']


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with mqsql.open('tasks.db', query_timeout=30) as store:
        store.add_record('m', {'label': 'here'})
        (tmp_path / 'elsewhere').mkdir()
        monkeypatch.chdir(tmp_path / 'elsewhere')
        assert [r['label'] for r in store.find()] == ['here']
        assert len(store.find_records({'label': {'$regex': 'here'}})) == 1


def test_a_file_is_plain_sqlite(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
    query = mqsql.compile({'header.msg_type': 'apply_request'}, keys=['buffers', 'header', 'submitted'])
    with closing(sqlite3.connect(path)) as db:
        (row,) = db.execute(query.sql, query.params)
        assert db.execute('PRAGMA user_version').fetchone() == (ddl.layout_version(),)
        assert db.execute('PRAGMA integrity_check').fetchone() == ('ok',)
    expected = {'msg_id': 'm'} | {key: FULL[key] for key in ('buffers', 'header', 'submitted')}
    assert query.record(row) == expected


@pytest.mark.parametrize('mode', JOURNAL_MODES)
def test_journal_modes(path: Path, mode: str) -> None:
    with mqsql.open(path, journal_mode=mode, synchronous='full') as store:
        ids = fill(store, 3)
        found = store.find()
        store.drop_record('m0000')
        assert [r['msg_id'] for r in found] == ids
    # Only the write-ahead log is a property of the file.
    assert ask(path, 'PRAGMA journal_mode') == ('wal' if mode == 'wal' else 'delete')


@pytest.mark.parametrize(('synchronous', 'flushed'), [('off', 0), ('normal', 0), ('full', 1), ('extra', 1)])
def test_a_commit_that_is_to_outlast_a_loss_of_power_is_flushed_out_of_the_drive(
    path: Path, synchronous: str, flushed: int
) -> None:
    with SqliteStore(str(path), settings=Settings(synchronous=synchronous)) as store, store.using() as used:
        assert (used.pragma('fullfsync'), used.pragma('checkpoint_fullfsync')) == (flushed, 1)


@pytest.mark.parametrize(
    'options',
    [
        {'journal_mode': 'memory'},
        {'query_timeout': float('nan')},
        {'synchronous': 2},
        {'busy_timeout': -1},
        {'busy_timeout': '5'},
        {'busy_timeout': True},
    ],
)
def test_options_are_checked(path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(StorageError, match=next(iter(options))):
        mqsql.open(path, **options)
    assert not path.exists()


@pytest.mark.parametrize('url', ['', 'postgres://host/db', 'a\0b', 5, None, b'tasks.db'])
def test_what_names_no_store(url: Any) -> None:
    with pytest.raises(StorageError):
        mqsql.open(url)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for bad in (tmp_path, tmp_path / 'no' / 'such' / 'directory.db'):
        with pytest.raises(StorageError, match='cannot be opened'):
            mqsql.open(bad)


def test_a_file_that_is_not_a_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b'This is a letter to my bank. ' * 100)
    for readonly in (False, True):
        with pytest.raises(StorageError, match='not an SQLite database'):
            mqsql.open(path, readonly=readonly)
    assert path.read_bytes() == b'This is a letter to my bank. ' * 100


@pytest.mark.parametrize('setting', ['CREATE TABLE task_records (a)', 'PRAGMA application_id = 7'])
def test_a_database_of_another_application_is_left_alone(path: Path, setting: str) -> None:
    change(path, setting)
    before = path.read_bytes()
    for readonly in (False, True):
        with pytest.raises(StorageError, match='another application'):
            mqsql.open(path, readonly=readonly)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    mqsql.open(path).close()
    change(path, 'PRAGMA user_version = 99')
    before = path.read_bytes()
    with pytest.raises(StorageError, match='newer mqsql'):
        mqsql.open(path)
    assert path.read_bytes() == before


def test_a_file_of_an_older_version_is_migrated_at_once_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', {'label': 'a'})
    table = Table(TASKS.name, {**TASKS.columns, 'host': STRING}, TASKS.key)
    known = ddl.MIGRATIONS
    monkeypatch.setattr(ddl, 'MIGRATIONS', (*known, 'ALTER TABLE task_records ADD COLUMN host TEXT', 'mistake'))
    with pytest.raises(StorageError, match='mistake'):
        mqsql.open(path, table=table)
    monkeypatch.setattr(ddl, 'MIGRATIONS', ddl.MIGRATIONS[:-1])
    with pytest.raises(StorageError, match="'host' is only in the definition"):
        mqsql.open(path, table=table, readonly=True)
    with mqsql.open(path, table=table) as store:
        assert store.get_record('m')['host'] is None
        assert store.get_record('m')['label'] == 'a'


def test_a_table_of_ones_own_lives_beside_the_others(path: Path) -> None:
    columns = {'say "hi"': STRING, 'when; DROP TABLE x': TIMESTAMP, 'doc': DOCUMENT, 'files': BUFFERS}
    table = Table('order', columns, 'say "hi"', indexes=(Index(('when; DROP TABLE x', 'doc')),))
    with mqsql.open(path) as tasks, mqsql.open(path, table=table) as store:
        tasks.add_record('m', {})
        store.add_record('m', {'doc': [1], 'files': [b'f'], 'when; DROP TABLE x': NOON})
        assert store.find_records({'doc.0': 1}) == [store.get_record('m')]
        assert store.get_history() == ['m']
        store.drop_matching_records({'when; DROP TABLE x': NOON})
        assert tasks.get_history() == ['m']


def test_a_table_defined_otherwise_is_named(path: Path) -> None:
    mqsql.open(path).close()
    columns = {'lebal' if c == 'label' else c: kind for c, kind in TASKS.columns.items()}
    with pytest.raises(StorageError, match="'label' is only in the file, 'lebal' is only in the definition"):
        mqsql.open(path, table=Table(TASKS.name, columns, 'msg_id'))


def test_everything_after_close_says_closed(store: Store) -> None:
    store.add_record('m', {})
    store.close()
    store.close()
    calls: list[Callable[[], object]] = [
        lambda: store.add_record('n', {}),
        lambda: store.get_record('m'),
        lambda: store.update_record('m', {'label': 'a'}),
        lambda: store.update_record('m', {}),
        lambda: store.drop_record('m'),
        lambda: store.find(),
        lambda: store.find_records({}),
        lambda: store.count(),
        lambda: store.explain(),
        lambda: store.drop_matching_records({}),
        lambda: store.get_history(),
    ]
    for call in calls:
        with pytest.raises(StorageError, match='closed'):
            call()


# --- read-only


def test_readonly_reads_and_refuses_to_write(path: Path) -> None:
    with mqsql.open(path) as writer:
        writer.add_record('m', FULL)
        with mqsql.open(path, readonly=True) as reader:
            assert reader.get_record('m')['buffers'] == FULL['buffers']
            writer.update_record('m', {'label': 'new'})
            assert [r['label'] for r in reader.find()] == ['new']
            with pytest.raises(StorageError, match='read-only'):
                reader.drop_record('m')
            with pytest.raises(StorageError, match='read-only'):
                reader.drop_matching_records({})
        assert writer.get_history() == ['m']


def test_readonly_changes_nothing(path: Path) -> None:
    with pytest.raises(StorageError, match='no such file'):
        mqsql.open(path, readonly=True)
    assert not path.exists()
    path.touch()
    with pytest.raises(StorageError, match="no table 'task_records'"):
        mqsql.open(path, readonly=True)
    assert path.stat().st_size == 0
    for url in (':memory:', 'dict:'):
        with pytest.raises(MqsqlError), mqsql.open(url, readonly=True) as store:
            store.add_record('m', {})
