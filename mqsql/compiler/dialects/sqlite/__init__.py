"""SQLite as a dialect."""

from __future__ import annotations

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.sqlite.any_columns import SQLiteAnyColumns
from mqsql.compiler.dialects.sqlite.distinct import select_distinct
from mqsql.compiler.dialects.sqlite.encodings import ENCODE, list_param
from mqsql.compiler.dialects.sqlite.first_records import select_first
from mqsql.compiler.dialects.sqlite.glob import glob_type
from mqsql.compiler.dialects.sqlite.index_scan import SQLitePathIndexes
from mqsql.compiler.dialects.sqlite.led_records import select_led
from mqsql.compiler.dialects.sqlite.printer import SQLitePrinter
from mqsql.compiler.dialects.sqlite.words import SQLiteWords
from mqsql.schema.columns import decoder

SQLITE = Dialect(
    'sqlite',
    words=SQLiteWords(),
    printer=SQLitePrinter,
    encode=ENCODE,
    encode_list=list_param,
    decoder=decoder,
    glob_type=glob_type,
    any_columns=SQLiteAnyColumns(),
    path_indexes=SQLitePathIndexes(),
    select_first=select_first,
    select_led=select_led,
    select_distinct=select_distinct,
)
