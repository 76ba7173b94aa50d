"""Numbers, times and texts as a report shows them."""

import re
from datetime import UTC, datetime

from mqsql.analysis.timeline import EPOCH, MICROSECOND

_ESCAPES = re.compile(r'\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]')
"""The sequences that give a terminal colours, and other characters that are not shown."""

_UNITS = ((86_400, 'd'), (3_600, 'h'), (60, 'm'))


def number(value: int) -> str:
    """With commas."""
    return f'{value:,}'


def duration(seconds: float | None) -> str:
    """With three digits, or the two largest units: 870 µs, 12.4 s, 2 m 05 s, 3 d 02 h."""
    if seconds is None:
        return ''
    if seconds < 0:
        return f'-{duration(-seconds)}'
    for factor, unit in ((1e-3, 'µs'), (1.0, 'ms')):
        if seconds < factor * 0.9995:  # which is shown as one of the next unit
            return f'{seconds / factor * 1000:.3g} {unit}' if seconds else '0 s'
    if seconds < 59.95:
        return f'{seconds:.1f} s'
    whole = round(seconds)
    for (factor, unit), (smaller, below) in zip(_UNITS, (*_UNITS[1:], (1, 's')), strict=True):
        if whole >= factor:
            return f'{whole // factor:,} {unit} {whole % factor // smaller:02d} {below}'
    return f'{whole} s'


def span(seconds: int) -> str:
    """A round number of seconds, in the largest unit that divides it: 10 s, 12 h."""
    fitting = ((factor, unit) for factor, unit in (*_UNITS, (1, 's')) if seconds % factor == 0)
    factor, unit = next(fitting)
    return f'{seconds // factor:,} {unit}'


def moment(time: datetime | int | None) -> str:
    """To the second, in UTC; a number is microseconds since 1970."""
    if time is None:
        return ''
    known = EPOCH + time * MICROSECOND if isinstance(time, int) else time
    return known.astimezone(UTC).strftime('%Y-%m-%d %H:%M:%S')


def share(part: float | None) -> str:
    """As a percentage; what is not nothing and not all does not look so."""
    if part is None:
        return ''
    percent = part * 100
    if 0 < percent < 0.1:
        return '<0.1 %'
    return f'{min(percent, 99.9) if percent < 100 else percent:.1f} %'


def plain(text: object) -> str:
    """A text without what a terminal would make of it, and without half a surrogate pair, which UTF-8 cannot hold."""
    return _ESCAPES.sub('', str(text)).encode('utf-8', 'replace').decode()


def iso(time: int) -> str:
    """As HTML and programs read it; of microseconds since 1970."""
    return (EPOCH + time * MICROSECOND).isoformat()
