"""Opens a file: checks what it holds, then creates or migrates the tables.

Settings are made on each connection itself; nothing is set for other users of SQLite in the process.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import apsw

from mqsql import limits
from mqsql.compiler import FUNCTIONS
from mqsql.errors import StorageError
from mqsql.schema import Record, Table
from mqsql.settings import MEMORY, Settings
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.files import check_path, open_connection
from mqsql.storage.sqlite.indexes import old_indexes, renew_indexes
from mqsql.storage.sqlite.layout import check_foreign, check_kinds, check_table, missing
from mqsql.storage.sqlite.waiting import wait_for_others
from mqsql.storage.statements import folded

CACHE_KIB = 16_384
READING_KIB = (
    2_000  # a larger cache leaves that of the processor, and a connection that only reads mostly passes through
)
JOURNAL_BYTES = 64 << 20  # to which a longer log shrinks
STEPS = 5_000  # of SQLite's virtual machine between two checks of the deadline; mostly some milliseconds at most
OPENING_SECONDS = 10.0  # at least: another process may be creating the file
RETRY_SECONDS = 0.01


def connect(path: str, settings: Settings, *, readonly: bool) -> apsw.Connection:
    """A connection with the functions that compiled queries call; opens the file and reads nothing of it."""
    connection = open_connection(path, readonly=readonly)
    # Triggers and views of a file must not call our functions, nor damage its tables.
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    wait_for_others(connection, settings.busy_timeout)
    if settings.query_timeout:
        look_at_the_clock(connection)
    for name, arguments, function in FUNCTIONS:
        timed = _timed(function) if settings.query_timeout else function
        connection.create_scalar_function(name, timed, arguments, deterministic=True)
    connection.pragma('cache_size', -(READING_KIB if readonly else CACHE_KIB))
    # On macOS an ordinary fsync leaves data in the drive's cache; elsewhere these settings change nothing. A checkpoint is
    # always flushed: the log, which has the same data, is overwritten after it.
    connection.pragma('checkpoint_fullfsync', 1)
    connection.pragma('fullfsync', int(settings.synchronous in ('full', 'extra')))
    return connection


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which looks at the clock too: some steps of SQLite's machine may be hundreds of its calls."""

    def call(*arguments: Any) -> Any:
        limits.check()
        return function(*arguments)

    return call


def look_at_the_clock(connection: apsw.Connection, *, ever: bool = True) -> None:
    """Have statements end at the deadlines of their queries from now on, or not."""
    connection.set_progress_handler(_check_deadline if ever else None, STEPS)


def _check_deadline() -> bool:
    limits.check()
    return False  # go on


class Transaction:
    """A block of which all is done or nothing, committed at its end. A class: a generator costs each change of a hub more."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute('BEGIN IMMEDIATE')

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                limits.check()
                with limits.unlimited():  # or a commit that succeeded might raise that it took too long
                    self._connection.execute('COMMIT')
        finally:
            if self._connection.in_transaction:
                with limits.unlimited():
                    self._connection.execute('ROLLBACK')


class Adoptable(Protocol):
    """The records of another application's file, for a new table of ours in it."""

    def accepts(self, connection: apsw.Connection) -> bool:
        """Whether the file is of that application."""

    def adopted(self, connection: apsw.Connection) -> Iterator[Record]:
        """The records, as `Table.normalize` gives them."""


@dataclass(frozen=True)
class Guest:
    """How to live in a file that another application made: whether it is such a file, and what fills a new table of ours."""

    welcome: Callable[[apsw.Connection], bool]
    fill: Callable[[apsw.Connection], None]


def open_file(
    path: str, table: Table, settings: Settings, *, readonly: bool, guest: Guest | None = None
) -> apsw.Connection:
    """A connection to a file that holds `table`, created if need be; StorageError, and no change, if it is not ours."""
    if path != MEMORY:
        check_path(path)
    if readonly and not os.path.exists(path):
        raise StorageError(f'{path}: there is no such file; open it without readonly=True to create it')
    patient = replace(settings, busy_timeout=max(settings.busy_timeout, OPENING_SECONDS))
    connection = connect(path, patient, readonly=readonly)
    try:
        check_owner(connection, path, guest)
        if not readonly:
            _check_name(connection, path, table)
            _configure(connection, path, patient)
            _renew_indexes(connection, table)
            _upgrade(connection, path, table, guest)
        check_table(connection, path, table)
        wait_for_others(connection, settings.busy_timeout)
    except BaseException:
        connection.close()
        raise
    return connection


