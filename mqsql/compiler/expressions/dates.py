"""Date operators. Imports `core` and `moments`."""

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from mqsql.compiler.expressions.core import (
    MISSING,
    Built,
    ExpressionError,
    Here,
    Operator,
    is_nullish,
    is_number,
    need_date,
    need_text,
    wrong,
)
from mqsql.compiler.expressions.moments import MILLISECOND, instant, local, milliseconds, shifted, zone
from mqsql.compiler.expressions.operands import named, positional

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


CHECKS: dict[str, Callable[[Any], Any]] = {'timezone': zone, 'unit': _unit, 'startOfWeek': _first_day}
"""What named operands must be, checked while reading where they are constant."""


# --- parts


def _part(function: Callable[[datetime], int]) -> Operator:
    def of(date: Any, timezone: Any = 'UTC') -> Any:
        if is_nullish(date) or is_nullish(timezone):
            return None
        return function(local(need_date(date), zone(timezone)))

    alone, in_zone = positional(of, 1), named(of, 'date', 'timezone', CHECKS)

    def build(here: Here, operand: Any) -> Built:
        with_names = isinstance(operand, dict) and operand and not next(iter(operand)).startswith('$')
        return (in_zone if with_names else alone).build(here, operand)

    return Operator(build)


def _week(date: datetime) -> int:
    return int(date.strftime('%U'))


PARTS: dict[str, Callable[[datetime], int]] = {
    '$year': lambda date: date.year,
    '$month': lambda date: date.month,
    '$dayOfMonth': lambda date: date.day,
    '$dayOfYear': lambda date: date.timetuple().tm_yday,
    '$dayOfWeek': lambda date: date.isoweekday() % 7 + 1,
    '$isoDayOfWeek': lambda date: date.isoweekday(),
    '$week': _week,
    '$isoWeek': lambda date: date.isocalendar().week,
    '$isoWeekYear': lambda date: date.isocalendar().year,
    '$hour': lambda date: date.hour,
    '$minute': lambda date: date.minute,
    '$second': lambda date: date.second,
    '$millisecond': lambda date: date.microsecond // 1000,
}

# --- sums


def _steps(amount: Any) -> int:
    if not is_number(amount) or amount != amount or abs(amount) >= 2**63 or amount != int(amount):
        raise wrong('a whole number', amount)
    return int(amount)


def _add(sign: int) -> Operator:
    def run(startDate: Any, unit: Any, amount: Any, timezone: Any = 'UTC') -> Any:  # noqa: N803
        if any(map(is_nullish, (startDate, unit, amount, timezone))):
            return None
        where, start = zone(timezone), need_date(startDate)
        name, steps = _unit(unit), sign * _steps(amount)
        try:
            if name in _CLOCKLESS:
                return start + timedelta(milliseconds=_FIXED[name] * steps)
            return instant(_moved(local(start, where), name, steps), where)
        except OverflowError:
            raise ExpressionError(f'{steps} {name}s lead out of the years 1 to 9999') from None

    return named(run, 'startDate unit amount', 'timezone', CHECKS)


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


def _diff(startDate: Any, endDate: Any, unit: Any, timezone: Any = 'UTC', startOfWeek: Any = 'sunday') -> Any:  # noqa: N803
    nullish = any(map(is_nullish, (startDate, endDate, unit, timezone)))
    if nullish or (unit == 'week' and is_nullish(startOfWeek)):
        return None
    where, name = zone(timezone), _unit(unit)
    first = _first_day(startOfWeek) if name == 'week' else 0
    start, end = need_date(startDate), need_date(endDate)
    clocks = _clocks(start, end, where, name)
    return _ordinal(clocks[1], name, first) - _ordinal(clocks[0], name, first)


