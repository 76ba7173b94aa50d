"""Expressions on dates.

The rules are those of MongoDB's manual, "Date Expression Operators": days and longer units are counted on the calendar
of the time zone, hours and shorter ones as they pass.
"""

import calendar
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.bits import INT64
from mqsql.reference.expressions.calls import Arguments, asking, check_constant, function
from mqsql.reference.expressions.clocks import check_format, date, format_date, local, universal, zone
from mqsql.reference.expressions.core import Constant, Evaluate, Function, MeaninglessError, Operator, Reader, is_null
from mqsql.reference.expressions.numbers import milliseconds, whole
from mqsql.reference.place import is_operators

SPANS = {
    'week': timedelta(weeks=1), 'day': timedelta(days=1), 'hour': timedelta(hours=1), 'minute': timedelta(minutes=1),
    'second': timedelta(seconds=1), 'millisecond': timedelta(milliseconds=1),
}  # fmt: skip
MONTHS = {'year': 12, 'quarter': 3, 'month': 1}
WEEKDAYS = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
REFERENCE = datetime(2000, 1, 1)  # a Saturday; where the bins of $dateTrunc are counted from


# --- parts


def _part(call: Callable[[datetime], int]) -> Operator:
    def part(given: Arguments) -> int | None:
        if is_null(moment := given('date')):
            return None
        date(moment)
        zone_name = given('timezone', 'UTC')
        return None if is_null(zone_name) else call(local(moment, zone_name))

    alone = function(lambda moment: call(local(moment, 'UTC')))

    def read(operand: Any, reader: Reader) -> Evaluate:
        if not isinstance(operand, Mapping) or is_operators(operand):
            return alone(operand, reader)
        parts = reader.named(operand, ('date',), ('timezone',))
        check_constant(parts.get('timezone'), zone, reader.at('timezone'))
        return asking(part, parts, reader)

    return read


# --- calendar arithmetic


def _unit(name: Any) -> str:
    if not isinstance(name, str) or name not in (*MONTHS, *SPANS):
        raise MeaninglessError(f'a unit is one of {", ".join((*MONTHS, *SPANS))}, not {short_repr(name)}')
    return name


