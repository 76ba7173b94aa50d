"""The hub's database: ipyparallel's own tests of a backend, its defects that are gone, and a real controller."""

import fnmatch
import logging
import re
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import TestCase

import apsw
import pytest
import zmq
from hub_cluster import DATABASE
from hub_labels import ShippedLabels
from ipyparallel.controller.hub import empty_record
from ipyparallel.tests.test_db import TaskDBTest
from ipyparallel.util import extract_dates
from store_files import change
from systems import in_zone, needs_tzset
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

import mqsql
from mqsql.errors import QueryError, StorageError
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.schema import TASKS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TestShippedSuite(TaskDBTest, TestCase):  # type: ignore[misc]
    """ipyparallel's tests of a task database, as they are."""

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.directory = tmp_path

    def create_db(self) -> SQLiteDB:
        return SQLiteDB(location=str(self.directory))

    def tearDown(self) -> None:
        self.db.close()


@pytest.mark.hub
class TestShippedLabels(ShippedLabels, TestCase):
    """On an SQLite file."""

    __test__ = True

    def database(self) -> list[str]:
        return [DATABASE, f'--SQLiteDB.location={self.directory}']


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


def test_buffers_of_every_sort(db: SQLiteDB) -> None:
    buffers = [b'a', bytearray(b'b'), memoryview(b'c'), zmq.Frame(b'd'), memoryview(b'xexfxg')[1::2]]
    db.add_record('m', {'buffers': buffers})
    assert db.get_record('m')['buffers'] == [b'a', b'b', b'c', b'd', b'efg']


def test_each_named_table_is_a_history_of_its_own(tmp_path: Path) -> None:
    sessions = [{'table': '', 'session': name} for name in ('one', 'two')]
    for i, option in enumerate([{}, {'table': "a'b"}, *sessions]):
        db = SQLiteDB(location=str(tmp_path), **option)
        db.add_record(f'm{i}', {'buffers': [b'x']})
        assert db.get_history() == [f'm{i}']
        db.close()
    with mqsql.open(tmp_path / 'tasks.db', table=TASKS.rename("a'b_records")) as store:
        assert store.get_record('m1')['buffers'] == [b'x']


# --- what the shipped databases get wrong


def test_history_survives_a_restart(db: SQLiteDB) -> None:
    db.add_record('m', {'submitted': NOON, 'buffers': [b'kept']})
    db = reopened(db)
    assert db.get_history() == ['m']
    assert db.get_record('m')['buffers'] == [b'kept']
    db.close()


def test_a_query_of_two_keys_is_both(db: SQLiteDB) -> None:
    for i, engine in enumerate(['a', 'a', None]):
        db.add_record(f'm{i}', {'engine_uuid': engine, 'completed': NOON if i == 0 else None})
    assert [r['msg_id'] for r in db.find_records({'engine_uuid': 'a', 'completed': None})] == ['m1']
    db.drop_matching_records({'engine_uuid': 'a', 'completed': {'$ne': None}})
    assert db.get_history() == ['m1', 'm2']


def test_greater_is_greater_and_time_zones_are_instants(db: SQLiteDB) -> None:
    for i in range(3):
        db.add_record(f'm{i}', {'submitted': NOON + timedelta(hours=i)})
    for zone in (UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-9)), None):
        one = (NOON + timedelta(hours=1)).astimezone(zone)
        assert [r['msg_id'] for r in db.find_records({'submitted': {'$gt': one}})] == ['m2']
        naive = one.astimezone().replace(tzinfo=None)
        assert [r['msg_id'] for r in db.find_records({'submitted': naive})] == ['m1']


@needs_tzset
def test_a_text_without_a_zone_is_in_utc_for_a_hub_too(db: SQLiteDB) -> None:
    """The hub makes a datetime of it before the database sees it."""
    with in_zone('CET-1CEST,M3.5.0,M10.5.0/3'), warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # that the text has no zone
        db.add_record('m', {'submitted': NOON, 'header': {'date': NOON}})
        for text in ('2026-03-01T12:00:00', '2026-03-01T12:00:00Z', '2026-03-01T13:00:00+01:00'):
            query = extract_dates({'$and': [{'submitted': {'$in': [text]}}, {'header.date': text}]})
            assert [r['msg_id'] for r in db.find_records(query)] == ['m']
            assert db.find_records(extract_dates({'$expr': {'$eq': ['$submitted', {'$toDate': text}]}}), []) == [
                {'msg_id': 'm'}
            ]
        assert db.find_records({'submitted': datetime(2026, 3, 1, 13)}, []) == [{'msg_id': 'm'}]


def test_documents_come_back_as_dicts(db: SQLiteDB) -> None:
    content = {'ename': 'ZeroDivisionError', 'traceback': ['a', 'b']}
    db.add_record('m', {})
    for key in ('error', 'execute_result', 'display_data'):
        db.update_record('m', {key: content})
        assert db.get_record('m')[key] == content


