"""The planner's statistics are made, and never within a call that changes records."""

import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from waiting import wait_until

from bench.data import History
from bench.questions import Facts, questions
from mqsql.hub import SQLiteDB
from mqsql.settings import Settings
from mqsql.storage.sqlite import statistics
from mqsql.storage.sqlite.store import SqliteStore


@pytest.fixture
def other(path: Path) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(str(path))
    yield connection
    connection.close()


def records_known(connection: apsw.Connection) -> int:
    """The number of records that the planner is told of; 0 if of none."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetchall():
        return 0
    rows = connection.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'task_records.engine_uuid'").fetchall()
    return int(str(rows[0][0]).split()[0]) if rows else 0


def traced(connection: apsw.Connection) -> list[str]:
    """The statements that this thread runs from now on."""
    said: list[str] = []
    thread = threading.current_thread()

    def note(cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
        if threading.current_thread() is thread:
            said.append(sql)
        return True

    connection.set_exec_trace(note)
    return said


def analyzing(statements: list[str]) -> list[str]:
    return [sql for sql in statements if 'analyze' in sql.lower() or 'optimize' in sql.lower()]


def test_no_change_makes_statistics_and_yet_they_are_made(path: Path, other: apsw.Connection) -> None:
    with SqliteStore(str(path)) as store:
        said = traced(store._connection)
        for i in range(statistics.FIRST):
            store.add_record(f'a{i}', {'engine_uuid': f'e{i % 4}'})
        wait_until(lambda: records_known(other))
        for i in range(2 * statistics.FIRST):
            store.update_record(f'a{i % statistics.FIRST}', {'stdout': f'{i}'})
        store._statistics._thread.join()  # type: ignore[union-attr]
        store.add_records({'msg_id': f'b{i}', 'engine_uuid': 'e'} for i in range(5 * statistics.FIRST))
        wait_until(lambda: records_known(other) == 6 * statistics.FIRST)
        assert said
        assert not analyzing(said)


def test_a_hub_that_adds_and_updates_makes_none_either(path: Path, other: apsw.Connection) -> None:
    db = SQLiteDB(location=str(path.parent), filename=path.name)
    said = traced(db._store._connection)
    for i in range(statistics.FIRST):
        db.add_record(f'm{i}', {'engine_uuid': 'e', 'buffers': [b'b']})
        db.update_record(f'm{i}', {'stdout': 'a'})
    wait_until(lambda: records_known(other))
    db.drop_matching_records({'msg_id': {'$in': [f'm{i}' for i in range(300)]}})
    assert not analyzing(said)
    db.close()


def test_many_records_at_once_count_each(path: Path, other: apsw.Connection) -> None:
    with SqliteStore(str(path)) as store:
        store.add_records({'msg_id': f'm{i}', 'engine_uuid': 'e'} for i in range(statistics.FIRST))
        wait_until(lambda: records_known(other) == statistics.FIRST)


def test_other_connections_read_renewed_statistics(path: Path, other: apsw.Connection) -> None:
    with SqliteStore(str(path)) as store:
        store.add_records({'msg_id': f'm{i}'} for i in range(statistics.FIRST))
        wait_until(lambda: records_known(other))
        store._statistics._thread.join()  # type: ignore[union-attr]
        version = other.pragma('schema_version')
        store.add_records({'msg_id': f'n{i}'} for i in range(3 * statistics.FIRST))
        wait_until(lambda: records_known(other) == 4 * statistics.FIRST)
        assert other.pragma('schema_version') > version


def test_a_large_table_is_not_read_again(path: Path, other: apsw.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, 'ENOUGH', statistics.FIRST)
    with SqliteStore(str(path)) as store:
        store.add_records({'msg_id': f'm{i}'} for i in range(2 * statistics.FIRST))
        # Of a large table nothing was known.
        wait_until(lambda: records_known(other) == 2 * statistics.FIRST)
        store.add_records({'msg_id': f'n{i}'} for i in range(4 * statistics.FIRST))
        store._statistics._thread.join()  # type: ignore[union-attr]
        assert records_known(other) == 2 * statistics.FIRST


def test_an_index_that_finds_an_eighth_is_used_with_statistics(path: Path) -> None:
    history = History(3_000, seed=1)
    question = questions(Facts.of(history))['engines']
    with SqliteStore(str(path)) as store:
        store.add_records(history)
        store.create_index('header.date')  # makes statistics
    with SqliteStore(str(path)) as store:
        with store.using() as connection:
            assert records_known(connection) == history.size
        assert store.explain(question.query, question.keys).indexes == ('engine_uuid_1',)


def test_a_table_in_memory_has_them_too() -> None:
    with SqliteStore(':memory:') as store:
        store.add_records({'msg_id': f'm{i}', 'engine_uuid': 'e'} for i in range(statistics.FIRST))
        store._statistics._thread.join()  # type: ignore[union-attr]
        with store.using() as connection:
            assert records_known(connection) == statistics.FIRST


def test_no_change_finds_the_file_locked_by_them(path: Path) -> None:
    with SqliteStore(str(path), settings=Settings(busy_timeout=0)) as store:
        for i in range(20 * statistics.FIRST):
            store.add_record(f'm{i}', {'engine_uuid': 'e'})


def test_a_file_is_closed_while_they_are_made(path: Path, other: apsw.Connection) -> None:
    with SqliteStore(str(path)) as store:
        with store.using():
            store.add_records({'msg_id': f'm{i}'} for i in range(statistics.FIRST))
            thread = store._statistics._thread
            store.close()
        assert thread
        thread.join()
    # By the store that was closed, at the latest.
    assert records_known(other) == statistics.FIRST
