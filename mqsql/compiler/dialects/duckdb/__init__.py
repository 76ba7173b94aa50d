"""DuckDB as a dialect.

A table has the columns of `create_table`; a view or Parquet file with the same will do. Statements call the functions that
`register` gives a connection; `Statement.functions` says which.
"""

from __future__ import annotations

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.duckdb.columns import COLUMN_TYPES, create_table, decoder, encoder
from mqsql.compiler.dialects.duckdb.encodings import ENCODE, list_param
from mqsql.compiler.dialects.duckdb.functions import FUNCTIONS, QUERY, Function, register
from mqsql.compiler.dialects.duckdb.printer import DuckDBPrinter
from mqsql.compiler.dialects.duckdb.words import DuckDBWords

__all__ = ['COLUMN_TYPES', 'DUCKDB', 'FUNCTIONS', 'QUERY', 'Function', 'create_table', 'decoder', 'encoder', 'register']

DUCKDB = Dialect(
    'duckdb',
    words=DuckDBWords(),
    printer=DuckDBPrinter,
    encode=ENCODE,
    encode_list=list_param,
    decoder=decoder,
)
