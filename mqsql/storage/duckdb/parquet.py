"""The store over Parquet files, which is read-only.

The files are read as one table. Each column has the type that a DuckDB store gives it, whatever program wrote the files.
"""

import glob
import os
from collections.abc import Callable, Mapping

from mqsql.compiler.dialects.duckdb import COLUMN_TYPES
from mqsql.errors import StorageError
from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TASKS, TIMESTAMP, ColumnType, Table
from mqsql.schema.rows import warn
from mqsql.settings import MEMORY
from mqsql.storage.duckdb import ddl
from mqsql.storage.duckdb.connection import Connection, Database, open_database
from mqsql.storage.duckdb.ddl import POSITION
from mqsql.storage.duckdb.store import DuckStore
from mqsql.storage.mishaps import Warn
from mqsql.storage.paths import size_of
from mqsql.storage.statements import folded, quote
from mqsql.values.codec import UNSOUND

FILES = 'mqsql_files'
"""The variable of a connection that has the names of the files."""

_ROWS = f"read_parquet(getvariable('{FILES}'), union_by_name = true)"
_MOST_ROWS = 2**40  # of a file

_INTEGERS = frozenset({'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER'})
_LOCAL_TIMES = frozenset({'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'DATE'})


class ParquetStore(DuckStore):
    """The records in the Parquet files that a path names: a file, a directory of them, or a pattern as for `glob`.

    They are in the order of the names of the files, and of the records in each. Files that `to_parquet` wrote give what was
    stored. In those of other programs a column that is missing has no value, a time without a zone is in UTC, and documents may
    be JSON, structs, maps or lists.
    """

    def __init__(self, path: str, *, table: Table = TASKS, query_timeout: float = 0.0, say: Warn = warn) -> None:
        self._files = files_of(path)
        super().__init__(path, readonly=True, table=table, query_timeout=query_timeout, say=say)

    def _open(self, busy_timeout: float) -> Database:
        database = open_database(MEMORY, readonly=False, busy_timeout=busy_timeout)
        try:
            connection = self._with_files(database)
            ours = _check_marks(connection, self.path)
            connection.execute(_create_view(connection, self.path, self.table, ours=ours))
        except BaseException:
            database.close()
            raise
        return database

    def _connect(self) -> Connection:
        return self._with_files(self._database)

    def _with_files(self, database: Database) -> Connection:
        connection = database.connect()
        # DuckDB takes each name for a pattern.
        connection.execute(f'SET VARIABLE {FILES} = ?', [[glob.escape(name) for name in self._files]])
        return connection

    def size(self) -> int | None:
        """See Store."""
        return size_of(*self._files)

    def _check_writable(self) -> None:
        raise StorageError(f'{self.path}: Parquet files are only read; copy the records into a store to change them')


def files_of(path: str) -> list[str]:
    """The files that a path names, in the order of their names; StorageError if there are none."""
    if os.path.isfile(path):
        return [path]
    pattern = os.path.join(glob.escape(path), '*.parquet') if os.path.isdir(path) else path
    found = sorted(filter(os.path.isfile, glob.glob(pattern, recursive=True)))
    if not found:
        raise StorageError(f'{pattern}: there is no such file')
    return found


def _check_marks(connection: Connection, path: str) -> bool:
    """Whether mqsql wrote all of the files; StorageError if a newer one wrote any."""
    marks = f"SELECT value FROM parquet_kv_metadata(getvariable('{FILES}')) WHERE key = CAST(? AS BLOB)"
    versions = [int(value) for (value,) in connection.execute(marks, [ddl.LAYOUT]).fetchall()]
    if max(versions, default=0) > ddl.LAYOUT_VERSION:
        raise StorageError(
            f'{path}: a newer mqsql wrote these files (layout {max(versions)}); update mqsql to use them'
        )
    ((files,),) = connection.execute(f"SELECT len(getvariable('{FILES}'))").fetchall()
    return len(versions) == int(files)


def _create_view(connection: Connection, path: str, table: Table, *, ours: bool) -> str:
    """The statement that makes a view of the files that has the columns of a table."""
    described = connection.execute(f'SELECT column_name, column_type FROM (DESCRIBE FROM {_ROWS})').fetchall()
    found = {folded(name): kind for name, kind in described}
    if folded(table.key) not in found:
        known = ', '.join(repr(name) for name, _ in described)
        raise StorageError(f'{path}: there is no column {table.key!r}, the key of a record; its columns are: {known}')
    columns = [_position(found.get(POSITION))]
    for name, kind in table.columns.items():
        value = _value(name, kind, found.get(folded(name)), ours=ours)
        if value is None:
            raise StorageError(f'{path}: its column {name!r} is {found[folded(name)]}, and not {kind.holds}')
        columns.append(f'{value} AS {quote(name)}')
    return f'CREATE VIEW {quote(table.name)} AS SELECT {", ".join(columns)} FROM {_ROWS}'


def _position(found: str | None) -> str:
    """The order of a record: a table that DuckDB copied into a file has its own."""
    row = f'coalesce({POSITION}, file_row_number)' if found == 'BIGINT' else 'file_row_number'
    return f'file_index * {_MOST_ROWS} + {row} AS {POSITION}'


def _value(name: str, kind: ColumnType, found: str | None, *, ours: bool) -> str | None:
    """A column as a store has it, made of one of the type that was found; None if it cannot be made."""
    column = quote(name)
    if found in (None, '"NULL"'):
        return f'CAST(NULL AS {COLUMN_TYPES[kind]})'
    if ours and found == COLUMN_TYPES[kind]:
        return column
    return _CONVERSIONS[kind](column, str(found))


def _json(column: str) -> str:
    return f"CASE WHEN {column} IS NULL OR json_valid({column}) THEN json({column}) ELSE CAST('{UNSOUND}' AS JSON) END"


def _text(column: str, found: str) -> str | None:
    return f'CAST({column} AS VARCHAR)' if found in ('VARCHAR', 'UUID') or found.startswith('ENUM') else None


def _number(column: str, found: str) -> str | None:
    if found.startswith('STRUCT') and found.endswith('i BIGINT, d DOUBLE)'):
        return ddl.number(f'{column}.i', f'{column}.d')
    if found in _INTEGERS:
        return f'CAST({column} AS BIGINT)'
    return f'CAST({column} AS DOUBLE)' if found.startswith(('DOUBLE', 'FLOAT', 'DECIMAL', 'UBIGINT')) else None


def _boolean(column: str, found: str) -> str | None:
    return column if found == COLUMN_TYPES[BOOLEAN] else None


def _time(column: str, found: str) -> str | None:
    if found in _LOCAL_TIMES:
        return f"timezone('UTC', CAST({column} AS TIMESTAMP))"
    return column if found == COLUMN_TYPES[TIMESTAMP] else None


def _document(column: str, found: str) -> str | None:
    if found in ('JSON', 'VARCHAR'):
        return _json(column)
    return f'to_json({column})' if found.startswith(('STRUCT', 'MAP')) or found.endswith(']') else None


def _any(column: str, found: str) -> str | None:
    return _json(column) if found == 'JSON' else f'to_json({column})'


def _buffers(column: str, found: str) -> str | None:
    return column if found == COLUMN_TYPES[BUFFERS] else None


_CONVERSIONS: Mapping[ColumnType, Callable[[str, str], str | None]] = {
    STRING: _text,
    NUMBER: _number,
    BOOLEAN: _boolean,
    TIMESTAMP: _time,
    DOCUMENT: _document,
    ANY: _any,
    BUFFERS: _buffers,
}
"""For each type of column, how it is made of a column (quoted) of a type of DuckDB."""
