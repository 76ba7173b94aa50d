"""Expressions of arithmetic, on numbers and on dates.

As in MongoDB, integers stay whole while 64 bits hold them and become floating point beyond; a number added to a date
is whole milliseconds, rounded half away from zero, and so is the difference of two dates, each cut to its millisecond.
"""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.allowance import work
from mqsql.reference.bits import INT64
from mqsql.reference.expressions.calls import function, in_turn, lazily
from mqsql.reference.expressions.core import MeaninglessError, Operator, is_null
from mqsql.reference.operators import INT32
from mqsql.reference.values import is_number, order

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_INFINITE = 2**1024 - 2**970  # from here on the nearest floating-point number is infinity
EXACT = Context(prec=6000)  # digits enough for every integer that a Document can hold


def number(value: Any) -> Any:
    """The value, which must be a number, as 64 bits hold it."""
    if not is_number(value):
        raise MeaninglessError(f'takes numbers, not {short_repr(value)}')
    return fit(value)


def fit(value: Any) -> Any:
    """A result as 64 bits hold it: integers beyond become floating point, infinite where that ends."""
    if isinstance(value, float) or value in INT64:
        return value
    return float(value) if abs(value) < LEAST_INFINITE else math.inf if value > 0 else -math.inf


def whole(value: Any) -> int:
    """The value, which must be an integer of 64 bits."""
    if not math.isfinite(number(value)) or value != int(value) or int(value) not in INT64:
        raise MeaninglessError(f'takes integers, not {short_repr(value)}')
    return int(value)


def position(value: Any) -> int:
    """The value, which must be an integer of 32 bits, as positions and lengths are."""
    if whole(value) not in INT32:
        raise MeaninglessError(f'takes integers of 32 bits, not {short_repr(value)}')
    return int(value)


def shift(moment: datetime, milliseconds: Any, rounding: str = ROUND_HALF_UP) -> datetime:
    """The date so many milliseconds later, of which it takes whole ones."""
    try:
        return moment + timedelta(milliseconds=_rounded_off(milliseconds, rounding))
    except OverflowError:
        raise MeaninglessError(f'{short_repr(moment)} and {short_repr(milliseconds)} ms is not a date') from None


def _rounded_off(value: Any, rounding: str = ROUND_HALF_UP) -> int:
    if not math.isfinite(number(value)) or int(value) not in INT64:
        raise MeaninglessError(f'takes milliseconds of 64 bits, not {short_repr(value)}')
    return int(Decimal(value).to_integral_value(rounding, EXACT))


