"""Places in a query, and the reading of operands."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from mqsql.errors import QueryError, UnknownNameError, did_you_mean, short_repr
from mqsql.reference.values import Fold, is_number, same_text
from mqsql.schema import BUFFERS, DOCUMENT, ColumnType
from mqsql.values.libraries import UnstorableError

MAX_NESTING = 100
MAX_STEPS = 50
MAX_LEVELS = 200  # of an expression, each operator, operand and field counted; MongoDB's limit for documents
SHOWN_PATH = 200  # characters of a path that a message repeats
KEPT_PATH = 500  # of one that is kept, as there may be one for each operator


class Fields(Protocol):
    """The fields at the top of what a query is asked about: the columns of a Table, or any."""

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """The type of each field by name."""
        ...

    def column(self, name: object, path: str = '') -> str:
        """The field of a name; QueryError at `path` if there is none."""
        ...


@dataclass(frozen=True)
class Place:
    """A place in a query: `path` names it in messages, `kind` is that of the column whose values are tested there.

    `table` is None inside $elemMatch, where paths start at an element; `depth` counts the logical operators around,
    `now` is the time of the query.
    """

    table: Fields | None
    path: str = ''
    kind: ColumnType = DOCUMENT
    depth: int = 0
    fold: Fold = same_text
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def at(self, name: str) -> 'Place':
        """The place below, under a key or an operator."""
        return replace(self, path=(f'{self.path}.{name}' if self.path else name)[:KEPT_PATH])

    def item(self, index: int) -> 'Place':
        """The place of an item of a list."""
        return replace(self, path=f'{self.path}[{index}]'[:KEPT_PATH])

    def nested(self, most: int = MAX_NESTING) -> 'Place':
        """This place, further down in the logic; QueryError beyond the limit, where cyclic queries end."""
        if self.depth + 1 > most:
            raise self.error(f'is nested deeper than {most} levels (or holds itself)')
        return replace(self, depth=self.depth + 1)

    def error(self, message: str) -> QueryError:
        """The error that says what is wrong here."""
        return QueryError(message, self.path[:SHOWN_PATH])

    def unknown(self, what: str, name: str, known: Iterable[str]) -> UnknownNameError:
        """The error for a name that nobody here knows."""
        return UnknownNameError(did_you_mean(what, name, known), self.path[:SHOWN_PATH])


def read_literal(operand: object, place: Place) -> Any:
    """The canonical value of an operand that is compared; QueryError for one that the column could never hold."""
    if operand is None:
        return None
    if place.kind is BUFFERS:
        raise place.error(f'a Buffers column compares with None only, not with {short_repr(operand)}')
    try:
        return place.kind.coerce_operand(operand)
    except UnstorableError as e:
        raise QueryError(f'{e}', (place.path + e.path)[:SHOWN_PATH]) from e.__cause__


def read_items(operand: object, place: Place) -> list[Any]:
    """The items of any iterable, but for text, bytes and dicts; read once."""
    if isinstance(operand, Iterable) and not isinstance(operand, str | bytes | bytearray | memoryview | Mapping):
        return list(operand)
    raise place.error(f'takes a list, not {short_repr(operand)}')


def read_number(operand: object, place: Place) -> float:
    """A number, booleans excluded."""
    if not isinstance(operand, int | float) or not is_number(operand):
        raise place.error(f'takes a number, not {short_repr(operand)}')
    return operand


def read_whole(operand: object, place: Place, least: int = 0) -> int:
    """An integer, given as an int or a float, of at least `least`."""
    number = read_number(operand, place)
    if not (isinstance(number, int) or number.is_integer()) or number < least:
        raise place.error(f'takes an integer of at least {least}, not {short_repr(operand)}')
    return int(number)


def split_path(name: object, place: Place) -> list[str]:
    """The steps of a dotted path."""
    if not isinstance(name, str):
        raise place.error(f'a key is text, not {short_repr(name)}')
    steps = str(name).split('.')
    if len(steps) > 1 + MAX_STEPS:  # behind the column
        raise place.error(f'a path of more than {MAX_STEPS} steps')
    return steps


def resolve(name: object, table: Fields, place: Place) -> tuple[list[str], ColumnType]:
    """The steps of a path, the first a column of the table, and the kind of that column."""
    steps = split_path(name, place)
    column = table.column(steps[0], place.path[:SHOWN_PATH])
    kind = table.columns[column]
    if len(steps) > 1 and not kind.mixed:
        raise place.error(f'{column} holds {kind.holds}, a path cannot reach into it')
    return [column, *steps[1:]], kind


def resolve_value(name: object, table: Fields, place: Place) -> list[str]:
    """The steps of a path whose values are sorted or returned: none of them is empty, and Buffers have no such values."""
    steps, kind = resolve(name, table, place)
    if '' in steps:
        raise place.error(f'a path has no empty step: {short_repr(name)}')
    if kind is BUFFERS:
        raise place.error(f'{steps[0]} holds {kind.holds}, which have no order')
    return steps


DBREF = ('$ref', '$id', '$db')
"""What a DBRef holds, MongoDB's manual, "Database References"; with the first two an object is a value, no operators."""


def is_operators(operand: object) -> bool:
    """Whether it is a dict of operators: its first key begins with $, and it is no DBRef."""
    if not isinstance(operand, Mapping) or all(name in operand for name in DBREF[:2]):
        return False
    first = next(iter(operand), None)
    return isinstance(first, str) and first.startswith('$')


def is_pattern(operand: object) -> bool:
    """Whether it is a compiled regular expression."""
    return isinstance(operand, re.Pattern)
