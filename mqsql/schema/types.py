"""The types of columns: which Python values each holds.

`read` takes a value of a record and returns the canonical value; see `mqsql.values.canonical`.
None never reaches a type: a NULL column is a missing field.
"""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Any

from mqsql.values.canonical import (
    read_boolean,
    read_buffers,
    read_document,
    read_number,
    read_stored_number,
    read_text,
    read_timestamp,
    read_value,
)


@dataclass(frozen=True, eq=False)
class ColumnType:
    """A type of column: its name in messages, what it holds in words, and its reader.

    The values of a `mixed` type have different types themselves: each operand is compared with those of its own type, and
    paths lead into the objects and arrays. `read_operand` reads what they are compared with; `compares` is its
    function, where that takes more than a column holds.
    """

    name: str
    holds: str
    read: Callable[[object], Any]
    mixed: bool = False
    compares: InitVar[Callable[[object], Any] | None] = None
    read_operand: Callable[[object], Any] = field(init=False)

    def __post_init__(self, compares: Callable[[object], Any] | None) -> None:
        object.__setattr__(self, 'read_operand', compares or self.read)

    def __repr__(self) -> str:
        return self.name.upper()


STRING = ColumnType('String', 'text', read_text)
NUMBER = ColumnType('Number', 'numbers', read_stored_number, compares=read_number)
BOOLEAN = ColumnType('Boolean', 'booleans', read_boolean)
TIMESTAMP = ColumnType('Timestamp', 'times', read_timestamp)
DOCUMENT = ColumnType('Document', 'documents', read_document, mixed=True, compares=read_value)
BUFFERS = ColumnType('Buffers', 'lists of bytes', read_buffers)
ANY = ColumnType('Any', 'values of any type', read_value, mixed=True)
