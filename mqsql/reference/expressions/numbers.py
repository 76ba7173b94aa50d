"""Expressions of arithmetic, on numbers and on dates. Imports `errors`, and `bits`, `values` and `core` of the reference.

As in MongoDB, whole numbers stay whole while 64 bits hold them and become floating point beyond; a number added to a date
is whole milliseconds, rounded half away from zero, and so is the difference of two dates, each cut to its millisecond.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from mqsql.errors import shown
from mqsql.reference.bits import INT64
from mqsql.reference.expressions.core import MeaninglessError, Operator, function, in_turn, is_null
from mqsql.reference.operators import INT32
from mqsql.reference.values import is_nan, is_number, order

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXACT = Context(prec=6000)  # digits enough for every integer that a Document can hold


def number(value: Any) -> Any:
    """The value, which must be a number."""
    if not is_number(value):
        raise MeaninglessError(f'takes numbers, not {shown(value)}')
    return value


def fit(value: float) -> float:
    """A result as 64 bits hold it: whole numbers beyond become floating point."""
    return float(value) if isinstance(value, int) and value not in INT64 else value


def whole(value: Any) -> int:
    """The value, which must be a whole number."""
    if is_nan(value) or number(value) in (math.inf, -math.inf) or value != int(value):
        raise MeaninglessError(f'takes whole numbers, not {shown(value)}')
    return int(value)


def position(value: Any) -> int:
    """The value, which must be a whole number of 32 bits, as positions and lengths are."""
    if whole(value) not in INT32:
        raise MeaninglessError(f'takes whole numbers of 32 bits, not {shown(value)}')
    return int(value)


def shift(moment: datetime, milliseconds: Any, rounding: str = ROUND_HALF_UP) -> datetime:
    """The date so many milliseconds later, of which it takes whole ones."""
    try:
        return moment + timedelta(milliseconds=_rounded_off(milliseconds, rounding))
    except OverflowError:
        raise MeaninglessError(f'{shown(moment)} and {shown(milliseconds)} ms is no date') from None


def _rounded_off(value: Any, rounding: str = ROUND_HALF_UP) -> int:
    if not math.isfinite(number(value)) or int(value) not in INT64:
        raise MeaninglessError(f'takes milliseconds of 64 bits, not {shown(value)}')
    return int(Decimal(value).to_integral_value(rounding, EXACT))


def milliseconds(moment: datetime) -> int:
    """The date in milliseconds since 1970, as which MongoDB keeps it."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _number_or_date(value: Any) -> Any:
    return value if isinstance(value, datetime) else number(value)


def _add(values: list[Any]) -> Any:
    dates = [i for i, value in enumerate(values) if isinstance(value, datetime)]
    if not dates:
        return fit(sum(values))
    if len(dates) > 1:
        raise MeaninglessError('takes one date at most')
    # What stands before the date is rounded as one sum, what stands after it number by number.
    before, after = values[: dates[0]], values[dates[0] + 1 :]
    return shift(values[dates[0]], _rounded_off(sum(before)) + sum(map(_rounded_off, after)))


def _subtract(left: Any, right: Any) -> Any:
    if isinstance(left, datetime):
        return milliseconds(left) - milliseconds(right) if isinstance(right, datetime) else shift(left, -number(right))
    return fit(number(left) - number(right))


def _multiply(values: list[Any]) -> Any:
    product: Any = 1
    for value in values:
        product = fit(product * value)
    return product if isinstance(product, int) else math.prod(map(float, values))


def _divide(left: Any, right: Any) -> float:
    if number(right) == 0:
        raise MeaninglessError('divides by zero')
    return float(number(left)) / float(right)


