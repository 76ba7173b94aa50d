"""Reads records from files that ipyparallel's own SQLiteDB wrote.

That class keeps a history in the table `ipython-tasks`, or another of the user's choice; with SQLite from 3.37 on it takes
its own table for damaged at each start and begins `ipython-tasks_1`, `_2`, …, so one history lies in several tables
(ipyparallel 9.2, controller/sqlitedb.py). Documents are JSON, times ISO 8601 text, buffers a pickled list of bytes.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import apsw

from mqsql.errors import RecordError, StorageError, cut, printable
from mqsql.hub.pickles import read_pickled_buffers as _unpickle
from mqsql.schema import BUFFERS, DOCUMENT, TASKS, TIMESTAMP, ColumnType, Record, Table
from mqsql.settings import LEGACY_TABLE
from mqsql.storage.statements import quote

"""The name of its history unless told otherwise."""

PROGRESS = 10_000
REPLACED = '\N{REPLACEMENT CHARACTER}'
COLUMNS = {'msg_id', 'header', 'content', 'buffers', 'submitted', 'client_uuid', 'engine_uuid', 'started', 'completed'}
"""What every version of that class has kept."""

Warn = Callable[[str], object]


class LegacyHistory:
    """The history called `name` in such a file; `say` is given a line for each loss.

    Without `adopt` none of its records are adopted.
    """

    def __init__(self, name: str, say: Warn, *, adopt: bool = True) -> None:
        self.name, self.say, self._adopt = name, say, adopt

    def accepts(self, connection: apsw.Connection) -> bool:
        """Whether this is a file of that class."""
        return all_legacy(connection)

    def adopted(self, connection: apsw.Connection) -> Iterator[Record]:
        """Its records for adoption; `say` is also given a line now and then."""
        tables = self.tables(connection) if self._adopt else []
        for table in tables:
            self.say(f'Adopting the history in the table {table!r} of ipyparallel; the table itself is left as it is.')
        number = 0
        for number, record in enumerate(self.records(connection) if tables else (), 1):
            yield record
            if number % PROGRESS == 0:
                self.say(f'{number:,} tasks adopted so far.')
        if number:
            self.say(f'{number:,} tasks adopted.')

    def records(self, connection: apsw.Connection) -> Iterator[Record]:
        """Its records, oldest table first, each msg_id once: what a later table says of it came after a restart."""
        seen: set[str] = set()
        for table in self.tables(connection):
            for record in self._table(connection, table):
                if record['msg_id'] not in seen:
                    seen.add(record['msg_id'])
                    yield record

    def count(self, connection: apsw.Connection) -> int:
        """How many records it has."""
        tables = self.tables(connection)
        keys = (row for table in tables for row in connection.execute(_select(table, ['msg_id'])))
        return len({_decode(key) for (key,) in keys if key is not None})

    def tables(self, connection: apsw.Connection) -> list[str]:
        """Its tables, oldest first."""
        parts = {self._part(name): name for name in legacy_tables(connection)}
        return [parts[part] for part in sorted(part for part in parts if part is not None)]

    def _part(self, table: str) -> int | None:
        found = re.fullmatch(re.escape(self.name) + r'(?:_(\d+))?', table)
        return int(found[1] or 0) if found else None

    def _table(self, connection: apsw.Connection, table: str) -> Iterator[Record]:
        columns = [c for c in _columns(connection, table) if c in TASKS.columns or c in TASKS.aliases]
        for row in connection.execute(_select(table, columns)):
            given = {name: stored for name, stored in zip(columns, row, strict=True) if stored is not None}
            if 'msg_id' in given:
                yield dict(self._values(_decode(given['msg_id']), given))

    def _values(self, msg_id: str, given: dict[str, bytes]) -> Iterator[tuple[str, Any]]:
        task = cut(printable(msg_id))
        for name, stored in given.items():
            column = TASKS.column(name)
            try:
                yield from TASKS.normalize({column: _read(column, TASKS.columns[column], stored)}).items()
            except (ValueError, RecordError, RecursionError) as e:
                self.say(f'The {column} of task {task} cannot be read and is left out: {e}')
            else:
                if TASKS.columns[column] is not BUFFERS and _damaged(stored):
                    self.say(f'The {column} of task {task} is not UTF-8; what is not is replaced by "{REPLACED}".')


def history_table(name: str) -> Table:
    """Our table of the history called `name`; StorageError if there can be none."""
    if name == LEGACY_TABLE:
        return TASKS
    table = f'{name}_records'
    if table.lower() == TASKS.name:
        raise StorageError(f'no other history than the default can be called {name!r}; write {LEGACY_TABLE!r} for that')
    try:
        return TASKS.rename(table)
    except ValueError:
        raise StorageError(
            f'a history cannot be called {name!r}: SQLite keeps such names for itself; write another'
        ) from None


def history_name(table: Table) -> str:
    """What the history of one of our tables is called."""
    return LEGACY_TABLE if table.name == TASKS.name else table.name.removesuffix('_records')


def legacy_tables(connection: apsw.Connection) -> list[str]:
    """The tables of a file that ipyparallel's SQLiteDB made."""
    # Nothing else: a view or a virtual table may give rows without end, a computed column values of any size. And not by
    # PRAGMA table_list, which would prepare every view of the file.
    tables = connection.execute(
        """SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND rootpage
        AND NOT EXISTS (SELECT 1 FROM pragma_index_info(t.name))
        AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(t.name) WHERE hidden)"""
    ).fetchall()
    names = [str(name) for (name,) in tables]
    return [name for name in names if set(_columns(connection, name)) >= COLUMNS and name != TASKS.name]


