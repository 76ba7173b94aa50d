"""A view of a table without the values that SQLite cannot read.

A statement fails if one of SQLite's JSON functions reads text that is not JSON, or the driver text that is not UTF-8. To look
for such values first would slow every statement. So a statement that has failed runs again over a view of the table that
replaces each such value by one that every function can read and no condition matches. It uses no index on paths either, since
these have copies of the values.
"""

from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from mqsql.compiler import Statement
from mqsql.schema import BUFFERS, DOCUMENT, ColumnType, Table
from mqsql.storage.sqlite.ddl import POSITION
from mqsql.storage.statements import quote
from mqsql.values.codec import UNSOUND

AnyStatement = TypeVar('AnyStatement', bound=Statement)

_JSON = """CASE WHEN {0} IS NULL OR typeof({0}) = 'text' AND json_valid({0}) AND mqsql_json(CAST({0} AS BLOB))
 THEN {0} ELSE '{1}' END"""
_OTHER = """CASE typeof({0})
 WHEN 'text' THEN CASE WHEN mqsql_utf8(CAST({0} AS BLOB)) THEN {0} ELSE CAST('{1}' AS BLOB) END
 WHEN 'blob' THEN CASE WHEN mqsql_json({0}) AND json_valid(CAST({0} AS TEXT)) THEN {0} ELSE CAST('{1}' AS BLOB) END
 ELSE {0} END"""

_FUNCTIONS = {'mqsql_json', 'mqsql_utf8'}


def sound(column: str, kind: ColumnType) -> str:
    """The SQL of a column's value, with a replacement for a value that SQLite cannot read."""
    return (_JSON if kind in (DOCUMENT, BUFFERS) else _OTHER).format(quote(column), UNSOUND)


@lru_cache(maxsize=16)
def _view(table: Table, condition: str, *, guards: bool) -> str:
    values = [(sound(c, kind) if guards else quote(c), c) for c, kind in table.columns.items()]
    columns = ', '.join(f'{value} AS {quote(column)}' for value, column in values)
    where = f' WHERE {condition}' if condition else ''
    return f'WITH {quote(table.name)} AS (SELECT {POSITION}, {columns} FROM main.{quote(table.name)}{where}) '


def guarded(statement: AnyStatement, table: Table, condition: str = '') -> AnyStatement:
    """The statement over a view of the records that a condition holds for, with no value that SQLite cannot read."""
    plain = statement.unindexed()
    return replace(plain, sql=_view(table, condition, guards=True) + plain.sql, functions=plain.functions | _FUNCTIONS)


def restricted(statement: AnyStatement, table: Table, condition: str) -> AnyStatement:
    """The statement over a view of the records that a condition holds for, with values as they are; it uses the indexes on
    columns."""
    plain = statement.unindexed()
    return replace(plain, sql=_view(table, condition, guards=False) + plain.sql)


def select_sound(table: Table) -> str:
    """SELECT of a record like `ddl.select`, without values that SQLite cannot read."""
    columns = ', '.join(sound(column, table.columns[column]) for column in table.all_keys)
    return f'SELECT {columns} FROM {quote(table.name)} WHERE {quote(table.key)} = ?'
