"""Opens databases of DuckDB: one for each file in a process, whichever number of stores, and none in a fork of it."""

import ctypes
import os
from collections.abc import Callable
from itertools import count
from threading import RLock
from time import monotonic, sleep
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import duckdb

from mqsql import limits
from mqsql.compiler.dialects.duckdb.functions import FUNCTIONS, QUERY, create_function
from mqsql.errors import StorageError
from mqsql.settings import MEMORY
from mqsql.storage.paths import check_path

Connection = duckdb.DuckDBPyConnection

PAUSE = 0.02  # seconds, between two tries to open a file that another process has open
LOCKED = 'Could not set lock'
"""What DuckDB says of such a file."""

_HEADER, _MAGIC = slice(8, 12), b'DUCK'
_SQLITE = b'SQLite format 3\0'

_lock = RLock()
_next = count(1)
_numbers: WeakKeyDictionary[Connection, int] = WeakKeyDictionary()
_inherited: set[str] = set()


class Database:
    """An open database, which the stores of this process share that open the same file."""

    def __init__(self, path: str, *, readonly: bool) -> None:
        self.path, self.readonly, self.users = path, readonly, 0
        # A function goes with the connection that made it known, and a call of it after that is a crash. So this one does,
        # which is closed last.
        self.root = duckdb.connect(path, read_only=readonly)
        self._has_functions = False
        _numbers[self.root] = 0

    def connect(self) -> Connection:
        """A new connection, which has a number."""
        with _lock:
            connection = self.root.cursor()
            _numbers[connection] = number = next(_next)
        connection.execute(f'SET VARIABLE {QUERY} = ?', [number])
        return connection

    def add_functions(self, wrapped: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Make the functions of the dialect known, unless that has been done; `wrapped` makes one of each that is also called
        with the number of the connection, first.
        """
        with _lock:
            if not self._has_functions:
                for function in FUNCTIONS:
                    create_function(self.root, function, wrapped(function.function))
                self._has_functions = True

    def close(self) -> None:
        """Close it, unless another store uses it."""
        with _lock:
            self.users -= 1
            if not self.users:
                _shared.pop(self.path, None)
                self.root.close()


_shared: WeakValueDictionary[str, Database] = WeakValueDictionary()
"""The open databases by path."""


def number_of(connection: Connection) -> int:
    """The number of a connection."""
    return _numbers[connection]


def open_database(path: str, *, readonly: bool, busy_timeout: float) -> Database:
    """The database in the file at `path`, or a new one in memory. Each user of it calls `close` once.

    Waits up to `busy_timeout` seconds while another process has the file open. Raises StorageError for a file that cannot be
    a database, and the errors of DuckDB.
    """
    if path == MEMORY:
        return _use(Database(path, readonly=False))
    check_path(path)
    # Two names of one file would be two databases, which do not see each other's locks.
    real, end = os.path.realpath(path), monotonic() + busy_timeout
    while True:
        try:
            with _lock:
                return _use(_open(real, readonly))
        except duckdb.IOException as e:
            if LOCKED not in str(e) or monotonic() > end:
                raise
        limits.check()
        sleep(PAUSE)


def _use(database: Database) -> Database:
    database.users += 1
    return database


def _open(path: str, readonly: bool) -> Database:
    database = _shared.get(path)
    if database is None:
        _check_file(path, readonly)
        _shared[path] = database = Database(path, readonly=readonly)
    elif database.readonly and not readonly:
        raise StorageError(f'{path}: this process has it open read-only; close that first')
    return database


def _check_file(path: str, readonly: bool) -> None:
    # DuckDB would use the database that this process inherited, whose threads are not here.
    if path in _inherited:
        raise StorageError(
            f'{path}: the process of which this one is a fork has it open; close it there before the fork, or start '
            'this process by the method "spawn" of multiprocessing'
        )
    try:
        with open(path, 'rb') as file:
            start = file.read(len(_SQLITE))
    except FileNotFoundError:
        if readonly:
            raise StorageError(f'{path}: there is no such file; open it without readonly=True to create it') from None
        return
    except OSError as e:
        raise StorageError(f'{path}: it cannot be opened ({e.strerror})') from e
    # DuckDB would load an extension for files of SQLite, from the network if need be.
    if start == _SQLITE:
        raise StorageError(f'{path}: this is an SQLite database; open it without "duckdb:"')
    if start[_HEADER] != _MAGIC:
        advice = 'name another file' if start else 'it is empty, so delete it to have one created'
        raise StorageError(f'{path}: this is not a DuckDB database; {advice}')


def _keep_inherited() -> None:
    global _lock
    # A fork has no thread of DuckDB. A connection that ends there writes to the file, although the parent uses it, and crashes.
    for connection in list(_numbers):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
    _inherited.update(_shared)
    _shared.clear()
    _lock = RLock()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_keep_inherited)