def _add_months(clock: datetime, months: int) -> datetime:
    """So many months later; on the last day of a month that is too short."""
    year, month = divmod(clock.year * 12 + clock.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise MeaninglessError('the result is outside the years 1 to 9999')
    return clock.replace(year=year, month=month + 1, day=min(clock.day, calendar.monthrange(year, month + 1)[1]))


def _date_add(start: Any, unit: str, amount: Any, zone_name: str) -> datetime:
    count = whole(amount)
    try:
        if unit in MONTHS:
            return universal(_add_months(local(start, zone_name), count * MONTHS[unit]), zone_name, start)
        if unit in ('week', 'day'):
            return universal(local(start, zone_name) + count * SPANS[unit], zone_name, start)
        return date(start) + count * SPANS[unit]
    except OverflowError:
        raise MeaninglessError('the result is outside the years 1 to 9999') from None


def _date_subtract(start: Any, unit: str, amount: Any, zone_name: str) -> datetime:
    return _date_add(start, unit, -whole(amount), zone_name)


def _weekday(name: Any) -> int:
    full = [day for day in WEEKDAYS if isinstance(name, str) and name.lower() in (day, day[:3])]
    if not full:
        raise MeaninglessError(f'there is no day of the week {short_repr(name)}')
    return WEEKDAYS.index(full[0])


def _first_week(first_day: str) -> datetime:
    """The first such day of the week from the reference on."""
    return REFERENCE + timedelta(days=(_weekday(first_day) - REFERENCE.weekday()) % 7)


def _months(clock: datetime) -> int:
    return (clock.year - REFERENCE.year) * 12 + clock.month - 1


def _date_diff(start: Any, end: Any, unit: str, first_day: str, zone_name: str) -> int:
    """How many boundaries of the unit lie between the two."""
    if unit == 'millisecond':
        return milliseconds(date(end)) - milliseconds(date(start))
    before, after = local(start, zone_name), local(end, zone_name)
    if unit in MONTHS:
        return _months(after) // MONTHS[unit] - _months(before) // MONTHS[unit]
    origin, span = _first_week(first_day) if unit == 'week' else REFERENCE, SPANS[unit]
    crossed = (after - origin) // span - (before - origin) // span
    if unit in ('week', 'day'):
        return crossed
    # A change of the clocks between the two is no time that passes.
    changed = (after - before) - (end - start)
    return crossed - int(changed / span)


def _check_size(size: Any) -> None:
    if whole(size) < 1:
        raise MeaninglessError(f'takes a binSize of at least 1, not {short_repr(size)}')


def _date_trunc(moment: Any, size: Any, unit: str, first_day: str, zone_name: str) -> datetime:
    """The start of the bin of `size` units that the date is in."""
    count = whole(size)
    start = universal(REFERENCE, zone_name)
    if unit not in MONTHS and unit not in ('week', 'day'):
        if count * (SPANS[unit] // SPANS['millisecond']) not in INT64:
            raise MeaninglessError(f'there is no bin of {short_repr(count)} {unit}s')
        return _floor(date(moment), start, count, SPANS[unit])
    clock = local(moment, zone_name)
    if count > 10**11:
        raise MeaninglessError(f'there is no bin of {short_repr(count)} {unit}s')
    if unit in MONTHS:
        months = count * MONTHS[unit]
        return universal(_add_months(REFERENCE, _months(clock) // months * months), zone_name, start)
    origin = _first_week(first_day) if unit == 'week' else REFERENCE
    return universal(_floor(clock, origin, count, SPANS[unit]), zone_name, start)


def _floor(moment: datetime, origin: datetime, count: int, span: timedelta) -> datetime:
    """The last time up to the moment that is a multiple of `count` spans away from the origin."""
    return origin + (moment - origin) // span // count * count * span


CHECKS: Mapping[str, Function] = {'unit': _unit, 'startOfWeek': _weekday, 'timezone': zone, 'binSize': _check_size}
"""The arguments that MongoDB looks at before it sees a record, if they are constant, in its order."""

DEFAULTS = {'startOfWeek': 'sunday', 'timezone': 'UTC', 'binSize': 1}


def _on_calendar(call: Function, names: str) -> Operator:
    """An operator that evaluates and checks its arguments in this order; null at the first that is null."""
    order = names.split()
    needed, optional = (tuple(name for name in order if (name in DEFAULTS) is flag) for flag in (False, True))

    def in_order(given: Arguments) -> Any:
        found: dict[str, Any] = {}
        for name in order:
            asked = name != 'startOfWeek' or found['unit'] == 'week'
            found[name] = given(name, DEFAULTS.get(name)) if asked else DEFAULTS[name]
            if is_null(found[name]):
                return None
            if name in CHECKS:
                CHECKS[name](found[name])
        return call(*found.values())

    def read(operand: Any, reader: Reader) -> Evaluate:
        parts = reader.named(operand, needed, optional)
        evaluate = asking(in_order, parts, reader)
        if isinstance(evaluate, Constant) or _constants_have_values(parts, reader):
            return evaluate
        return Constant(None)

    return read


def _constants_have_values(parts: Mapping[str, Evaluate], reader: Reader) -> bool:
    """False if one of the constant arguments is null; QueryError for the first that has no meaning."""
    for name, check in CHECKS.items():
        part = parts.get(name)
        check_constant(part, check, reader.at(name))
        if reader.folds and isinstance(part, Constant) and is_null(part.value):
            return False
    return True


def _to_string(given: Arguments) -> Any:
    moment, pattern, zone_name = given('date'), given('format', ...), given('timezone', 'UTC')
    for check, value in ((check_format, pattern), (zone, zone_name)):
        if not is_null(value) and value is not ...:
            check(value)
    if is_null(moment):
        return given('onNull', None)
    return None if is_null(pattern) or is_null(zone_name) else format_date(moment, pattern, zone_name)


def _date_to_string(operand: Any, reader: Reader) -> Evaluate:
    parts = reader.named(operand, ('date',), ('format', 'timezone', 'onNull'))
    check_constant(parts.get('format'), check_format, reader.at('format'))
    check_constant(parts.get('timezone'), zone, reader.at('timezone'))
    return asking(_to_string, parts, reader)


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
    '$dateAdd': _on_calendar(_date_add, 'startDate unit amount timezone'),
    '$dateSubtract': _on_calendar(_date_subtract, 'startDate unit amount timezone'),
    '$dateDiff': _on_calendar(_date_diff, 'startDate endDate unit startOfWeek timezone'),
    '$dateTrunc': _on_calendar(_date_trunc, 'date binSize unit startOfWeek timezone'),
    '$dateToString': _date_to_string,
}
