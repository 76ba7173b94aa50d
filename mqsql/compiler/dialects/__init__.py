"""Dialects of SQL, by name."""

from __future__ import annotations

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.duckdb import DUCKDB
from mqsql.compiler.dialects.sqlite import SQLITE
from mqsql.errors import QueryError, short_repr
from mqsql.values.plain import read_plain

DIALECTS: dict[str, Dialect] = {'sqlite': SQLITE, 'duckdb': DUCKDB}


def find_dialect(name: object) -> Dialect:
    """The dialect of this name; QueryError if there is none."""
    name = name if type(name) is str else read_plain(name, 'dialect')
    dialect = DIALECTS.get(name) if type(name) is str else None
    if dialect is None:
        raise QueryError(f'unknown dialect {short_repr(name)}; known are {", ".join(DIALECTS)}')
    return dialect
