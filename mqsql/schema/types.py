"""The types of columns: which Python values each holds.

`coerce` takes a value of a record and returns the canonical value; see `mqsql.values.canonical`.
None never reaches a type: a NULL column is a missing field.
"""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Any

from mqsql.values.canonical import (
    coerce_boolean,
    coerce_buffers,
    coerce_document,
    coerce_number,
    coerce_stored_number,
    coerce_string,
    coerce_timestamp,
    coerce_value,
)


@dataclass(frozen=True, eq=False)
class ColumnType:
    """A type of column: its name in messages, what it holds in words, and how values are coerced.

    The values of a `mixed` type have different types themselves: each operand is compared with those of its own type, and
    paths lead into the objects and arrays. `coerce_operand` coerces what they are compared with; `compares` is
    its function, where that takes more than a column holds.
    """

    name: str
    holds: str
    coerce: Callable[[object], Any]
    mixed: bool = False
    compares: InitVar[Callable[[object], Any] | None] = None
    coerce_operand: Callable[[object], Any] = field(init=False)

    def __post_init__(self, compares: Callable[[object], Any] | None) -> None:
        object.__setattr__(self, 'coerce_operand', compares or self.coerce)

    def __repr__(self) -> str:
        return self.name.upper()


STRING = ColumnType('String', 'strings', coerce_string)
NUMBER = ColumnType('Number', 'numbers', coerce_stored_number, compares=coerce_number)
BOOLEAN = ColumnType('Boolean', 'booleans', coerce_boolean)
TIMESTAMP = ColumnType('Timestamp', 'times', coerce_timestamp)
DOCUMENT = ColumnType('Document', 'documents', coerce_document, mixed=True, compares=coerce_value)
BUFFERS = ColumnType('Buffers', 'lists of bytes', coerce_buffers)
ANY = ColumnType('Any', 'values of any type', coerce_value, mixed=True)
