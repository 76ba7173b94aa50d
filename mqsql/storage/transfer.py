"""The history of another file, copied into a store of its own. Imports `errors` and `schema`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from shutil import rmtree

import apsw

from mqsql.errors import StorageError
from mqsql.schema import Record
from mqsql.storage.connection import Settings, connect
from mqsql.storage.failures import Failures
from mqsql.storage.shipped import History, history_table, shipped_tables
from mqsql.storage.sqlite import SqliteStore

SHOWN = 5  # tables that a message names

Track = Callable[[Iterable[Record], int], Iterable[Record]]
"""Passes records on and shows how far they are of that number."""


@dataclass(frozen=True)
class Transfer:
    """How many records were copied, how many were there already, and the tables they come from."""

    added: int
    present: int
    tables: list[str]


def import_history(old: Path, new: Path, history: History, settings: Settings, track: Track) -> Transfer:
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
            _whole(new) as path,
            closing(SqliteStore(str(path), table=history_table(history.name), settings=settings)) as store,
        ):
            added = store.add_missing(records)
    return Transfer(added, total - added, tables)


def _reader(old: Path) -> apsw.Connection:
    try:
        old.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise StorageError(f'{old}: there is no such file') from None
    try:
        return connect(str(old), Settings(), readonly=True)
    except apsw.ReadOnlyError as e:
        reason = 'who wrote it was stopped in the middle of a change'
        raise StorageError(f'{old}: {reason}; undo that: sqlite3 {old} .schema') from e


def _known(connection: apsw.Connection) -> str:
    tables = ', '.join(map(repr, shipped_tables(connection)[:SHOWN]))
    return tables and f'; its tables are {tables}'


def _reading(path: Path, records: Iterator[Record]) -> Iterator[Record]:
    # The failures of whom these are handed to name another file.
    with Failures(str(path)):
        yield from records


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Where to write what is to be at `path`: there, or, if it does not exist, beside it until all is done."""
    if path.exists():
        yield path
        return
    with _directory_beside(path) as directory:
        unfinished = directory / path.name
        yield unfinished
        if path.exists():
            raise StorageError(f'{path}: it was created by another process meanwhile; repeat the import to add to it')
        unfinished.rename(path)


@contextmanager
def _directory_beside(path: Path) -> Iterator[Path]:
    """An empty directory of this import alone, gone after the block. One that a killed import left behind is used again."""
    directory = path.with_name(f'.{path.name}.import')
    try:
        directory.mkdir(exist_ok=True)
    except OSError as e:
        raise StorageError(f'{path}: it cannot be created ({e.strerror})') from e
    with closing(_lock(directory / 'lock', path)):
        try:
            for left in directory.glob(f'{escape(path.name)}*'):
                left.unlink()
            yield directory
        finally:
            rmtree(directory)


def _lock(file: Path, path: Path) -> apsw.Connection:
    """What holds a lock until it is closed. SQLite's are gone with the process, and work on network file systems too."""
    with Failures(str(file)):
        try:
            connection = connect(str(file), Settings(busy_timeout=0), readonly=False)
            connection.execute('BEGIN EXCLUSIVE')
        except apsw.BusyError:
            raise StorageError(f'{path}: another import is creating it; wait for that') from None
        return connection
