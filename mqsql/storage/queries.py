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

MOST = 32  # records that are read at a time
FAST = 0.001  # seconds: what takes longer, or is larger than can be read in that time, is not waited for by others


class Queries:
    """Queries to a store, which `lock` is for, of `seconds` each at most, 0 for any time."""

    def __init__(self, lock: Lock, seconds: float) -> None:
        self._lock, self._seconds = lock, seconds
        self._answering: set[Deadline] = set()
        self.closed = False

    @property
    def inherited(self) -> bool:
        """Whether this process is a fork of the one that made the store."""
        return self._lock.inherited

    def check_open(self) -> None:
        """StorageError if no more queries are answered, in this process."""
        self._lock.check_process()
        if self.closed:
            raise StorageError(f'{self._lock.path}: the store is closed; open it again')

    def answering(self) -> 'Answering':
        """A block that answers a query of this thread; its deadline, for the blocks that read more of the answer later."""
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
        """That query has been answered, or will go on later."""
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
    """See `Queries.answering`; a class since each query would wait for a generator."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def __enter__(self) -> Deadline:
        self._deadline = self._queries.begin()
        return self._deadline.__enter__()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._deadline.__exit__(kind, error, trace)
        self._queries.end(self._deadline)


class Found(Answer):
    """The records of a `find`, each made of one of `rows` by `make`, some at a time if they come fast.

    Reading happens in the block `turn`, within what is left of the deadline. `end` is called once: at the last row, after a
    failure, by `close`, or when the iterator is dropped.
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
