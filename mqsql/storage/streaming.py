"""Records read while others are written: each answer has a connection of its own. Imports `answers`, `compiler`, `errors`."""

from collections.abc import Callable
from threading import RLock

import apsw

from mqsql.compiler import Query
from mqsql.errors import StorageError
from mqsql.schema import Record
from mqsql.storage.answers import Answer
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


class Found(Answer):
    """The records of a `find`, read when asked for; the connection goes back at the end, by `close` or when dropped."""

    _reader: apsw.Connection | None = None

    def __init__(self, readers: Readers, query: Query) -> None:
        self._readers, self._record = readers, query.record
        self._reader = readers.acquire()
        with readers.failures:
            self._rows = self._reader.cursor()
            self._rows.execute(query.sql, query.params)

    def __next__(self) -> Record:
        if self._reader is None:
            raise StopIteration
        with self._readers.failures:
            row = self._rows.fetchone()
            if row is not None:
                return self._record(row)
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Stop reading; closing twice is fine."""
        reader, self._reader = self._reader, None
        if reader is not None:
            self._rows.close(True)  # ends the statement, and with it the read transaction
            self._readers.release(reader)

    def __del__(self) -> None:
        self.close()
