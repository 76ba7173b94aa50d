"""Expressions of types, and conversions."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_DOWN
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.bits import INT64
from mqsql.reference.expressions.calls import function
from mqsql.reference.expressions.clocks import read_date
from mqsql.reference.expressions.core import MeaninglessError, Operator
from mqsql.reference.expressions.numbers import EPOCH, milliseconds, number, shift
from mqsql.reference.expressions.texts import as_text, number_as_text
from mqsql.reference.operators import INT32, TYPES, type_of
from mqsql.reference.values import is_number, truth

LEAST = 2.0**-1022
"""The least float of full precision."""


def type_name(value: Any) -> str:
    """The alias of the value's BSON type, or "missing"."""
    code = type_of(value)
    return next((name for name, number_ in TYPES.items() if number_ == code), 'missing')


def _to_whole(limits: range) -> Callable[[Any], int]:
    def call(value: Any) -> int:
        try:
            exact = milliseconds(value) if isinstance(value, datetime) else _plain(value)
            result = int(exact)
        except (ValueError, OverflowError):
            raise MeaninglessError(f'{short_repr(value)} is not an integer') from None
        # A number is compared before it loses its fraction.
        compared = result if isinstance(exact, str) else exact
        if not limits[0] <= compared <= limits[-1] or (isinstance(value, datetime) and limits is INT32):
            raise MeaninglessError(f'{short_repr(value)} does not fit')
        return result

    return call


def _plain(value: Any) -> Any:
    """A number, boolean, or text in the form of a number, for Python to convert."""
    if isinstance(value, str) and (value != value.strip() or '_' in value or not value.isascii()):
        raise MeaninglessError(f'{short_repr(value)} is not a number')
    return value if isinstance(value, bool | str) else number(value)


def _to_double(value: Any) -> float:
    if isinstance(value, datetime):
        return float(milliseconds(value))
    try:
        result = float(_plain(value))
    except ValueError:
        raise MeaninglessError(f'{short_repr(value)} is not a number') from None
    # Digits of an infinite number, or of one below the floats of full precision, are out of range as in C.
    if isinstance(value, str) and re.match('[+-]?[0.]*[1-9]', value) and not LEAST <= abs(result) < math.inf:
        raise MeaninglessError(f'{short_repr(value)} is out of range')
    return result


def _to_string(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return number_as_text(value) if is_number(value) else as_text(value)


def _to_date(value: Any) -> datetime:
    if isinstance(value, str):
        return read_date(value)
    return value if isinstance(value, datetime) else shift(EPOCH, value, ROUND_DOWN)


CONVERSIONS: Mapping[str, Operator] = {
    '$type': function(type_name, nullable=False),
    '$isNumber': function(is_number, nullable=False),
    '$toBool': function(truth),
    '$toInt': function(_to_whole(INT32)),
    '$toLong': function(_to_whole(INT64)),
    '$toDouble': function(_to_double),
    '$toString': function(_to_string),
    '$toDate': function(_to_date),
}
