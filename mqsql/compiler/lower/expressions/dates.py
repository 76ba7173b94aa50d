"""Dates in UTC as SQL: a date is its microseconds since 1970."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.lower.expressions.arithmetic import (
    FIRST,
    MOST_MILLISECONDS,
    in_calendar,
    milliseconds_between,
    of_numbers,
    require_integer,
    units,
)
from mqsql.compiler.lower.expressions.context import Lower, Lowering
from mqsql.compiler.lower.expressions.operands import Nothing, NotLoweredError, Operand, Scalar, Type
from mqsql.compiler.lower.sql import nested, number
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


Part: TypeAlias = 'Callable[[Lowering, Scalar], exp.Expr]'


def _seconds(lowering: Lowering, date: Scalar) -> exp.Expr:
    """Whole seconds since 1970."""
    whole = units(lowering, date, MICROSECONDS['second'])
    return exp.Sub(this=whole, expression=number(-FIRST // MICROSECONDS['second']))


def _calendar(part: str) -> Part:
    return lambda lowering, date: lowering.words.calendar(_seconds(lowering, date), part)


def _remainder(unit: str, modulus: int, first: int = 0, shift: int = 0) -> Part:
    """The number of the unit within a larger one, from `first` on. The year 1 began on a Monday."""

    def make(lowering: Lowering, date: Scalar) -> exp.Expr:
        whole = units(lowering, date, MICROSECONDS[unit])
        shifted = exp.Add(this=whole, expression=number(shift)) if shift else whole
        within = exp.Mod(this=nested(shifted), expression=number(modulus))
        return exp.Add(this=within, expression=number(first)) if first else within

    return make


PARTS: dict[str, Part] = {
    '$year': _calendar('year'),
    '$month': _calendar('month'),
    '$dayOfMonth': _calendar('dayOfMonth'),
    '$dayOfYear': _calendar('dayOfYear'),
    '$dayOfWeek': _remainder('day', 7, 1, 1),
    '$isoDayOfWeek': _remainder('day', 7, 1),
    '$hour': _remainder('hour', 24),
    '$minute': _remainder('minute', 60),
    '$second': _remainder('second', 60),
    '$millisecond': _remainder('millisecond', 1000),
}


def _part(make: Part) -> Lower:
    def lower(lowering: Lowering, operands: Operands) -> Operand:
        _in_utc(operands)
        (date,) = (lowering.date(lowering.lower(tree)) for step, tree in operands.items() if step != '.timezone')
        return of_numbers(make(lowering, date), date, bound=10_000)

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
        return _same_absence(_from_year_1(units(lowering, date, MICROSECONDS[unit]), MICROSECONDS[unit]), date)
    if unit == 'week':
        first = _first_day(operands)
        whole = exp.Mul(this=nested(_week(lowering, date, first)), expression=number(7))
        days = exp.Sub(this=whole, expression=number(7 - first))
        # The first of all weeks may begin before the year 1.
        return in_calendar(lowering, _from_year_1(days, MICROSECONDS['day']), date)
    if unit in ('month', 'year'):
        start = lowering.words.start(_seconds(lowering, date), unit)
        return _same_absence(exp.Mul(this=start, expression=number(MICROSECONDS['second'])), date)
    raise NotLoweredError


def _from_year_1(count: exp.Expr, length: int) -> exp.Expr:
    """The date after so many units of so many microseconds."""
    return exp.Sub(this=exp.Mul(this=nested(count), expression=number(length)), expression=number(-FIRST))


def _week(lowering: Lowering, date: Scalar, first: int) -> exp.Expr:
    """The number of the week that the date is in, counted from one that ends in the year 1 or before."""
    days = exp.Add(this=units(lowering, date, MICROSECONDS['day']), expression=number(7 - first))
    return lowering.words.whole_quotient(days, 7)


def _same_absence(made: exp.Expr, date: Scalar) -> Scalar:
    return Scalar(Type.DATE, made, Nothing.NULL if date.absent else None)


# --- differences and sums


def _diff(lowering: Lowering, operands: Operands) -> Operand:
    _in_utc(operands)
    unit = _word(operands, 'unit', '')
    start, end = (lowering.date(lowering.lower(operands[step])) for step in ('.startDate', '.endDate'))
    if unit == 'millisecond':
        return milliseconds_between(lowering, start, end)
    first = _first_day(operands)
    if unit in MICROSECONDS:
        left, right = (units(lowering, date, MICROSECONDS[unit]) for date in (end, start))
    elif unit == 'week':
        left, right = (nested(_week(lowering, date, first)) for date in (end, start))
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
