"""SQLite as a dialect."""

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.sqlite.any_columns import SQLiteAnyColumns
from mqsql.compiler.dialects.sqlite.encodings import ENCODINGS
from mqsql.compiler.dialects.sqlite.glob import glob_type
from mqsql.compiler.dialects.sqlite.index_scan import SQLitePathIndexes
from mqsql.compiler.dialects.sqlite.printer import SQLitePrinter
from mqsql.compiler.dialects.sqlite.words import SQLiteWords
from mqsql.values.codec import encode_list

SQLITE = Dialect(
    'sqlite',
    words=SQLiteWords(),
    printer=SQLitePrinter,
    encode=ENCODINGS,
    encode_list=encode_list,
    glob_type=glob_type,
    any_columns=SQLiteAnyColumns(),
    path_indexes=SQLitePathIndexes(),
)