def _clocks(start: datetime, end: datetime, where: tzinfo, unit: str) -> list[datetime]:
    """Two times as clocks show them; for hours and less, as one that is not changed in between does."""
    if unit not in _CLOCKLESS:
        return [local(start, where), local(end, where)]
    shift = local(start, where) - start.replace(tzinfo=None)
    return [shifted(date.replace(tzinfo=None), shift // MILLISECOND) for date in (start, end)]


_REFERENCE = datetime(2000, 1, 1)


def _trunc(date: Any, unit: Any, binSize: Any = 1, timezone: Any = 'UTC', startOfWeek: Any = 'sunday') -> Any:  # noqa: N803
    nullish = any(map(is_nullish, (date, unit, binSize, timezone)))
    if nullish or (unit == 'week' and is_nullish(startOfWeek)):
        return None
    where, name, size = zone(timezone), _unit(unit), _steps(binSize)
    if size <= 0:
        raise wrong('a bin size above 0', binSize)
    first = _first_day(startOfWeek) if name == 'week' else 0
    moment = need_date(date)
    try:
        if name in _CLOCKLESS:
            start = instant(_REFERENCE, where)
            length = _FIXED[name] * size
            return start + timedelta(milliseconds=(milliseconds(moment) - milliseconds(start)) // length * length)
        return instant(_bin(local(moment, where), name, size, first), where)
    except OverflowError:
        raise ExpressionError('the bin begins before the year 1') from None


def _bin(clock: datetime, unit: str, size: int, first: int) -> datetime:
    if unit in _MONTHS:
        length = _MONTHS[unit] * size
        months = (clock.year * 12 + clock.month - 1 - 2000 * 12) // length * length
        return _moved(_REFERENCE, 'month', months)
    start = _REFERENCE
    if unit == 'week':
        start += timedelta((first - start.weekday()) % 7)
    length = _FIXED[unit] * size
    return start + timedelta(milliseconds=length) * ((clock - start) // timedelta(milliseconds=length))


# --- as text


def _format_offset(minutes: int, between: str) -> str:
    return f'{"-" if minutes < 0 else "+"}{abs(minutes) // 60:02d}{between}{abs(minutes) % 60:02d}'


_FORMATS: dict[str, Callable[[datetime, int], str]] = {
    'Y': lambda d, _: f'{d.year:04d}',
    'm': lambda d, _: f'{d.month:02d}',
    'd': lambda d, _: f'{d.day:02d}',
    'H': lambda d, _: f'{d.hour:02d}',
    'M': lambda d, _: f'{d.minute:02d}',
    'S': lambda d, _: f'{d.second:02d}',
    'L': lambda d, _: f'{d.microsecond // 1000:03d}',
    'j': lambda d, _: f'{d.timetuple().tm_yday:03d}',
    'w': lambda d, _: str(d.isoweekday() % 7 + 1),
    'u': lambda d, _: str(d.isoweekday()),
    'U': lambda d, _: f'{_week(d):02d}',
    'V': lambda d, _: f'{d.isocalendar().week:02d}',
    'G': lambda d, _: f'{d.isocalendar().year:04d}',
    'z': lambda _, minutes: _format_offset(minutes, ''),
    'Z': lambda _, minutes: f'{minutes:+04d}',
    '%': lambda *_: '%',
}
ISO = '%Y-%m-%dT%H:%M:%S.%L'


def _to_string(date: Any, format: Any = MISSING, timezone: Any = 'UTC', onNull: Any = None) -> Any:  # noqa: N803
    if is_nullish(date):
        return onNull
    if is_nullish(timezone):
        return None
    moment, where = need_date(date), zone(timezone)
    clock = local(moment, where)
    minutes = (clock.replace(tzinfo=UTC) - moment) // timedelta(minutes=1)
    if format is MISSING:
        return formatted(clock, minutes, ISO + ('Z' if where == UTC else ''))
    return None if is_nullish(format) else formatted(clock, minutes, need_text(format))


def _check_format(pattern: Any) -> None:
    formatted(_REFERENCE, 0, need_text(pattern))


def formatted(clock: datetime, minutes: int, pattern: str) -> str:
    """A time on the clock, so many minutes east of UTC, by a pattern of MongoDB's."""
    parts, i = [], 0
    while i < len(pattern):
        if pattern[i] != '%':
            parts.append(pattern[i])
        elif (letter := pattern[i + 1 : i + 2]) in _FORMATS:
            parts.append(_FORMATS[letter](clock, minutes))
            i += 1
        else:
            raise wrong('a format of the letters that MongoDB has', pattern)
        i += 1
    return ''.join(parts)


DATES: dict[str, Operator] = {
    **{name: _part(function) for name, function in PARTS.items()},
    '$dateAdd': _add(1),
    '$dateSubtract': _add(-1),
    '$dateDiff': named(_diff, 'startDate endDate unit', 'timezone startOfWeek', CHECKS),
    '$dateTrunc': named(_trunc, 'date unit', 'binSize timezone startOfWeek', CHECKS),
    '$dateToString': named(_to_string, 'date', 'format timezone onNull', {'timezone': zone, 'format': _check_format}),
}
