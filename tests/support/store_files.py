"""Records for stores, and their files seen by another program."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from mqsql.storage import Store

with_indexes = pytest.mark.parametrize('store', ['file', ':memory:', 'dict:'], indirect=True)
"""The test takes the kinds of store that have indexes."""

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

FULL: dict[str, Any] = {
    'client_uuid': 'client-ü\0',
    'engine_uuid': 'engine',
    'submitted': NOON,
    'started': NOON + timedelta(microseconds=1),
    'completed': None,
    'resubmitted': None,
    'queue': 'task',
    'label': '',
    'buffers': [b'', b'\0\xff' * 100, b'last'],
    'result_buffers': [],
    'header': {'msg_type': 'apply_request', 'date': NOON, 'n': [1, 1.0, True, None, 2**62, float('inf'), b'x']},
    'metadata': {},
    'content': {'$odd': {'a.b': {'"': '\0'}}},
    'stdout': 'line\n',
}


def other(path: Path) -> apsw.Connection:
    """Another user of the file; not through sqlite3, since two SQLite libraries in one process undo each other's locks."""
    return apsw.Connection(str(path))


def ask(path: Path, sql: str) -> Any:
    """The one value that a statement gives."""
    connection = other(path)
    (row,) = connection.execute(sql).fetchall()
    connection.close()
    return row[0]


def change(path: Path, sql: str) -> None:
    """Do a statement as another program."""
    connection = other(path)
    connection.execute(sql)
    connection.close()


def blob_count(path: Path) -> int:
    return int(ask(path, 'SELECT count(*) FROM task_buffers'))


def fill(store: Store, n: int) -> list[str]:
    ids = [f'm{i:04}' for i in range(n)]
    for i, msg_id in enumerate(ids):
        store.add_record(msg_id, {'submitted': NOON + timedelta(seconds=i), 'header': {'n': i}, 'buffers': [b'%d' % i]})
    return ids
