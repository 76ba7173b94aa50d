"""Dates in UTC as SQL: a date is its microseconds since 1970."""

from collections.abc import Callable, Mapping

from sqlglot import exp

from mqsql.compiler.lower.expressions.arithmetic import (
    FIRST,
    MOST_MILLISECONDS,
    in_calendar,
    milliseconds_between,
    nested,
    of_numbers,
    require_integer,
)
from mqsql.compiler.lower.expressions.context import Lower, Lowering
from mqsql.compiler.lower.expressions.operands import Nothing, NotLoweredError, Operand, Scalar, Type
from mqsql.compiler.lower.sql import func, number, text
from mqsql.functions.expressions.tree import Expression, Literal

Operands = Mapping[str, Expression]

MICROSECONDS = {
    'millisecond': 1_000,
    'second': 1_000_000,
    'minute': 60_000_000,
    'hour': 3_600_000_000,
    'day': 86_400_000_000,
}
WEEK = 7 * MICROSECONDS['day']
DAYS = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')


def _since_year_1(date: Scalar) -> exp.Expr:
    """Its microseconds since the year 1, which are not negative, so that a quotient is cut downwards."""
    return exp.Paren(this=exp.Add(this=nested(date.sql), expression=number(-FIRST)))


def _units(date: Scalar, unit: str) -> exp.Expr:
    """The whole units since the year 1, which began on a Monday."""
    return exp.IntDiv(this=_since_year_1(date), expression=number(MICROSECONDS[unit]))