def milliseconds(moment: datetime) -> int:
    """The date in milliseconds since 1970, as which MongoDB keeps it."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _combined(combine: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """A sum or difference; that of floating point where 64 bits do not hold the integer."""
    exact = combine(left, right)
    return combine(float(left), float(right)) if isinstance(exact, int) and exact not in INT64 else exact


def _add(values: Iterator[Any]) -> Any:
    total: Any = 0
    for value in values:
        if is_null(value):
            return None
        if isinstance(value, datetime):
            return _add_to_date(value, total, values)
        total = _combined(operator.add, total, number(value))
    return total


def _add_to_date(moment: datetime, before: Any, values: Iterator[Any]) -> Any:
    # The numbers before the date are rounded as one sum, those after it one by one.
    since_1970 = _in_64_bits(_rounded_off(before) + milliseconds(moment))
    for value in values:
        if is_null(value):
            return None
        if isinstance(value, datetime):
            raise MeaninglessError('takes one date at most')
        since_1970 = _in_64_bits(since_1970 + _rounded_off(value))
    return shift(moment, since_1970 - milliseconds(moment))


def _in_64_bits(value: int) -> int:
    if value not in INT64:
        raise MeaninglessError(f'{short_repr(value)} is beyond 64 bits')
    return value


def _subtract(left: Any, right: Any) -> Any:
    if isinstance(left, datetime):
        return milliseconds(left) - milliseconds(right) if isinstance(right, datetime) else shift(left, -number(right))
    return _combined(operator.sub, number(left), number(right))


def _multiply(*values: Any) -> Any:
    product: Any = 1
    for value in values:
        product = fit(product * value)
    # Where 64 bits do not hold the product at some point, it is that of floating point from the first factor on.
    return product if isinstance(product, int) else math.prod(map(float, values), start=1.0)


def _numeric(call: Callable[..., Any], count: int = 1) -> Operator:
    """An operator on so many numbers, null if one of them is."""
    return function(lambda *values: call(*map(number, values)), count, count)


def _divide(left: Any, right: Any) -> float:
    if right == 0:
        raise MeaninglessError('divides by zero')
    return float(left) / float(right)


def _mod(left: Any, right: Any) -> Any:
    if right == 0:
        raise MeaninglessError('divides by zero')
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    return math.nan if math.isinf(left) else math.fmod(left, right)


def _absolute(value: Any) -> Any:
    return _in_64_bits(abs(value)) if isinstance(value, int) else abs(value)


def _like(value: Any, cut: Callable[[float], int]) -> Any:
    """The value cut to an integer, of the type that it had."""
    if isinstance(value, int) or not math.isfinite(value):
        return value
    return math.copysign(cut(value), value)


def _rounded(rounding: str) -> Operator:
    def call(value: Any, places: int) -> Any:
        if (isinstance(value, int) and places >= 0) or not math.isfinite(value):
            return value
        scaled = Decimal(value).scaleb(places, EXACT).to_integral_value(rounding, EXACT)
        result = scaled.scaleb(-places, EXACT)
        return _in_64_bits(int(result)) if isinstance(value, int) else float(result)

    def run(values: Iterator[Any]) -> Any:
        value = next(values)
        if is_null(value):
            return None
        rounded, places = number(value), next(values, 0)
        return None if is_null(places) else call(rounded, _places(places))

    return lazily(run, 1, 2)


def _places(value: Any) -> int:
    if not -20 <= whole(value) <= 100:
        raise MeaninglessError(f'takes -20 to 100 places, not {short_repr(value)}')
    return int(value)


def _power(base: Any, exponent: Any) -> Any:
    if base == 0 and exponent < 0:
        raise MeaninglessError('0 has no negative power')
    if isinstance(base, int) and isinstance(exponent, int) and (abs(base) < 2 or 0 <= exponent < 64):
        power = base ** abs(exponent)
        if power in INT64:
            return power
    try:
        return math.pow(base, exponent)
    except ValueError:
        return math.nan
    except OverflowError:
        return -math.inf if base < 0 and float(exponent) % 2 == 1 else math.inf


def _exp(value: Any) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _sqrt(value: Any) -> float:
    if value < 0:
        raise MeaninglessError(f'takes a number of at least 0, not {short_repr(value)}')
    return math.sqrt(value)


def _positive(value: Any) -> Any:
    if value <= 0:
        raise MeaninglessError(f'takes a number above 0, not {short_repr(value)}')
    return value


def _log(value: Any, base: Any) -> float:
    if base == 1:
        raise MeaninglessError('takes a base other than 1')
    return math.log(_positive(value)) / math.log(_positive(base))


# --- of many values


def many(call: Callable[[list[Any]], Any]) -> Operator:
    """An operator on the elements of one array, or on all its arguments."""

    def spread(*values: Any) -> Any:
        spread_out = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        work(len(spread_out))
        return call(spread_out)

    return function(spread, 0, None, nullable=False)


class _Pair:
    """MongoDB's sum of doubles: one, and what it is short of the sum; only the first is the answer."""

    def __init__(self, numbers: Iterable[Any]) -> None:
        self.first = self.second = self.uncorrected = 0.0
        for value in numbers:
            if isinstance(value, float) or value in INT32:
                self._add(float(value))
            else:  # a long: its lower 32 bits, then the upper ones
                upper = (abs(value) >> 32 << 32) * (-1 if value < 0 else 1)
                self._add(float(value - upper))
                self._add(float(upper))

    def _add(self, value: float) -> None:
        self.uncorrected += value
        corrected = value + self.second
        rest = self.second - (corrected - value)
        old, self.first = self.first, self.first + corrected
        kept = self.first - corrected
        self.second = rest + ((old - kept) + (corrected - (self.first - kept)))

    def answer(self) -> float:
        return self.uncorrected if math.isnan(self.first) else self.first


def _total(values: list[Any]) -> Any:
    numbers = [fit(value) for value in values if is_number(value)]
    exact = fit(sum(numbers)) if all(isinstance(value, int) for value in numbers) else math.nan
    return exact if isinstance(exact, int) else _Pair(numbers).answer()


def _average(values: list[Any]) -> float | None:
    numbers = [fit(value) for value in values if is_number(value)]
    return _Pair(numbers).answer() / len(numbers) if numbers else None


def _extreme(choose: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    return lambda values: choose((v for v in values if not is_null(v)), key=order, default=None)


NUMBERS: Mapping[str, Operator] = {
    '$add': lazily(_add),
    '$subtract': function(_subtract, 2, 2),
    '$multiply': in_turn(number, _multiply),
    '$divide': _numeric(_divide, 2),
    '$mod': _numeric(_mod, 2),
    '$abs': _numeric(_absolute),
    '$ceil': _numeric(lambda value: _like(value, math.ceil)),
    '$floor': _numeric(lambda value: _like(value, math.floor)),
    '$round': _rounded(ROUND_HALF_EVEN),
    '$trunc': _rounded(ROUND_DOWN),
    '$sqrt': _numeric(_sqrt),
    '$pow': _numeric(_power, 2),
    '$exp': _numeric(_exp),
    '$ln': _numeric(lambda value: math.log(_positive(value))),
    '$log': _numeric(_log, 2),
    '$log10': _numeric(lambda value: math.log10(_positive(value))),
    '$sum': many(_total),
    '$avg': many(_average),
    '$min': many(_extreme(min)),
    '$max': many(_extreme(max)),
}
