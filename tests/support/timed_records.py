"""Records of tasks at seconds after a moment, for tests of timelines."""

from datetime import UTC, datetime, timedelta
from typing import Any

import mqsql
from mqsql.schema import Record
from mqsql.storage import Store

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
MICROSECONDS = 1_767_225_600_000_000
"""MOMENT, since 1970."""


def at(seconds: float | None) -> datetime | None:
    """So many seconds after MOMENT."""
    return None if seconds is None else MOMENT + timedelta(seconds=seconds)


def task(
    msg_id: str,
    submitted: float | None = None,
    started: float | None = None,
    completed: float | None = None,
    *,
    engine: str | None = None,
    status: str = 'ok',
    **columns: Any,
) -> Record:
    """A record; one that has ended has a result of this status."""
    record: Record = {
        'msg_id': msg_id,
        'client_uuid': 'a-client',
        'engine_uuid': engine,
        'submitted': at(submitted),
        'started': at(started),
        'completed': at(completed),
        'result_content': None if completed is None else {'status': status},
    }
    return record | columns


def failed(msg_id: str, *times: float | None, ename: str = 'KeyError', evalue: str = 'fold', **columns: Any) -> Record:
    """A record of a task that failed."""
    lines = ['\x1b[0;31mTraceback\x1b[0m (most recent call last)', f'{ename}: {evalue}']
    content = {'status': 'error', 'ename': ename, 'evalue': evalue, 'traceback': lines}
    return task(msg_id, *times, **columns) | {'result_content': content}


def store_of(*records: Record) -> Store:
    """A store of these records."""
    store = mqsql.open(':memory:')
    store.add_records(records)
    return store
