"""The running queries of a store, each with its deadline."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, NoReturn

from mqsql import limits
from mqsql.errors import StorageError
from mqsql.limits import Deadline
from mqsql.schema import Record
from mqsql.storage.answers import Answer
from mqsql.storage.locks import Lock

MOST = 32  # records that are read at once
FAST = 0.001  # seconds: only records that are read faster are read several at once, so that other threads do not wait


class Queries:
    """The queries of the store with this lock, each of at most `seconds`; 0 is no limit."""

    def __init__(self, lock: Lock, seconds: float) -> None:
        self._lock, self._seconds = lock, seconds
        self._answering: set[Deadline] = set()
        self.closed = False

    @property
    def inherited(self) -> bool:
        """Whether this process is a fork of the one that made the store."""
        return self._lock.inherited

    def check_open(self) -> None:
        """StorageError if the store is closed, or was opened by another process."""
        self._lock.check_process()
        if self.closed:
            raise StorageError(f'{self._lock.path}: the store is closed; open it again')

    def answering(self) -> 'Answering':
        """A block that answers a query of this thread; gives its deadline, which later blocks that read more records use."""
        return Answering(self)

    def begin(self) -> Deadline:
        """The deadline of a query that begins."""
        deadline = Deadline(self._seconds)
        self._answering.add(deadline)
        try:
            self.check_open()
        except BaseException:
            self.end(deadline)
            raise
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Note that the query has been answered, or pauses between two records."""
        self._answering.discard(deadline)

    def close(self) -> None:
        """End with StorageError what is being answered, and answer no more."""
        self.closed = True
        for deadline in list(self._answering):
            self.stop(deadline)

    def stop(self, deadline: Deadline) -> None:
        """End one query."""
        deadline.stop(f'{self._lock.path}: the store was closed while it was being read')


class Answering:
    """See `Queries.answering`; a class, since a generator would slow every query."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def __enter__(self) -> Deadline:
        self._deadline = self._queries.begin()
        return self._deadline.__enter__()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._deadline.__exit__(kind, error, trace)
        self._queries.end(self._deadline)


class Cursor(Answer):
    """The records of a `find`: `make` makes each of one of `rows`; fast ones are read several at once.

    They are read in the block `turn`, in the time that remains. `end` is called once: after the last row, after a failure, by
    `close`, or when the iterator is deleted.
    """

    _rows: Iterator[Any] | None = None

    def __init__(
        self,
        queries: Queries,
        deadline: Deadline,
        rows: Iterator[Any],
        make: Callable[[Any], Record],
        turn: AbstractContextManager[object],
        end: Callable[[], None] | None = None,
    ) -> None:
        self._queries, self._deadline, self._rows = queries, deadline, rows
        self._make, self._turn, self._end = make, turn, end
        self._read: deque[Record] = deque()
        self._number = 1  # of records that are read at a time
        self._failure: Exception | None = None

    def __next__(self) -> Record:
        if not self._read:
            self._read_some()
        elif self._queries.closed:
            self._queries.check_open()
        return self._read.popleft()

    def _read_some(self) -> None:
        if self._rows is None:
            self._stop()
        try:
            with self._deadline, self._turn:
                self._queries.check_open()
                limits.check()
                self._read.extend(map(self._make, islice(self._rows, self._number)))
        except Exception as e:
            self._failure = e
        if self._failure or len(self._read) < self._number:
            self.close()
        if not self._read:
            self._stop()
        self._number = min(2 * self._number, MOST) if self._deadline.spent() < FAST else 1

    def _stop(self) -> NoReturn:
        failure, self._failure = self._failure, None
        raise failure or StopIteration

    def close(self) -> None:
        """Stop reading; closing twice is fine."""
        rows, self._rows = self._rows, None
        if rows is not None and self._end is not None:
            self._end()

    def __del__(self) -> None:
        self.close()
