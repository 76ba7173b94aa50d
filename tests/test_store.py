"""The stores: what is put in comes out, whichever is behind; files, their failures, and reading while writing."""

import copy
import os
import pickle
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import apsw
import pytest

import mqsql
from mqsql.errors import DuplicateRecordError, MissingRecordError, MqsqlError, QueryError, RecordError, StorageError
from mqsql.schema import BUFFERS, DOCUMENT, TASKS, TEXT, TIMESTAMP, Index, Table
from mqsql.storage import Store, connection, ddl, streaming
from mqsql.storage.sqlite import SqliteStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

FULL: dict[str, Any] = {
    'client_uuid': 'client-ü\0\ud800',
    'engine_uuid': 'engine',
    'submitted': NOON,
    'started': NOON + timedelta(microseconds=1),
    'completed': None,
    'resubmitted': None,
    'queue': 'task',
    'label': '',
    'buffers': [b'', b'\0\xff' * 100, b'last'],
    'result_buffers': [],
    'header': {'msg_type': 'apply_request', 'date': NOON, 'n': [1, 1.0, True, None, 2**80, float('inf'), b'x']},
    'metadata': {},
    'content': {'$odd': {'a.b': {'"': '\0'}}},
    'stdout': 'line\n',
}


@pytest.fixture(params=['file', ':memory:', 'dict:'])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with mqsql.open(tmp_path / 'tasks.db' if request.param == 'file' else request.param) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'tasks.db'


def other(path: Path) -> apsw.Connection:
    """Another user of the file; not through sqlite3, since two SQLite libraries in one process undo each other's locks."""
    return apsw.Connection(str(path))


def ask(path: Path, sql: str) -> Any:
    """The one value that a statement gives."""
    connection = other(path)
    (row,) = connection.execute(sql).fetchall()
    connection.close()
    return row[0]


def blob_count(path: Path) -> int:
    return int(ask(path, 'SELECT count(*) FROM task_buffers'))


def fill(store: Store, n: int) -> list[str]:
    ids = [f'm{i:04}' for i in range(n)]
    for i, msg_id in enumerate(ids):
        store.add_record(msg_id, {'submitted': NOON + timedelta(seconds=i), 'header': {'n': i}, 'buffers': [b'%d' % i]})
    return ids


# --- by key


def test_a_record_comes_back_exactly(store: Store) -> None:
    store.add_record('m', FULL)
    found = store.get_record('m')
    assert found == dict.fromkeys(TASKS.all_keys) | FULL | {'msg_id': 'm'}
    assert list(found) == list(TASKS.all_keys)
    assert list(map(type, found['header']['n'])) == [int, float, bool, type(None), int, float, bytes]


def test_an_empty_record_has_every_key(store: Store) -> None:
    store.add_record('m', {})
    assert store.get_record('m') == dict.fromkeys(TASKS.all_keys) | {'msg_id': 'm'}


def test_a_record_may_name_itself_but_no_other(store: Store) -> None:
    store.add_record('m', {'msg_id': 'm'})
    store.add_record('n', {'msg_id': None})
    with pytest.raises(RecordError, match='msg_id: names another record'):
        store.add_record('o', {'msg_id': 'm'})
    assert sorted(store.get_history()) == ['m', 'n']


def test_a_second_record_of_a_key_is_refused(store: Store) -> None:
    store.add_record('m', {'label': 'first', 'buffers': [b'kept']})
    with pytest.raises(DuplicateRecordError, match='already a record'):
        store.add_record('m', {'label': 'second', 'buffers': [b'lost']})
    assert store.get_record('m')['label'] == 'first'
    assert store.get_record('m')['buffers'] == [b'kept']


@pytest.mark.parametrize('msg_id', ['absent', '', b'absent', 5, None, ['m'], '\0'])
def test_an_absent_record_is_a_key_error(store: Store, msg_id: Any) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.get_record(msg_id),
        lambda: store.update_record(msg_id, {'label': 'x'}),
        lambda: store.update_record(msg_id, {}),
        lambda: store.drop_record(msg_id),
    ]
    for call in calls:
        with pytest.raises(MissingRecordError, match='there is no record with msg_id'):
            call()
        assert issubclass(MissingRecordError, KeyError)


def test_update_changes_only_what_is_given(store: Store) -> None:
    store.add_record('m', FULL)
    store.update_record('m', {'complete': NOON, 'label': None, 'result_buffers': [b'r'], 'msg_id': 'm'})
    expected = FULL | {'msg_id': 'm', 'completed': NOON, 'label': None, 'result_buffers': [b'r']}
    assert store.get_record('m') == dict.fromkeys(TASKS.all_keys) | expected
    store.update_record('m', {})
    assert store.get_record('m')['completed'] == NOON


