"""Stores: `open` gives the one that a URL names."""

import os

from mqsql.errors import StorageError, short_repr
from mqsql.schema import TASKS, Table
from mqsql.schema.rows import warn
from mqsql.settings import Settings
from mqsql.storage.base import Explanation, Store
from mqsql.storage.extras import require_duckdb, require_pymongo
from mqsql.storage.mishaps import Warn
from mqsql.storage.urls import DICT, MONGODB, PARQUET, SQLITE, Location, read_url

__all__ = ['Explanation', 'Store', 'open']


def open(
    url: str | os.PathLike[str],
    *,
    readonly: bool = False,
    table: Table = TASKS,
    journal_mode: str = 'wal',
    synchronous: str = 'normal',
    busy_timeout: float = 5.0,
    query_timeout: float = 0.0,
) -> Store:
    """The store at `url`:

        a path, "sqlite:///path"            an SQLite file                ":memory:"          SQLite in memory
        "duckdb:path", "duckdb:///path"     a DuckDB file                 "duckdb::memory:"   DuckDB in memory
        "parquet:path", "parquet:dir/*"     Parquet files, read-only      "dict:"             dicts of this process
        "mongodb://user:password@host:port/database.collection?options"   a collection of a MongoDB server

    DuckDB and Parquet need mqsql[duckdb], MongoDB mqsql[mongodb]. The path of Parquet files may have the patterns of `glob`, or
    be a directory.

    A file is created if it does not exist, unless `readonly`, which never changes it and works while others write it.
    `journal_mode` is "wal" (the default: readers and writers do not wait for each other), or "delete", "truncate" or
    "persist" where the file is on a network file system, which the write-ahead log does not work on. `synchronous` is
    "normal", or "full" so that also a loss of power loses nothing, "extra" or "off". `busy_timeout` is how many
    seconds to wait while another process writes, `query_timeout` how many a query may take, from reading it to its last
    record (0: any time); then the fields that a projection computes take at most 150 MB for all records of an answer.

    A DuckDB file serves one process, or several that all open it with `readonly`; `busy_timeout` is how many seconds to wait
    for another to close it. `journal_mode` and `synchronous` are SQLite's alone: DuckDB flushes each change to the disk.

    Queries are relayed to a MongoDB server. It compares times inside values by the millisecond, and gives records in an order
    of its own unless they are sorted. An address without a collection means that of the table's name. `busy_timeout` is how
    many seconds a call by key waits for the server.

    A store serves the threads of the process that opened it. A fork of that process, such as a worker of multiprocessing, opens
    the file again; the store that it inherits raises StorageError.

    While a store is open, its own process should not open the file with Python's sqlite3: two copies of SQLite in one process
    undo each other's locks (sqlite.org/howtocorrupt.html, 2.2.1). Other processes may.

    Raises StorageError for a file that cannot be opened or is not ours, which is then left as it is.
    """
    settings = Settings(journal_mode, synchronous, busy_timeout, query_timeout)
    return open_location(read_url(url), readonly=readonly, table=table, settings=settings)


def open_location(
    location: Location, *, readonly: bool, table: Table = TASKS, settings: Settings, say: Warn = warn
) -> Store:
    """The store at a location, see `open`; `say` is told of the values of other programs that cannot be read."""
    if not isinstance(table, Table):
        raise StorageError(f'table takes a mqsql.Table, not {short_repr(table)}')
    kind, path = location
    # Each kind of store needs modules that take long to import and that the others do not use.
    if kind == DICT:
        from mqsql.storage.memory import DictStore

        return DictStore(readonly=readonly, table=table, query_timeout=settings.query_timeout)
    if kind == SQLITE:
        from mqsql.storage.sqlite.hiding import HidingStore

        return HidingStore(path, readonly=readonly, table=table, settings=settings, say=say)
    if kind == MONGODB:
        require_pymongo()
        from mqsql.storage.mongodb.opening import open_store

        return open_store(path, readonly=readonly, table=table, settings=settings, say=say)
    require_duckdb(path)
    if kind == PARQUET:
        from mqsql.storage.duckdb.parquet import ParquetStore

        return ParquetStore(path, table=table, query_timeout=settings.query_timeout, say=say)
    from mqsql.storage.duckdb.store import DuckStore

    return DuckStore(
        path,
        readonly=readonly,
        table=table,
        busy_timeout=settings.busy_timeout,
        query_timeout=settings.query_timeout,
        say=say,
    )
