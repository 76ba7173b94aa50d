"""Dates on the clocks of a time zone, to text and from it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from mqsql.errors import short_repr
from mqsql.reference.expressions.core import MeaninglessError


def date(value: Any) -> datetime:
    """The value, which must be a date."""
    if not isinstance(value, datetime):
        raise MeaninglessError(f'takes dates, not {short_repr(value)}')
    return value


def zone(name: Any) -> ZoneInfo | timedelta:
    """The time zone of a name ("Europe/Berlin"), or the time of an offset ("+02", "+0200", "+02:00"), up to 99 hours."""
    if not isinstance(name, str):
        raise MeaninglessError(f'takes the name of a time zone, not {short_repr(name)}')
    if offset := re.fullmatch(r'([+-])([0-9]{2})(?::?([0-9]{2}))?', name):
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return span if offset[1] == '+' else -span
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise MeaninglessError(f'there is no time zone {short_repr(name)}') from None


def local(moment: Any, zone_name: Any) -> datetime:
    """The date on the clock of the time zone, without the zone."""
    where = zone(zone_name)
    try:
        if isinstance(where, timedelta):
            return date(moment).astimezone(UTC).replace(tzinfo=None) + where
        return date(moment).astimezone(where).replace(tzinfo=None)
    except OverflowError:
        raise MeaninglessError(f'{short_repr(moment)} is outside the years 1 to 9999 there') from None


def universal(clock: datetime, zone_name: Any, begun: datetime | None = None) -> datetime:
    """The instant of a date on the clock of the time zone, which was counted from the instant `begun`."""
    where = zone(zone_name)
    if isinstance(where, timedelta):
        return (clock - where).replace(tzinfo=UTC)
    either = [clock.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1)]
    if begun is None or either[0] >= either[1]:
        return either[0]  # the only one; of a time that the clock skips, as if it had not yet
    return either[_fold(clock, where, bool(begun.astimezone(where).dst()))]


def _fold(clock: datetime, where: ZoneInfo, summer: bool) -> int:
    """Which of two times of the clock MongoDB takes: that in summer time if it was summer time before, else the other."""
    times = [clock.replace(tzinfo=where, fold=fold) for fold in (0, 1)]
    # It takes the clock for UTC first. West of Greenwich that is still before the change, elsewhere after it.
    if clock.replace(tzinfo=UTC).astimezone(where).utcoffset() == times[0].utcoffset():
        return int(bool(times[0].dst()) and not summer)
    return int(bool(times[1].dst()) or not summer)


MONTH_NAMES = 'January February March April May June July August September October November December'.split()
FORMATS: Mapping[str, Callable[[datetime], str]] = {
    'Y': lambda d: f'{d.year:04}', 'm': lambda d: f'{d.month:02}', 'd': lambda d: f'{d.day:02}',
    'H': lambda d: f'{d.hour:02}', 'M': lambda d: f'{d.minute:02}', 'S': lambda d: f'{d.second:02}',
    'L': lambda d: f'{d.microsecond // 1000:03}', 'j': lambda d: f'{d.timetuple().tm_yday:03}',
    'w': lambda d: f'{d.isoweekday() % 7 + 1}', 'u': lambda d: f'{d.isoweekday()}', 'U': lambda d: d.strftime('%U'),
    'V': lambda d: f'{d.isocalendar()[1]:02}', 'G': lambda d: f'{d.isocalendar()[0]:04}', '%': lambda d: '%',
    'b': lambda d: MONTH_NAMES[d.month - 1][:3], 'B': lambda d: MONTH_NAMES[d.month - 1],
}  # fmt: skip
ISO_FORMAT = '%Y-%m-%dT%H:%M:%S.%L'


def check_format(pattern: Any) -> None:
    """Refuses a format that MongoDB does not have."""
    if not isinstance(pattern, str) or re.search(r'%(?![YmdHMSLjwuUVGzZbB%])', pattern.replace('%%', '')):
        raise MeaninglessError(f'{short_repr(pattern)} is not a format for dates')


def _is_utc(zone_name: Any) -> bool:
    # Of the names only this one, as MongoDB's time zone database has it; an offset of zero is UTC too.
    return zone_name == 'UTC' or zone(zone_name) == timedelta(0)


def format_date(moment: Any, pattern: Any = ..., zone_name: Any = 'UTC') -> str:
    """The date as text, in MongoDB's format specifiers; without a pattern in ISO 8601, with Z for UTC."""
    if pattern is ...:
        pattern = ISO_FORMAT + ('Z' if _is_utc(zone_name) else '')
    clock = local(moment, zone_name)
    ahead = int((clock.replace(tzinfo=UTC) - date(moment)) / timedelta(minutes=1))
    offset = {'z': f'{"-" if ahead < 0 else "+"}{abs(ahead) // 60:02}{abs(ahead) % 60:02}', 'Z': str(ahead)}
    return re.sub('%(.)', lambda found: offset.get(found[1]) or FORMATS[found[1]](clock), pattern)


ISO = re.compile(
    r'(?a)(?P<year>\d{4})(-?)(?:(?P<month>\d\d)\2(?P<day>\d\d)|W(?P<week>\d\d)(?:\2(?P<weekday>\d))?)'
    r'(?:(?P<clock>T\d\d(?:\d\d){0,2}|[T ]\d\d[:.]\d\d)(?:(?<=[:.]\d\d)[:.](?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?'
    r'(?: ?(?:Z|UTC|GMT|(?:GMT)?(?P<sign>[+-])(?P<hours>\d\d)(?::?(?P<minutes>[0-5]\d))?))?)?'
)


def read_date(value: str) -> datetime:
    """The date of a text in ISO 8601; as in MongoDB, a point is allowed for a colon, and GMT before the offset."""
    try:
        if found := ISO.fullmatch(value):
            return _composed(found.groupdict(default='')).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise MeaninglessError(f'{short_repr(value)} is not a date')


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
