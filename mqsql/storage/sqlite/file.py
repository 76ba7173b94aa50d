"""An open SQLite file of a store.

One connection, behind a lock, does all but `find`, which streams: it reads from a connection of its own, so that the
answer is that of the moment of the call whatever is written meanwhile, and writers never wait for it. That needs the
write-ahead log; in memory and with other journal modes `find` holds the undecoded rows instead.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from types import TracebackType

import apsw

from mqsql import limits
from mqsql.schema import Table
from mqsql.settings import MEMORY, Settings
from mqsql.storage.base import Store
from mqsql.storage.locks import Lock
from mqsql.storage.mishaps import Warn
from mqsql.storage.paths import size_of
from mqsql.storage.readers import ReaderPool
from mqsql.storage.sqlite.checkpoints import Checkpoints
from mqsql.storage.sqlite.connection import Guest, Transaction, connect, look_at_the_clock, open_file
from mqsql.storage.sqlite.failures import Failures
from mqsql.storage.sqlite.statistics import Statistics
from mqsql.storage.sqlite.streaming import SqliteReader
from mqsql.storage.sqlite.waiting import wait_for_others


class Use:
    """A block that has the connection for its thread alone; errors of SQLite leave it as StorageError."""

    def __init__(self, connection: apsw.Connection, lock: Lock, failures: Failures) -> None:
        self._connection, self._lock, self._failures = connection, lock, failures

    def __enter__(self) -> apsw.Connection:
        self._lock.__enter__()
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is not None:
                self._failures.__exit__(kind, error, trace)
        finally:
            self._lock.__exit__(kind, error, trace)


class StoppableUse(Use):
    """A block for a statement that `close` need not wait for."""

    _entered = False

    def __enter__(self) -> apsw.Connection:
        connection = super().__enter__()
        self._entered = True
        return connection

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        self._entered = False
        super().__exit__(kind, error, trace)

    def stop(self) -> None:
        """End what runs in the block now, from any thread."""
        if self._entered:
            self._connection.interrupt()


class SqliteFile(Store):
    """The file at `path`, or one in memory for ":memory:"."""

    def __init__(self, path: str, table: Table, settings: Settings, *, readonly: bool, guest: Guest | None) -> None:
        super().__init__(path, table, readonly=readonly, query_timeout=settings.query_timeout)
        self.path, self._settings = path, settings
        self._failures = Failures(path)
        with self._failures:
            self._connection = open_file(path, table, settings, readonly=readonly, guest=guest)
            self._streams = path != MEMORY and self._connection.pragma('journal_mode') == 'wal'
        self._readers = ReaderPool(self._queries, self._failures, self._new_reader)
        self._checkpoints = Checkpoints(self._connection, partial(connect, path, settings, readonly=False))
        self._identity = _identity(path)
        self._use = Use(self._connection, self._lock, self._failures)
        self._statistics = Statistics(self._connection, table, self._use)
        self._stoppable = StoppableUse(self._connection, self._lock, self._failures)

    def _new_reader(self) -> SqliteReader:
        return SqliteReader(connect(self.path, self._settings, readonly=True), self._failures)

    def using(self) -> Use:
        """The connection, for this thread alone; errors of SQLite leave the block as StorageError."""
        return self._use

    @contextmanager
    def _changing(self, *, several: bool = True) -> Iterator[apsw.Connection]:
        """The connection for a change, which is all done or not at all; one statement needs no transaction for that."""
        with self._use as connection:
            with Transaction(connection) if several else nullcontext():
                yield connection
            self._statistics.note_change()

    def checkpoint_in_background(self, say: Warn) -> None:
        """Start a thread that moves the write-ahead log into the file, for a caller that writes all the time. May be repeated.

        `say` is told of failures.
        """
        with self.using():
            if self._streams and not self.closed:
                self._checkpoints.start(say)

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Changes in the block wait so long while another process writes; other threads have to wait for the block."""
        with self.using() as connection:
            wait_for_others(connection, seconds)
            try:
                yield
            finally:
                wait_for_others(connection, self._settings.busy_timeout)

    @contextmanager
    def briefly(self, seconds: float) -> Iterator[None]:
        """See Store; other threads have to wait for the block."""
        with self.using() as connection, limits.deadline(seconds):
            look_at_the_clock(connection)
            try:
                yield
            finally:
                look_at_the_clock(connection, ever=bool(self._settings.query_timeout))

    def size(self) -> int | None:
        """See Store; with the write-ahead log."""
        return None if self.path == MEMORY else size_of(self.path, f'{self.path}-wal')

    @property
    def flushes(self) -> bool:
        """Whether each change outlives a loss of power."""
        return self._settings.synchronous in ('full', 'extra')

    def data_version(self) -> object:
        """See Store."""
        with self._use as connection:
            # The changes of others, and those of this connection.
            return connection.pragma('data_version'), connection.total_changes()

    def lost(self) -> bool:
        """Whether the file has been deleted or replaced since it was opened; new records are then lost with the store."""
        return self.path != MEMORY and _identity(self.path) != self._identity

    def end_queries(self) -> None:
        """See Store."""
        super().end_queries()
        self._stoppable.stop()

    def _close(self) -> None:
        with self._failures, ExitStack() as all_of_it:
            all_of_it.callback(self._connection.close, True)
            all_of_it.callback(self._readers.close)
            all_of_it.callback(self._checkpoints.close)
            if not self.readonly:
                self._statistics.close()


def _identity(path: str) -> tuple[int, int] | None:
    """The device and inode of a file; None if it does not exist."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
