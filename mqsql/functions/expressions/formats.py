"""Dates to text, by MongoDB's format strings, and from text in ISO 8601."""

import re
from collections.abc import Callable
from datetime import date, datetime, time

from mqsql.functions.expressions.values import wrong
from mqsql.limits import budget

_MONTHS = (
    'January', 'February', 'March', 'April', 'May', 'June',
    'July', 'August', 'September', 'October', 'November', 'December',
)  # fmt: skip


def week(date: datetime) -> int:
    """The week of the year, which begins on Sundays; 0 before the first of them."""
    return int(date.strftime('%U'))


def _format_offset(minutes: int) -> str:
    return f'{"-" if minutes < 0 else "+"}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}'


_FORMATS: dict[str, Callable[[datetime, int], str]] = {
    'Y': lambda d, _: f'{d.year:04d}',
    'm': lambda d, _: f'{d.month:02d}',
    'b': lambda d, _: _MONTHS[d.month - 1][:3],
    'B': lambda d, _: _MONTHS[d.month - 1],
    'd': lambda d, _: f'{d.day:02d}',
    'H': lambda d, _: f'{d.hour:02d}',
    'M': lambda d, _: f'{d.minute:02d}',
    'S': lambda d, _: f'{d.second:02d}',
    'L': lambda d, _: f'{d.microsecond // 1000:03d}',
    'j': lambda d, _: f'{d.timetuple().tm_yday:03d}',
    'w': lambda d, _: str(d.isoweekday() % 7 + 1),
    'u': lambda d, _: str(d.isoweekday()),
    'U': lambda d, _: f'{week(d):02d}',
    'V': lambda d, _: f'{d.isocalendar().week:02d}',
    'G': lambda d, _: f'{d.isocalendar().year:04d}',
    'z': lambda _, minutes: _format_offset(minutes),
    'Z': lambda _, minutes: str(minutes),
    '%': lambda *_: '%',
}
ISO = '%Y-%m-%dT%H:%M:%S.%L'


def formatted(clock: datetime, minutes: int, pattern: str) -> str:
    """A time on the clock, so many minutes east of UTC, by MongoDB's format string."""
    budget.step(len(pattern))
    budget.make(budget.REFERENCE * len(pattern))
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


_TEXT = re.compile(
    r"""(?P<day>\d{4}-\d\d-\d\d | \d{8} | \d{4}-W\d\d(-\d)? | \d{4}W\d\d\d?)
    ((?P<clock>T\d\d([0-5]\d){0,2} | [T ]\d\d[:.][0-5]\d([:.][0-5]\d)?)
    (?P<fraction>(?<=[:.]\d\d[:.]\d\d)\.\d+)?
    ([ ]?(Z | UTC | GMT | (GMT)?(?P<offset>[+-]\d\d(:?[0-5]\d)?)))?)?""",
    re.ASCII | re.VERBOSE,
)


def parsed(text: str) -> datetime:
    """The date that a text is in ISO 8601, UTC without an offset; ValueError for another.

    As MongoDB reads it, a point divides like a colon before the seconds, and no day has an hour 24.
    """
    if (found := _TEXT.fullmatch(text)) is None or (found['clock'] or '')[1:3] == '24':
        raise ValueError
    clock = re.sub('[T :.]', '', found['clock'] or '00') + (found['fraction'] or '') + (found['offset'] or 'Z')
    return datetime.combine(date.fromisoformat(found['day']), time.fromisoformat(clock))
