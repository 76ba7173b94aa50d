"""Reads answers while other threads write: each answer has a connection of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import RLock
from types import TracebackType
from typing import Any, Generic, TypeVar

from mqsql.limits import Deadline
from mqsql.schema import Record
from mqsql.storage.locks import STOP_SECONDS
from mqsql.storage.queries import Cursor, Fetch, Queries

Row = tuple[Any, ...]

IDLE = 2  # connections kept for the next answer


class Reader(ABC):
    """A connection, for one query at a time; also the block in which the query reads. `failures` explains errors."""

    deadline: Deadline

    def __init__(self, failures: AbstractContextManager[None]) -> None:
        self._failures, self._lock = failures, RLock()
        self._closed = False

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if error is not None:
            self._failures.__exit__(kind, error, trace)

    def end(self) -> None:
        """End the statement and its transaction."""
        if not self._closed:
            self._end()

    def close(self, stop: Callable[[Deadline], None]) -> None:
        """End the query and close the connection."""
        while not self._lock.acquire(timeout=STOP_SECONDS):
            stop(self.deadline)
            self._interrupt()
        try:
            self._closed = True
            self._close()
        finally:
            self._lock.release()

    @abstractmethod
    def _end(self) -> None: ...

    @abstractmethod
    def _interrupt(self) -> None:
        """End what another thread runs; nothing if that thread has closed the connection meanwhile."""

    @abstractmethod
    def _close(self) -> None: ...


AnyReader = TypeVar('AnyReader', bound=Reader)


class ReaderPool(Generic[AnyReader]):
    """The readers of a store, made by `make` when they are needed and used again; `failures` explains its errors."""

    def __init__(self, queries: Queries, failures: AbstractContextManager[None], make: Callable[[], AnyReader]) -> None:
        self._queries, self._failures, self._make = queries, failures, make
        self._lock = RLock()
        self._all: set[AnyReader] = set()
        self._idle: list[AnyReader] = []
        self._closed = False

    def find(
        self, deadline: Deadline, begin: Callable[[AnyReader], Fetch], make: Callable[[list[Row]], Iterable[Record]]
    ) -> Cursor:
        """The records that `make` makes of the rows that `begin` begins to read."""
        reader = self._acquire(deadline)
        end = partial(self._release, reader)
        try:
            with reader:
                fetch = begin(reader)
        except BaseException:
            end()
            raise
        return Cursor(self._queries, deadline, fetch, make, reader, end)

    @contextmanager
    def reading(self, deadline: Deadline) -> Iterator[AnyReader]:
        """A block that reads a whole answer."""
        reader = self._acquire(deadline)
        try:
            with reader:
                yield reader
        finally:
            self._release(reader)

    def _acquire(self, deadline: Deadline) -> AnyReader:
        self._queries.check_open()
        with self._lock:
            self._queries.check_open()
            if self._idle:
                reader = self._idle.pop()
            else:
                with self._failures:
                    reader = self._make()
            reader.deadline = deadline
            self._all.add(reader)
            return reader

    def _release(self, reader: AnyReader) -> None:
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
