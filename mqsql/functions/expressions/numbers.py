"""Arithmetic.

Whole numbers stay whole as far as 64 bits go, beyond that they become floats; a null or missing operand gives null.
"""

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN
from fractions import Fraction
from typing import Any

from mqsql.errors import short_repr
from mqsql.functions.expressions.core import Operator
from mqsql.functions.expressions.moments import milliseconds, shifted
from mqsql.functions.expressions.operands import eager, lazy
from mqsql.functions.expressions.values import ExpressionError, is_finite, is_nullish, is_number, need_whole, wrong
from mqsql.values.canonical import INT64

Number = int | float


def fitted(number: Number) -> Number:
    """The number, as a float where 64 bits do not hold it."""
    return number if isinstance(number, float) or number in INT64 else to_float(number)


def to_float(number: Number) -> float:
    """The nearest float, infinite where there is none."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _on_number(function: Callable[[Number], Number]) -> Operator:
    def run(value: Any) -> Any:
        if is_nullish(value):
            return None
        if not is_number(value):
            raise wrong('a number', value)
        return fitted(function(fitted(value)))

    return eager(run)


def _on_numbers(function: Callable[[Number, Number], Number]) -> Operator:
    def run(left: Any, right: Any) -> Any:
        if is_nullish(left) or is_nullish(right):
            return None
        for value in (left, right):
            if not is_number(value):
                raise wrong('numbers', value)
        return fitted(function(fitted(left), fitted(right)))

    return eager(run)


# --- sums and products


def _add(values: Iterator[Any]) -> Any:
    total: Number = 0
    date = None
    for value in values:
        if is_nullish(value):
            return None
        if isinstance(value, datetime):
            if date is not None:
                raise ExpressionError('takes one date at most')
            date, total = value, _long(_to_milliseconds(total) + milliseconds(value))
        elif not is_number(value):
            raise wrong('numbers and one date', value)
        else:
            total = _plus(total, fitted(value)) if date is None else _long(total + _to_milliseconds(value))
    return total if date is None else shifted(date, int(total) - milliseconds(date))


def _plus(left: Number, right: Number) -> Number:
    """The sum; of integers that 64 bits do not hold, that of the floats."""
    total = left + right
    return total if isinstance(total, float) or total in INT64 else to_float(left) + to_float(right)


def _to_milliseconds(number: Number) -> int:
    """Whole milliseconds to add to a date; half a one counts for one, away from zero."""
    whole = _long(number)
    return whole + (number - whole >= 0.5) - (number - whole <= -0.5)


def _long(number: Number) -> int:
    if not is_finite(number) or int(number) not in INT64:
        raise ExpressionError('a date leads beyond 64 bits of milliseconds')
    return int(number)


def _subtract(left: Any, right: Any) -> Any:
    if is_nullish(left) or is_nullish(right):
        return None
    if isinstance(left, datetime):
        if isinstance(right, datetime):
            return milliseconds(left) - milliseconds(right)
        if is_number(right):
            return shifted(left, -_to_milliseconds(right))
    elif is_number(left) and is_number(right):
        difference = fitted(left) - fitted(right)
        held = isinstance(difference, float) or difference in INT64
        return difference if held else to_float(left) - to_float(right)
    raise wrong('numbers, dates, or a date and a number', right if is_number(left) else left)


def _multiply(values: Iterator[Any]) -> Any:
    whole: Number = 1  # a float as soon as one of the factors is one, or 64 bits do not hold it
    product = 1.0
    for value in values:
        if is_nullish(value):
            return None
        if not is_number(value):
            raise wrong('numbers', value)
        whole = fitted(whole * fitted(value))
        product *= to_float(value)
    return whole if isinstance(whole, int) else product


def _divide(left: Number, right: Number) -> Number:
    if right == 0:
        raise ExpressionError('divides by zero')
    return to_float(left) / to_float(right)


def _mod(left: Number, right: Number) -> Number:
    if right == 0:
        raise ExpressionError('divides by zero')
    if isinstance(left, int) and isinstance(right, int):
        remainder = abs(left) % abs(right)
        return -remainder if left < 0 else remainder
    dividend = to_float(left)
    return math.nan if math.isinf(dividend) else math.fmod(dividend, to_float(right))


# --- rounding and roots


def _whole(function: Callable[[float], int]) -> Callable[[Number], Number]:
    def run(number: Number) -> Number:
        if isinstance(number, int) or not math.isfinite(number):
            return number
        return math.copysign(float(function(number)), number)

    return run


def _rounded(rounding: str) -> Operator:
    def run(values: Iterator[Any]) -> Any:
        if is_nullish(value := next(values)):
            return None
        if not is_number(value):
            raise wrong('a number', value)
        if is_nullish(place := next(values, 0)):
            return None
        digits = need_whole(place, 'a place')
        if not -20 <= digits <= 100:
            raise wrong('a place from -20 to 100', place)
        return _to_place(fitted(value), digits, rounding)

    return lazy(run)


def _to_place(number: Number, digits: int, rounding: str) -> Number:
    if isinstance(number, float) and not math.isfinite(number):
        return number
    unit = Fraction(10) ** -digits
    if isinstance(number, int) and digits >= 0:
        return number
    multiple = Fraction(number) / unit
    whole = round(multiple) if rounding == ROUND_HALF_EVEN else math.trunc(multiple)
    if isinstance(number, float):
        return math.copysign(float(whole * unit), number)
    if (result := int(whole * unit)) not in INT64:
        raise ExpressionError(f'64 bits do not hold {short_repr(number)} rounded')
    return result


def _sqrt(number: Number) -> Number:
    if number < 0:
        raise ExpressionError(f'takes a number of at least 0, not {short_repr(number)}')
    return math.sqrt(to_float(number))


def _exp(number: Number) -> Number:
    try:
        return math.exp(to_float(number))
    except OverflowError:
        return math.inf


def _logarithm(number: Number, base: Number = math.e) -> Number:
    if number <= 0 or base <= 0 or base == 1:
        raise ExpressionError('takes a number above 0, and a base above 0 other than 1')
    return math.log(number) / math.log(base)


def _ln(number: Number) -> Number:
    if number <= 0:
        raise ExpressionError(f'takes a number above 0, not {short_repr(number)}')
    return math.log(number)


def _log10(number: Number) -> Number:
    if number <= 0:
        raise ExpressionError(f'takes a number above 0, not {short_repr(number)}')
    return math.log10(number)


def _power(base: Number, exponent: Number) -> Number:
    if base == 0 and exponent < 0:
        raise ExpressionError('0 has no negative powers')
    if isinstance(base, int) and isinstance(exponent, int):
        whole: int = base ** abs(exponent) if abs(base) < 2 or 0 <= exponent < 64 else 2**64
        if whole in INT64:
            return whole
    return _float_power(to_float(base), to_float(exponent))


def _float_power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.nan


def _absolute(number: Number) -> Number:
    if isinstance(number, int) and number == -(2**63):
        raise ExpressionError('the greatest long is less than this')
    return abs(number)


NUMBERS: dict[str, Operator] = {
    '$add': lazy(_add),
    '$subtract': eager(_subtract),
    '$multiply': lazy(_multiply),
    '$divide': _on_numbers(_divide),
    '$mod': _on_numbers(_mod),
    '$abs': _on_number(_absolute),
    '$ceil': _on_number(_whole(math.ceil)),
    '$floor': _on_number(_whole(math.floor)),
    '$round': _rounded(ROUND_HALF_EVEN),
    '$trunc': _rounded(ROUND_DOWN),
    '$sqrt': _on_number(_sqrt),
    '$pow': _on_numbers(_power),
    '$exp': _on_number(_exp),
    '$ln': _on_number(_ln),
    '$log': _on_numbers(_logarithm),
    '$log10': _on_number(_log10),
}
