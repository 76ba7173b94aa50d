"""A query ends after query_timeout, whatever it does and wherever the records are, and the store goes on."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

import mqsql
from mqsql.errors import StorageError
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.settings import Settings
from mqsql.storage import Store
from mqsql.storage.sqlite.store import SqliteStore

SECONDS = 0.4
AMPLE = 20.0  # for a test; what is unbounded would take hours
NASTY = 'a' * 60 + 'b'
ENDLESS: dict[str, Any] = {'stdout': {'$regex': '^(a|a)*$'}}
KINDS = ['wal', 'delete', ':memory:', 'dict:', 'duckdb', 'duckdb::memory:']


def opened(kind: str, path: Path, **options: Any) -> Store:
    if kind in ('wal', 'delete'):
        return mqsql.open(path, journal_mode=kind, **options)
    return mqsql.open(f'duckdb:{path}' if kind == 'duckdb' else kind, **options)


@pytest.fixture(params=KINDS)
def impatient(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    with opened(request.param, path, query_timeout=SECONDS) as store:
        store.add_records(
            {'msg_id': f'{i:03}', 'stdout': NASTY if i >= 100 else 'b', 'label': f'l{i % 10}'} for i in range(200)
        )
        yield store


QUERIES: dict[str, Callable[[Store], object]] = {
    'find': lambda store: list(store.find(ENDLESS)),
    'find_one': lambda store: store.find_one(ENDLESS),
    'find_records': lambda store: store.find_records(ENDLESS),
    'count': lambda store: store.count(ENDLESS),
    'distinct': lambda store: store.distinct('label', ENDLESS),
    'drop_matching_records': lambda store: store.drop_matching_records({'$or': [{'label': 'l1'}, ENDLESS]}),
}


def ends(call: Callable[[], object]) -> None:
    started = time.monotonic()
    with pytest.raises(StorageError, match='longer than query_timeout'):
        call()
    assert time.monotonic() - started < AMPLE


@pytest.mark.parametrize('name', QUERIES)
def test_every_query_of_every_store_ends_in_time(impatient: Store, name: str) -> None:
    ends(lambda: QUERIES[name](impatient))
    # Nothing has been changed, and the store goes on.
    assert impatient.count() == 200
    assert len(list(impatient.find({'label': 'l1'}))) == 20
    impatient.drop_matching_records({'label': 'l1'})
    impatient.add_record('new', {'label': 'new'})
    assert impatient.distinct('label', {'label': {'$regex': '^n'}}) == ['new']
    assert impatient.count() == 181


SLOW_COLLATION: dict[str, Any] = {'collation': {'locale': 'en', 'numericOrdering': True}}


@pytest.mark.parametrize('kind', KINDS)
def test_comparing_with_a_long_text_by_a_collation_ends_in_time(path: Path, kind: str) -> None:
    with opened(kind, path, query_timeout=SECONDS) as store:
        store.add_records({'msg_id': f'{i:04}', 'stdout': f'a{i}'} for i in range(500))
        ends(lambda: store.count({'$expr': {'$gt': ['$stdout', 'a' * 90_000]}}, **SLOW_COLLATION))


@pytest.mark.parametrize('kind', KINDS)
def test_sorting_a_text_of_accents_by_a_collation_ends_in_time(path: Path, kind: str) -> None:
    with opened(kind, path, query_timeout=SECONDS) as store:
        for i in range(2):
            store.add_record(f'{i}', {'stdout': '\u0301\u0316' * 1_000_000})
        ends(lambda: list(store.find({}, ['label'], sort='stdout', collation={'locale': 'en'})))


@pytest.mark.parametrize('kind', KINDS)
def test_a_glob_on_a_long_text_ends_in_time(path: Path, kind: str) -> None:
    with opened(kind, path, query_timeout=SECONDS) as store:
        store.add_record('m', {'stdout': 'a' * 3_000_000})
        ends(lambda: store.count({'stdout': {'$glob': '*' + '[a-z]' * 1_900 + '9*'}}))


@pytest.mark.parametrize('kind', KINDS)
def test_a_value_that_holds_one_list_over_and_over_ends_in_time(path: Path, kind: str) -> None:
    value: list[Any] = ['a']
    for _ in range(60):
        value = [value, value]
    with opened(kind, path, query_timeout=SECONDS) as store:
        ends(lambda: store.count({'content.a': value}))


def test_later_rows_end_in_time_too(path: Path) -> None:
    with SqliteStore(str(path), settings=Settings(query_timeout=SECONDS)) as store:
        for i in range(200):
            store.add_record(f'{i:03}', {'stdout': NASTY if i >= 100 else 'b'})
        found = store.find({'$or': [{'stdout': 'b'}, ENDLESS]}, ['label'])
        assert [next(found)['msg_id'] for _ in range(100)] == [f'{i:03}' for i in range(100)]
        ends(lambda: next(found))
        assert list(found) == []
        assert store._readers.counts() == (1, 1)
        assert len(list(store.find({'stdout': 'b'}))) == 100


def test_what_the_caller_does_between_records_does_not_count(impatient: Store) -> None:
    found = impatient.find(limit=5)
    for _ in range(5):
        next(found)
        time.sleep(SECONDS / 3)
    assert list(found) == []


def test_a_statement_without_functions_ends_in_time(path: Path) -> None:
    with mqsql.open(path, query_timeout=SECONDS) as store:
        for i in range(800):
            store.add_record(str(i), {'header': {f'a{k}': [{'b': -1}] * 20 for k in range(40)}})
        query = {'$nor': [{f'header.a{i}.b': i} for i in range(40)] * 10}
        for call in (store.find_records, store.count, store.drop_matching_records, lambda q: list(store.find(q))):
            ends(lambda call=call: call(query))  # type: ignore[misc]
        assert store.count() == 800


@pytest.mark.parametrize('call', ['find', 'count', 'drop_matching_records'])
def test_waiting_for_another_program_counts(path: Path, call: str) -> None:
    with mqsql.open(path, journal_mode='delete', query_timeout=SECONDS, busy_timeout=600) as store:
        store.add_record('m', {})
        other = apsw.Connection(str(path))
        other.execute('BEGIN EXCLUSIVE')
        ends(lambda: getattr(store, call)({}))
        other.execute('ROLLBACK')
        assert store.count() == 1
        other.close()


def test_waiting_for_another_thread_counts(path: Path) -> None:
    with SqliteStore(str(path), settings=Settings(query_timeout=SECONDS)) as store:
        with store.using():
            asking = threading.Thread(target=ends, args=(store.count,))
            asking.start()
            asking.join(AMPLE)
        assert not asking.is_alive()
        assert store.count() == 0


@pytest.mark.parametrize('kind', KINDS)
def test_a_query_timeout_that_is_none_is_refused_by_every_store(path: Path, kind: str) -> None:
    with pytest.raises(StorageError, match='query_timeout is a number of seconds'):
        opened(kind, path, query_timeout='soon')


def test_a_query_ends_in_time_while_tasks_are_kept_in_memory(path: Path) -> None:
    store = SqliteStore(str(path), settings=Settings(busy_timeout=0, query_timeout=SECONDS))
    tasks = WriteBuffer(store, 2**20, str)
    tasks.add_record('old', {'label': 'x'})
    lock = apsw.Connection(str(path))
    lock.execute('BEGIN IMMEDIATE')
    for i in range(50):
        tasks.add_record(f'new{i}', {'stdout': NASTY})
    assert tasks.busy
    ends(lambda: tasks.find_records(ENDLESS))
    ends(lambda: tasks.drop_matching_records(ENDLESS))
    assert len(tasks.find_records({'stdout': {'$regex': 'b$'}})) == 50
    lock.close()
    tasks.close()


def test_a_directory_with_modules_of_other_names_changes_nothing(tmp_path: Path) -> None:
    for name in ('random', 'numbers', 'types', 'token', 'apsw'):
        (tmp_path / f'{name}.py').write_text('open("ran", "w").close()')
    script = tmp_path / 'elsewhere' / 'script.py'
    script.parent.mkdir()
    script.write_text("""
import mqsql
with mqsql.open('t.db', query_timeout=5) as store:
    store.add_record('m', {'label': 'a'})
    assert store.count({'label': {'$regex': 'a'}}) == 1
    assert store.count({'$expr': {'$eq': ['$label', 'a']}}) == 1
""")
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True)
    assert not (tmp_path / 'ran').exists()