def test_whole_documents_are_compared(db: SQLiteDB) -> None:
    db.add_record('m', {'header': {'msg_type': 'apply_request', 'date': NOON}})
    for query in ({'header': {'msg_type': 'apply_request', 'date': NOON}}, {'header.date': {'$lte': NOON}}):
        assert [r['msg_id'] for r in db.find_records(query)] == ['m']
    assert db.find_records({'header': {'msg_type': 'apply_request'}}) == []


def test_globs_are_those_of_fnmatch(db: SQLiteDB) -> None:
    for label in ('apple', 'pear', '^nut', None):
        db.add_record(str(label), {'label': label})
    for pattern in ('[!a]*', '[^a]*', '*p?*', '?ear'):
        expected = [x for x in ('apple', 'pear', '^nut') if fnmatch.fnmatchcase(x, pattern)]
        assert [r['label'] for r in db.find_records({'label': {'$glob': pattern}}, ['label'])] == expected


def test_a_naive_time_of_the_caller_is_left_as_it_is(db: SQLiteDB) -> None:
    record = {'submitted': datetime(2026, 3, 1, 12), 'header': {'date': datetime(2026, 3, 1, 12)}}
    db.add_record('m', record)
    assert record == {'submitted': datetime(2026, 3, 1, 12), 'header': {'date': datetime(2026, 3, 1, 12)}}
    assert db.get_record('m')['submitted'] == datetime(2026, 3, 1, 12).astimezone()


def test_every_display_is_kept(db: SQLiteDB) -> None:
    db.add_record('m', {})
    short_repr = [{'data': {'text/plain': str(i)}, 'metadata': {}} for i in range(3)]
    for content in short_repr:
        db.update_record('m', {'display_data': content})
    # The hub writes back what it has read when the request comes after its output.
    db.update_record('m', {'display_data': db.get_record('m')['display_data'], 'submitted': NOON})
    found = db.get_record('m')['display_data']
    assert found == {**short_repr[2], 'earlier': short_repr[:2]}
    assert [r['msg_id'] for r in db.find_records({'display_data.earlier.data.text/plain': '1'}, [])] == ['m']


def test_a_purge_of_all_takes_records_that_cannot_finish(db: SQLiteDB) -> None:
    db.add_record('done', {'submitted': NOON, 'completed': NOON})
    db.add_record('pending', {'submitted': NOON})
    db.add_record('orphan', {'stdout': 'of a broadcast\n'})
    db.drop_matching_records({'completed': {'$ne': None}})
    assert db.get_history() == ['pending']


def test_a_million_ids_are_purged(tmp_path: Path) -> None:
    db = SQLiteDB(location=str(tmp_path), query_timeout=0)
    for i in range(10):
        db.add_record(f'm{i}', {'completed': NOON, 'submitted': NOON})
    db.drop_matching_records({'msg_id': {'$in': [f'm{i}' for i in range(3, 1_000_000)]}})
    assert db.get_history() == ['m0', 'm1', 'm2']
    db.close()


def test_a_clients_query_ends_in_time(tmp_path: Path) -> None:
    db = SQLiteDB(location=str(tmp_path), query_timeout=0.5)
    db.add_record('m', {'stdout': 'a' * 60 + 'b'})
    with pytest.raises(StorageError, match='query_timeout'):
        db.find_records({'stdout': {'$regex': '(a+)+$'}})
    assert db.get_history() == ['m']
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


def test_missing_values_take_part(db: SQLiteDB) -> None:
    for i, engine in enumerate(['a', 'b', None]):
        db.add_record(f'm{i}', {'engine_uuid': engine})
    assert [r['msg_id'] for r in db.find_records({'engine_uuid': {'$ne': 'a'}})] == ['m1', 'm2']
    assert [r['msg_id'] for r in db.find_records({'engine_uuid': {'$in': [None, 'b']}})] == ['m1', 'm2']
    assert db.find_records({'started': {'$lt': NOON}}) == []


def test_lists_of_any_length(db: SQLiteDB) -> None:
    db.add_record('m7', {'completed': NOON})
    assert db.find_records({'msg_id': {'$in': []}}) == []
    assert len(db.find_records({'msg_id': {'$nin': []}})) == 1
    assert len(db.find_records({})) == 1
    many = [f'm{i}' for i in range(100_000)]
    assert len(db.find_records({'msg_id': {'$in': many}})) == 1
    db.drop_matching_records({'msg_id': {'$in': many}})
    assert db.get_history() == []


def test_keys_are_left_as_they_are(db: SQLiteDB) -> None:
    db.add_record('m', {'label': 'a'})
    keys = ['label']
    assert db.find_records({}, keys) == db.find_records({}, ('label',)) == [{'msg_id': 'm', 'label': 'a'}]
    assert keys == ['label']
    assert db.find_records({}, []) == [{'msg_id': 'm'}]


def test_unknown_keys_and_operators_are_key_errors(db: SQLiteDB) -> None:
    for query, keys in (({'statred': 1}, None), ({'started': {'$foo': 1}}, None), ({}, ['statred'])):
        with pytest.raises(KeyError, match='unknown') as raised:
            db.find_records(query, keys)
        assert isinstance(raised.value, QueryError)
    for call in (db.get_record, db.drop_record, lambda m: db.update_record(m, {'label': 'a'})):
        with pytest.raises(KeyError, match='no record'):
            call('absent')


