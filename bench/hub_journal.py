"""What a hub's database has acknowledged, known also when the hub is killed. Imports `hub` of the project.

A call is acknowledged when it has returned. A controller that runs with JournalledDB then adds a line to a file, which costs
it some microseconds: the line is in the system's memory when `write` returns, whatever becomes of the process.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mqsql.hub.sqlite_db import SQLiteDB

Sizes = dict[str, int]
"""By column that was given a value: characters of a text, bytes of buffers, 1 for all else."""


class JournalledDB(SQLiteDB):
    """mqsql's database, noting in `location`/journal.PID each call that has returned."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        path = journal(Path(self.location), os.getpid())
        self._journal = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """As the base's."""
        super().add_record(msg_id, rec)
        self._note(msg_id, rec)

    def update_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """As the base's."""
        super().update_record(msg_id, rec)
        self._note(msg_id, rec)

    def _note(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        line = json.dumps([msg_id, {column: size(value) for column, value in rec.items() if value is not None}])
        os.write(self._journal, line.encode() + b'\n')


def size(value: object) -> int:
    """As Sizes has it."""
    if isinstance(value, str):
        return len(value)
    return sum(memoryview(part).nbytes for part in value) if isinstance(value, Sequence) else 1


def journal(location: Path, pid: int) -> Path:
    """Where the process of this id notes its calls."""
    return location / f'journal.{pid}'


def read(path: Path) -> tuple[int, dict[str, Sizes]]:
    """How many calls a journal tells of, and the last sizes of each record's columns; none if there is no journal yet."""
    # What follows the last line's end was being written when the process was killed: its call is not acknowledged.
    lines = path.read_text().split('\n')[:-1] if path.exists() else []
    records: dict[str, Sizes] = {}
    for line in lines:
        msg_id, sizes = json.loads(line)
        records.setdefault(msg_id, {}).update(sizes)
    return len(lines), records
