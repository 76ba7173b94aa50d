"""The queries that a store is answering, each within its time. Imports `errors`, `limits` and `schema` of the project."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from mqsql import limits
from mqsql.errors import StorageError
from mqsql.limits import Deadline
from mqsql.schema import Record
from mqsql.storage.answers import Answer
from mqsql.storage.locks import Lock


class Queries:
    """Queries to a store, which `lock` is for, of `seconds` each at most, 0 for any time."""

    def __init__(self, lock: Lock, seconds: float) -> None:
        self._lock, self._seconds = lock, seconds
        self._answering: set[Deadline] = set()
        self._closed = False

    @property
    def inherited(self) -> bool:
        """Whether this process is a fork of the one that made the store."""
        return self._lock.inherited

    def check_open(self) -> None:
        """StorageError if no more queries are answered, in this process."""
        self._lock.check_process()
        if self._closed:
            raise StorageError(f'{self._lock.path}: the store is closed; open it again')

    @contextmanager
    def answering(self) -> Iterator[Deadline]:
        """A block that answers a query of this thread; its deadline, for the blocks that read more of the answer later."""
        deadline = Deadline(self._seconds)
        self._answering.add(deadline)
        try:
            self.check_open()
            with deadline:
                yield deadline
        finally:
            self._answering.discard(deadline)

    def close(self) -> None:
        """End with StorageError what is being answered, and answer no more."""
        self._closed = True
        for deadline in list(self._answering):
            self.stop(deadline)

    def stop(self, deadline: Deadline) -> None:
        """End one query."""
        deadline.stop(f'{self._lock.path}: the store was closed while it was being read')


class Found(Answer):
    """The records of a `find`, each made of one of `rows` by `make` when it is asked for.

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

    def __next__(self) -> Record:
        if self._rows is None:
            raise StopIteration
        row = None
        try:
            with self._deadline, self._turn:
                self._queries.check_open()
                limits.check()
                row = next(self._rows, None)
                if row is not None:
                    return self._make(row)
        finally:
            # After a row that cannot be read the next one can.
            if row is None:
                self.close()
        raise StopIteration

    def close(self) -> None:
        """Stop reading; closing twice is fine."""
        rows, self._rows = self._rows, None
        if rows is not None and self._end is not None:
            self._end()

    def __del__(self) -> None:
        self.close()
