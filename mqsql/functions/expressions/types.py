"""Operators on types, and conversions."""

import math
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mqsql.errors import short_repr
from mqsql.functions.expressions.core import Operator
from mqsql.functions.expressions.formats import parsed
from mqsql.functions.expressions.moments import milliseconds, shifted
from mqsql.functions.expressions.numbers import Number, fitted, to_float
from mqsql.functions.expressions.operands import eager
from mqsql.functions.expressions.texts import as_text, number_text
from mqsql.functions.expressions.values import (
    MISSING,
    ExpressionError,
    is_finite,
    is_nullish,
    is_number,
    is_true,
    wrong,
)
from mqsql.values.canonical import type_bracket
from mqsql.values.codec import EPOCH

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
    return _NAMES[type_bracket(value)]


def _conversion(function: Callable[[Any], Any]) -> Operator:
    return eager(lambda value: None if is_nullish(value) else function(value))


def _to_whole(bits: int) -> Callable[[Any], int]:
    limit = 2 ** (bits - 1)

    def convert(value: Any) -> int:
        number = _number(value, bits)
        if not -limit <= number <= limit - 1:  # with its fraction, which is cut off then
            raise ExpressionError(f'{short_repr(value)} is beyond {bits} bits')
        return int(number)

    return convert


def _number(value: Any, bits: int) -> Number:
    if isinstance(value, str):
        if not (digits := re.fullmatch('([+-]?)0*([0-9]{1,40})', value)):
            raise ExpressionError(f'{short_repr(value)} is not an integer')
        return int(digits[1] + digits[2])
    if isinstance(value, datetime) and bits == 64:
        return milliseconds(value)
    if not isinstance(value, int | float):
        raise wrong('a value that can be an integer', value)
    if not is_finite(number := fitted(value)):
        raise ExpressionError(f'{short_repr(value)} is not an integer')
    return number


_FLOAT = re.compile(r'[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)', re.I | re.A)


def _to_double(value: Any) -> float:
    if isinstance(value, str):
        if not _FLOAT.fullmatch(value):
            raise ExpressionError(f'{short_repr(value)} is not a number')
        number = float(value)
        # C's strtod, which MongoDB asks, holds what digits beyond or below the normal floats stand for out of range.
        if re.match('[+-]?[0.]*[1-9]', value) and not sys.float_info.min <= abs(number) < math.inf:
            raise ExpressionError(f'{short_repr(value)} is out of the range of a float')
        return number
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
        moment = parsed(text)
    except ValueError:
        raise ExpressionError(f'{short_repr(text)} is not a date in ISO 8601') from None
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ExpressionError(f'{short_repr(text)} is out of the years 1 to 9999') from None


TYPES: dict[str, Operator] = {
    '$type': eager(type_name),
    '$isNumber': eager(is_number),
    '$toBool': _conversion(is_true),
    '$toInt': _conversion(_to_whole(32)),
    '$toLong': _conversion(_to_whole(64)),
    '$toDouble': _conversion(_to_double),
    '$toString': _conversion(_to_string),
    '$toDate': _conversion(_to_date),
}
