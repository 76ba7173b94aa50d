"""The iterator that `find` returns: in which pieces it reads, and how it ends; and the buffers that are read ahead."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mqsql.errors import StorageError
from mqsql.limits import Deadline
from mqsql.storage import queries
from mqsql.storage.locks import Lock
from mqsql.storage.queries import FEW, MOST, Cursor, Queries
from mqsql.storage.sqlite import read_ahead
from mqsql.storage.sqlite import store as sqlite_store
from mqsql.storage.sqlite.blobs import SMALL
from mqsql.storage.sqlite.connection import READING_KIB
from mqsql.storage.sqlite.store import SqliteStore


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store with a thousand records."""
    with SqliteStore(str(tmp_path / 'tasks.db')) as store:
        store.add_records([{'msg_id': f'{i:04}', 'label': 'x'} for i in range(1000)])
        yield store


def ids(records: Any) -> list[Any]:
    return [record['msg_id'] for record in records]


def idle(store: SqliteStore) -> bool:
    """Whether no reader is in use."""
    every, unused = store._readers.counts()
    return every == unused


def test_all_ways_to_read_continue_each_other(stored: SqliteStore) -> None:
    found = stored.find({}, ['label'])
    assert ids([next(found), next(found)]) == ['0000', '0001']
    assert ids(islice(found, 2)) == ['0002', '0003']
    for record in found:
        assert record == {'msg_id': '0004', 'label': 'x'}
        break
    assert ids(found) == [f'{i:04}' for i in range(5, 1000)]
    assert list(found) == []
    assert next(found, None) is None
    assert idle(stored)


def test_a_record_costs_no_call(stored: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, 'FAST', 3600.0)
    made = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event == 'call'

    assert len(list(stored.find())) == 1000
    sys.setprofile(note)
    try:
        records = list(stored.find())
    finally:
        sys.setprofile(None)
    assert len(records) == 1000
    assert made < 900


def test_an_iterator_that_is_given_up_gives_its_reader_back(stored: SqliteStore) -> None:
    for record in stored.find():
        assert record['msg_id'] == '0000'
        break
    assert idle(stored)
    iterator = iter(stored.find())
    next(iterator)
    assert not idle(stored)
    del iterator
    assert idle(stored)
    assert stored._queries._unread == {}


def test_a_closed_iterator_has_no_more_records(stored: SqliteStore) -> None:
    found = stored.find()
    iterator = iter(found)
    next(iterator)
    found.close()
    assert idle(stored)
    assert list(iterator) == []
    assert list(found) == []
    found.close()


def test_closing_the_store_ends_what_was_read_but_not_given(stored: SqliteStore) -> None:
    begun, ended = stored.find({}, [], limit=3), stored.find({}, [], limit=3)
    next(begun)
    assert len(list(ended)) == 3
    stored.close()
    with pytest.raises(StorageError, match='the store is closed'):
        next(begun)
    assert list(ended) == []


def cursor(fetch: Any, ended: list[bool]) -> Cursor:
    """A cursor over what is fetched so, each row of which is the number of a record."""
    return Cursor(
        Queries(Lock('some path'), 10),
        Deadline(10),
        fetch,
        lambda rows: ({'msg_id': row} for row in rows),
        nullcontext(),
        lambda: ended.append(True),
    )


def test_records_before_a_failure_are_given_first() -> None:
    ended: list[bool] = []

    def three(into: list[Any], number: int) -> None:
        into += [0, 1, 2]
        raise StorageError('no more')

    found = cursor(three, ended)
    assert ids(islice(found, 3)) == [0, 1, 2]
    with pytest.raises(StorageError, match='no more'):
        next(found)
    assert list(found) == []
    assert ended == [True]


