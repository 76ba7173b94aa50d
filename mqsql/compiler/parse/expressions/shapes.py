"""The shape of an expression: its tree with parameters for its literals, so that expressions of one shape share their SQL."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from math import isfinite
from typing import Any

from mqsql.compiler.parse.context import Params
from mqsql.compiler.tree.params import Encoding, Param
from mqsql.functions.expressions.tree import Array, Call, Expression, FieldPath, Literal, Object, Parameter, Variable
from mqsql.functions.expressions.values import MISSING
from mqsql.values.canonical import INT64

WORDS = ('.unit', '.startOfWeek', '.timezone')
"""Operands that choose the SQL, not a value in it."""

_INT32 = range(-(2**31), 2**31)


def shape_of(tree: Expression, params: Params) -> Expression:
    """The tree with parameters, whose values are bound."""
    match tree:
        case Literal(value):
            return tree if value is None or value is MISSING else _parameter(value, params)
        case Call(operator, operands, variables):
            parts = tuple((step, part if _is_word(step, part) else shape_of(part, params)) for step, part in operands)
            return Call(operator, parts, variables)
        case Array(items):
            return Array(tuple(shape_of(item, params) for item in items))
        case Object(fields):
            return Object(tuple((name, shape_of(part, params)) for name, part in fields))
    return tree


def columns_of(tree: Expression, usable: Iterable[str]) -> tuple[str, ...]:
    """The columns that the tree names; `usable` are those of a whole record."""
    return tuple(dict.fromkeys(_columns(tree, tuple(usable))))


def _columns(tree: Expression, usable: tuple[str, ...]) -> Iterator[str]:
    match tree:
        case FieldPath(column):
            yield from usable if column is None else (column,)
        case Call(_, operands) | Object(operands):
            for _, part in operands:
                yield from _columns(part, usable)
        case Array(items):
            for item in items:
                yield from _columns(item, usable)


def mentions_time(tree: Expression) -> bool:
    """Whether the tree has the time of the query."""
    match tree:
        case Variable(name):
            return name == 'NOW'
        case Call(_, operands) | Object(operands):
            return any(mentions_time(part) for _, part in operands)
        case Array(items):
            return any(map(mentions_time, items))
    return False


def with_time(tree: Expression, now: datetime) -> Expression:
    """The tree with this as the time of the query."""
    match tree:
        case Variable('NOW', ()):
            return Literal(now)
        case Call(operator, operands, variables):
            return Call(operator, tuple((step, with_time(part, now)) for step, part in operands), variables)
        case Object(fields):
            return Object(tuple((name, with_time(part, now)) for name, part in fields))
        case Array(items):
            return Array(tuple(with_time(item, now) for item in items))
    return tree


def _is_word(step: str, part: Expression) -> bool:
    return step in WORDS and isinstance(part, Literal) and isinstance(part.value, str)


def _parameter(value: Any, params: Params) -> Parameter:
    type_, encoding = _type_of(value)
    many = isinstance(value, list)
    return Parameter(params.bind(Param(value, encoding, many)) if type_ else '', type_)


def _type_of(value: Any) -> tuple[str, Encoding]:
    """The type of a parameter, and how the value is bound; the empty type is not bound, as SQL does not compare such values."""
    match value:
        case bool():
            return 'boolean', Encoding.BOOLEAN
        case int() if value in INT64:
            return 'int' if value in _INT32 else 'long', Encoding.NUMBER
        case float() if isfinite(value):
            return 'double', Encoding.NUMBER
        case str():
            return 'string', Encoding.STRING
        case datetime():
            return 'date', Encoding.MICROSECONDS
        case list():
            return _type_of_list(value)
    return '', Encoding.PLAIN


def _type_of_list(items: list[Any]) -> tuple[str, Encoding]:
    """The type of a list of values of one type."""
    types = set(map(type, items))
    if types == {str}:
        return 'strings', Encoding.STRING
    if types == {datetime}:
        return 'dates', Encoding.MICROSECONDS
    numbers = types <= {int, float} and all(item in INT64 if type(item) is int else isfinite(item) for item in items)
    return 'numbers' if items and numbers else '', Encoding.NUMBER