def test_keys_of_an_update_are_not_sql(db: SQLiteDB) -> None:
    db.add_record('m0', {})
    db.update_record('m0', {"stdout = 'pwned' WHERE ? <> ? --": 'zz'})
    db.update_record('m0', {})
    assert db.get_record('m0')['stdout'] is None


def test_a_request_after_its_output_completes_the_record(db: SQLiteDB) -> None:
    db.add_record('m', empty_record() | {'msg_id': 'm', 'stdout': 'early\n'})
    assert db.get_history() == ['m']
    db.add_record('m', empty_record() | {'msg_id': 'm', 'submitted': NOON, 'content': {}, 'buffers': [b'x']})
    found = db.get_record('m')
    assert (found['stdout'], found['submitted'], found['buffers']) == ('early\n', NOON, [b'x'])


def test_several_hubs_and_other_users_of_sqlite_do_not_meet(tmp_path: Path) -> None:
    first, second = SQLiteDB(location=str(tmp_path)), SQLiteDB(location=str(tmp_path))
    first.add_record('a', {'header': {}, 'buffers': [b'a']})
    second.add_record('b', {'header': {}, 'buffers': [b'b']})
    assert first.get_history() == second.get_history() == ['a', 'b']
    assert second.get_record('a')['buffers'] == [b'a']
    with closing(sqlite3.connect(':memory:')) as connection, pytest.raises(sqlite3.ProgrammingError):
        connection.execute('SELECT ?', ({},))
    first.close()
    second.close()


def test_only_key_errors_leave_get_record(db: SQLiteDB, caplog: pytest.LogCaptureFixture) -> None:
    db.close()
    with pytest.raises(KeyError):
        db.get_record('m')
    with pytest.raises(KeyError):
        db.get_record('m')
    assert caplog.text.count('(said once)') == 1
    assert 'the store is closed; open it again' in caplog.text


def test_a_damaged_value_is_left_out_and_the_log_names_it(
    db: SQLiteDB, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db.add_record('m', {'header': {'a': 1}, 'label': 'kept'})
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


def test_all_finds_a_list_with_all_of_them(db: SQLiteDB) -> None:
    db.add_record('m', {'content': {'tags': ['a', 'b', 'c']}})
    assert len(db.find_records({'content.tags': {'$all': ['a', 'c']}})) == 1
    assert db.find_records({'content.tags': {'$all': ['a', 'd']}}) == []


def test_history_is_by_instant_whatever_the_time_zone(db: SQLiteDB) -> None:
    for i, hours in enumerate((9, -9, 0)):
        db.add_record(
            f'm{i}', {'submitted': (NOON + timedelta(minutes=i)).astimezone(timezone(timedelta(hours=hours)))}
        )
    assert db.get_history() == ['m0', 'm1', 'm2']
    assert db.get_record('m0')['submitted'] == NOON


def test_a_time_compared_with_a_list_or_a_number_is_refused(db: SQLiteDB) -> None:
    for operand in ([NOON], 5, 'yesterday'):
        with pytest.raises(QueryError, match='started'):
            db.find_records({'started': {'$gt': operand}})


def test_a_bad_time_is_left_out_when_it_is_written_and_spoils_no_query(db: SQLiteDB) -> None:
    db.add_record('m', {'submitted': NOON})
    db.update_record('m', {'started': 'yesterday', 'stdout': 'x'})
    assert db.find_records({}, ['started', 'stdout']) == [{'msg_id': 'm', 'started': None, 'stdout': 'x'}]


def test_a_record_is_not_changed_by_changing_what_it_was_given(db: SQLiteDB) -> None:
    record: dict[str, Any] = {'header': {'a': 1}, 'buffers': [bytearray(b'x')]}
    db.add_record('m', record)
    record['header']['a'] = 2
    record['buffers'][0][:] = b'y'
    found = db.get_record('m')
    found['header']['a'] = 3
    assert (db.get_record('m')['header'], db.get_record('m')['buffers']) == ({'a': 1}, [b'x'])


def test_thousands_of_tasks_are_all_kept_unless_a_limit_is_set(db: SQLiteDB) -> None:
    for i in range(1500):
        db.add_record(f'm{i}', {'submitted': NOON + timedelta(seconds=i), 'completed': NOON})
    assert len(db.get_history()) == 1500


def test_a_transaction_of_another_program_delays_no_call(
    db: SQLiteDB, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db.add_record('m', {'submitted': NOON})
    with sqlite3_shell(tmp_path, 'BEGIN', 'SELECT count(*) FROM task_records'):
        db.add_record('n', {'submitted': NOON, 'buffers': [b'x']})
        db.update_record('m', {'completed': NOON})
        with mqsql.open(tmp_path / 'tasks.db', readonly=True) as notebook:
            assert notebook.count({'completed': None}) == 1
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
