"""Writes a file as ipyparallel's own SQLiteDB does: `python hub_shipped.py DIRECTORY TABLE`, each run a session of its own.

A program, since that class registers adapters for all users of sqlite3 in its process, and needs an event loop.
"""

import asyncio
import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipyparallel.controller.hub import empty_record
from ipyparallel.controller.sqlitedb import SQLiteDB

NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)


def records(session: int) -> dict[str, dict[str, Any]]:
    """The tasks of a session; the last one is known to each, as a task is whose result comes after a restart."""
    header = {'msg_id': f'done{session}', 'msg_type': 'apply_request', 'date': NOON}
    done = {
        'header': header,
        'content': {'date': '2026-03-01T12:00:00Z', 'ü': [1, 1.5, None]},
        'buffers': [b'\0\xff', b'', b'x' * 100_000],
        'submitted': NOON,
        'completed': NOON,
        'result_content': {'status': 'ok'},
        'execute_result': {'data': {'text/plain': '1'}},
        'execute_input': '1',
        'stdout': 'out\n',
        'label': 'l',
    }
    shared = {'submitted': NOON if session == 0 else None, 'stdout': f'session {session}\n'}
    return {f'done{session}': done, f'pending{session}': {'submitted': NOON}, 'shared': shared}


async def write(directory: str, table: str) -> None:
    """One session of that class."""
    db = SQLiteDB(location=directory, table=table, log=logging.getLogger('quiet'))
    session = int(db.table.rpartition('_')[2]) if db.table != table else 0
    for msg_id, record in records(session).items():
        db.add_record(msg_id, empty_record() | {'msg_id': msg_id} | record)
    db.close()


def write_sessions(directory: Path, count: int, table: str = 'ipython-tasks') -> Path:
    """The file after so many sessions."""
    for _ in range(count):
        subprocess.run([sys.executable, __file__, str(directory), table], check=True)
    return directory / 'tasks.db'


if __name__ == '__main__':
    logging.disable()
    asyncio.run(write(str(Path(sys.argv[1])), sys.argv[2]))
