"""SQLite as a dialect."""

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.sqlite.any_columns import SQLiteAnyColumns
from mqsql.compiler.dialects.sqlite.index_scan import SQLitePathIndexes
from mqsql.compiler.dialects.sqlite.printer import SQLitePrinter
from mqsql.compiler.dialects.sqlite.words import SQLiteWords

SQLITE = Dialect(
    'sqlite',
    words=SQLiteWords(),
    printer=SQLitePrinter,
    any_columns=SQLiteAnyColumns(),
    path_indexes=SQLitePathIndexes(),
)
