"""Values of tasks that are too large for SQLite."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from mqsql.hub.sqlite_db import SQLiteDB

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = 'x' * 20_000


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.ERROR)
    return caplog


@pytest.fixture
def db(tmp_path: Path) -> Iterator[SQLiteDB]:
    opened = SQLiteDB(location=str(tmp_path))
    yield opened
    opened.close()


def test_of_a_record_too_large_for_sqlite_the_largest_value_is_left_out(
    db: SQLiteDB, said: pytest.LogCaptureFixture
) -> None:
    db._store._connection.limit(apsw.SQLITE_LIMIT_LENGTH, 100_000)  # of a billion bytes
    db.add_record('m', {'content': {'a': 'x' * 200_000}, 'label': 'a', 'buffers': [b'a']})
    db.update_record('m', {'result_buffers': [b'r', bytes(200_000)], 'completed': NOON, 'stderr': 'e' * 150_000})
    record = db.get_record('m')
    assert (record['label'], record['buffers'], record['completed']) == ('a', [b'a'], NOON)
    assert (record['content'], record['result_buffers'], record['stderr']) == (None, None, None)
    lines = [line.getMessage() for line in said.records]
    assert [line.partition(':')[0] for line in lines] == ['content', 'result_buffers', 'stderr']
    assert all('1,000,000,000 bytes' in line for line in lines)


def test_output_that_grows_too_large_for_sqlite_holds_up_no_query(db: SQLiteDB, said: pytest.LogCaptureFixture) -> None:
    db.add_record('m', {'stdout': LONG})
    db.add_record('n', {'stdout': LONG})
    assert db.get_history() == ['m', 'n']
    for msg_id, length in (('m', 35_000), ('n', 25_000)):
        db.update_record(msg_id, {'stdout': LONG})
        db.update_record(msg_id, {'stdout': LONG.ljust(length)})
    db._store._connection.limit(apsw.SQLITE_LIMIT_LENGTH, 30_000)  # of a billion bytes
    assert [len(r['stdout']) for r in db.find_records({}, ['stdout'])] == [20_000, 25_000]
    assert "The last stdout of the task 'm' is lost" in said.text
    db.update_record('m', {'stdout': LONG.ljust(40_000), 'label': 'kept'})
    assert db.find_records({'label': 'kept'}, []) == [{'msg_id': 'm'}]
