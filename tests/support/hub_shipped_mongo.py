"""Writes a collection as ipyparallel's own MongoDB class does: `python hub_shipped_mongo.py URL DATABASE SESSIONS`.

The collection is `task_records` of the database, which is `ipython-tasks` unless that class is told otherwise. A program, as
for its SQLiteDB: that class never closes its client.
"""

import asyncio
import logging
import subprocess
import sys
from datetime import datetime
from typing import Any

from hub_shipped import records
from ipyparallel.controller.hub import empty_record
from ipyparallel.controller.mongodb import MongoDB

DATABASE, COLLECTION = 'ipython-tasks', 'task_records'
"""Where that class writes unless it is told otherwise; of the collection it cannot be."""


async def write(url: str, database: str, sessions: int) -> None:
    """So many sessions of that class; a task that is known already is changed, as the hub does when its result comes."""
    for session in range(sessions):
        db = MongoDB(connection_args=[url], database=database, log=logging.getLogger('quiet'))
        for msg_id, record in records(session).items():
            _write(db, msg_id, record)


def _write(db: Any, msg_id: str, record: dict[str, Any]) -> None:
    try:
        db.get_record(msg_id)
    except KeyError:
        db.add_record(msg_id, empty_record() | {'msg_id': msg_id} | record)
    else:
        db.update_record(msg_id, record)


def write_collection(url: str, sessions: int, database: str = DATABASE) -> str:
    """Write the collection of that class on the server at `url` after so many sessions; the collection's URL for a store."""
    subprocess.run([sys.executable, __file__, url, database, str(sessions)], check=True)
    return f'{url}/{database}.{COLLECTION}'


def kept(value: Any) -> Any:
    """What that class keeps of a value: of times the milliseconds."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return {name: kept(part) for name, part in value.items()} if isinstance(value, dict) else value


if __name__ == '__main__':
    logging.disable()
    asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3])))
