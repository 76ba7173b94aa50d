"""Reads answers while other threads write: each answer has a connection of its own."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from threading import RLock
from typing import Any

import apsw

from mqsql.compiler import Query
from mqsql.limits import Deadline
from mqsql.storage.locks import STOP_SECONDS
from mqsql.storage.queries import Cursor, Queries
from mqsql.storage.sqlite.failures import Failures, is_of_value

Row = tuple[Any, ...]

IDLE = 2  # connections kept for the next answer


class Reader:
    """A read-only connection, for one query at a time; also the block in which the query reads."""

    deadline: Deadline

    def __init__(self, connection: apsw.Connection, failures: Failures) -> None:
        self.connection, self.cursor = connection, connection.cursor()
        self._failures, self._lock = failures, RLock()
        self._closed = False

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._lock.release()
        if error is not None:
            self._failures.__exit__(kind, error, None)

    def run(self, query: Query, spare: Callable[[], Query], *, keyed: bool) -> 'Rows':
        """Begin to read the rows of a query; see Rows."""
        self.cursor = self.connection.cursor()
        return Rows(self.cursor, query, spare, keyed=keyed)

    def end(self) -> None:
        """End the statement and the read transaction."""
        if self._closed:
            return
        self.cursor.close(True)
        if self.connection.in_transaction:
            self.connection.execute('ROLLBACK')

    def close(self, stop: Callable[[Deadline], None]) -> None:
        """End the query and close the connection."""
        while not self._lock.acquire(timeout=STOP_SECONDS):
            stop(self.deadline)
            self.connection.interrupt()
        try:
            self._closed = True
            self.connection.close(True)
        finally:
            self._lock.release()


class Rows(Iterator[Row]):
    """The rows of a query at the beginning of a transaction. `spare` makes a query with the same rows that reads no value that
    SQLite cannot read; `keyed` says that each row begins with the key of its record.
    """

    def __init__(self, cursor: apsw.Cursor, query: Query, spare: Callable[[], Query], *, keyed: bool) -> None:
        self._cursor, self._query, self._spare, self._keyed = cursor, query, spare, keyed
        self._passed, self._is_spare = 0, False
        self._given: set[Any] = set()
        # Keeps the same snapshot even if the statement fails.
        cursor.execute('BEGIN')
        try:
            cursor.execute(query.sql, query.params)
        except Exception as e:
            self._go_on(e)

    def __next__(self) -> Row:
        try:
            row = self._fetch()
        except StopIteration:
            raise
        except Exception as e:
            self._go_on(e)
            row = self._fetch()
        self._passed += 1
        return row

    def _fetch(self) -> Row:
        row: Row = next(self._cursor)
        while self._given and row[0] in self._given:
            row = next(self._cursor)
        return row

    def _go_on(self, error: Exception) -> None:
        """Continue with the spare query, without the records that the first has given; they may have other positions there."""
        if self._is_spare or not is_of_value(error):
            raise error
        self._is_spare, spare = True, self._spare()
        if self._keyed and self._passed:
            again = self._cursor.execute(self._query.sql, self._query.params)
            self._given = {row[0] for row in islice(again, self._passed)}
        self._cursor.execute(spare.sql, spare.params)
        for _ in range(0 if self._keyed else self._passed):
            next(self._cursor)


class ReaderPool:
    """Read-only connections to one file, made by `connect` when they are needed and used again."""

    def __init__(self, path: str, queries: Queries, connect: Callable[[], apsw.Connection]) -> None:
        self._queries, self._connect = queries, connect
        self._failures, self._lock = Failures(path), RLock()
        self._all: set[Reader] = set()
        self._idle: list[Reader] = []
        self._closed = False

    def find(self, deadline: Deadline, query: Query, spare: Callable[[], Query], *, keyed: bool) -> Cursor:
        """The records of a query as they are now; `spare` and `keyed` as for Rows."""
        reader = self._acquire(deadline)
        end = partial(self._release, reader)
        try:
            with reader:
                rows = reader.run(query, spare, keyed=keyed)
        except BaseException:
            end()
            raise
        return Cursor(self._queries, deadline, rows, query.record, reader, end)

    def _acquire(self, deadline: Deadline) -> Reader:
        self._queries.check_open()
        with self._lock, self._failures:
            self._queries.check_open()
            reader = self._idle.pop() if self._idle else Reader(self._connect(), self._failures)
            reader.deadline = deadline
            self._all.add(reader)
            return reader

    def _release(self, reader: Reader) -> None:
        if self._queries.inherited:
            return  # the connection is the other process's
        with reader:
            reader.end()
        with self._lock:
            kept = len(self._idle) < IDLE and not self._closed
            if kept:
                self._idle.append(reader)
            else:
                self._all.discard(reader)
        if not kept:
            reader.close(self._queries.stop)

    def close(self) -> None:
        """Close all, after `queries`; iterators that are not at their end raise StorageError from then on."""
        with self._lock:
            self._closed = True
            readers = list(self._all)
        for reader in readers:
            reader.close(self._queries.stop)

    def counts(self) -> tuple[int, int]:
        """How many connections there are, and how many of them are idle."""
        return len(self._all), len(self._idle)
