"""A view of a table without the values that SQLite cannot read.

SQLite's JSON functions fail for text that is no JSON, and its driver for text that is no UTF-8, and with them the whole
statement. Looking for such values first would take time in every statement; so one that has failed is run once more, over a
view of the table in which each of them is replaced by one that every function can read, and that no condition matches. It
reads no index on paths either, which has copies of them.
"""

from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from mqsql.compiler import Statement
from mqsql.schema import BUFFERS, DOCUMENT, Kind, Table
from mqsql.schema.codec import UNSOUND
from mqsql.storage.ddl import POSITION, quote

AnyStatement = TypeVar('AnyStatement', bound=Statement)

_JSON = """CASE WHEN {0} IS NULL OR typeof({0}) = 'text' AND json_valid({0}) AND mqsql_utf8(CAST({0} AS BLOB))
 THEN {0} ELSE '{1}' END"""
_OTHER = """CASE typeof({0})
 WHEN 'text' THEN CASE WHEN mqsql_utf8(CAST({0} AS BLOB)) THEN {0} ELSE CAST('{1}' AS BLOB) END
 WHEN 'blob' THEN CASE WHEN mqsql_utf8({0}) AND json_valid(CAST({0} AS TEXT)) THEN {0} ELSE CAST('{1}' AS BLOB) END
 ELSE {0} END"""


def sound(column: str, kind: Kind) -> str:
    """The SQL of a column's value, or of what stands for one that SQLite cannot read."""
    return (_JSON if kind in (DOCUMENT, BUFFERS) else _OTHER).format(quote(column), UNSOUND)


@lru_cache(maxsize=16)
def _view(table: Table) -> str:
    columns = ', '.join(f'{sound(column, kind)} AS {quote(column)}' for column, kind in table.columns.items())
    return f'WITH {quote(table.name)} AS (SELECT {POSITION}, {columns} FROM main.{quote(table.name)}) '


def guarded(statement: AnyStatement, table: Table) -> AnyStatement:
    """The statement, reading nothing that SQLite cannot read."""
    return replace(statement, sql=_view(table) + statement.unindexed())


def select_sound(table: Table) -> str:
    """As `ddl.select`."""
    columns = ', '.join(sound(column, table.columns[column]) for column in table.all_keys)
    return f'SELECT {columns} FROM {quote(table.name)} WHERE {quote(table.key)} = ?'