def _seconds(date: Scalar) -> exp.Expr:
    """Whole seconds since 1970."""
    return exp.Sub(this=_units(date, 'second'), expression=number(-FIRST // 1_000_000))


def _formatted(date: Scalar, letters: str) -> exp.Expr:
    shown = func('strftime', text(letters), _seconds(date), text('unixepoch'))
    return exp.Cast(this=shown, to=exp.DataType.build('INT'))


def _remainder(unit: str, modulus: int, first: int = 0, shift: int = 0) -> Callable[[Scalar], exp.Expr]:
    """The number of the unit within a larger one, from `first` on."""

    def make(date: Scalar) -> exp.Expr:
        units = (
            exp.Paren(this=exp.Add(this=_units(date, unit), expression=number(shift))) if shift else _units(date, unit)
        )
        within = exp.Mod(this=units, expression=number(modulus))
        return exp.Add(this=within, expression=number(first)) if first else within

    return make


PARTS: dict[str, Callable[[Scalar], exp.Expr]] = {
    '$year': lambda date: _formatted(date, '%Y'),
    '$month': lambda date: _formatted(date, '%m'),
    '$dayOfMonth': lambda date: _formatted(date, '%d'),
    '$dayOfYear': lambda date: _formatted(date, '%j'),
    '$dayOfWeek': _remainder('day', 7, 1, 1),
    '$isoDayOfWeek': _remainder('day', 7, 1),
    '$hour': _remainder('hour', 24),
    '$minute': _remainder('minute', 60),
    '$second': _remainder('second', 60),
    '$millisecond': _remainder('millisecond', 1000),
}


def _part(make: Callable[[Scalar], exp.Expr]) -> Lower:
    def lower(lowering: Lowering, operands: Operands) -> Operand:
        _in_utc(operands)
        (date,) = (lowering.date(lowering.lower(tree)) for step, tree in operands.items() if step != '.timezone')
        return of_numbers(make(date), date, bound=10_000)

    return lower


def _in_utc(operands: Operands) -> None:
    if operands.get('.timezone', Literal('UTC')) != Literal('UTC'):
        raise NotLoweredError


def _word(operands: Operands, name: str, default: str) -> str:
    """A constant operand that the SQL depends on."""
    operand = operands.get(f'.{name}', Literal(default))
    if not isinstance(operand, Literal) or not isinstance(operand.value, str):
        raise NotLoweredError
    return operand.value.lower()


def _first_day(operands: Operands) -> int:
    day = _word(operands, 'startOfWeek', 'sunday')
    return next(i for i, name in enumerate(DAYS) if day in (name, name[:3]))


# --- bins


def _trunc(lowering: Lowering, operands: Operands) -> Operand:
    _in_utc(operands)
    unit, date = _word(operands, 'unit', ''), lowering.date(lowering.lower(operands['.date']))
    if '.binSize' in operands:
        raise NotLoweredError
    if unit in MICROSECONDS:
        return _same_absence(
            exp.Sub(this=_cut(_units(date, unit), MICROSECONDS[unit]), expression=number(-FIRST)), date
        )
    if unit == 'week':
        # The first of all weeks may begin before the year 1.
        days = exp.Sub(this=_weeks_of_days(date, _first_day(operands)), expression=number(7 - _first_day(operands)))
        made = exp.Sub(this=_cut(exp.Paren(this=days), MICROSECONDS['day']), expression=number(-FIRST))
        return in_calendar(lowering, made, date)
    if unit in ('month', 'year'):
        start = func('unixepoch', _seconds(date), text('unixepoch'), text(f'start of {unit}'))
        return _same_absence(exp.Mul(this=start, expression=number(1_000_000)), date)
    raise NotLoweredError


def _cut(units: exp.Expr, length: int) -> exp.Expr:
    return exp.Mul(this=nested(units), expression=number(length))


def _weeks_of_days(date: Scalar, first: int) -> exp.Expr:
    """The days up to the week of the date, whole weeks, counted from one that begins before the year 1."""
    return exp.Mul(this=exp.Paren(this=_week(date, first)), expression=number(7))


def _week(date: Scalar, first: int) -> exp.Expr:
    """The number of the week that the date is in, counted from the one that has the first day of the year 1 or ends before."""
    days = exp.Paren(this=exp.Add(this=_units(date, 'day'), expression=number(7 - first)))
    return exp.IntDiv(this=days, expression=number(7))


def _same_absence(made: exp.Expr, date: Scalar) -> Scalar:
    return Scalar(Type.DATE, made, Nothing.NULL if date.absent else None)


# --- differences and sums


def _diff(lowering: Lowering, operands: Operands) -> Operand:
    _in_utc(operands)
    unit = _word(operands, 'unit', '')
    start, end = (lowering.date(lowering.lower(operands[step])) for step in ('.startDate', '.endDate'))
    if unit == 'millisecond':
        return milliseconds_between(start, end)
    first = _first_day(operands)
    if unit in MICROSECONDS:
        left, right = _units(end, unit), _units(start, unit)
    elif unit == 'week':
        left, right = exp.Paren(this=_week(end, first)), exp.Paren(this=_week(start, first))
    else:
        raise NotLoweredError
    return of_numbers(exp.Sub(this=left, expression=right), start, end, bound=MOST_MILLISECONDS)


def _moved(operator: type[exp.Binary]) -> Lower:
    def lower(lowering: Lowering, operands: Operands) -> Operand:
        _in_utc(operands)
        unit = _word(operands, 'unit', '')
        length = {**MICROSECONDS, 'week': WEEK}.get(unit)
        if length is None:
            raise NotLoweredError
        date = lowering.date(lowering.lower(operands['.startDate']))
        amount = lowering.number(lowering.lower(operands['.amount']))
        require_integer(lowering, amount, MOST_MILLISECONDS * 1000 // length)
        moved = exp.Mul(this=nested(amount.sql), expression=number(length))
        return in_calendar(lowering, operator(this=nested(date.sql), expression=moved), date, amount)

    return lower


DATES: dict[str, Lower] = {
    **{name: _part(make) for name, make in PARTS.items()},
    '$dateTrunc': _trunc,
    '$dateDiff': _diff,
    '$dateAdd': _moved(exp.Add),
    '$dateSubtract': _moved(exp.Sub),
}
