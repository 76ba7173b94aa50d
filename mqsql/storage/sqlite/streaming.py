"""Reads the rows of one query in a transaction of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from typing import Any

import apsw

from mqsql.compiler import Query
from mqsql.storage.queries import Fetch, SnapshotFetch, fetching
from mqsql.storage.readers import Reader, Row
from mqsql.storage.sqlite.failures import Failures, is_of_value


class SqliteReader(Reader):
    """A read-only connection."""

    def __init__(self, connection: apsw.Connection, failures: Failures) -> None:
        super().__init__(failures)
        self.connection, self.cursor = connection, connection.cursor()

    def run(self, query: Query, spare: Callable[[], Query], *, keyed: bool) -> 'Rows':
        """Begin to read the rows of a query; see Rows."""
        self.cursor = self.connection.cursor()
        return Rows(self.connection, self.cursor, query, spare, keyed=keyed)

    def _end(self) -> None:
        self.cursor.close(True)
        if self.connection.in_transaction:
            self.connection.execute('ROLLBACK')

    def _interrupt(self) -> None:
        with suppress(apsw.ConnectionClosedError):
            self.connection.interrupt()

    def _close(self) -> None:
        self.connection.close(True)


class Rows(SnapshotFetch):
    """The rows of a query at the beginning of a transaction. `spare` makes a query with the same rows that reads no value that
    SQLite cannot read; `keyed` says that each row begins with the key of its record.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        cursor: apsw.Cursor,
        query: Query,
        spare: Callable[[], Query],
        *,
        keyed: bool,
    ) -> None:
        self._connection, self._cursor, self._query = connection, cursor, query
        self._spare, self._keyed = spare, keyed
        self._rows: Iterator[Row] = cursor
        self._passed, self._is_spare = 0, False
        # Keeps the same snapshot even if the statement fails.
        cursor.execute('BEGIN')
        try:
            cursor.execute(query.sql, query.params)
        except Exception as e:
            self._go_on(e)

    def __call__(self, into: list[Row], number: int) -> None:
        """See `Fetch`."""
        before = len(into)
        try:
            into.extend(islice(self._rows, number))
        except Exception as e:
            self._passed += len(into) - before
            self._go_on(e)
            into.extend(islice(self._rows, before + number - len(into)))
        else:
            self._passed += len(into) - before

    def columns(self, positions: Sequence[int] | None) -> Fetch:
        """See SnapshotFetch."""
        return fetching(self._each(positions))

    def _each(self, positions: Sequence[int] | None) -> Iterator[Row]:
        with closing(self._connection.cursor()) as cursor:
            try:
                query = (self._spare() if self._is_spare else self._query).only(positions)
                yield from cursor.execute(query.sql, query.params)
            except Exception as e:
                if self._is_spare or not is_of_value(e):
                    raise
                query = self._spare().only(positions)
                yield from cursor.execute(query.sql, query.params)

    def _go_on(self, error: Exception) -> None:
        """Continue with the spare query, without the records that the first has given; they may have other positions there."""
        if self._is_spare or not is_of_value(error):
            raise error
        self._is_spare, spare = True, self._spare()
        given: set[Any] = set()
        if self._keyed and self._passed:
            again = self._cursor.execute(self._query.sql, self._query.params)
            given = {row[0] for row in islice(again, self._passed)}
        rows = self._cursor.execute(spare.sql, spare.params)
        self._rows = (row for row in rows if row[0] not in given) if self._keyed else islice(rows, self._passed, None)
