"""Dialects of SQL, by name."""

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.duckdb import DUCKDB
from mqsql.compiler.dialects.sqlite import SQLITE

DIALECTS: dict[str, Dialect] = {'sqlite': SQLITE, 'duckdb': DUCKDB}
