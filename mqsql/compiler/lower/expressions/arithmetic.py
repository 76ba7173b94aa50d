"""Arithmetic as SQL.

NaN may be NULL in SQL, so the operands must be finite; then no result is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce

from sqlglot import exp

from mqsql.compiler.lower.expressions.context import Lowering
from mqsql.compiler.lower.expressions.operands import INT64, Json, Nothing, NotLoweredError, Operand, Scalar, Type
from mqsql.compiler.lower.sql import and_, case, is_not_null, is_null, nested, number, or_
from mqsql.functions.expressions.tree import Expression

Operands = Mapping[str, Expression]

FIRST, LAST = -62135596800000000, 253402300799999999
"""The microseconds of the years 1 to 9999, since 1970."""

MOST_MILLISECONDS = 4 * 10**14
"""No date is further from another."""

MOST_OPERANDS = 20


def of_numbers(made: exp.Expr, *operands: Scalar, finite: bool = False, bound: int | None = None) -> Scalar:
    """The result of an operator, null where an operand is absent."""
    absent = Nothing.NULL if any(operand.absent for operand in operands) else None
    return Scalar(Type.NUMBER, made, absent, finite=finite or bound is not None, bound=bound)


def _calculate(lowering: Lowering, operator: type[exp.Binary], operands: list[Scalar], bound: int | None) -> exp.Expr:
    """A sum, difference or product; where the result has a bound, it is of integers that 64 bits hold."""

    def join(left: exp.Expr, right: exp.Expr) -> exp.Expr:
        if bound is None:
            return lowering.words.calculate(operator, left, right)
        return operator(this=nested(left), expression=nested(right))

    return reduce(join, [operand.sql for operand in operands])


def _bound(combine: Callable[[int, int], int], operands: list[Scalar]) -> int | None:
    """The bound of the result, where it stays an integer."""
    bounds = [operand.bound for operand in operands]
    if None in bounds:
        return None
    found = reduce(combine, (bound for bound in bounds if bound is not None))
    return found if found < INT64 else None


# --- sums


def _add(lowering: Lowering, operands: Operands) -> Operand:
    lowered = lowering.all(operands)
    dates = [operand for operand in lowered if isinstance(operand, Scalar) and operand.type is Type.DATE]
    if len(dates) > 1 or not lowered:
        raise NotLoweredError
    numbers = [lowering.number(operand) for operand in lowered if operand not in dates]
    if dates:
        return _moved(lowering, exp.Add, dates[0], numbers)
    bound = _bound(lambda a, b: a + b, numbers)
    return of_numbers(_calculate(lowering, exp.Add, numbers, bound), *numbers, bound=bound)


def _moved(lowering: Lowering, operator: type[exp.Binary], date: Scalar, numbers: list[Scalar]) -> Scalar:
    """A date, so many milliseconds later or earlier."""
    if not numbers:
        return date
    if len(numbers) > MOST_OPERANDS:
        raise NotLoweredError
    for amount in numbers:
        require_integer(lowering, amount, MOST_MILLISECONDS)
    total = _calculate(lowering, exp.Add, numbers, MOST_MILLISECONDS)
    shift = exp.Mul(this=nested(total), expression=number(1000))
    return in_calendar(lowering, operator(this=nested(date.sql), expression=shift), date, *numbers)


def in_calendar(lowering: Lowering, made: exp.Expr, *operands: Scalar) -> Scalar:
    """A date that is required to be in the years 1 to 9999."""
    absent = Nothing.NULL if any(operand.absent for operand in operands) else None
    within = exp.Between(this=nested(made.copy()), low=number(FIRST), high=number(LAST))
    lowering.guard(or_([is_null(nested(made.copy())), within]) if absent else within)
    return Scalar(Type.DATE, made, absent)


def require_integer(lowering: Lowering, amount: Scalar, most: int) -> None:
    """Require an integer of at most this absolute value."""
    if amount.bound is not None and amount.bound <= most:
        return
    integer = lowering.words.is_integer(amount.sql)
    within = and_([integer, exp.Between(this=nested(amount.sql), low=number(-most), high=number(most))])
    lowering.guard(or_([is_null(nested(amount.sql)), within]) if amount.absent else within)


def _subtract(lowering: Lowering, operands: Operands) -> Operand:
    left, right = lowering.all(operands)
    if isinstance(left, Json) and isinstance(right, Json):
        return _difference(lowering, left, right)
    if _is_date(left) and (_is_date(right) or isinstance(right, Json)):
        return milliseconds_between(lowering, lowering.date(right), lowering.date(left))
    if _is_date(right):
        return milliseconds_between(lowering, lowering.date(right), lowering.date(left))
    if _is_date(left):
        return _moved(lowering, exp.Sub, lowering.date(left), [lowering.number(right)])
    numbers = [lowering.number(left), lowering.number(right)]
    bound = _bound(lambda a, b: a + b, numbers)
    return of_numbers(_calculate(lowering, exp.Sub, numbers, bound), *numbers, bound=bound)


def _is_date(operand: Operand) -> bool:
    return isinstance(operand, Scalar) and operand.type is Type.DATE


def _difference(lowering: Lowering, left: Json, right: Json) -> Scalar:
    """Of two numbers or of two dates, as the records have them."""
    both_numbers = and_([or_([left.is_number(), left.is_absent()]), or_([right.is_number(), right.is_absent()])])
    dates = [or_([left.is_date(), left.is_absent()]), or_([right.is_date(), right.is_absent()])]
    lowering.guard(or_([both_numbers, and_(dates)]))
    of_dates = milliseconds_between(lowering, right.date(), left.date())
    of_values = _calculate(lowering, exp.Sub, [left.number(), right.number()], None)
    made = case((left.is_date(), of_dates.sql), default=of_values)
    return of_numbers(made, left.number(), right.number())


def units(lowering: Lowering, date: Scalar, length: int) -> exp.Expr:
    """The whole units of so many microseconds since the year 1; since none are negative, a quotient is cut downwards."""
    since = exp.Add(this=nested(date.sql), expression=number(-FIRST))
    return lowering.words.whole_quotient(since, length)


def milliseconds_between(lowering: Lowering, start: Scalar, end: Scalar) -> Scalar:
    """The milliseconds from one date to another, each cut to its own."""
    made = exp.Sub(this=units(lowering, end, 1000), expression=units(lowering, start, 1000))
    return of_numbers(made, start, end, bound=MOST_MILLISECONDS)


# --- products


def _multiply(lowering: Lowering, operands: Operands) -> Operand:
    numbers = [lowering.number(operand) for operand in lowering.all(operands)]
    if not numbers:
        raise NotLoweredError
    bound = _bound(lambda a, b: a * b, numbers)
    made = _calculate(lowering, exp.Mul, numbers, bound)
    if len(numbers) <= 2 or bound is not None:
        return of_numbers(made, *numbers, bound=bound)
    # As soon as one is a float, or 64 bits do not hold the product, it is that of floats.
    floats = [replace(factor, made=lowering.words.to_float(factor.sql)) for factor in numbers]
    integer = lowering.words.is_integer(made.copy())
    result = case((integer, made), default=_calculate(lowering, exp.Mul, floats, None))
    absent = [is_null(nested(factor.sql)) for factor in numbers if factor.absent]
    lowering.guard(or_([*absent, is_not_null(result.copy())]))  # infinity times zero is NaN
    return of_numbers(result, *numbers)


def _divide(lowering: Lowering, operands: Operands) -> Operand:
    left, right = (lowering.number(operand) for operand in lowering.all(operands))
    _require_divisor(lowering, right)
    return of_numbers(lowering.words.ratio(left.sql, right.sql), left, right)


def _require_divisor(lowering: Lowering, divisor: Scalar) -> None:
    other = exp.NEQ(this=nested(divisor.sql), expression=number(0))
    lowering.guard(or_([is_null(nested(divisor.sql)), other]) if divisor.absent else other)


def _mod(lowering: Lowering, operands: Operands) -> Operand:
    left, right = (lowering.number(operand) for operand in lowering.all(operands))
    _require_divisor(lowering, right)
    for operand in (left, right):
        require_integer(lowering, operand, INT64 - 1)
    return of_numbers(lowering.words.remainder(left.sql, right.sql), left, right, bound=right.bound or INT64 - 1)


# --- rounding


def _on_number(make: Callable[[Lowering, Scalar], exp.Expr]) -> Callable[[Lowering, Operands], Operand]:
    def lower(lowering: Lowering, operands: Operands) -> Operand:
        (operand,) = lowering.all(operands)
        value = lowering.number(operand)
        return of_numbers(make(lowering, value), value, finite=True, bound=value.bound)

    return lower


def _absolute(lowering: Lowering, value: Scalar) -> exp.Expr:
    if value.bound is None:
        lowest = exp.NEQ(this=nested(value.sql), expression=number(-INT64))
        lowering.guard(or_([is_null(nested(value.sql)), lowest]) if value.absent else lowest)
        # Of this one SQLite's own function ends the statement.
        return case((lowest.copy(), lowering.words.absolute(value.sql)))
    return lowering.words.absolute(value.sql)


def _cut(function: str) -> Callable[[Lowering, Scalar], exp.Expr]:
    return lambda lowering, value: lowering.words.cut(value.sql, function)


def _round(lowering: Lowering, operands: Operands) -> Operand:
    if len(operands) > 1:
        raise NotLoweredError
    (operand,) = lowering.all(operands)
    value = lowering.number(operand)
    require_integer(lowering, value, INT64 - 1)
    return value


def _trunc(lowering: Lowering, operands: Operands) -> Operand:
    if len(operands) > 1:
        raise NotLoweredError
    return _on_number(_cut('trunc'))(lowering, operands)


ARITHMETIC = {
    '$add': _add,
    '$subtract': _subtract,
    '$multiply': _multiply,
    '$divide': _divide,
    '$mod': _mod,
    '$abs': _on_number(_absolute),
    '$ceil': _on_number(_cut('ceil')),
    '$floor': _on_number(_cut('floor')),
    '$round': _round,
    '$trunc': _trunc,
}
