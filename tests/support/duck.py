"""Records in DuckDB, asked with the statements of the dialect alone. Helper of test_conformance and of comparisons."""

from collections.abc import Iterable
from typing import Any

import duckdb

import mqsql
from mqsql.compiler import Statement, compile_count, compile_delete, compile_distinct
from mqsql.compiler.dialects.duckdb import create_table, encoder, register
from mqsql.errors import QueryError
from mqsql.schema import TASKS, Record, Table


class Duck:
    """A table in memory, filled with records. All tables of one name are the same, so only one is open at a time."""

    _connection: duckdb.DuckDBPyConnection | None = None

    def __init__(self, records: Iterable[Record], table: Table = TASKS) -> None:
        self.table = table
        self.connection = self._connect()
        self.connection.execute(f'DROP TABLE IF EXISTS "{table.name}"')
        self.connection.execute(f'DROP SEQUENCE IF EXISTS "{table.name}_rowid"')
        for statement in create_table(table):
            self.connection.execute(statement)
        for record in records:
            self._add(record)

    @classmethod
    def _connect(cls) -> duckdb.DuckDBPyConnection:
        """The connection of this process: to make one takes a tenth of a second."""
        if cls._connection is None:
            cls._connection = duckdb.connect(config={'threads': 1})
            register(cls._connection)
        return cls._connection

    def _add(self, record: Record) -> None:
        given = self.table.resolve(record)
        stored = {name: encoder(self.table.columns[name])(value) for name, value in given.items() if value is not None}
        names, values = ', '.join(f'"{name}"' for name in stored), ', '.join('?' for _ in stored)
        self.connection.execute(f'INSERT INTO "{self.table.name}" ({names}) VALUES ({values})', list(stored.values()))

    def find(self, query: Any = None, keys: Any = None, **options: Any) -> list[Record]:
        """The records that match."""
        statement = mqsql.compile(query, keys, table=self.table, dialect='duckdb', **options)
        return [statement.record(row) for row in self._rows(statement)]

    def find_one(self, query: Any) -> Record | None:
        """The first record that matches."""
        return next(iter(self.find(query, limit=1)), None)

    def count(self, query: Any, **options: Any) -> int:
        """How many records match."""
        ((number,),) = self._rows(compile_count(query, table=self.table, dialect='duckdb', **options))
        assert isinstance(number, int)
        return number

    def distinct(self, key: Any, query: Any = None, **options: Any) -> list[Any]:
        """The different values at a key."""
        statement = compile_distinct(key, query, table=self.table, dialect='duckdb', **options)
        return statement.values(self._rows(statement))

    def list_indexes(self) -> list[str]:
        """There are none."""
        return []

    def delete(self, query: Any, **options: Any) -> None:
        """Delete the records that match."""
        self._rows(compile_delete(query, table=self.table, dialect='duckdb', **options))

    def close(self) -> None:
        """The connection stays open."""

    def _rows(self, statement: Statement) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(statement.sql, statement.params).fetchall()
        except duckdb.InvalidInputException as e:
            if 'QueryError' in str(e):
                raise QueryError(str(e)) from e  # a function's
            raise
