"""Dialects of SQL, by name."""

from __future__ import annotations

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.duckdb import DUCKDB
from mqsql.compiler.dialects.sqlite import SQLITE

DIALECTS: dict[str, Dialect] = {'sqlite': SQLITE, 'duckdb': DUCKDB}
