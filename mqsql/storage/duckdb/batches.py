"""Encoded records as lists of the values of each column, which one statement inserts: a hundred times as fast as one by one."""

from collections.abc import Iterator, Sequence
from typing import Any

from mqsql.schema import NUMBER, Record, Table
from mqsql.storage.duckdb import ddl

ROWS = 2_000  # of one statement; more are not faster


def insertions(table: Table, records: Sequence[Record]) -> Iterator[tuple[str, list[list[Any]]]]:
    """The statements that insert the records in their order, each with its parameters."""
    for start in range(0, len(records), ROWS):
        batch = records[start : start + ROWS]
        given = {column for record in batch for column, value in record.items() if value is not None}
        names = tuple(column for column in table.columns if column in given)
        yield ddl.insert_many(table, names), [values for name in names for values in _lists(table, name, batch)]


def _lists(table: Table, name: str, records: Sequence[Record]) -> list[list[Any]]:
    """The values of a column. Those of a Number column are two lists: DuckDB makes all values of a list one type."""
    values = [record.get(name) for record in records]
    if table.columns[name] is not NUMBER:
        return [values]
    return [[value if type(value) is kind else None for value in values] for kind in (int, float)]
