"""Writes the history of `examples/history.py` as ipyparallel's own SQLiteDB does: `python -m docsite.old_history old.db`."""

import asyncio
import logging
import runpy
import sys
from pathlib import Path

from ipyparallel.controller.hub import empty_record
from ipyparallel.controller.sqlitedb import SQLiteDB

from docsite import ROOT


async def write(path: Path) -> None:
    """The file; that class needs an event loop."""
    morning = runpy.run_path(str(ROOT / 'examples' / 'history.py'))['morning']
    database = SQLiteDB(
        location=str(path.parent), filename=path.name, table='ipython-tasks', log=logging.getLogger('quiet')
    )
    for record in morning():
        database.add_record(record['msg_id'], empty_record() | record)
    database.close()


if __name__ == '__main__':
    logging.disable()
    asyncio.run(write(Path(sys.argv[1]).absolute()))