def all_legacy(connection: apsw.Connection) -> bool:
    """Whether a file holds such tables and nothing else."""
    named = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ((tables,),) = connection.execute(named).fetchall()
    return bool(tables) and tables == len(legacy_tables(connection))


def is_legacy_file(path: str) -> bool:
    """Whether a path names a file that holds such tables and nothing else; it is only read."""
    if not os.path.isfile(path):
        return False
    try:
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error:
        return False
    try:
        return all_legacy(connection)
    except apsw.Error:
        return False
    finally:
        connection.close()


def _select(table: str, columns: Sequence[str]) -> str:
    """SELECT of these columns of all rows, oldest first, as the bytes that are stored: text may be no UTF-8."""
    listed = ', '.join(f'CAST({quote(column)} AS BLOB)' for column in columns)
    return f'SELECT {listed} FROM {quote(table)} ORDER BY rowid'


def _columns(connection: apsw.Connection, table: str) -> list[str]:
    return [str(name) for (name,) in connection.execute('SELECT name FROM pragma_table_info(?)', (table,))]


# --- values


def _decode(stored: bytes) -> str:
    return stored.decode(errors='replace')


def _damaged(stored: bytes) -> bool:
    text = _decode(stored)
    return REPLACED in text and text.encode() != stored


def _read(column: str, kind: ColumnType, stored: bytes) -> Any:
    if kind is BUFFERS:
        return _unpickle(stored)
    if kind is TIMESTAMP:
        # Without a zone it is local time there: a datetime keeps that, where a text would be in UTC.
        return datetime.fromisoformat(_decode(stored))
    if kind is not DOCUMENT:
        return _decode(stored)
    document = json.loads(_decode(stored))
    if column.endswith('header') and isinstance(document, dict):
        return document | _date(document)
    return document


def _date(header: dict[str, Any]) -> dict[str, Any]:
    """The date of a header, which the hub gives as a datetime and that class writes as text."""
    try:
        return {'date': TIMESTAMP.coerce(datetime.fromisoformat(header['date']))}
    except (KeyError, TypeError, ValueError):
        return {}
