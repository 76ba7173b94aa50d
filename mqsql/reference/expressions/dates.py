"""Expressions on dates. Imports `errors`, and `numbers` and `core` of the reference.

The rules are those of MongoDB's manual, "Date Expression Operators": days and longer units are counted on the calendar
of the time zone, hours and shorter ones as they pass.
"""

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from mqsql.errors import shown
from mqsql.reference.expressions.core import (
    Evaluate,
    Function,
    MeaninglessError,
    Operator,
    Reader,
    Variables,
    check_constants,
    guard,
    is_null,
    keyword_function,
)
from mqsql.reference.expressions.numbers import milliseconds, whole
from mqsql.reference.values import MISSING

SPANS = {
    'week': timedelta(weeks=1), 'day': timedelta(days=1), 'hour': timedelta(hours=1), 'minute': timedelta(minutes=1),
    'second': timedelta(seconds=1), 'millisecond': timedelta(milliseconds=1),
}  # fmt: skip
MONTHS = {'year': 12, 'quarter': 3, 'month': 1}
WEEKDAYS = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
REFERENCE = datetime(2000, 1, 1)  # a Saturday; where the bins of $dateTrunc are counted from


def date(value: Any) -> datetime:
    """The value, which must be a date."""
    if not isinstance(value, datetime):
        raise MeaninglessError(f'takes dates, not {shown(value)}')
    return value


def zone(name: Any) -> tzinfo:
    """The time zone of a name ("Europe/Berlin") or an offset ("+02", "+0200", "+02:00"); UTC where none is given."""
    if name is MISSING:
        return UTC
    if not isinstance(name, str):
        raise MeaninglessError(f'takes the name of a time zone, not {shown(name)}')
    if offset := re.fullmatch(r'([+-])(\d\d):?(\d\d)?', name):
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if span < timedelta(days=1):
            return timezone(span if offset[1] == '+' else -span)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise MeaninglessError(f'there is no time zone {shown(name)}') from None


def local(moment: Any, zone_name: Any) -> datetime:
    """The date on the clock of the time zone, without the zone."""
    try:
        return date(moment).astimezone(zone(zone_name)).replace(tzinfo=None)
    except OverflowError:
        raise MeaninglessError(f'{shown(moment)} is outside the years 1 to 9999 there') from None


def universal(clock: datetime, zone_name: Any) -> datetime:
    """The instant of a date on the clock of the time zone."""
    return clock.replace(tzinfo=zone(zone_name)).astimezone(UTC)


# --- parts


def _part(call: Callable[[datetime], int]) -> Operator:
    def of_date(moment: Any, zone_name: Any) -> int:
        return call(local(moment, zone_name))

    named = keyword_function(
        of_date, ('date',), ('timezone',), nullable=('date', 'timezone'), checks={'timezone': zone}
    )

    def read(operand: Any, reader: Reader) -> Evaluate:
        if isinstance(operand, Mapping) and 'date' in operand:
            return named(operand, reader)
        single = operand[0] if isinstance(operand, list | tuple) and len(operand) == 1 else operand
        return named({'date': single}, reader)

    return read


# --- calendar arithmetic


def _unit(name: Any) -> str:
    if not isinstance(name, str) or name not in (*MONTHS, *SPANS):
        raise MeaninglessError(f'a unit is one of {", ".join((*MONTHS, *SPANS))}, not {shown(name)}')
    return name