def test_update_never_changes_the_key(store: Store) -> None:
    store.add_record('m', {})
    for other in ('n', None):
        with pytest.raises(RecordError, match='the key of a record never changes'):
            store.update_record('m', {'msg_id': other, 'label': 'x'})
    assert store.get_record('m')['label'] is None


def test_nothing_is_written_of_a_record_that_cannot_be_stored(store: Store) -> None:
    store.add_record('m', {'label': 'kept'})
    bad = {'label': 'new', 'content': {'a': [object()]}}
    with pytest.raises(RecordError, match=r'content\.a\[0\]'):
        store.add_record('n', bad)
    with pytest.raises(RecordError, match=r'content\.a\[0\]'):
        store.update_record('m', bad)
    with pytest.raises(RecordError, match="did you mean 'label'"):
        store.update_record('m', {'lable': 'x'})
    assert store.get_history() == ['m']
    assert store.get_record('m')['label'] == 'kept'


def test_records_are_copies(store: Store) -> None:
    record = copy.deepcopy(FULL)
    store.add_record('m', record)
    record['header']['n'].clear()
    store.get_record('m')['header'].clear()
    store.find_records({})[0]['header'].clear()
    assert store.get_record('m')['header'] == FULL['header']


def test_drop_record(store: Store) -> None:
    store.add_record('m', FULL)
    store.drop_record('m')
    with pytest.raises(KeyError):
        store.get_record('m')
    store.add_record('m', {})


# --- by query


def test_find_records_gives_whole_records_by_default(store: Store) -> None:
    store.add_record('m', FULL)
    (found,) = store.find_records({'label': ''})
    assert found == store.get_record('m')
    assert store.find_records({}, ['label']) == [{'msg_id': 'm', 'label': ''}]
    assert store.find_records({}, []) == [{'msg_id': 'm'}]


def test_find_leaves_the_buffers_out_unless_asked(store: Store) -> None:
    store.add_record('m', FULL)
    assert tuple(next(store.find())) == TASKS.default_keys
    assert next(store.find(keys='buffers')) == {'msg_id': 'm', 'buffers': FULL['buffers']}


def test_find_sorts_skips_and_limits(store: Store) -> None:
    ids = fill(store, 10)
    assert [r['msg_id'] for r in store.find(sort=[('submitted', -1)], skip=2, limit=3)] == ids[7:4:-1]
    assert [r['msg_id'] for r in store.find({'submitted': {'$gte': NOON + timedelta(seconds=8)}})] == ids[8:]


def test_count(store: Store) -> None:
    fill(store, 5)
    assert store.count() == 5
    assert store.count({'submitted': {'$lt': NOON + timedelta(seconds=2)}}) == 2


def test_drop_matching_records(store: Store) -> None:
    ids = fill(store, 6)
    store.drop_matching_records({'msg_id': {'$in': map(str, ids[:4])}})
    assert store.get_history() == ids[4:]
    store.drop_matching_records({})
    assert store.count() == 0


def test_history_is_by_submission_and_those_without_come_first(store: Store) -> None:
    east = timezone(timedelta(hours=9))
    times = {'late': NOON, 'early': datetime(2026, 3, 1, 20, tzinfo=east), 'none': None, 'also none': None}
    for msg_id, submitted in times.items():
        store.add_record(msg_id, {'submitted': submitted})
    assert store.get_history() == ['none', 'also none', 'early', 'late']


def test_bad_queries_are_refused_by_the_call(store: Store) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.find({'nokey': 1}),
        lambda: store.find({}, ['nokey']),
        lambda: store.find(sort='nokey'),
        lambda: store.find(limit=-1),
        lambda: store.find_records({'label': {'$nop': 1}}),
        lambda: store.find_records(5),  # type: ignore[arg-type]
        lambda: store.count({'started': {'$gt': 5}}),
        lambda: store.explain({'nokey': 1}),
        lambda: store.drop_matching_records({'nokey': 1}),
        lambda: store.drop_matching_records(None),  # type: ignore[arg-type]
    ]
    fill(store, 1)
    for call in calls:
        with pytest.raises(QueryError):
            call()
    assert store.count() == 1


def test_explain_names_the_index(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'tasks.db') as store:
        found = store.explain({'msg_id': 'm'}, ['label'])
    assert found.indexes == ('sqlite_autoindex_task_records_1',)
    assert 'm' in found.params.values()
    assert found.sql in str(found)
    assert 'SEARCH' in str(found)


