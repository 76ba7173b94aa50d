"""Dates on the clocks of a time zone, to text and from it. Imports `errors`, and `core` of the reference."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from mqsql.errors import shown
from mqsql.reference.expressions.core import MeaninglessError


def date(value: Any) -> datetime:
    """The value, which must be a date."""
    if not isinstance(value, datetime):
        raise MeaninglessError(f'takes dates, not {shown(value)}')
    return value


def zone(name: Any) -> tzinfo:
    """The time zone of a name ("Europe/Berlin") or an offset ("+02", "+0200", "+02:00")."""
    if not isinstance(name, str):
        raise MeaninglessError(f'takes the name of a time zone, not {shown(name)}')
    if offset := re.fullmatch(r'([+-])([0-9]{2})(?::?([0-9]{2}))?', name):
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


MONTH_NAMES = 'January February March April May June July August September October November December'.split()
FORMATS: Mapping[str, Callable[[datetime], str]] = {
    'Y': lambda d: f'{d.year:04}', 'm': lambda d: f'{d.month:02}', 'd': lambda d: f'{d.day:02}',
    'H': lambda d: f'{d.hour:02}', 'M': lambda d: f'{d.minute:02}', 'S': lambda d: f'{d.second:02}',
    'L': lambda d: f'{d.microsecond // 1000:03}', 'j': lambda d: f'{d.timetuple().tm_yday:03}',
    'w': lambda d: f'{d.isoweekday() % 7 + 1}', 'u': lambda d: f'{d.isoweekday()}', 'U': lambda d: d.strftime('%U'),
    'V': lambda d: f'{d.isocalendar()[1]:02}', 'G': lambda d: f'{d.isocalendar()[0]:04}', '%': lambda d: '%',
    'z': lambda d: d.strftime('%z')[:5], 'Z': lambda d: str(int((d.utcoffset() or timedelta()) / timedelta(minutes=1))),
    'b': lambda d: MONTH_NAMES[d.month - 1][:3], 'B': lambda d: MONTH_NAMES[d.month - 1],
}  # fmt: skip
ISO_FORMAT = '%Y-%m-%dT%H:%M:%S.%L'


def check_format(pattern: Any) -> None:
    """Refuses what is no format of MongoDB's."""
    if not isinstance(pattern, str) or re.search(r'%(?![YmdHMSLjwuUVGzZbB%])', pattern.replace('%%', '')):
        raise MeaninglessError(f'{shown(pattern)} is no format for dates')


def _is_utc(zone_name: Any) -> bool:
    # Of the names only this one, as MongoDB's time zone database has it; an offset of zero is UTC too.
    return zone_name == 'UTC' or zone(zone_name) == UTC


def format_date(moment: Any, pattern: Any = ..., zone_name: Any = 'UTC') -> str:
    """The date as text, in MongoDB's format specifiers; without a pattern in ISO 8601, with Z for UTC."""
    if pattern is ...:
        pattern = ISO_FORMAT + ('Z' if _is_utc(zone_name) else '')
    clock = local(moment, zone_name).replace(tzinfo=zone(zone_name))
    return re.sub('%(.)', lambda found: FORMATS[found[1]](clock), pattern)


ISO = re.compile(
    r'(?a)(?P<year>\d{4})(-?)(?:(?P<month>\d\d)\2(?P<day>\d\d)|W(?P<week>\d\d)(?:\2(?P<weekday>\d))?)'
    r'(?:(?P<clock>T\d\d(?:\d\d){0,2}|[T ]\d\d[:.]\d\d)(?:(?<=[:.]\d\d)[:.](?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?'
    r'(?: ?(?:Z|UTC|GMT|(?:GMT)?(?P<sign>[+-])(?P<hours>\d\d)(?::?(?P<minutes>[0-5]\d))?))?)?'
)


def read_date(value: str) -> datetime:
    """The date of a text in ISO 8601; as in MongoDB, a point may stand for a colon, and GMT before the offset."""
    try:
        if found := ISO.fullmatch(value):
            return _composed(found.groupdict(default='')).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise MeaninglessError(f'{shown(value)} is no date')


def _composed(parts: Mapping[str, str]) -> datetime:
    year = int(parts['year'])
    if parts['week']:
        midnight = datetime.fromisocalendar(year, int(parts['week']), int(parts['weekday'] or 1))
    else:
        midnight = datetime(year, int(parts['month']), int(parts['day']))
    hour, minute, second, *_ = [*map(int, re.findall('[0-9]{2}', parts['clock'] + parts['second'])), 0, 0, 0]
    away = timedelta(hours=int(parts['hours'] or 0), minutes=int(parts['minutes'] or 0))
    zone_there = timezone(-away if parts['sign'] == '-' else away)
    return midnight.replace(
        hour=hour, minute=minute, second=second, microsecond=int(parts['fraction'][:6].ljust(6, '0')), tzinfo=zone_there
    )
