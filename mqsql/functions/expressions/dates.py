"""Date operators."""

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mqsql.functions.expressions.core import Compiled, ExprContext, Operands, Operator, Run, Variables
from mqsql.functions.expressions.folding import check_operands, computed, constant_operand, fold_operands
from mqsql.functions.expressions.formats import ISO, formatted, week
from mqsql.functions.expressions.moments import AT_UTC, MILLISECOND, Zone, instant, local, milliseconds, zone
from mqsql.functions.expressions.operands import GetArg, eager, named
from mqsql.functions.expressions.tree import Call, Expression, Literal
from mqsql.functions.expressions.values import ExpressionError, is_nullish, is_number, need_date, need_text, wrong

# --- units

_FIXED = {
    'millisecond': 1,
    'second': 1000,
    'minute': 60_000,
    'hour': 3_600_000,
    'day': 86_400_000,
    'week': 7 * 86_400_000,
}
_MONTHS = {'month': 1, 'quarter': 3, 'year': 12}
_CLOCKLESS = ('millisecond', 'second', 'minute', 'hour')
"""Units that pass alike whatever the clocks show."""

_DAYS = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')


def _unit(unit: Any) -> str:
    if not isinstance(unit, str) or unit not in (*_FIXED, *_MONTHS):
        raise wrong(f'a unit ({", ".join((*_FIXED, *_MONTHS))})', unit)
    return unit


def _first_day(day: Any) -> int:
    full = {name: i for i, name in enumerate(_DAYS)}
    known = {**full, **{name[:3]: i for name, i in full.items()}}
    if not isinstance(day, str) or day.lower() not in known:
        raise wrong('a day of the week', day)
    return known[day.lower()]


def _steps(amount: Any) -> int:
    if not is_number(amount) or not -(2**63) <= amount < 2**63 or amount != int(amount):
        raise wrong('an integer of 64 bits', amount)
    return int(amount)


def _size(value: Any) -> int:
    if (size := _steps(value)) <= 0:
        raise wrong('a bin size above 0', value)
    return size


READ: dict[str, Callable[[Any], Any]] = {
    'unit': _unit,
    'startOfWeek': _first_day,
    'timezone': zone,
    'binSize': _size,
}
"""How operands of these names are read, and in which order, while building, where they are constant."""


def _in_order(function: Callable[..., Any], names: str) -> Operator:
    """An operator that evaluates its named operands in this order, and is null at the first that is null."""
    order = names.split()

    def compile(context: ExprContext, operands: Operands) -> Run:
        parts = {name: operands[name] for name in order if name in operands}
        return lambda variables: _read_all(function, parts, variables)

    return Operator(compile, _fold_in_order)


def _fold_in_order(context: ExprContext, call: Call) -> Expression:
    """A wrong constant is refused; a constant null decides, if it is of the operands that are read first."""
    folded = fold_operands(context, call)
    found = computed(context, folded)
    if isinstance(found, Literal):
        return found
    for name in READ:
        operand = constant_operand(folded, name)
        if operand is not None:
            if is_nullish(operand.value):
                return Literal(None)
            check_operands(context, folded, {name: READ[name]})
    return found


def _read_all(function: Callable[..., Any], parts: dict[str, Compiled], variables: Variables) -> Any:
    read: dict[str, Any] = {}
    for name, part in parts.items():
        if name == 'startOfWeek' and read['unit'] != 'week':
            continue
        if is_nullish(value := part.run(variables)):
            return None
        read[name] = READ[name](value) if name in READ else value
    return function(**read)


# --- parts


def _part(function: Callable[[datetime], int]) -> Operator:
    def of(ask: GetArg) -> Any:
        if is_nullish(date := ask('date')):
            return None
        moment, where = need_date(date), ask('timezone', 'UTC')
        return None if is_nullish(where) else function(local(moment, zone(where)))

    in_zone = named(of, {'timezone': zone})
    alone = eager(lambda date: of(lambda name, default=None: date if name == 'date' else default))

    def compile(context: ExprContext, operands: Operands) -> Run:
        return (in_zone if 'date' in operands else alone).compile(context, operands)

    return Operator(compile, in_zone.fold)


PARTS: dict[str, Callable[[datetime], int]] = {
    '$year': lambda date: date.year,
    '$month': lambda date: date.month,
    '$dayOfMonth': lambda date: date.day,
    '$dayOfYear': lambda date: date.timetuple().tm_yday,
    '$dayOfWeek': lambda date: date.isoweekday() % 7 + 1,
    '$isoDayOfWeek': lambda date: date.isoweekday(),
    '$week': week,
    '$isoWeek': lambda date: date.isocalendar().week,
    '$isoWeekYear': lambda date: date.isocalendar().year,
    '$hour': lambda date: date.hour,
    '$minute': lambda date: date.minute,
    '$second': lambda date: date.second,
    '$millisecond': lambda date: date.microsecond // 1000,
}

# --- sums


