"""Reads the rows of one query in a transaction of its own."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import apsw

from mqsql.compiler import Query
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
        return Rows(self.cursor, query, spare, keyed=keyed)

    def _end(self) -> None:
        self.cursor.close(True)
        if self.connection.in_transaction:
            self.connection.execute('ROLLBACK')

    def _interrupt(self) -> None:
        with suppress(apsw.ConnectionClosedError):
            self.connection.interrupt()

    def _close(self) -> None:
        self.connection.close(True)


class Rows(Iterator[Row]):
    """The rows of a query at the beginning of a transaction. `spare` makes a query with the same rows that reads no value that
    SQLite cannot read; `keyed` says that each row begins with the key of its record.
    """

    def __init__(self, cursor: apsw.Cursor, query: Query, spare: Callable[[], Query], *, keyed: bool) -> None:
        self._cursor, self._query, self._spare, self._keyed = cursor, query, spare, keyed
        self._passed, self._is_spare = 0, False
        self._given: set[Any] = set()
        # Keeps the same snapshot even if the statement fails.
        cursor.execute('BEGIN')
        try:
            cursor.execute(query.sql, query.params)
        except Exception as e:
            self._go_on(e)

    def __next__(self) -> Row:
        try:
            row = self._fetch()
        except StopIteration:
            raise
        except Exception as e:
            self._go_on(e)
            row = self._fetch()
        self._passed += 1
        return row

    def _fetch(self) -> Row:
        row: Row = next(self._cursor)
        while self._given and row[0] in self._given:
            row = next(self._cursor)
        return row

    def _go_on(self, error: Exception) -> None:
        """Continue with the spare query, without the records that the first has given; they may have other positions there."""
        if self._is_spare or not is_of_value(error):
            raise error
        self._is_spare, spare = True, self._spare()
        if self._keyed and self._passed:
            again = self._cursor.execute(self._query.sql, self._query.params)
            self._given = {row[0] for row in islice(again, self._passed)}
        self._cursor.execute(spare.sql, spare.params)
        for _ in range(0 if self._keyed else self._passed):
            next(self._cursor)