def _mod(left: Any, right: Any) -> Any:
    if number(right) == 0:
        raise MeaninglessError('divides by zero')
    if isinstance(number(left), int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    return math.nan if math.isinf(left) else math.fmod(left, right)


def _absolute(value: Any) -> Any:
    if isinstance(number(value), int) and value == INT64.start:
        raise MeaninglessError(f'takes what has a positive number of 64 bits, not {shown(value)}')
    return fit(abs(value))


def _like(value: Any, cut: Callable[[float], int]) -> Any:
    """The value cut to a whole number, of the type that it had."""
    if isinstance(number(value), int) or not math.isfinite(value):
        return fit(value)
    return math.copysign(cut(value), value)


def _rounded(rounding: str) -> Callable[..., Any]:
    def call(value: Any, places: Any = 0) -> Any:
        places = whole(places)
        if not -20 <= places <= 100:
            raise MeaninglessError(f'takes -20 to 100 places, not {places}')
        if (isinstance(number(value), int) and places >= 0) or not math.isfinite(value):
            return fit(value)
        scaled = Decimal(value).scaleb(places, EXACT).to_integral_value(rounding, EXACT)
        result = scaled.scaleb(-places, EXACT)
        return fit(int(result)) if isinstance(value, int) else float(result)

    return call


def _power(base: Any, exponent: Any) -> Any:
    number(base), number(exponent)
    if base == 0 and exponent < 0:
        raise MeaninglessError('0 has no negative power')
    if isinstance(base, int) and isinstance(exponent, int) and (abs(base) < 2 or 0 <= exponent < 64):
        return fit(base ** abs(exponent))
    try:
        return math.pow(base, exponent)
    except ValueError:
        return math.nan
    except OverflowError:
        return -math.inf if base < 0 and float(exponent) % 2 == 1 else math.inf


def _exp(value: Any) -> float:
    try:
        return math.exp(number(value))
    except OverflowError:
        return math.inf


def _sqrt(value: Any) -> float:
    if number(value) < 0:
        raise MeaninglessError(f'takes a number of at least 0, not {shown(value)}')
    return math.sqrt(value)


def _positive(value: Any) -> Any:
    if number(value) <= 0:
        raise MeaninglessError(f'takes a number above 0, not {shown(value)}')
    return value


def _log(value: Any, base: Any) -> float:
    if base == 1:
        raise MeaninglessError('takes a base other than 1')
    return math.log(_positive(value)) / math.log(_positive(base))


# --- of many values


def many(call: Callable[[list[Any]], Any]) -> Operator:
    """An operator on the elements of one array, or on all its arguments."""

    def spread(*values: Any) -> Any:
        return call(values[0] if len(values) == 1 and isinstance(values[0], list) else list(values))

    return function(spread, 0, None, nullable=False)


def _total(values: list[Any]) -> Any:
    """The sum of the numbers; MongoDB carries the error of a floating-point sum along."""
    numbers = [value for value in values if is_number(value)]
    if all(isinstance(value, int) for value in numbers):
        return fit(sum(numbers))
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):  # beyond floating point on the way, or infinities of both signs
        return sum(map(float, numbers))


def _average(values: list[Any]) -> float | None:
    count = sum(map(is_number, values))
    return _total(values) / count if count else None


def _extreme(choose: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    return lambda values: choose((v for v in values if not is_null(v)), key=order, default=None)


NUMBERS: Mapping[str, Operator] = {
    '$add': in_turn(_number_or_date, _add),
    '$subtract': function(_subtract, 2, 2),
    '$multiply': in_turn(number, _multiply),
    '$divide': function(_divide, 2, 2),
    '$mod': function(_mod, 2, 2),
    '$abs': function(_absolute),
    '$ceil': function(lambda value: _like(value, math.ceil)),
    '$floor': function(lambda value: _like(value, math.floor)),
    '$round': function(_rounded(ROUND_HALF_EVEN), 1, 2),
    '$trunc': function(_rounded(ROUND_DOWN), 1, 2),
    '$sqrt': function(_sqrt),
    '$pow': function(_power, 2, 2),
    '$exp': function(_exp),
    '$ln': function(lambda value: math.log(_positive(value))),
    '$log': function(_log, 2, 2),
    '$log10': function(lambda value: math.log10(_positive(value))),
    '$sum': many(_total),
    '$avg': many(_average),
    '$min': many(_extreme(min)),
    '$max': many(_extreme(max)),
}
