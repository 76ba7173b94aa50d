"""A connection that reads the answer of one query at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from types import TracebackType

import duckdb

from mqsql.compiler import Statement
from mqsql.storage.duckdb.connection import Connection, number_of
from mqsql.storage.duckdb.failures import Failures
from mqsql.storage.duckdb.watch import WATCH
from mqsql.storage.queries import Fetch, fetching
from mqsql.storage.readers import Reader, Row

Params = Mapping[str, object] | Sequence[object]

ROWS = 32  # that are fetched at once


class DuckReader(Reader):
    """A connection to an open database, whose statements end at the deadlines of their queries."""

    _watched: AbstractContextManager[None]

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

    def begin(self, query: Statement) -> Fetch:
        """Fetches the rows of a statement as they are now."""
        self._connection.execute(query.sql, query.params)
        return fetching(self._rows())

    def _rows(self) -> Iterator[Row]:
        while rows := self._connection.fetchmany(ROWS):
            yield from rows

    def fetch(self, sql: str, params: Params) -> list[Row]:
        """All rows of a statement."""
        return self._connection.execute(sql, params).fetchall()

    def _end(self) -> None:
        self._connection.abort()

    def _interrupt(self) -> None:
        with suppress(duckdb.ConnectionException):
            self._connection.interrupt()

    def _close(self) -> None:
        self._connection.close()
