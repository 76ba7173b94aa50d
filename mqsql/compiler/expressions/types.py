"""Operators on types, and conversions. Imports `core`."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mqsql.compiler.expressions.core import (
    MISSING,
    ExpressionError,
    Operator,
    is_finite,
    is_nullish,
    is_number,
    is_true,
    wrong,
)
from mqsql.compiler.expressions.moments import milliseconds, shifted
from mqsql.compiler.expressions.numbers import fitted, to_float
from mqsql.compiler.expressions.operands import positional
from mqsql.compiler.expressions.texts import as_text, number_text
from mqsql.errors import shown
from mqsql.schema.codec import EPOCH
from mqsql.schema.types import bracket

_NAMES = {
    'null': 'null',
    'string': 'string',
    'object': 'object',
    'array': 'array',
    'binary': 'binData',
    'boolean': 'bool',
    'date': 'date',
}


def type_name(value: Any) -> str:
    """BSON's name of the type; an int beyond 64 bits is a long still."""
    if value is MISSING:
        return 'missing'
    if is_number(value):
        return 'double' if isinstance(value, float) else 'int' if -(2**31) <= value < 2**31 else 'long'
    return _NAMES[bracket(value)]


def _conversion(function: Callable[[Any], Any]) -> Operator:
    return positional(lambda value: None if is_nullish(value) else function(value), 1)


def _to_whole(bits: int) -> Callable[[Any], int]:
    limit = 2 ** (bits - 1)

    def convert(value: Any) -> int:
        number = _whole(value, bits)
        if not -limit <= number < limit:
            raise ExpressionError(f'{shown(value)} is beyond {bits} bits')
        return number

    return convert


def _whole(value: Any, bits: int) -> int:
    if isinstance(value, str):
        if not re.fullmatch('[+-]?[0-9]{1,40}', value):
            raise ExpressionError(f'{shown(value)} is no whole number')
        return int(value)
    if isinstance(value, datetime) and bits == 64:
        return milliseconds(value)
    if not isinstance(value, int | float):
        raise wrong('what can be a whole number', value)
    if not is_finite(number := fitted(value)):
        raise ExpressionError(f'{shown(value)} is no whole number')
    return int(number)


_FLOAT = re.compile(r'[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|infinity)|nan', re.I | re.A)


def _to_double(value: Any) -> float:
    if isinstance(value, str):
        if not _FLOAT.fullmatch(value):
            raise ExpressionError(f'{shown(value)} is no number')
        return float(value)
    if isinstance(value, datetime):
        return float(milliseconds(value))
    if not isinstance(value, int | float):
        raise wrong('what can be a number', value)
    return to_float(value)


def _to_string(value: Any) -> str:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return number_text(value) if is_number(value) else as_text(value)


def _to_date(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return _parse_date(value)
    if is_number(value) and is_finite(value):
        return shifted(EPOCH, int(value))
    raise wrong('what can be a date', value)


def _parse_date(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ExpressionError(f'{shown(text)} is no date in ISO 8601') from None
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        raise ExpressionError(f'{shown(text)} is out of the years 1 to 9999') from None


TYPES: dict[str, Operator] = {
    '$type': positional(type_name, 1),
    '$isNumber': positional(is_number, 1),
    '$toBool': _conversion(is_true),
    '$toInt': _conversion(_to_whole(32)),
    '$toLong': _conversion(_to_whole(64)),
    '$toDouble': _conversion(_to_double),
    '$toString': _conversion(_to_string),
    '$toDate': _conversion(_to_date),
}
