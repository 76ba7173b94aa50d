"""Arithmetic as SQL.

SQLite's numbers are MongoDB's: integers of 64 bits, whose sums, differences and products become floats beyond that. NaN is
NULL in SQL, so operands must be finite.
"""

from collections.abc import Callable, Mapping
from functools import reduce

from sqlglot import exp

from mqsql.compiler.lower.expressions.context import Lowering
from mqsql.compiler.lower.expressions.operands import INT64, Json, Nothing, NotLoweredError, Operand, Scalar, Type
from mqsql.compiler.lower.sql import and_, case, func, is_not_null, is_null, number, or_, text
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


def nested(made: exp.Expr) -> exp.Expr:
    """An operand of an operator of SQL."""
    return exp.Paren(this=made) if isinstance(made, exp.Binary | exp.Not | exp.In | exp.Between | exp.Unary) else made


def _binary(operator: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return operator(this=nested(left), expression=nested(right))


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
    made = reduce(
        lambda left, right: exp.Add(this=left, expression=nested(right.sql)), numbers[1:], nested(numbers[0].sql)
    )
    return of_numbers(made, *numbers, bound=_bound(lambda a, b: a + b, numbers))


def _moved(lowering: Lowering, operator: type[exp.Binary], date: Scalar, numbers: list[Scalar]) -> Scalar:
    """A date, so many milliseconds later or earlier."""
    if not numbers:
        return date
    if len(numbers) > MOST_OPERANDS:
        raise NotLoweredError
    for amount in numbers:
        require_integer(lowering, amount, MOST_MILLISECONDS)
    total = reduce(
        lambda left, right: exp.Add(this=left, expression=nested(right.sql)), numbers[1:], nested(numbers[0].sql)
    )
    return in_calendar(
        lowering, _binary(operator, date.sql, exp.Mul(this=nested(total), expression=number(1000))), date, *numbers
    )


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
    integer = exp.EQ(this=func('typeof', amount.sql), expression=text('integer'))
    within = and_([integer, exp.Between(this=nested(amount.sql), low=number(-most), high=number(most))])
    lowering.guard(or_([is_null(nested(amount.sql)), within]) if amount.absent else within)


def _subtract(lowering: Lowering, operands: Operands) -> Operand:
    left, right = lowering.all(operands)
    if isinstance(left, Json) and isinstance(right, Json):
        return _difference(lowering, left, right)
    if _is_date(left) and (_is_date(right) or isinstance(right, Json)):
        return milliseconds_between(lowering.date(right), lowering.date(left))
    if _is_date(right):
        return milliseconds_between(lowering.date(right), lowering.date(left))
    if _is_date(left):
        return _moved(lowering, exp.Sub, lowering.date(left), [lowering.number(right)])
    numbers = [lowering.number(left), lowering.number(right)]
    made = _binary(exp.Sub, numbers[0].sql, numbers[1].sql)
    return of_numbers(made, *numbers, bound=_bound(lambda a, b: a + b, numbers))


def _is_date(operand: Operand) -> bool:
    return isinstance(operand, Scalar) and operand.type is Type.DATE


def _difference(lowering: Lowering, left: Json, right: Json) -> Scalar:
    """Of two numbers or of two dates, as the records have them."""
    both_numbers = and_([or_([left.is_number(), left.is_absent()]), or_([right.is_number(), right.is_absent()])])
    dates = [or_([left.is_date(), left.is_absent()]), or_([right.is_date(), right.is_absent()])]
    lowering.guard(or_([both_numbers, and_(dates)]))
    of_dates = milliseconds_between(right.date(), left.date())
    of_values = _binary(exp.Sub, left.number().sql, right.number().sql)
    made = case((left.is_date(), of_dates.sql), default=of_values)
    return of_numbers(made, left.number(), right.number())


def milliseconds(date: Scalar) -> exp.Expr:
    """Whole milliseconds since the year 1."""
    return exp.IntDiv(
        this=exp.Paren(this=exp.Add(this=nested(date.sql), expression=number(-FIRST))), expression=number(1000)
    )


def milliseconds_between(start: Scalar, end: Scalar) -> Scalar:
    """The milliseconds from one date to another, each cut to its own."""
    made = exp.Sub(this=milliseconds(end), expression=milliseconds(start))
    return of_numbers(made, start, end, bound=MOST_MILLISECONDS)


# --- products


def _multiply(lowering: Lowering, operands: Operands) -> Operand:
    numbers = [lowering.number(operand) for operand in lowering.all(operands)]
    if not numbers:
        raise NotLoweredError
    made = _product([factor.sql for factor in numbers])
    bound = _bound(lambda a, b: a * b, numbers)
    if len(numbers) <= 2 or bound is not None:
        return of_numbers(made, *numbers, bound=bound)
    # As soon as one is a float, or 64 bits do not hold the product, it is that of floats.
    floats = _product([exp.Cast(this=factor.sql, to=exp.DataType.build('REAL')) for factor in numbers])
    integer = exp.EQ(this=func('typeof', made.copy()), expression=text('integer'))
    result = case((integer, made), default=floats)
    absent = [is_null(factor.sql) for factor in numbers if factor.absent]
    lowering.guard(or_([*absent, is_not_null(result.copy())]))  # infinity times zero is NaN
    return of_numbers(result, *numbers)


def _product(factors: list[exp.Expr]) -> exp.Expr:
    return reduce(lambda left, right: exp.Mul(this=left, expression=nested(right)), factors[1:], nested(factors[0]))


def _divide(lowering: Lowering, operands: Operands) -> Operand:
    left, right = (lowering.number(operand) for operand in lowering.all(operands))
    _require_divisor(lowering, right)
    dividend = exp.Cast(this=left.sql, to=exp.DataType.build('REAL'))
    return of_numbers(exp.Div(this=dividend, expression=nested(right.sql), typed=True, safe=True), left, right)


def _require_divisor(lowering: Lowering, divisor: Scalar) -> None:
    other = exp.NEQ(this=nested(divisor.sql), expression=number(0))
    lowering.guard(or_([is_null(nested(divisor.sql)), other]) if divisor.absent else other)


def _mod(lowering: Lowering, operands: Operands) -> Operand:
    left, right = (lowering.number(operand) for operand in lowering.all(operands))
    _require_divisor(lowering, right)
    for operand in (left, right):
        require_integer(lowering, operand, INT64 - 1)
    return of_numbers(_binary(exp.Mod, left.sql, right.sql), left, right, bound=right.bound or INT64 - 1)


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
        return case((lowest.copy(), func('abs', value.sql)))
    return func('abs', value.sql)


def _cut(function: str) -> Callable[[Lowering, Scalar], exp.Expr]:
    return lambda lowering, value: func(function, value.sql)


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