def test_explain_of_dicts(tmp_path: Path) -> None:
    with mqsql.open('dict:') as store:
        assert store.explain({'msg_id': 'm'}).indexes == ()


# --- buffers


def test_buffers_are_a_list_that_is_read_when_looked_at(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
        found = store.get_record('m')['buffers']
        assert len(found) == 3
        assert found == FULL['buffers']
        assert FULL['buffers'] == found
        assert found != FULL['buffers'][:2]
        assert found == store.get_record('m')['buffers']
        assert found[1:] == FULL['buffers'][1:]
        assert found[-1] == b'last'
        assert [*found] == FULL['buffers']
        assert type(copy.deepcopy(found)) is list
        assert pickle.loads(pickle.dumps(found)) == FULL['buffers']
        assert not store.get_record('m')['result_buffers']


def test_buffers_of_one_record_serve_another(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
        store.add_record('n', store.get_record('m') | {'msg_id': 'n'})
        store.drop_record('m')
        assert store.get_record('n')['buffers'] == FULL['buffers']


@pytest.mark.parametrize('change', ['update', 'drop', 'drop matching', 'close'])
def test_buffers_that_are_gone_say_so(path: Path, change: str) -> None:
    store = mqsql.open(path)
    store.add_record('m', FULL)
    seen, unseen = store.get_record('m'), store.get_record('m')
    assert seen['buffers'][2] == b'last'
    changes: dict[str, Callable[[], None]] = {
        'update': lambda: store.update_record('m', {'buffers': [b'new', b'er', b'ones']}),
        'drop': lambda: store.drop_record('m'),
        'drop matching': lambda: store.drop_matching_records({}),
        'close': store.close,
    }
    changes[change]()
    assert seen['buffers'] == FULL['buffers']
    with pytest.raises(StorageError, match=r'gone|closed'):
        unseen['buffers'][0]
    store.close()


def test_blobs_go_with_their_records(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
        store.add_record('n', {'buffers': [b'1', b'2'], 'result_buffers': [b'3']})
        assert blob_count(path) == 6
        store.update_record('m', {'stdout': 'more'})
        store.update_record('n', {'buffers': None, 'result_buffers': [b'4', b'5']})
        assert blob_count(path) == 5
        store.drop_matching_records({'msg_id': 'm'})
        assert blob_count(path) == 2
        store.drop_record('n')
        assert blob_count(path) == 0


# --- files


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


@pytest.mark.parametrize('mode', connection.JOURNAL_MODES)
def test_journal_modes(path: Path, mode: str) -> None:
    with mqsql.open(path, journal_mode=mode, synchronous='full') as store:
        ids = fill(store, 3)
        found = store.find()
        store.drop_record('m0000')
        assert [r['msg_id'] for r in found] == ids
    # Only the write-ahead log is a property of the file.
    assert ask(path, 'PRAGMA journal_mode') == ('wal' if mode == 'wal' else 'delete')


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
    other(path).execute(setting)
    before = path.read_bytes()
    for readonly in (False, True):
        with pytest.raises(StorageError, match='another application'):
            mqsql.open(path, readonly=readonly)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    mqsql.open(path).close()
    other(path).execute('PRAGMA user_version = 99')
    before = path.read_bytes()
    with pytest.raises(StorageError, match='newer mqsql'):
        mqsql.open(path)
    assert path.read_bytes() == before


def test_a_file_of_an_older_version_is_migrated_at_once_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', {'label': 'a'})
    table = Table(TASKS.name, {**TASKS.columns, 'host': TEXT}, TASKS.key)
    monkeypatch.setattr(ddl, 'MIGRATIONS', ('ALTER TABLE task_records ADD COLUMN host TEXT', 'mistake'))
    with pytest.raises(StorageError, match='mistake'):
        mqsql.open(path, table=table)
    monkeypatch.setattr(ddl, 'MIGRATIONS', ddl.MIGRATIONS[:1])
    with pytest.raises(StorageError, match="'host' is only in the definition"):
        mqsql.open(path, table=table, readonly=True)
    with mqsql.open(path, table=table) as store:
        assert store.get_record('m')['host'] is None
        assert store.get_record('m')['label'] == 'a'


def test_a_table_of_ones_own_lives_beside_the_others(path: Path) -> None:
    columns = {'say "hi"': TEXT, 'when; DROP TABLE x': TIMESTAMP, 'doc': DOCUMENT, 'files': BUFFERS}
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


# --- reading while writing


def test_find_gives_the_records_of_the_moment_of_the_call(store: Store) -> None:
    ids = fill(store, 500)
    found = store.find({}, ['label'])
    store.update_record('m0499', {'label': 'changed'})
    store.drop_record('m0498')
    store.add_record('new', {})
    assert list(found) == [{'msg_id': msg_id, 'label': None} for msg_id in ids]
    assert len(list(store.find())) == 500


def test_find_streams(path: Path) -> None:
    with mqsql.open(path) as store:
        for i in range(200):
            store.add_record(str(i), {'content': {'text': 'x' * 100_000}})
    script = """
import resource, sys, mqsql
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with mqsql.open(sys.argv[1], readonly=True) as store:
    next(store.find())
    before = peak()
    assert sum(len(r['content']['text']) for r in store.find()) == 20_000_000
    print((peak() - before) // 1024)
"""
    done = subprocess.run([sys.executable, '-c', script, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 10, 'MiB more, of 20 MiB read'


def test_iterators_that_are_dropped_give_their_connection_back(path: Path) -> None:
    with mqsql.open(path) as store:
        assert isinstance(store, SqliteStore)
        fill(store, 50)
        for _ in range(20):
            next(store.find())
        several = [store.find() for _ in range(10)]
        assert store._readers.counts() == (10, 0)
        for found in several:
            assert next(found)['msg_id'] == 'm0000'
        del several, found
        assert store._readers.counts() == (streaming.IDLE, streaming.IDLE)


def test_an_iterator_outlives_its_store_only_to_say_so(path: Path) -> None:
    with mqsql.open(path) as store:
        fill(store, 50)
        found = store.find()
        next(found)
    with pytest.raises(StorageError, match='closed'):
        next(found)


def test_several_threads_use_one_store(path: Path) -> None:
    failures: list[BaseException] = []

    def work(store: Store, name: int) -> None:
        try:
            for i in range(30):
                store.add_record(f'{name}-{i}', {'buffers': [b'%d' % name, b'%d' % i], 'queue': str(name)})
                store.update_record(f'{name}-{i}', {'label': 'done'})
                assert store.get_record(f'{name}-{i}')['buffers'] == [b'%d' % name, b'%d' % i]
                assert sum(1 for _ in store.find({'queue': str(name)})) == i + 1
        except BaseException as e:
            failures.append(e)

    with mqsql.open(path) as store:
        threads = [threading.Thread(target=work, args=(store, n)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.count({'label': 'done'}) == 120


def test_several_processes_open_a_new_file_at_once(path: Path) -> None:
    script = """
import sys, mqsql
with mqsql.open(sys.argv[1]) as store:
    for i in range(50):
        store.add_record(f'{sys.argv[2]}-{i}', {'buffers': [b'x']})
"""
    command = [sys.executable, '-c', script, str(path)]
    running = [subprocess.Popen([*command, str(n)]) for n in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    with mqsql.open(path) as store:
        assert store.count() == 150


# --- failures


def test_a_locked_file_is_a_storage_error_and_no_partial_record(path: Path) -> None:
    with mqsql.open(path, busy_timeout=0) as store:
        store.add_record('m', {'buffers': [b'kept']})
        writer = other(path)
        writer.execute('BEGIN IMMEDIATE')
        with pytest.raises(StorageError, match='busy_timeout'):
            store.add_record('n', FULL)
        with pytest.raises(StorageError, match='busy_timeout'):
            store.update_record('m', {'buffers': [b'new']})
        assert store.get_record('m')['buffers'] == [b'kept']
        assert store.count() == 1
        writer.execute('ROLLBACK')
        store.add_record('n', FULL)
    assert blob_count(path) == 4


def test_a_reader_in_a_transaction_delays_nobody(path: Path) -> None:
    with mqsql.open(path, busy_timeout=0) as store:
        fill(store, 3)
        reader = other(path)
        reader.execute('BEGIN')
        assert reader.execute('SELECT count(*) FROM task_records').fetchall() == [(3,)]
        store.drop_matching_records({})
        store.add_record('m', FULL)
        assert reader.execute('SELECT count(*) FROM task_records').fetchall() == [(3,)]


def test_a_full_disk_is_a_storage_error_and_no_partial_record(path: Path) -> None:
    with mqsql.open(path) as store:
        assert isinstance(store, SqliteStore)
        store.add_record('m', {})
        pages = store._connection.pragma('page_count')
        store._connection.pragma('max_page_count', pages + 10)
        with pytest.raises(StorageError, match='disk is full'):
            store.add_record('n', {'buffers': [b'small', bytes(1_000_000)]})
        assert store.count() == 1
        assert blob_count(path) == 0
        store._connection.pragma('max_page_count', pages + 1000)
        store.add_record('n', {'buffers': [b'small', bytes(1_000_000)]})
        assert store.get_record('n')['buffers'][1] == bytes(1_000_000)


@pytest.mark.parametrize(
    ('column', 'value'), [('header', "'{'"), ('submitted', "'noon'"), ('submitted', str(2**62)), ('buffers', "'x'")]
)
def test_a_value_of_another_program_is_a_storage_error(path: Path, column: str, value: str) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', {})
        other(path).execute(f'UPDATE task_records SET {column} = {value}')
        calls: list[Callable[[], object]] = [
            lambda: store.get_record('m'),
            lambda: store.find_records({}),
            lambda: list(store.find(keys=column)),
        ]
        for call in calls:
            with pytest.raises(StorageError, match='did not write'):
                call()


def test_a_value_that_is_too_big_is_a_record_error(path: Path) -> None:
    with SqliteStore(str(path)) as store:
        store._connection.limit(apsw.SQLITE_LIMIT_LENGTH, 1_000_000)
        for record in ({'stdout': 'x' * 1_000_001}, {'buffers': [b'small', bytes(1_000_001)]}):
            with pytest.raises(RecordError, match='larger than'):
                store.add_record('m', record)
        assert store.count() == 0


def test_a_damaged_file_is_a_storage_error(path: Path) -> None:
    with mqsql.open(path) as store:
        fill(store, 200)
    data = bytearray(path.read_bytes())
    data[8192:] = b'\xa5' * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(StorageError, match='damaged'), mqsql.open(path) as store:
        list(store.find())


def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    script = """
import sys, mqsql
store = mqsql.open(sys.argv[1])
for i in range(10_000):
    store.add_record(str(i), {'buffers': [b'%d' % i]})
    print(i, flush=True)
"""
    process = subprocess.Popen([sys.executable, '-c', script, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = [int(next(process.stdout)) for _ in range(200)]
    process.kill()
    seen += [int(line) for line in process.stdout if line.endswith('\n')]
    process.stdout.close()
    process.wait()
    with mqsql.open(path) as store:
        for i in seen:
            assert store.get_record(str(i))['buffers'] == [b'%d' % i]
        assert store.count() <= len(seen) + 1
    assert ask(path, 'PRAGMA integrity_check') == 'ok'


# --- queries that take too long


@pytest.fixture
def impatient(path: Path) -> Iterator[Store]:
    with mqsql.open(path, query_timeout=1) as store:
        for i in range(400):
            store.add_record(str(i), {'stdout': 'a' * 60 + 'b', 'label': f'label {i}'})
        yield store


ENDLESS: list[dict[str, Any]] = [
    {'stdout': {'$regex': '(a+)+$'}},
    {'stdout': {'$not': re.compile('(a|a)*$')}},
]


@pytest.mark.parametrize('query', ENDLESS)
def test_an_endless_pattern_is_stopped(impatient: Store, query: dict[str, Any]) -> None:
    for ask in (impatient.find_records, impatient.count):
        with pytest.raises(StorageError, match='query_timeout'):
            ask(query)
    # And the store goes on, with patterns too.
    assert [r['label'] for r in impatient.find_records({'label': {'$regex': '^label 39?$'}})] == ['label 3', 'label 39']
    assert impatient.count({'label': {'$glob': '*[5-9]9'}}) == 20
    impatient.add_record('new', {})
    assert impatient.count({'label': {'$not': {'$regex': ''}}}) == 1


def test_an_endless_statement_is_stopped(impatient: Store) -> None:
    # Some thousand clauses, each with a path, on each record.
    query = {'$nor': [{f'header.a{i}.b': i} for i in range(40)] * 10}
    for i in range(400, 800):
        impatient.add_record(str(i), {'header': {f'a{k}': [{'b': -1}] * 20 for k in range(40)}})
    with pytest.raises(StorageError, match='query_timeout'):
        impatient.find_records(query)
    assert impatient.count({'label': 'label 7'}) == 1


def test_an_expression_is_stopped_too_and_keeps_its_errors(impatient: Store) -> None:
    impatient.update_record(impatient.get_history()[0], {'content': {'n': 0}})
    with pytest.raises(QueryError, match=r'\$expr\.\$divide: divides by zero'):
        impatient.count({'$expr': {'$divide': [1, '$content.n']}})
    assert impatient.count({'$expr': {'$eq': ['$content.n', 0]}}) == 1


def test_a_query_in_time_is_answered_and_keeps_its_errors(impatient: Store, path: Path) -> None:
    query = {'label': {'$regex': '7$'}}
    assert len(impatient.find_records(query)) == 40
    other(path).execute('ALTER TABLE task_records RENAME COLUMN label TO lebal')
    with pytest.raises(StorageError, match='no such column: label'):
        impatient.find_records(query)
