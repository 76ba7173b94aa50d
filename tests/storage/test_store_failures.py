"""Reading while others write, failures of the file, and queries that take too long."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from store_files import FULL, ask, blob_count, change, fill, other

import mqsql
from mqsql.errors import MqsqlError, QueryError, RecordError, StorageError
from mqsql.storage import Store
from mqsql.storage.readers import IDLE
from mqsql.storage.sqlite.store import SqliteStore

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
import psutil, sys, mqsql
used = lambda record: psutil.Process().memory_info().rss
with mqsql.open(sys.argv[1], readonly=True) as store:
    before = used(next(store.find()))
    print((max(map(used, store.find())) - before) // 2**20)
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
        assert store._readers.counts() == (IDLE, IDLE)


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
        writer.close()
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
        reader.close()


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
    with mqsql.open(path, query_timeout=3) as store:
        for i in range(400):
            store.add_record(str(i), {'stdout': 'a' * 60 + 'b', 'label': f'label {i}'})
        yield store


ENDLESS: list[dict[str, Any]] = [
    {'stdout': {'$regex': '(a+)+$'}},
    {'stdout': {'$not': re.compile('(a|a)*$')}},
]


@pytest.mark.parametrize('query', ENDLESS)
def test_an_endless_pattern_is_stopped(impatient: Store, query: dict[str, Any]) -> None:
    for call in (impatient.find_records, impatient.count):
        with pytest.raises(MqsqlError, match=r'query_timeout|steps than PCRE2 allows'):
            call(query)
    # And the store goes on, with patterns too.
    assert [r['label'] for r in impatient.find_records({'label': {'$regex': '^label 39?$'}})] == ['label 3', 'label 39']
    assert impatient.count({'label': {'$glob': '*[5-9]9'}}) == 20
    impatient.add_record('new', {})
    assert impatient.count({'label': {'$not': {'$regex': ''}}}) == 1


def test_an_endless_statement_is_stopped(impatient: Store) -> None:
    # Some thousand clauses, each with a path, on each record.
    query = {'$nor': [{f'header.a{i}.b': i} for i in range(40)] * 10}
    for i in range(400, 800):
        impatient.add_record(str(i), {'header': {f'a{k}': [{'b': -1}] * 200 for k in range(40)}})
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
    change(path, 'ALTER TABLE task_records RENAME COLUMN label TO lebal')
    with pytest.raises(StorageError, match='no such column: label'):
        impatient.find_records(query)