def _names(connection: apsw.Connection) -> set[str]:
    return {name for (name,) in connection.execute('SELECT name FROM sqlite_schema')}


def check_owner(connection: apsw.Connection, path: str, guest: Guest | None) -> None:
    """StorageError if the file is of another application (but a guest's), of a newer mqsql, or of text in UTF-16."""
    owner = connection.pragma('application_id')
    foreign = owner != ddl.APPLICATION_ID and (owner or _names(connection))
    if foreign and (owner or guest is None or not guest.welcome(connection)):
        raise StorageError(f'{path}: this is a database of another application; name another file')
    if (version := connection.pragma('user_version')) > ddl.layout_version():
        raise StorageError(f'{path}: a newer mqsql wrote this file (layout {version}); update mqsql to use it')
    if (encoding := connection.pragma('encoding')) != 'UTF-8':
        raise StorageError(f'{path}: its text is in {encoding}, which has another order than UTF-8; name another file')


def _check_name(connection: apsw.Connection, path: str, table: Table) -> None:
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        if name != table.name and folded(name) == folded(table.name):
            raise StorageError(
                f'{path}: it has the name {name!r}, and SQLite does not tell {table.name!r} from it; use that'
            )


def _configure(connection: apsw.Connection, path: str, settings: Settings) -> None:
    # Only a file without a page takes auto_vacuum, so this comes before the journal mode, which writes one.
    connection.pragma('auto_vacuum', 'incremental')
    if path != MEMORY:
        _set_journal_mode(connection, path, settings)
    connection.pragma('synchronous', settings.synchronous)
    connection.pragma('journal_size_limit', JOURNAL_BYTES)


def _set_journal_mode(connection: apsw.Connection, path: str, settings: Settings) -> None:
    deadline = time.monotonic() + settings.busy_timeout
    while (mode := _try_journal_mode(connection, settings.journal_mode, deadline)) is None:
        time.sleep(RETRY_SECONDS)
    if mode != settings.journal_mode:
        raise StorageError(f'{path}: journal mode {settings.journal_mode!r} does not work here, SQLite offers {mode!r}')


def _try_journal_mode(connection: apsw.Connection, wanted: str, deadline: float) -> str | None:
    # SQLite does not wait for a lock here: of two processes that open a new file at once, one would fail.
    try:
        return str(connection.pragma('journal_mode', wanted))
    except apsw.BusyError:
        if time.monotonic() > deadline:
            raise
        return None


def _upgrade(connection: apsw.Connection, path: str, table: Table, guest: Guest | None) -> None:
    # Looking first spares a file that is in order the lock.
    check_kinds(connection, path, table)
    current = connection.pragma('user_version') == ddl.layout_version()
    if current and table.name in _names(connection):
        # Or the triggers of a column that the definition no longer has would be taken for those of another program.
        check_table(connection, path, table)
    check_foreign(connection, path, table)
    if current and not missing(connection, path, table):
        return
    with Transaction(connection):
        version = connection.pragma('user_version')
        for sql in ddl.MIGRATIONS[version - 1 :] if version else ():
            connection.execute(sql)
        if known := table.name in _names(connection):
            check_table(connection, path, table)
        for sql in missing(connection, path, table):
            connection.execute(sql)
        if guest is not None and not known:
            guest.fill(connection)
        connection.pragma('application_id', ddl.APPLICATION_ID)
        connection.pragma('user_version', ddl.layout_version())


def _renew_indexes(connection: apsw.Connection, table: Table) -> None:
    if old_indexes(connection, table):
        with Transaction(connection):
            renew_indexes(connection, table)
