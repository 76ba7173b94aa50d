"""Calls of several threads at once, and queries that would not end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from hub_kinds import Kind

from contract.conftest import Maker
from mqsql.errors import StorageError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
THREADS, TASKS = 6, 40


def test_threads_may_call_at_once(db: Any) -> None:
    barrier = Barrier(THREADS)

    def work(thread: int) -> None:
        """All that is said of the tasks of one thread."""
        barrier.wait()
        for i in range(TASKS):
            msg_id = f'm{thread}.{i}'
            submitted = NOON + timedelta(seconds=i, milliseconds=thread)
            db.add_record(msg_id, {'submitted': submitted, 'engine_uuid': f'e{thread}', 'buffers': [b'%d' % i]})
            db.update_record(msg_id, {'stdout': 'line\n'})
            db.update_record(msg_id, {'stdout': db.get_record(msg_id)['stdout'] + 'more\n', 'completed': submitted})
            found = db.find_records({'engine_uuid': f'e{thread}', 'completed': {'$ne': None}}, ['stdout', 'buffers'])
            kept = [j for j in range(i + 1) if j % 2 == 0 or j == i]
            assert sorted(record['msg_id'] for record in found) == sorted(f'm{thread}.{j}' for j in kept)
            assert {record['stdout'] for record in found} == {'line\nmore\n'}
            assert {bytes(record['buffers'][0]) for record in found} == {b'%d' % j for j in kept}
            assert msg_id in db.get_history()
            if i % 2:
                db.drop_record(msg_id)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    expected = [f'm{thread}.{i}' for i in range(0, TASKS, 2) for thread in range(THREADS)]
    assert db.get_history() == expected
    assert len(db.find_records({'stdout': 'line\nmore\n'}, [])) == len(expected)


def test_threads_may_record_one_task(db: Any) -> None:
    """A request and its output, whichever comes first."""
    barrier, whole = Barrier(THREADS), dict.fromkeys(('stdout', 'stderr', 'queue', 'label', 'pyin', 'client_uuid'), 'x')

    def work(key: str) -> None:
        barrier.wait()
        for i in range(TASKS):
            db.add_record(f'm{i}', {'msg_id': f'm{i}', key: whole[key]})

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, whole))
    assert sorted(record['msg_id'] for record in db.find_records(whole, [])) == sorted(f'm{i}' for i in range(TASKS))


def test_a_clients_query_ends_in_time(kind: Kind, make: Maker) -> None:
    record, query = {'stdout': 'a' * 60 + 'b'}, {'stdout': {'$regex': '(a+)+$'}}
    if kind.deviates(query, [record]):
        pytest.skip('this server goes on for ever')
    db = make(query_timeout=0.5)
    db.add_record('m', record)
    with pytest.raises(StorageError, match='query_timeout'):
        db.find_records(query)
    assert db.get_history() == ['m']