def _add_months(clock: datetime, months: int) -> datetime:
    """So many months later; on the last day of a month that is too short."""
    year, month = divmod(clock.year * 12 + clock.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise MeaninglessError('the result is outside the years 1 to 9999')
    return clock.replace(year=year, month=month + 1, day=min(clock.day, calendar.monthrange(year, month + 1)[1]))


def _date_add(start: Any, unit: Any, amount: Any, zone_name: Any) -> datetime:
    count = whole(amount)
    try:
        if _unit(unit) in MONTHS:
            return universal(_add_months(local(start, zone_name), count * MONTHS[unit]), zone_name)
        if unit in ('week', 'day'):
            return universal(local(start, zone_name) + count * SPANS[unit], zone_name)
        zone(zone_name)
        return date(start) + count * SPANS[unit]
    except OverflowError:
        raise MeaninglessError('the result is outside the years 1 to 9999') from None


def _date_subtract(start: Any, unit: Any, amount: Any, zone_name: Any) -> datetime:
    return _date_add(start, unit, -whole(amount), zone_name)


def _weekday(name: Any) -> int:
    full = [day for day in WEEKDAYS if isinstance(name, str) and name.lower() in (day, day[:3])]
    if name is not MISSING and not full:
        raise MeaninglessError(f'there is no day of the week {shown(name)}')
    return WEEKDAYS.index(full[0] if full else 'sunday')


def _first_week(first_day: Any) -> datetime:
    """The first such day of the week from the reference on."""
    return REFERENCE + timedelta(days=(_weekday(first_day) - REFERENCE.weekday()) % 7)


def _months(clock: datetime) -> int:
    return (clock.year - REFERENCE.year) * 12 + clock.month - 1


def _date_diff(start: Any, end: Any, unit: Any, zone_name: Any, first_day: Any) -> int:
    """How many boundaries of the unit lie between the two."""
    before, after = local(start, zone_name), local(end, zone_name)
    if _unit(unit) in MONTHS:
        return _months(after) // MONTHS[unit] - _months(before) // MONTHS[unit]
    if unit in ('second', 'millisecond'):
        return (
            milliseconds(end) - milliseconds(start)
            if unit == 'millisecond'
            else _steps(end, unit) - _steps(start, unit)
        )
    origin, span = _first_week(first_day) if unit == 'week' else REFERENCE, SPANS[unit]
    crossed = (after - origin) // span - (before - origin) // span
    if unit in ('week', 'day'):
        return crossed
    # A change of the clocks between the two is no time that passes.
    changed = (after - before) - (end - start)
    return crossed - int(changed / span)


def _steps(moment: datetime, unit: str) -> int:
    return (moment - REFERENCE.replace(tzinfo=UTC)) // SPANS[unit]


def _date_trunc(moment: Any, unit: Any, zone_name: Any, size: Any, first_day: Any) -> datetime:
    """The start of the bin of `size` units that the date is in."""
    count, clock = whole(1 if size is MISSING else size), local(moment, zone_name)
    if count < 1:
        raise MeaninglessError(f'takes a binSize of at least 1, not {shown(size)}')
    if _unit(unit) in MONTHS:
        months = count * MONTHS[unit]
        return universal(_add_months(REFERENCE, _months(clock) // months * months), zone_name)
    span = count * SPANS[unit]
    if unit in ('week', 'day'):
        origin = _first_week(first_day) if unit == 'week' else REFERENCE
        return universal(origin + (clock - origin) // span * span, zone_name)
    start = universal(REFERENCE, zone_name)
    return start + (date(moment) - start) // span * span


def _on_calendar(call: Function, needed: tuple[str, ...], *optional: str) -> Operator:
    checks = {'unit': _unit, 'timezone': zone, 'startOfWeek': _weekday}
    nullable = (*needed, 'timezone', 'binSize')
    return keyword_function(call, needed, ('timezone', *optional), nullable=nullable, checks=checks)


# --- text

FORMATS: Mapping[str, Callable[[datetime], str]] = {
    'Y': lambda d: f'{d.year:04}', 'm': lambda d: f'{d.month:02}', 'd': lambda d: f'{d.day:02}',
    'H': lambda d: f'{d.hour:02}', 'M': lambda d: f'{d.minute:02}', 'S': lambda d: f'{d.second:02}',
    'L': lambda d: f'{d.microsecond // 1000:03}', 'j': lambda d: f'{d.timetuple().tm_yday:03}',
    'w': lambda d: f'{d.isoweekday() % 7 + 1}', 'u': lambda d: f'{d.isoweekday()}', 'U': lambda d: d.strftime('%U'),
    'V': lambda d: f'{d.isocalendar()[1]:02}', 'G': lambda d: f'{d.isocalendar()[0]:04}', '%': lambda d: '%',
    'z': lambda d: d.strftime('%z'), 'Z': lambda d: f'{(d.utcoffset() or timedelta()) // timedelta(minutes=1):+04}',
}  # fmt: skip
ISO_FORMAT = '%Y-%m-%dT%H:%M:%S.%L'


def check_format(pattern: Any) -> None:
    """Refuses what is no format of MongoDB's."""
    if not isinstance(pattern, str) or re.search(r'%(?![YmdHMSLjwuUVGzZ%])', pattern.replace('%%', '')):
        raise MeaninglessError(f'{shown(pattern)} is no format for dates')


def _is_utc(zone_name: Any) -> bool:
    # Of the names only this one, as MongoDB's time zone database has it; an offset of zero is UTC too.
    return zone_name in (MISSING, 'UTC') or zone(zone_name) == UTC


def format_date(moment: Any, pattern: Any = MISSING, zone_name: Any = MISSING) -> str:
    """The date as text, in MongoDB's format specifiers; without a pattern in ISO 8601, with Z for UTC."""
    if pattern is MISSING:
        pattern = ISO_FORMAT + ('Z' if _is_utc(zone_name) else '')
    clock = local(moment, zone_name).replace(tzinfo=zone(zone_name))
    return re.sub('%(.)', lambda found: FORMATS[found[1]](clock), pattern)


def _date_to_string(operand: Any, reader: Reader) -> Evaluate:
    parts = reader.named(operand, ('date',), ('format', 'timezone', 'onNull'))
    check_constants(operand, {'format': check_format, 'timezone': zone}, reader)

    def evaluate(variables: Variables) -> Any:
        moment, pattern, zone_name = (parts[name](variables) for name in ('date', 'format', 'timezone'))
        for check, value in ((check_format, pattern), (zone, zone_name)):
            if not is_null(value):
                guard(check, reader.place, value)
        if is_null(moment):
            return parts['onNull'](variables) if 'onNull' in operand else None
        if any(name in operand and is_null(value) for name, value in (('format', pattern), ('timezone', zone_name))):
            return None
        return guard(format_date, reader.place, moment, pattern, zone_name)

    return evaluate


DATES: Mapping[str, Operator] = {
    '$year': _part(lambda d: d.year),
    '$month': _part(lambda d: d.month),
    '$dayOfMonth': _part(lambda d: d.day),
    '$dayOfYear': _part(lambda d: d.timetuple().tm_yday),
    '$dayOfWeek': _part(lambda d: d.isoweekday() % 7 + 1),
    '$isoDayOfWeek': _part(lambda d: d.isoweekday()),
    '$week': _part(lambda d: int(d.strftime('%U'))),
    '$isoWeek': _part(lambda d: d.isocalendar()[1]),
    '$isoWeekYear': _part(lambda d: d.isocalendar()[0]),
    '$hour': _part(lambda d: d.hour),
    '$minute': _part(lambda d: d.minute),
    '$second': _part(lambda d: d.second),
    '$millisecond': _part(lambda d: d.microsecond // 1000),
    '$dateAdd': _on_calendar(_date_add, ('startDate', 'unit', 'amount')),
    '$dateSubtract': _on_calendar(_date_subtract, ('startDate', 'unit', 'amount')),
    '$dateDiff': _on_calendar(_date_diff, ('startDate', 'endDate', 'unit'), 'startOfWeek'),
    '$dateTrunc': _on_calendar(_date_trunc, ('date', 'unit'), 'binSize', 'startOfWeek'),
    '$dateToString': _date_to_string,
}
