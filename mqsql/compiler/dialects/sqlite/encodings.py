"""How values become parameters of SQLite."""

from collections.abc import Callable, Mapping
from typing import Any

from mqsql.compiler.dialects.encodings import STORED
from mqsql.compiler.dialects.sqlite.glob import encode_glob
from mqsql.compiler.tree.operands import Encoding
from mqsql.values.codec import encode_boolean, encode_number, encode_timestamp

ENCODINGS: Mapping[Encoding, Callable[[Any], Any]] = {
    **STORED,
    Encoding.COLUMN_NUMBER: encode_number,
    Encoding.BOOLEAN: encode_boolean,
    # SQLite's types of JSON are two for booleans.
    Encoding.JSON_BOOLEAN: {True: 'true', False: 'false'}.__getitem__,
    Encoding.TIMESTAMP: encode_timestamp,
    Encoding.GLOB: encode_glob,
}
