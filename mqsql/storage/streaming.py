"""Records read while others are written: each answer has a connection of its own. Imports `compiler`, `errors`, `schema`."""

from collections.abc import Callable, Iterator
from itertools import islice
from threading import RLock
from typing import Any

import apsw

from mqsql.compiler import Query
from mqsql.errors import DamagedValueError, StorageError
from mqsql.schema import Record
from mqsql.storage.failures import Failures

IDLE = 2  # connections kept for the next answer


class Readers:
    """Read-only connections to one file, made by `connect` when they are needed and used again."""

    def __init__(self, path: str, connect: Callable[[], apsw.Connection]) -> None:
        self.failures = Failures(path)
        self._path, self._connect, self._lock = path, connect, RLock()
        self._all: set[apsw.Connection] = set()
        self._idle: list[apsw.Connection] = []
        self._closed = False

    def acquire(self) -> apsw.Connection:
        """A connection of the caller's own until `release`."""
        with self._lock, self.failures:
            if self._closed:
                raise StorageError(f'{self._path}: the store is closed; open it again')
            reader = self._idle.pop() if self._idle else self._connect()
            self._all.add(reader)
            return reader

    def release(self, reader: apsw.Connection) -> None:
        """Give a connection back."""
        with self._lock:
            if not self._closed and reader.in_transaction:
                reader.execute('ROLLBACK')
            if len(self._idle) < IDLE and not self._closed:
                self._idle.append(reader)
            else:
                self._all.discard(reader)
                reader.close()

    def close(self) -> None:
        """Close all; iterators that are not at their end raise StorageError from then on."""
        with self._lock:
            self._closed = True
            for reader in self._all:
                reader.close(True)

    def counts(self) -> tuple[int, int]:
        """How many connections there are, and how many of them are idle."""
        return len(self._all), len(self._idle)


class Found(Iterator[Record]):
    """The records of a `find`, read when asked for; the connection goes back at the end, by `close` or when dropped."""

    _reader: apsw.Connection | None = None

    def __init__(self, readers: Readers, query: Query, guarded: Callable[[], Query], *, keyed: bool) -> None:
        """Begin to read; `guarded` makes the query that gives the same rows but for values that SQLite cannot read; `keyed`
        says that a key leads each row.
        """
        self._readers, self._query, self._guarded, self._keyed = readers, query, guarded, keyed
        self._passed = 0
        self._passed_keys: set[Any] = set()
        self._reader = readers.acquire()
        try:
            self._execute(query)
        except DamagedValueError:
            self._go_on_guarded()

    def _execute(self, query: Query) -> None:
        assert self._reader is not None
        with self._readers.failures:
            self._rows = self._reader.cursor()
            # Holds the moment of the call, also if the statement fails.
            self._rows.execute('BEGIN')
            self._rows.execute(query.sql, query.params)

    def _go_on_guarded(self) -> None:
        """Read on with the other statement, behind the records that the first has given; they may be elsewhere there."""
        with self._readers.failures:
            if self._keyed and self._passed:
                again = self._rows.execute(self._query.sql, self._query.params)
                self._passed_keys = {row[0] for row in islice(again, self._passed)}
            guarded = self._guarded()
            self._rows.execute(guarded.sql, guarded.params)
            for _ in range(0 if self._keyed else self._passed):
                self._rows.fetchone()

    def __next__(self) -> Record:
        if self._reader is None:
            raise StopIteration
        try:
            record = self._read()
        except DamagedValueError:
            self._go_on_guarded()
            record = self._read()
        if record is None:
            self.close()
            raise StopIteration
        return record

    def _read(self) -> Record | None:
        with self._readers.failures:
            row = self._rows.fetchone()
            while self._passed_keys and row is not None and row[0] in self._passed_keys:
                row = self._rows.fetchone()
            if row is None:
                return None
            self._passed += 1
            return self._query.record(row)

    def close(self) -> None:
        """Stop reading; closing twice is fine."""
        reader, self._reader = self._reader, None
        if reader is not None:
            self._rows.close(True)
            self._readers.release(reader)

    def __del__(self) -> None:
        self.close()
