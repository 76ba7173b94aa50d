"""The shape of an expression: its tree with parameters for its literals, so that expressions of one shape share their SQL."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from math import isfinite
from typing import Any

import orjson

from mqsql.compiler.parse.context import Params
from mqsql.functions.expressions.tree import Array, Call, Expression, Literal, Object, Parameter, Variable
from mqsql.functions.expressions.values import MISSING
from mqsql.values.codec import INT64, Stored, encode_text, encode_timestamp

WORDS = ('.unit', '.startOfWeek', '.timezone')
"""Operands that choose the SQL, not a value in it."""

_INT32 = range(-(2**31), 2**31)


def shape_of(tree: Expression, params: Params) -> Expression:
    """The tree with parameters, whose values are bound."""
    match tree:
        case Literal(value):
            return tree if value is None or value is MISSING else _parameter(value, params)
        case Variable('NOW', ()):
            return _parameter(params.now, params)
        case Call(operator, operands, variables):
            parts = tuple((step, part if _is_word(step, part) else shape_of(part, params)) for step, part in operands)
            return Call(operator, parts, variables)
        case Array(items):
            return Array(tuple(shape_of(item, params) for item in items))
        case Object(fields):
            return Object(tuple((name, shape_of(part, params)) for name, part in fields))
    return tree


def _is_word(step: str, part: Expression) -> bool:
    return step in WORDS and isinstance(part, Literal) and isinstance(part.value, str)


def _parameter(value: Any, params: Params) -> Parameter:
    type_, encode = _TYPES.get(type(value), _other)(value)
    return Parameter(params.bind_late(partial(encode, value)) if type_ else '', type_)


Encode = Callable[[Any], Stored]


def _other(value: Any) -> tuple[str, Encode]:
    """What SQL does not compare as expressions do."""
    return '', _same


def _same(value: Any) -> Any:
    return value


def _integer(value: int) -> tuple[str, Encode]:
    return 'int' if value in _INT32 else 'long' if value in INT64 else '', _same


def _double(value: float) -> tuple[str, Encode]:
    return 'double' if isfinite(value) else '', _same


def _list(value: list[Any]) -> tuple[str, Encode]:
    """A list of values of one type."""
    types = set(map(type, value))
    if types == {str}:
        return 'strings', lambda items: orjson.dumps(list(map(encode_text, items))).decode()
    if types == {datetime}:
        return 'dates', lambda items: orjson.dumps(list(map(encode_timestamp, items))).decode()
    numbers = types <= {int, float} and all(item in INT64 if type(item) is int else isfinite(item) for item in value)
    return 'numbers' if value and numbers else '', lambda items: orjson.dumps(items).decode()


_TYPES: dict[type, Callable[[Any], tuple[str, Encode]]] = {
    bool: lambda value: ('boolean', int),
    int: _integer,
    float: _double,
    str: lambda value: ('string', encode_text),
    datetime: lambda value: ('date', encode_timestamp),
    list: _list,
}
"""The type of a parameter, and what is bound for a value, by the value's type; the empty type is not bound."""
