"""Encoded records as lists of the values of each column, which one statement inserts: a hundred times as fast as one by one."""

from collections.abc import Iterator, Sequence
from typing import Any

from mqsql.schema import Record, Table
from mqsql.storage.duckdb import ddl

ROWS = 2_000  # of one statement; more are not faster


def insertions(table: Table, records: Sequence[Record]) -> Iterator[tuple[str, list[list[Any]]]]:
    """The statements that insert the records in their order, each with its parameters."""
    for start in range(0, len(records), ROWS):
        batch = records[start : start + ROWS]
        given = {column for record in batch for column, value in record.items() if value is not None}
        names = tuple(column for column in table.columns if column in given)
        yield ddl.insert_many(table, names), [[record.get(name) for record in batch] for name in names]