def test_a_record_that_cannot_be_made_ends_the_answer_at_its_place() -> None:
    def make(rows: list[int]) -> Iterator[dict[str, Any]]:
        for row in rows:
            if row == 5:
                raise StorageError('not this one')
            yield {'msg_id': row}

    rows = iter(range(100))
    found = Cursor(Queries(Lock('some path'), 10), Deadline(10), queries.fetching(rows), make, nullcontext())
    assert ids(islice(found, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(StorageError, match='not this one'):
        next(found)
    assert list(found) == []


@pytest.mark.parametrize(('each', 'most'), [(0.0, MOST), (queries.FAST, FEW)])
def test_slow_rows_are_read_few_at_once(each: float, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now, pieces = 0.0, list[int]()

    def fetch(into: list[Any], number: int) -> None:
        nonlocal now
        now += number * each
        into.extend(range(number))
        pieces[-1] += number

    def check_open(self: Queries) -> None:
        pieces.append(0)

    monkeypatch.setattr(queries, 'monotonic', lambda: now)
    monkeypatch.setattr(Queries, 'check_open', check_open)
    assert len(list(islice(cursor(fetch, []), 3 * most))) == 3 * most
    assert pieces == [most] * 3


def test_readers_have_a_small_cache(stored: SqliteStore) -> None:
    assert len(list(stored.find())) == 1000
    (reader,) = stored._readers._all
    assert reader.connection.pragma('cache_size') == -READING_KIB


# --- buffers


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many statements have read buffers, by the function that makes them."""
    made = {'read_blobs': 0, 'read_small_blobs': 0}

    def counting(name: str) -> None:
        function = getattr(sqlite_store, name)

        def count(*arguments: Any) -> Any:
            made[name] += 1
            return function(*arguments)

        monkeypatch.setattr(sqlite_store, name, count)

    for name in made:
        counting(name)
    return made


def with_buffers(store: SqliteStore, number: int, size: int = 10) -> None:
    store.add_records(
        [
            {
                'msg_id': f'b{i:04}',
                'queue': 'b',
                'buffers': [b'%d' % i, b'x' * size],
                'result_buffers': [] if i % 2 else [b'r'],
            }
            for i in range(number)
        ]
    )


def test_small_buffers_of_the_next_records_are_read_ahead(stored: SqliteStore, counted: dict[str, int]) -> None:
    with_buffers(stored, 300)
    keys = ['buffers', 'result_buffers']
    for records in (stored.find_records({'queue': 'b'}, keys), stored.find({'queue': 'b'}, keys)):
        for i, record in enumerate(records):
            assert list(record['buffers']) == [b'%d' % i, b'x' * 10]
            assert record['result_buffers'] == ([] if i % 2 else [b'r'])
    assert counted['read_blobs'] <= 12
    assert counted['read_small_blobs'] <= 40
    assert all(not window for window in stored._buffers._windows.values())


def test_large_buffers_are_read_alone(stored: SqliteStore, counted: dict[str, int]) -> None:
    with_buffers(stored, 20, SMALL + 1)
    records = stored.find_records({'queue': 'b'})
    assert [len(record['buffers'][1]) for record in records] == [SMALL + 1] * 20
    assert counted['read_blobs'] == 20


def test_one_look_reads_nothing_ahead(stored: SqliteStore, counted: dict[str, int]) -> None:
    with_buffers(stored, 20)
    records = stored.find_records({'queue': 'b'})
    assert list(records[3]['buffers']) == [b'3', b'x' * 10]
    assert counted == {'read_blobs': 1, 'read_small_blobs': 0}


def test_buffers_that_are_gone_are_reported(stored: SqliteStore) -> None:
    with_buffers(stored, 200)
    records = stored.find_records({'queue': 'b'})
    stored.drop_record('b0150')
    looked = [list(record['buffers']) for record in records[:150]]
    assert looked[149] == [b'149', b'x' * 10]
    with pytest.raises(StorageError, match='these buffers are gone'):
        list(records[150]['buffers'])
    assert list(records[151]['buffers']) == [b'151', b'x' * 10]


def test_few_buffers_are_kept(stored: SqliteStore) -> None:
    with_buffers(stored, 50)
    answers = [stored.find_records({'queue': 'b'}) for _ in range(read_ahead.WINDOWS + 3)]
    for records in answers:
        assert [len(record['buffers'][0]) for record in records[:2]] == [1, 1]
    windows = stored._buffers._windows
    assert len(windows) == read_ahead.WINDOWS
    assert sum(len(window) for window in windows.values()) <= read_ahead.WINDOWS * read_ahead.AHEAD
    del answers, records
    assert windows == {}


def test_buffers_of_the_same_record_are_equal(stored: SqliteStore, counted: dict[str, int]) -> None:
    with_buffers(stored, 5)
    one, other = stored.find_records({'queue': 'b'}), stored.find_records({'queue': 'b'})
    assert one == other
    assert counted == {'read_blobs': 0, 'read_small_blobs': 0}


def test_the_buffers_of_one_record_are_read_together(stored: SqliteStore, counted: dict[str, int]) -> None:
    with_buffers(stored, 2)
    record, again = stored.get_record('b0000'), stored.get_record('b0000')
    assert record == again
    assert counted == {'read_blobs': 0, 'read_small_blobs': 0}
    assert list(record['buffers']) == [b'0', b'x' * 10]
    assert list(record['result_buffers']) == [b'r']
    assert counted == {'read_blobs': 0, 'read_small_blobs': 1}
    assert list(stored.get_record('b0001')['buffers']) == [b'1', b'x' * 10]
    assert counted == {'read_blobs': 1, 'read_small_blobs': 1}


def test_a_large_buffer_of_one_record_is_read_alone(stored: SqliteStore, counted: dict[str, int]) -> None:
    with_buffers(stored, 1, SMALL + 1)
    record = stored.get_record('b0000')
    assert list(record['result_buffers']) == [b'r']
    assert [len(buffer) for buffer in record['buffers']] == [1, SMALL + 1]
    assert counted == {'read_blobs': 1, 'read_small_blobs': 1}


def test_keys_are_read_without_records(stored: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError('records are made')

    monkeypatch.setattr(SqliteStore, '_records', fail)
    assert stored.keys(sort='msg_id', limit=2) == ['0000', '0001']
    assert len(stored.get_history()) == 1000
