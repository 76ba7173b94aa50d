"""The running queries of a store, each with its deadline."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain, islice
from operator import length_hint
from time import monotonic
from typing import Any, NamedTuple

from mqsql import limits
from mqsql.errors import StorageError
from mqsql.limits import Deadline
from mqsql.schema import Record
from mqsql.storage.answers import Answer
from mqsql.storage.locks import Lock

FEW, MOST = 4, 256
"""Rows that are read at once, in the least and in the most."""
FAST = 0.0001
"""Seconds after which no more are read at once: so other threads do not wait, and large rows take little memory.

With more time fewer calls are needed, but the collector of garbage meets the records, which takes longer.
"""

Fetch = Callable[[list[Any], int], object]
"""Appends so many of the next rows to a list, or all if there are less; when it fails, those that it has read."""


class SnapshotFetch(ABC):
    """A Fetch that can read the same rows a first time, before the first of them is fetched."""

    @abstractmethod
    def __call__(self, into: list[Any], number: int) -> None:
        """See Fetch."""

    @abstractmethod
    def columns(self, positions: Sequence[int] | None) -> Fetch:
        """A Fetch of the columns at these positions, None for all of them, as rows or batches of Arrow.

        The rows are in any order, and some may come twice.
        """


class ListFetch(SnapshotFetch):
    """Fetches what is in memory; `rows` gives an iterator over it each time."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._all, self._rows = rows, fetching(iter(rows))

    def __call__(self, into: list[Any], number: int) -> None:
        """See Fetch."""
        self._rows(into, number)

    def columns(self, positions: Sequence[int] | None) -> Fetch:
        """See SnapshotFetch."""
        if positions is None:
            return fetching(iter(self._all))
        return fetching(tuple([row[i] for i in positions]) for row in self._all)


class ColumnFetch(SnapshotFetch):
    """One that can give batches of columns, those of Arrow, in place of rows."""

    @abstractmethod
    def batches(self, *, ordered: bool, large: bool) -> Fetch:
        """A Fetch of batches. Unless they are to be in order, they may have one more column, the positions of the rows.

        Batches of `large` rows have fewer of them.
        """


class Pace(NamedTuple):
    """How many rows are read at once, in the least and in the most, and the seconds after which no more are."""

    least: int
    most: int
    seconds: float


PIECES = Pace(64, 1024, 0.005)
"""That of rows of which columns are made: these stay in the cache of the processor until they are."""
LARGE_PIECES = Pace(FEW, 128, 0.005)
"""That of rows with documents or buffers; these are read when columns are made of them, however large they are."""

ONE = Pace(1, 1, 0.0)


class Queries:
    """The queries of the store with this lock, each of at most `seconds`; 0 is no limit."""

    def __init__(self, lock: Lock, seconds: float) -> None:
        self._lock, self._seconds = lock, seconds
        self._answering: set[Deadline] = set()
        self._unread: dict[int, Unread] = {}
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
        for unread in list(self._unread.values()):
            unread.take_away()

    def keep(self, unread: 'Unread') -> None:
        """Take these records away when the store is closed, until `forget`."""
        self._unread[id(unread)] = unread

    def forget(self, unread: 'Unread') -> None:
        """See `keep`."""
        self._unread.pop(id(unread), None)

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


class Unread:
    """The records of a cursor that have been read at once, and those of them that the caller has not got yet."""

    __slots__ = ('left', 'lost', 'records')

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.left = iter(self.records)
        self.lost = False
        """Whether some were taken away."""

    def take_away(self) -> None:
        """The caller gets no more of them; from any thread."""
        self.lost = length_hint(self.left) > 0
        self.records.clear()


