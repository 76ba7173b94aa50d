"""Copies a history from one database to another."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import apsw

from mqsql.errors import StorageError
from mqsql.hub.checking import PATIENCE, known_histories
from mqsql.hub.copying import Additions, StoredHistory, Warn
from mqsql.hub.legacy import LegacyHistory, history_table, legacy_tables
from mqsql.schema import Record, Table
from mqsql.settings import MEMORY, Settings
from mqsql.storage import open_location
from mqsql.storage.extras import require_pymongo
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.connection import connect
from mqsql.storage.sqlite.failures import Failures
from mqsql.storage.sqlite.files import check_path
from mqsql.storage.sqlite.hiding import HidingStore
from mqsql.storage.sqlite.layout import objects_of
from mqsql.storage.sqlite.unfinished import whole
from mqsql.storage.statements import folded
from mqsql.storage.urls import DICT, MONGODB, PARQUET, SQLITE, Location, read_url, shown

SHOWN = 5  # tables that a message names

Url = str | os.PathLike[str]
Track = Callable[[Iterable[Record], int], Iterable[Record]]
"""Passes records on and shows how far they are of that number."""


@dataclass(frozen=True)
class Transfer:
    """How many records were copied, were there already, could not be stored; how many values of others could not.

    `name` is what the new database is called, without a password; `tables` are those that the records come from.
    """

    name: str
    tables: list[str]
    added: int
    present: int
    lost: int = 0
    refused: int = 0


@dataclass(frozen=True)
class _Old:
    """A history: the tables that it is in, how many records it has, and these, one by one."""

    tables: list[str]
    count: int
    records: Iterator[Record]


def import_history(old: Url, new: Url, history: LegacyHistory, settings: Settings, track: Track) -> Transfer:
    """Copy a history from one database to another, each at a path or a URL as `mqsql.open` takes them.

    `old` is only read; it may also be what ipyparallel's own SQLiteDB or MongoDB class wrote. `new` is created if it does not
    exist; records that it has already stay as they are. Into an SQLite file all is copied or nothing, into another database
    in batches: after a failure a repeat goes on. `history` has the name of the history in files, and is told of each loss.

    Raises StorageError if `old` has no such history or either database cannot be used, OSError if `new` cannot be created.
    """
    source, target, table = read_url(old), read_url(new), history_table(history.name)
    _check(source, target)
    name = shown(new, table.name)
    with _opened(source, history, table, same=_same(source, target, table)) as found:
        records = track(found.records, found.count)
        if target.kind == SQLITE:
            with (
                whole(Path(target.path)) as path,
                closing(HidingStore(str(path), table=table, settings=settings)) as store,
            ):
                added = store.add_missing(records)
            return Transfer(name, found.tables, added, found.count - added)
        done = _add(target, records, table, settings, history.say)
        return Transfer(name, found.tables, done.added, done.present, done.lost, done.refused)


def _add(target: Location, records: Iterable[Record], table: Table, settings: Settings, say: Warn) -> Additions:
    """Copy records into a database other than SQLite."""
    patient = replace(settings, busy_timeout=PATIENCE)
    with closing(open_location(target, readonly=False, table=table, settings=patient, say=say)) as store:
        additions = Additions(store, say)
        try:
            additions.add_missing(records)
        except StorageError as e:
            raise StorageError(
                f'{e}; {additions.added:,} tasks have been copied, and a repeat of the import goes on'
            ) from e
    return additions


# --- the databases


def _check(source: Location, target: Location) -> None:
    """StorageError for databases from which or into which nothing can be copied."""
    for location in (source, target):
        if location.kind == DICT or location.path == MEMORY:
            raise StorageError('a store in memory begins empty, and ends with the command; name a file or a server')
        if location.kind == MONGODB:
            require_pymongo()
    if target.kind == PARQUET:
        raise StorageError(
            f'{target.path}: Parquet files are written as a whole, by to_parquet: mqsql.open(…).to_parquet(path)'
        )


def _same(source: Location, target: Location, table: Table) -> bool:
    if source.kind == target.kind != MONGODB and os.path.exists(source.path) and os.path.exists(target.path):
        return os.path.samefile(source.path, target.path)
    return source.kind == target.kind and shown(source.path, table.name) == shown(target.path, table.name)


@contextmanager
def _opened(source: Location, history: LegacyHistory, table: Table, *, same: bool) -> Iterator[_Old]:
    """The history in a database, which is open in the block; `same` says that the records go there, too."""
    if source.kind == SQLITE:
        with _file(source.path) as connection:
            if not _has(connection, table) or (same and history.tables(connection)):
                yield _legacy(connection, source.path, history, table)
                return
    if same:
        raise StorageError(f'{shown(source.path, table.name)}: this is both the old and the new database; name another')
    patient = Settings(busy_timeout=PATIENCE)
    with closing(open_location(source, readonly=True, table=table, settings=patient, say=history.say)) as store:
        stored = StoredHistory(store, history.say)
        if not stored.count():
            raise StorageError(f'{shown(source.path, table.name)}: it has no records')
        yield _Old([store.table.name], stored.count(), stored.records())


@contextmanager
def _file(path: str) -> Iterator[apsw.Connection]:
    """A connection that only reads a file, which is there; what leaves the block names it."""
    with Failures(path):
        check_path(path)
        if not _exists(path):
            raise StorageError(f'{path}: there is no such file')
        with closing(connect(path, Settings(), readonly=True)) as connection:
            yield connection


def _exists(path: str) -> bool:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _is_ours(connection: apsw.Connection) -> bool:
    return bool(connection.pragma('application_id') == ddl.APPLICATION_ID)


def _has(connection: apsw.Connection, table: Table) -> bool:
    """Whether a file is one of mqsql that has this table."""
    return _is_ours(connection) and folded(table.name) in map(folded, objects_of(connection))


def _legacy(connection: apsw.Connection, path: str, history: LegacyHistory, table: Table) -> _Old:
    """The history that ipyparallel's own SQLiteDB wrote; StorageError if there is none."""
    tables = history.tables(connection)
    if not tables:
        known = known_histories(connection, path, table) if _is_ours(connection) else _theirs(connection)
        raise StorageError(f'{path}: it has no history called {history.name!r}{known}')
    return _Old(tables, history.count(connection), _reading(path, history.records(connection)))


def _theirs(connection: apsw.Connection) -> str:
    """The end of a message: the tables of ipyparallel in a file; empty if there is none."""
    known = ', '.join(map(repr, legacy_tables(connection)[:SHOWN]))
    return known and f' that ipyparallel wrote; its tables are {known}'


def _reading(path: str, records: Iterator[Record]) -> Iterator[Record]:
    # The failures of whom these are handed to name another file.
    with Failures(path):
        yield from records
