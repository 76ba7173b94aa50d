"""Copies a history from ipyparallel's own file into one of mqsql."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from mqsql.errors import StorageError
from mqsql.hub.legacy import LegacyHistory, history_table, legacy_tables
from mqsql.schema import Record
from mqsql.settings import Settings
from mqsql.storage.sqlite.connection import connect
from mqsql.storage.sqlite.failures import Failures
from mqsql.storage.sqlite.files import check_path
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.storage.sqlite.unfinished import whole

SHOWN = 5  # tables that a message names

Track = Callable[[Iterable[Record], int], Iterable[Record]]
"""Passes records on and shows how far they are of that number."""


@dataclass(frozen=True)
class Transfer:
    """How many records were copied, how many were there already, and the tables they come from."""

    added: int
    present: int
    tables: list[str]


def import_history(old: Path, new: Path, history: LegacyHistory, settings: Settings, track: Track) -> Transfer:
    """Copy a history from a file of ipyparallel's own SQLiteDB into one of ours, all of it or nothing.

    `old` is only read. `new` is created if it does not exist; records that it has already stay as they are.
    Raises StorageError if `old` has no such history or either file cannot be used, OSError if `new` cannot be created.
    """
    # ":memory:" is a name like any other here.
    old, new = old.absolute(), new.absolute()
    with Failures(str(old)), closing(_reader(old)) as connection:
        tables = history.tables(connection)
        if not tables:
            raise StorageError(
                f'{old}: it has no history called {history.name!r} that ipyparallel wrote{_known(connection)}'
            )
        total = history.count(connection)
        records = track(_reading(old, history.records(connection)), total)
        with (
            whole(new) as path,
            closing(SqliteStore(str(path), table=history_table(history.name), settings=settings)) as store,
        ):
            added = store.add_missing(records)
    return Transfer(added, total - added, tables)


def _reader(old: Path) -> apsw.Connection:
    check_path(str(old))
    try:
        old.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise StorageError(f'{old}: there is no such file') from None
    return connect(str(old), Settings(), readonly=True)


def _known(connection: apsw.Connection) -> str:
    tables = ', '.join(map(repr, legacy_tables(connection)[:SHOWN]))
    return tables and f'; its tables are {tables}'


def _reading(path: Path, records: Iterator[Record]) -> Iterator[Record]:
    # The failures of whom these are handed to name another file.
    with Failures(str(path)):
        yield from records