class Cursor(Answer):
    """The records of a `find`: `make` makes them of the rows that `fetch` reads; fast ones are read several at once.

    They are read in the block `turn`, in the time that remains. `end` is called once: after the last row, after a failure, by
    `close`, or when the iterator is deleted.

    The iterator over it is one of C, which calls Python only for the next rows.
    """

    compiled: Any = None
    """The compiled query whose rows are read, if there is one."""
    types: Any = None
    """The types of the columns of a stream of Arrow, once they have been decided."""
    table: Any = None
    """All records as a table of Arrow, if they have been read for a stream because they cannot be read twice."""

    def __init__(
        self,
        queries: Queries,
        deadline: Deadline,
        fetch: Fetch,
        make: Callable[[list[Any]], Iterable[Record]],
        turn: AbstractContextManager[object],
        end: Callable[[], None] | None = None,
    ) -> None:
        self.make = make
        self._reading = _Reading(queries, deadline, fetch, make, turn, end)
        self._records: Iterator[Record] = chain.from_iterable(iter(self._reading.next_records, None))

    def __iter__(self) -> Iterator[Record]:
        self._reading.begun = True
        return self._records

    def __next__(self) -> Record:
        return next(self._records)

    @property
    def begun(self) -> bool:
        """See Answer."""
        return self._reading.begun

    def _replace(self, other: 'Cursor') -> None:
        self._reading.stop()
        self._reading, self._records = other._reading, other._records
        self.compiled, self.asked, self.make = other.compiled, other.asked, other.make
        self.types = self.table = None

    def before(self, names: Collection[str]) -> 'Cursor | None':
        """The same records, in any order and some perhaps twice, with at least what they have under these names; None where
        they cannot be read twice. It is read before the first record of this answer, in the time of its query.
        """
        query = self.compiled
        positions = None if query is None else query.positions_of(names)
        make = self.make if positions is None else query.only(positions).records
        found = self._reading.before(positions, make)
        if found is not None:
            found.asked, found.compiled = self.asked, query and query.only(positions)
        return found

    def at_once(
        self, make: Callable[[list[Any]], Iterable[Any]], *, ordered: bool = True, large: bool = False
    ) -> Iterator[Any]:
        """What `make` makes of many rows at once, of less if they are `large`, in place of records; of batches where `fetch` is
        a ColumnFetch, which see.
        """
        self._reading.read_at_once(make, ordered=ordered, large=large)
        return self._records

    def close(self) -> None:
        """Stop reading; closing twice is fine."""
        self._reading.stop()


class _Reading:
    """What a cursor and its iterator share: neither refers to the other, so both are deleted as soon as they are not used."""

    def __init__(
        self,
        queries: Queries,
        deadline: Deadline,
        fetch: Fetch,
        make: Callable[[list[Any]], Iterable[Record]],
        turn: AbstractContextManager[object],
        end: Callable[[], None] | None,
    ) -> None:
        self._queries, self._deadline, self._turn = queries, deadline, turn
        self._fetch: Fetch | None = fetch
        self._make, self._end = make, end
        self._failure: Exception | None = None
        self._unread = Unread()
        self._pace: Pace | None = None
        self.begun = False
        queries.keep(self._unread)

    def read_at_once(self, make: Callable[[list[Any]], Iterable[Any]], *, ordered: bool, large: bool) -> None:
        """See Cursor."""
        self._make, self._pace = make, LARGE_PIECES if large else PIECES
        if isinstance(self._fetch, ColumnFetch):
            self._fetch, self._pace = self._fetch.batches(ordered=ordered, large=large), ONE

    def before(self, positions: Sequence[int] | None, make: Callable[[list[Any]], Iterable[Record]]) -> Cursor | None:
        """See Cursor."""
        if not isinstance(self._fetch, SnapshotFetch):
            return None
        fetch, deadline = self._fetch.columns(positions), self._deadline
        # What is computed for it is computed again.
        end = partial(setattr, deadline, 'computed', deadline.computed)
        return Cursor(self._queries, deadline, fetch, make, self._turn, end)

    def next_records(self) -> Iterator[Record] | None:
        """The next records, of which there is at least one; None after the last, raises what failed."""
        self.begun = True
        unread = self._unread
        if unread.lost:
            self._queries.check_open()
        unread.records.clear()
        if self._fetch is not None and self._failure is None:
            try:
                with self._deadline, self._turn:
                    self._read(unread.records, self._fetch)
            except Exception as e:
                self._failure = e
                self._finish()
        if unread.records:
            unread.left = iter(unread.records)
            if self._queries.closed:
                self.stop()
                self._queries.check_open()
            return unread.left
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return None

    def _read(self, records: list[Record], fetch: Fetch) -> None:
        self._queries.check_open()
        limits.check()
        rows: list[Any] = []
        try:
            complete = _fetch_some(fetch, rows, *(self._pace or (FEW, MOST, FAST)))
        finally:
            records.extend(self._make(rows))
        if complete:
            self._finish()

    def _finish(self) -> None:
        fetch, self._fetch = self._fetch, None
        if fetch is not None and self._end is not None:
            self._end()

    def stop(self) -> None:
        """Read no more, and give no more of what has been read."""
        self.begun = True
        self._finish()
        self._unread.records.clear()

    def __del__(self) -> None:
        self._queries.forget(self._unread)
        self._finish()


def _fetch_some(fetch: Fetch, rows: list[Any], least: int, most: int, seconds: float) -> bool:
    """Fetch a few rows, and as many again as there are while that is fast; whether these were the last."""
    until, wanted = monotonic() + seconds, least
    while True:
        fetch(rows, wanted - len(rows))
        if len(rows) < wanted:
            return True
        if wanted >= most or monotonic() > until:
            return False
        wanted *= 2


def fetching(rows: Iterator[Any]) -> Fetch:
    """Fetches of an iterator."""
    return lambda into, number: into.extend(islice(rows, number))
