"""Changes of which all are made or none."""

from contextlib import suppress

import duckdb

from mqsql import limits
from mqsql.storage.duckdb.connection import Connection


class Transaction:
    """A block of which all is done or nothing, committed at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.begin()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            try:
                limits.check()
            except BaseException:
                self._roll_back()
                raise
            self._connection.commit()
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        # DuckDB has done it already where the database itself has failed; the error on its way says so.
        with suppress(duckdb.Error):
            self._connection.rollback()