def _add(sign: int) -> Operator:
    def run(startDate: Any, unit: str, amount: Any, timezone: Zone = AT_UTC) -> Any:  # noqa: N803
        start, steps = need_date(startDate), sign * _steps(amount)
        try:
            if unit in _CLOCKLESS:
                return start + timedelta(milliseconds=_FIXED[unit] * steps)
            return instant(_moved(local(start, timezone), unit, steps), timezone, start)
        except OverflowError:
            raise ExpressionError(f'{steps} {unit}s lead out of the years 1 to 9999') from None

    return _in_order(run, 'startDate unit amount timezone')


def _moved(clock: datetime, unit: str, steps: int) -> datetime:
    if unit in _FIXED:
        return clock + timedelta(milliseconds=_FIXED[unit] * steps)
    months = clock.year * 12 + clock.month - 1 + steps * _MONTHS[unit]
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError
    return clock.replace(year=year, month=month, day=min(clock.day, calendar.monthrange(year, month)[1]))


# --- differences and bins


def _ordinal(clock: datetime, unit: str, first: int) -> int:
    """The number of the unit that a time on the clock is in, counted from some beginning."""
    if unit in _MONTHS:
        return (clock.year * 12 + clock.month - 1) // _MONTHS[unit]
    if unit == 'week':
        return (clock.toordinal() - 1 - first) // 7  # the first day of year 1 is a Monday
    return milliseconds(clock.replace(tzinfo=UTC)) // _FIXED[unit]


_SUNDAY = _DAYS.index('sunday')


def _diff(startDate: Any, endDate: Any, unit: str, startOfWeek: int = _SUNDAY, timezone: Zone = AT_UTC) -> int:  # noqa: N803
    start, end = need_date(startDate), need_date(endDate)
    if unit == 'millisecond':
        return milliseconds(end) - milliseconds(start)
    clocks = local(start, timezone), local(end, timezone)
    crossed = _ordinal(clocks[1], unit, startOfWeek) - _ordinal(clocks[0], unit, startOfWeek)
    # What the clocks were changed by in between is no time that passed, as far as it is whole units.
    changed = (clocks[1] - clocks[0]) - (end - start)
    return crossed - int(changed / timedelta(milliseconds=_FIXED[unit])) if unit in _CLOCKLESS else crossed


_REFERENCE = datetime(2000, 1, 1)


def _trunc(
    date: Any,
    unit: str,
    binSize: int = 1,  # noqa: N803
    startOfWeek: int = _SUNDAY,  # noqa: N803
    timezone: Zone = AT_UTC,
) -> datetime:
    moment = need_date(date)
    if (_FIXED[unit] * binSize >= 2**63) if unit in _CLOCKLESS else binSize > MAX_BIN:
        raise ExpressionError(f'a bin of {binSize} {unit}s is too large')
    try:
        reference = instant(_REFERENCE, timezone)
        if unit in _CLOCKLESS:
            return _bin_start(moment, reference, _FIXED[unit] * binSize)
        return instant(_bin(local(moment, timezone), unit, binSize, startOfWeek), timezone, reference)
    except OverflowError:
        raise ExpressionError('the bin begins before the year 1') from None


MAX_BIN = 100_000_000_000
"""Days and longer units in a bin of MongoDB."""


def _bin_start(moment: datetime, first: datetime, length: int) -> datetime:
    """The start of the bin that the time is in, of so many milliseconds, counted from another."""
    return first + (moment - first) // MILLISECOND // length * length * MILLISECOND


def _bin(clock: datetime, unit: str, size: int, first: int) -> datetime:
    if unit in _MONTHS:
        length = _MONTHS[unit] * size
        months = (clock.year * 12 + clock.month - 1 - 2000 * 12) // length * length
        return _moved(_REFERENCE, 'month', months)
    start = _REFERENCE
    if unit == 'week':
        start += timedelta((first - start.weekday()) % 7)
    return _bin_start(clock, start, _FIXED[unit] * size)


# --- as text


def _check_format(pattern: Any) -> None:
    formatted(_REFERENCE, 0, need_text(pattern))


def _to_string(ask: GetArg) -> Any:
    # Zone and format are read before the date is looked at, and onNull only where it is null.
    date, timezone = ask('date'), ask('timezone', 'UTC')
    where = None if is_nullish(timezone) else zone(timezone)
    pattern = ask('format', ISO + 'Z' * (where == AT_UTC))
    if not is_nullish(pattern):
        _check_format(pattern)
    if is_nullish(date):
        return ask('onNull')
    if where is None or is_nullish(pattern):
        return None
    moment = need_date(date)
    clock = local(moment, where)
    return formatted(clock, int((clock.replace(tzinfo=UTC) - moment) / timedelta(minutes=1)), pattern)


DATES: dict[str, Operator] = {
    **{name: _part(function) for name, function in PARTS.items()},
    '$dateAdd': _add(1),
    '$dateSubtract': _add(-1),
    '$dateDiff': _in_order(_diff, 'startDate endDate unit startOfWeek timezone'),
    '$dateTrunc': _in_order(_trunc, 'date binSize unit startOfWeek timezone'),
    '$dateToString': named(_to_string, {'timezone': zone, 'format': _check_format}),
}
