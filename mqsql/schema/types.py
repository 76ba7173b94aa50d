"""The types of columns: which Python values each holds.

`read` takes what a caller gave and returns the canonical value; see `mqsql.values.canonical`.
None never reaches a type: a NULL column is a missing field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mqsql.values.canonical import read_buffers, read_document, read_text, read_timestamp, read_value


@dataclass(frozen=True)
class ColumnType:
    """A kind of column: its name in messages, what it holds in words, and its reader.

    The values of a `mixed` kind have different types: each operand is compared with those of its own type, and paths lead
    into the objects and arrays.
    """

    name: str
    holds: str
    read: Callable[[object], Any]
    mixed: bool = False


STRING = ColumnType('Text', 'text', read_text)
TIMESTAMP = ColumnType('Timestamp', 'times', read_timestamp)
DOCUMENT = ColumnType('Document', 'documents', read_document, mixed=True)
BUFFERS = ColumnType('Buffers', 'lists of bytes', read_buffers)
ANY = ColumnType('Any', 'values of any type', read_value, mixed=True)
