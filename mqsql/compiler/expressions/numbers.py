"""Arithmetic. Imports `core`.

Whole numbers stay whole as far as 64 bits go, beyond that they become floats; a null or missing operand gives null.
"""

import math
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN
from fractions import Fraction
from typing import Any

from mqsql.compiler.expressions.core import (
    ExpressionError,
    Here,
    Operator,
    is_finite,
    is_nullish,
    is_number,
    need_whole,
    wrong,
)
from mqsql.compiler.expressions.moments import milliseconds, shifted
from mqsql.compiler.expressions.operands import MANY, comparing, positional
from mqsql.schema.codec import INT64

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
        return fitted(function(value))

    return positional(run, 1)


def _on_numbers(function: Callable[[Number, Number], Number]) -> Operator:
    def run(left: Any, right: Any) -> Any:
        if is_nullish(left) or is_nullish(right):
            return None
        for value in (left, right):
            if not is_number(value):
                raise wrong('numbers', value)
        return fitted(function(left, right))

    return positional(run, 2)


# --- sums and products


def _add(*values: Any) -> Any:
    dates = [value for value in values if isinstance(value, datetime)]
    numbers = []
    for value in values:
        if is_nullish(value):
            return None
        if is_number(value):
            numbers.append(value)
        elif not isinstance(value, datetime):
            raise wrong('numbers and one date', value)
    if len(dates) > 1:
        raise ExpressionError('takes one date at most')
    return _later(dates[0], _total(numbers)) if dates else fitted(_total(numbers))


def _total(numbers: list[Number]) -> Number:
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    floats = [to_float(number) for number in numbers]
    # Exactly, and rounded once, but for what is not finite.
    return math.fsum(floats) if all(map(math.isfinite, floats)) else sum(floats)


def _later(date: datetime, amount: Number) -> datetime:
    if not is_finite(amount):
        raise wrong('finite numbers', amount)
    # Half a millisecond counts for one, away from zero.
    return shifted(date, amount if isinstance(amount, int) else int(amount + math.copysign(0.5, amount)))


def _subtract(left: Any, right: Any) -> Any:
    if is_nullish(left) or is_nullish(right):
        return None
    if isinstance(left, datetime):
        if isinstance(right, datetime):
            return milliseconds(left) - milliseconds(right)
        if is_number(right):
            return _later(left, -right)
    elif is_number(left) and is_number(right):
        return fitted(_total([left, -right]))
    raise wrong('numbers, dates, or a date and a number', right if is_number(left) else left)


def _multiply(*values: Any) -> Any:
    product: Number = 1
    for value in values:
        if is_nullish(value):
            return None
        if not is_number(value):
            raise wrong('numbers', value)
        product = _times(product, value)
    return fitted(product)


def _times(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int):
        return left * right
    return to_float(left) * to_float(right)


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
    def run(value: Any, place: Any = 0) -> Any:
        if is_nullish(value) or is_nullish(place):
            return None
        if not is_number(value):
            raise wrong('a number', value)
        digits = need_whole(place, 'a place')
        if not -20 <= digits <= 100:
            raise wrong('a place from -20 to 100', place)
        return _to_place(value, digits, rounding)

    return positional(run, 1, 2)


def _to_place(number: Number, digits: int, rounding: str) -> Number:
    if isinstance(number, float) and not math.isfinite(number):
        return number
    unit = Fraction(10) ** -digits
    if isinstance(number, int) and digits >= 0:
        return number
    multiple = Fraction(number) / unit
    whole = round(multiple) if rounding == ROUND_HALF_EVEN else math.trunc(multiple)
    result = whole * unit
    return fitted(int(result)) if isinstance(number, int) else math.copysign(float(result), number)


def _sqrt(number: Number) -> Number:
    if number < 0:
        raise ExpressionError(f'takes a number of at least 0, not {number}')
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
        raise ExpressionError(f'takes a number above 0, not {number}')
    return math.log(number)


def _log10(number: Number) -> Number:
    if number <= 0:
        raise ExpressionError(f'takes a number above 0, not {number}')
    return math.log10(number)


def _power(base: Number, exponent: Number) -> Number:
    if base == 0 and exponent < 0:
        raise ExpressionError('0 has no negative powers')
    if isinstance(base, int) and isinstance(exponent, int):
        if abs(base) == 1:
            return base if exponent % 2 else 1
        if 0 <= exponent < 64:
            power: int = base**exponent
            return power
    return _float_power(to_float(base), to_float(exponent))


def _float_power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.nan


def _absolute(number: Number) -> Number:
    if number == -(2**63):
        raise ExpressionError('the greatest long is less than this')
    return abs(number)


# --- over the elements of one array, or over all operands


def _over(function: Callable[[list[Any]], Any]) -> Operator:
    def run(*values: Any) -> Any:
        items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        return function(items)

    return positional(run, 0, MANY)


def _sum(items: list[Any]) -> Any:
    return fitted(_total([item for item in items if is_number(item)]))


def _average(items: list[Any]) -> Any:
    numbers = [item for item in items if is_number(item)]
    return to_float(_total(numbers)) / len(numbers) if numbers else None


def _extreme(best: Callable[..., Any]) -> Operator:
    def run(here: Here, items: list[Any]) -> Any:
        return best((item for item in items if not is_nullish(item)), key=here.order_key, default=None)

    return comparing(_over, run)


NUMBERS: dict[str, Operator] = {
    '$add': positional(_add, 0, MANY),
    '$subtract': positional(_subtract, 2),
    '$multiply': positional(_multiply, 0, MANY),
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
    '$sum': _over(_sum),
    '$avg': _over(_average),
    '$min': _extreme(min),
    '$max': _extreme(max),
}
