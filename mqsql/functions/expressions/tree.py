"""The tree of an expression, which is parsed once, and interpreted or lowered to SQL.

The nodes do not say what an operator means. A Call has its operands by the step that leads to each in the query ('[0]',
'.unit', '' for a single operand without a list), so that an error can name its path.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mqsql.values.codec import decode_document, decode_text, encode_document, encode_text


@dataclass(frozen=True, slots=True)
class Literal:
    """A canonical value, or MISSING."""

    value: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """A literal whose value is bound to a parameter: in a tree that depends on the query's shape alone."""

    param: str
    type: str


@dataclass(frozen=True, slots=True)
class FieldPath:
    """The value at a path of the record; without a column it is the record."""

    column: str | None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """The value at a path into a variable: NOW, REMOVE, or one that a Call binds."""

    name: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Array:
    """An array of these values, null for a missing one."""

    items: 'tuple[Expression, ...]'


@dataclass(frozen=True, slots=True)
class Object:
    """An object of these fields, without those that are missing."""

    fields: 'tuple[tuple[str, Expression], ...]'


@dataclass(frozen=True, slots=True)
class Call:
    """An operator, its operands by step, and the variables that it binds for the last of these steps."""

    operator: str
    operands: 'tuple[tuple[str, Expression], ...]'
    variables: tuple[str, ...] = ()


Expression: TypeAlias = Literal | Parameter | FieldPath | Variable | Array | Object | Call


# --- as a parameter of SQL


def encode(tree: Expression) -> list[list[Any]]:
    """The tree as a flat list of JSON, each node after its parts: JSON of nested nodes would be too deep."""
    nodes: list[list[Any]] = []
    _encode(tree, nodes.append)
    return nodes


def _encode(tree: Expression, append: Callable[[list[Any]], None]) -> None:
    match tree:
        case Literal(value):
            append(['literal', encode_document(value)])
        case FieldPath(column, steps):
            append(['field', column and encode_text(column), *map(encode_text, steps)])
        case Variable(name, steps):
            append(['variable', encode_text(name), *map(encode_text, steps)])
        case Array(items):
            for item in items:
                _encode(item, append)
            append(['array', len(items)])
        case Object(fields):
            for _, item in fields:
                _encode(item, append)
            append(['object', *(encode_text(name) for name, _ in fields)])
        case Call(operator, operands, variables):
            for _, item in operands:
                _encode(item, append)
            append(['call', operator, [encode_text(step) for step, _ in operands], list(map(encode_text, variables))])


def decode(nodes: list[list[Any]]) -> Expression:
    """The tree that `encode` was given."""
    stack: list[Expression] = []
    for kind, *rest in nodes:
        stack.append(_decode(kind, rest, stack))
    return stack.pop()


def _decode(kind: str, rest: list[Any], stack: list[Expression]) -> Expression:
    match kind:
        case 'literal':
            return Literal(decode_document(rest[0]))
        case 'field':
            column, *steps = rest
            return FieldPath(column and decode_text(column), tuple(map(decode_text, steps)))
        case 'variable':
            name, *steps = rest
            return Variable(decode_text(name), tuple(map(decode_text, steps)))
        case 'array':
            return Array(_popped(stack, rest[0]))
        case 'object':
            return Object(tuple(zip(map(decode_text, rest), _popped(stack, len(rest)), strict=True)))
    operator, steps, variables = rest
    parts = zip(map(decode_text, steps), _popped(stack, len(steps)), strict=True)
    return Call(operator, tuple(parts), tuple(map(decode_text, variables)))


def _popped(stack: list[Expression], count: int) -> tuple[Expression, ...]:
    """The last nodes, taken from the stack."""
    cut = len(stack) - count
    parts = tuple(stack[cut:])
    del stack[cut:]
    return parts
