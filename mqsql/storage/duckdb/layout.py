"""Creates the table of a store in a DuckDB file, and checks one that is there.

A file without the mark of mqsql belongs to others: it may be read, if its table has the columns, and never changed. A table
that other programs made may compute or check values, or have triggers that run at each change.
"""

from contextlib import closing
from threading import Lock
from typing import Any

from mqsql.compiler.dialects.duckdb import create_table
from mqsql.errors import StorageError
from mqsql.schema import NUMBER, Table
from mqsql.settings import MEMORY
from mqsql.storage import statements
from mqsql.storage.duckdb import ddl
from mqsql.storage.duckdb.connection import Connection, Database, open_database
from mqsql.storage.duckdb.transaction import Transaction

_CREATING = Lock()  # two threads may open a new file at once


def open_table(path: str, table: Table, *, readonly: bool, busy_timeout: float) -> Database:
    """The file, which holds `table`, created if need be; StorageError, and no change, if the file is not ours."""
    if readonly and path == MEMORY:
        raise StorageError(f'{path}: this would be empty for ever; open it without readonly=True')
    database = open_database(path, readonly=readonly, busy_timeout=busy_timeout)
    try:
        with _CREATING, closing(database.connect()) as connection:
            _check_version(connection, path)
            if not readonly:
                _check_owner(connection, path)
                _check_name(connection, path, table)
                _create_missing(connection, table)
                _check_made_by_us(connection, path, table)
            _check_columns(connection, path, table)
    except BaseException:
        database.close()
        raise
    return database


def _of_database(connection: Connection, select: str, *params: str) -> list[tuple[Any, ...]]:
    """Rows about what the file holds itself, in its main schema."""
    ours = "database_name = current_database() AND schema_name = 'main'"
    return connection.execute(f'{select} WHERE {ours}' + ' AND table_name = ?' * len(params), params).fetchall()


def columns_of(connection: Connection, name: str) -> dict[str, str]:
    """The columns of a table or view, with their types."""
    return dict(_of_database(connection, 'SELECT column_name, data_type FROM duckdb_columns()', name))


def _names(connection: Connection) -> list[str]:
    """The names of the tables and views of a file."""
    tables = _of_database(connection, 'SELECT table_name FROM duckdb_tables()')
    views = _of_database(connection, 'SELECT view_name FROM (FROM duckdb_views() WHERE NOT internal)')
    return [name for (name,) in (*tables, *views)]


def _is_ours(connection: Connection) -> bool:
    return columns_of(connection, ddl.LAYOUT) == {'version': 'INTEGER'}


def _check_version(connection: Connection, path: str) -> None:
    if _is_ours(connection):
        ((version,),) = connection.execute(f'SELECT max(version) FROM {ddl.LAYOUT}').fetchall()
        if version is not None and version > ddl.LAYOUT_VERSION:
            raise StorageError(f'{path}: a newer mqsql wrote this file (layout {version}); update mqsql to use it')


def _check_owner(connection: Connection, path: str) -> None:
    if _names(connection) and not _is_ours(connection):
        raise StorageError(
            f'{path}: this is a database of another application; name another file, or read it with readonly=True'
        )


def _check_name(connection: Connection, path: str, table: Table) -> None:
    for name in _names(connection):
        if name != table.name and statements.folded(name) == statements.folded(table.name):
            raise StorageError(f'{path}: it has the name {name!r}, from which DuckDB cannot tell {table.name!r}')


def _create_missing(connection: Connection, table: Table) -> None:
    missing = [] if _is_ours(connection) else [*ddl.create_layout()]
    missing += [] if columns_of(connection, table.name) else [*create_table(table)]
    if missing:
        with Transaction(connection):
            for sql in missing:
                connection.execute(sql)


def _check_made_by_us(connection: Connection, path: str, table: Table) -> None:
    """StorageError if the table does more at each change than to hold the values."""
    constraints = 'SELECT constraint_type, unnest(constraint_column_names) FROM duckdb_constraints()'
    found = set(_of_database(connection, constraints, table.name))
    computed = _of_database(
        connection, 'SELECT column_name FROM (FROM duckdb_columns() WHERE column_default IS NOT NULL)', table.name
    )
    triggers = _of_database(connection, 'SELECT trigger_name FROM duckdb_triggers()', table.name)
    expected = {('PRIMARY KEY', table.key), ('NOT NULL', table.key), ('NOT NULL', ddl.POSITION)}
    if triggers or found != expected or computed != [(ddl.POSITION,)]:
        raise StorageError(
            f'{path}: its table {table.name!r} computes or checks values, which mqsql did not make; '
            'name another file, or read it with readonly=True'
        )
    if differing := sorted(set(columns_of(connection, table.name)) - set(ddl.columns(table))):
        raise StorageError(f'{path}: its table {table.name!r} has other columns too: {", ".join(differing)}')


def _check_columns(connection: Connection, path: str, table: Table) -> None:
    found = columns_of(connection, table.name)
    if not found:
        known = ', '.join(map(repr, sorted(_names(connection)))) or 'none'
        raise StorageError(f'{path}: it holds no table {table.name!r}; its tables are: {known}')
    if (table.name,) in _of_database(connection, 'SELECT table_name FROM duckdb_tables()', table.name):
        # DuckDB gives the rows of a table of another program positions, but not those of a view.
        found.setdefault(ddl.POSITION, 'BIGINT')
    for name, kind in ddl.columns(table).items():
        plain_number = table.columns.get(name) is NUMBER and found.get(name) in ('BIGINT', 'DOUBLE')
        if found.get(name) != kind and not plain_number:
            is_ = f'is {found[name]}' if name in found else 'is missing'
            raise StorageError(f'{path}: in its table {table.name!r} the column {name!r} {is_}, not {kind}')
