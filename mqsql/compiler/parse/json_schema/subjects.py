"""The values that a schema is applied to, and the operands of its keywords."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.tree.predicate import MATCH_ALL, Conditional, Field, Not, Predicate, any_of
from mqsql.errors import short_repr
from mqsql.schema import BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, Table
from mqsql.values.canonical import coerce_value
from mqsql.values.libraries import UnstorableError

VALUE = Field(None, DOCUMENT, strict=True)
"""The element or member that is being looked at."""

_TYPE_OF_KIND = {STRING: 'string', NUMBER: 'number', BOOLEAN: 'bool', TIMESTAMP: 'date', BUFFERS: 'array'}


@dataclass(frozen=True)
class Subject:
    """What a schema is put to: a field, its BSON type where the table says it, or a whole record of `table`.

    `read` reads a schema for a subject; it is handed in because keywords that hold schemas need it.
    """

    field: Field
    read: 'Callable[[Subject, ParseContext, object], Predicate]'
    type: str | None = None
    table: Table | None = None

    def valid(self, place: ParseContext, schema: object) -> Predicate:
        """It is valid against a schema inside another one."""
        return self.read(self, place.nested(), schema)

    def unknown(self) -> 'Subject':
        """A subject of any type."""
        return Subject(VALUE, self.read)

    def item(self) -> 'Subject':
        """An element, where this is an array."""
        return Subject(VALUE, self.read, 'binData' if self.field.kind is BUFFERS else None)

    def property(self, name: object, place: ParseContext) -> 'Subject':
        """The value under a name."""
        if not isinstance(name, str):
            raise place.error(f'the name of a property is text, not {short_repr(name)}')
        if self.table is None:
            return Subject(self.field._replace(steps=(*self.field.steps, name)), self.read)
        column = self.table.column(name, place.path)
        kind = self.table.columns[column]
        return Subject(Field(column, kind, strict=True), self.read, _TYPE_OF_KIND.get(kind))

    def has(self, name: object, place: ParseContext) -> Predicate:
        """There is a value under a name."""
        return replace(place.test('$exists'), field=self.property(name, place).field)

    def if_has(self, name: object, place: ParseContext, demand: Predicate) -> Predicate:
        """What is demanded where there is a value under a name."""
        return any_of([Not(self.has(name, place)), demand])


Read = Callable[[Subject, ParseContext, Any], Predicate]
"""Reads a keyword's operand: what it demands of a subject."""


def where(test: Predicate, demand: Predicate, otherwise: Predicate = MATCH_ALL) -> Predicate:
    """What is demanded where a test holds."""
    return any_of([test, otherwise]) if demand == MATCH_ALL else Conditional(test, demand, otherwise)


# --- operands


def sibling(place: ParseContext, keyword: str) -> Any:
    """The operand of another keyword of the same schema; None where it has none."""
    return (place.siblings or {}).get(keyword)


def mapping(place: ParseContext, operand: object) -> Mapping[Any, Any]:
    """A dict."""
    if not isinstance(operand, Mapping):
        raise place.error(f'takes a dict, not {short_repr(operand)}')
    return operand


def listed(place: ParseContext, operand: object) -> list[Any]:
    """A list of at least one."""
    if not isinstance(operand, list | tuple) or not operand:
        raise place.error(f'takes a non-empty list, not {short_repr(operand)}')
    return list(operand)


def distinct_names(place: ParseContext, operand: object) -> list[str]:
    """A list of at least one text, each once."""
    names = listed(place, operand)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise place.error(f'takes a list of texts, each once, not {short_repr(operand)}')
    return names


def flag(place: ParseContext, operand: object) -> bool:
    """True or False."""
    if not isinstance(operand, bool):
        raise place.error(f'takes True or False, not {short_repr(operand)}')
    return operand


def number(place: ParseContext, operand: object) -> int | float:
    """A number."""
    if isinstance(operand, bool) or not isinstance(operand, int | float):
        raise place.error(f'takes a number, not {short_repr(operand)}')
    try:
        value: int | float = coerce_value(operand)
    except UnstorableError as e:
        raise place.error(str(e)) from None
    return value


def count(place: ParseContext, operand: object) -> int:
    """A non-negative integer; none that 64 bits do not hold is ever reached."""
    whole = place.integer(operand)
    if whole < 0:
        raise place.error(f'takes a non-negative integer, not {short_repr(operand)}')
    return min(whole, 2**63 - 1)
