"""Dates as text, by patterns of MongoDB's. Imports `core`."""

from collections.abc import Callable
from datetime import datetime

from mqsql.compiler.expressions.core import wrong


def week(date: datetime) -> int:
    """The week of the year, which begins on Sundays; 0 before the first of them."""
    return int(date.strftime('%U'))


def _format_offset(minutes: int) -> str:
    return f'{"-" if minutes < 0 else "+"}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}'


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
    'U': lambda d, _: f'{week(d):02d}',
    'V': lambda d, _: f'{d.isocalendar().week:02d}',
    'G': lambda d, _: f'{d.isocalendar().year:04d}',
    'z': lambda _, minutes: _format_offset(minutes),
    'Z': lambda _, minutes: f'{minutes:+04d}',
    '%': lambda *_: '%',
}
ISO = '%Y-%m-%dT%H:%M:%S.%L'


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
