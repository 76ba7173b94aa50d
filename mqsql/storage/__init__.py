"""Stores: `open` gives the one that a URL names."""

import os

from mqsql.errors import StorageError, short_repr
from mqsql.schema import TASKS, Table
from mqsql.settings import MEMORY, Settings
from mqsql.storage.base import Explanation, Store
from mqsql.values.plain import as_text

__all__ = ['Explanation', 'Store', 'open']

SQLITE = 'sqlite://'
DICT = 'dict:'


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
    """The store at `url`: a path or "sqlite:///path" for a file, ":memory:" for SQLite in memory, "dict:" for dicts.

    A file is created if it does not exist, unless `readonly`, which never changes it and works while others write it.
    `journal_mode` is "wal" (the default: readers and writers do not wait for each other), or "delete", "truncate" or
    "persist" where the file is on a network file system, which the write-ahead log does not work on. `synchronous` is
    "normal", or "full" so that also a loss of power loses nothing, "extra" or "off". `busy_timeout` is how many
    seconds to wait while another process writes, `query_timeout` how many a query may take, from reading it to its last
    record (0: any time); then the fields that a projection computes take at most 150 MB for all records of an answer.

    A store serves the threads of the process that opened it. A fork of that process, such as a worker of multiprocessing, opens
    the file again; the store that it inherits raises StorageError.

    While a store is open, its own process should not open the file with Python's sqlite3: two copies of SQLite in one process
    undo each other's locks (sqlite.org/howtocorrupt.html, 2.2.1). Other processes may.

    Raises StorageError for a file that cannot be opened or is not ours, which is then left as it is.
    """
    name = _path(url)
    settings = Settings(journal_mode, synchronous, busy_timeout, query_timeout)
    # Each kind of store needs modules that take long to import and that the other does not use.
    if name == DICT:
        from mqsql.storage.memory import DictStore

        return DictStore(readonly=readonly, table=table, query_timeout=query_timeout)
    from mqsql.storage.sqlite.store import SqliteStore

    return SqliteStore(name, readonly=readonly, table=table, settings=settings)


def _path(url: object) -> str:
    name = as_text(os.fspath(url)) if isinstance(url, str | os.PathLike) else None
    if not isinstance(name, str) or '\0' in name:
        raise StorageError(f'a store is named by a path or a URL, not {short_repr(url)}')
    if name.startswith(SQLITE):
        # As in SQLAlchemy: three slashes for a path from here, four for one from the root, none for memory.
        name = name.removeprefix(SQLITE).removeprefix('/') or MEMORY
        name = os.path.abspath(name) if name == DICT else name  # a file of that name
    if '://' in name:
        raise StorageError(
            f'there is no store for {name.partition("://")[0]}://; give a path, sqlite:///path, {MEMORY} or {DICT}'
        )
    if not name:
        raise StorageError(f'the empty text names no store; give a path, sqlite:///path, {MEMORY} or {DICT}')
    # Connections are made later too, wherever the process is then.
    return name if name in (MEMORY, DICT) else os.path.abspath(name)
