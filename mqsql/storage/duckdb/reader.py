"""A connection that reads the answer of one query at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any

import duckdb

from mqsql.compiler import Query
from mqsql.storage.duckdb.connection import Connection, number_of
from mqsql.storage.duckdb.failures import Failures
from mqsql.storage.duckdb.watch import WATCH
from mqsql.storage.queries import ColumnFetch, Fetch, fetching
from mqsql.storage.readers import Reader, Row

Params = Mapping[str, object] | Sequence[object]

ROWS = 32  # that are fetched at once
BATCH = 32_768  # rows of a batch of columns
LARGE_BATCH = 2_048  # of large rows; DuckDB itself has so many at a time


class DuckRows(ColumnFetch):
    """The rows of a statement, as they are now; it runs when the first of them are fetched.

    DuckDB gives columns only of a statement that has not run, and copies all of them otherwise.
    """

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection, self._query = connection, query
        # The statement is checked, and the transaction sees what is there now.
        self._relation = connection.sql(query.sql, params=dict(query.params))
        self._rows: Fetch | None = None

    def __call__(self, into: list[Any], number: int) -> None:
        """See Fetch."""
        if self._rows is None:
            self._connection.execute(self._query.sql, self._query.params)
            self._rows = fetching(self._each_row())
        self._rows(into, number)

    def _each_row(self) -> Iterator[Row]:
        while rows := self._connection.fetchmany(ROWS):
            yield from rows

    def columns(self, positions: Sequence[int] | None) -> Fetch:
        """See SnapshotFetch."""
        return fetching(self._each_batch(self._query.only(positions, in_any_order=True), LARGE_BATCH))

    def batches(self, *, ordered: bool, large: bool) -> Fetch:
        """See ColumnFetch. To sort all rows takes DuckDB as long as to read them, although they mostly are in order."""
        query = None if ordered else self._query.positioned()
        return fetching(self._each_batch(query, LARGE_BATCH if large else BATCH))

    def _each_batch(self, query: Query | None, rows: int) -> Iterator[Any]:
        relation = self._connection.sql(query.sql, params=dict(query.params)) if query else self._relation
        yield from relation.to_arrow_reader(rows)


class DuckReader(Reader):
    """A connection to an open database, whose statements end at the deadlines of their queries."""

    _watched: AbstractContextManager[None]
    _began = False

    def __init__(self, connection: Connection, failures: Failures) -> None:
        super().__init__(failures)
        # When the garbage collector finds both, the connection has lost its number first.
        self._connection, self._number = connection, number_of(connection)

    def __enter__(self) -> None:
        super().__enter__()
        self._watched = WATCH.watching(self._number, self._connection)
        self._watched.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._watched.__exit__(kind, error, trace)
        except BaseException as cause:
            super().__exit__(type(cause), cause, trace)
            raise
        super().__exit__(kind, error, trace)

    def begin(self, query: Query) -> Fetch:
        """Fetches the rows of a statement as they are now."""
        self._connection.begin()
        self._began = True
        return DuckRows(self._connection, query)

    def fetch(self, sql: str, params: Params) -> list[Row]:
        """All rows of a statement."""
        return self._connection.execute(sql, params).fetchall()

    def _end(self) -> None:
        self._connection.abort()
        if self._began:
            self._began = False
            self._connection.rollback()

    def _interrupt(self) -> None:
        with suppress(duckdb.ConnectionException):
            self._connection.interrupt()

    def _close(self) -> None:
        self._connection.close()
