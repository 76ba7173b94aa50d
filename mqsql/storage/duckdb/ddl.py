"""The fixed SQL of a table in DuckDB, built from its definition alone: no value ever enters it.

A table of records has one column per key, and before them the order of insertion. It has no index but that of its key:
DuckDB reads only the columns that a query names, and skips the parts of a table whose minimum and maximum exclude it.
"""

from collections.abc import Iterator
from functools import lru_cache

import orjson

from mqsql.compiler.dialects.duckdb import COLUMN_TYPES
from mqsql.schema import NUMBER, Table
from mqsql.storage.statements import listed, quote

POSITION = 'rowid'
"""The order of insertion. Declared, and never used again; it hides DuckDB's own column of this name, which changes."""

LAYOUT = 'mqsql_layout'
"""The table that marks a file of mqsql and holds the version of its layout."""

LAYOUT_VERSION = 1

DEFINITION = 'mqsql_table'
"""What a Parquet file says of the table, beside the version of the layout."""


def columns(table: Table) -> dict[str, str]:
    """The columns of a table in order, each with its type."""
    return {POSITION: 'BIGINT', **{column: COLUMN_TYPES[kind] for column, kind in table.columns.items()}}


def definition(table: Table) -> str:
    """A table's definition as JSON."""
    columns = {column: kind.name for column, kind in table.columns.items()}
    return orjson.dumps(
        {'name': table.name, 'key': table.key, 'columns': columns, 'aliases': dict(table.aliases)}
    ).decode()


def create_layout() -> Iterator[str]:
    """Statements that mark a file as one of mqsql."""
    yield f'CREATE TABLE {LAYOUT} (version INTEGER NOT NULL)'
    yield f'INSERT INTO {LAYOUT} VALUES ({LAYOUT_VERSION})'


@lru_cache(maxsize=256)
def insert_many(table: Table, names: tuple[str, ...]) -> str:
    """INSERT of records: each parameter is a list of their values of one column, see `batches`."""
    lists, values = [], []
    for i, name in enumerate(names):
        kind = COLUMN_TYPES[table.columns[name]]
        if table.columns[name] is NUMBER:
            lists += [f'unnest(CAST(? AS BIGINT[])) AS i{i}', f'unnest(CAST(? AS DOUBLE[])) AS d{i}']
            values.append(number(f'i{i}', f'd{i}'))
        else:
            lists.append(f'unnest(CAST(? AS {kind}[])) AS v{i}')
            values.append(f'v{i}')
    into = f'INSERT INTO {quote(table.name)} ({listed(names)})'
    return f'{into} SELECT {", ".join(values)} FROM (SELECT {", ".join(lists)})'


def number(integer: str, double: str) -> str:
    """The value of a Number column that is an integer or a double, whichever is not NULL."""
    cases = (f'WHEN {value} IS NOT NULL THEN CAST({value} AS {COLUMN_TYPES[NUMBER]})' for value in (integer, double))
    return f'CASE {" ".join(cases)} END'


@lru_cache(maxsize=16)
def select_known(table: Table) -> str:
    """SELECT of those keys of a list of which there is a record."""
    key = quote(table.key)
    return f'SELECT {key} FROM {quote(table.name)} WHERE {key} IN (SELECT unnest(CAST(? AS VARCHAR[])))'


@lru_cache(maxsize=16)
def copy_to_parquet(table: Table) -> str:
    """COPY of all records to a Parquet file; the parameters are its name, the version of the layout, and the definition."""
    records = f'SELECT {", ".join(_exported(table, name) for name in table.all_keys)} FROM {quote(table.name)}'
    marks = f'KV_METADATA {{{LAYOUT}: ?, {DEFINITION}: ?}}'
    return f'COPY ({records} ORDER BY {POSITION}) TO ? (FORMAT parquet, COMPRESSION zstd, {marks})'


def _exported(table: Table, name: str) -> str:
    """A column in a Parquet file, which has no unions."""
    column = quote(name)
    if table.columns[name] is not NUMBER:
        return column
    return f"CASE WHEN {column} IS NOT NULL THEN {{'i': {column}.i, 'd': {column}.d}} END AS {column}"
