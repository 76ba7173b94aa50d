"""Times and spans of time as they are written in options: `1h`, `2d12h`, `yesterday`, `2026-11-22T20:15`, `20:15`."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta

import click

UNITS = {'w': 'weeks', 'd': 'days', 'h': 'hours', 'm': 'minutes', 's': 'seconds'}
SPAN_FORMS = '30s, 15m, 1h, 2d12h, 1w'
MOMENT_FORMS = f"{SPAN_FORMS} (ago), now, today, yesterday, 20:15, 2026-11-22, '2026-11-22 20:15', …T20:15:00Z"

_SPAN = re.compile(r'(?:\d+(?:\.\d+)?[wdhms])+')
_PART = re.compile(r'(\d+(?:\.\d+)?)([wdhms])')


def read_span(text: str) -> timedelta:
    """A span of time such as `1h30m`; ValueError if it is none, or longer than time itself."""
    plain = text.replace(' ', '').lower()
    if not _SPAN.fullmatch(plain):
        raise ValueError(f'{text!r} is no span of time; write {SPAN_FORMS}')
    try:
        return sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in _PART.findall(plain)), timedelta())
    except OverflowError:
        raise ValueError(f'{text!r} is longer than time goes back') from None


def read_moment(text: str, now: datetime | None = None) -> datetime:
    """An aware time; without a zone it is local. A span means so long ago, and a day its first moment."""
    now = (now or datetime.now()).astimezone()
    plain = text.strip().lower()
    if plain in _NAMED:
        return _NAMED[plain](now)
    if _SPAN.fullmatch(plain.replace(' ', '')):
        try:
            return now - read_span(plain)
        except OverflowError:
            raise ValueError(f'{text!r} is longer than time goes back') from None
    try:
        return _clock(text, now) or datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise ValueError(f'{text!r} is no time; write {MOMENT_FORMS}') from None


def _clock(text: str, now: datetime) -> datetime | None:
    """A time of today."""
    if not re.fullmatch(r'\d{1,2}:\d\d(:\d\d)?', text.strip()):
        return None
    return _local(
        datetime.combine(now.date(), time.fromisoformat(text.strip().zfill(5 if text.count(':') == 1 else 8)))
    )


def _local(moment: datetime) -> datetime:
    """A naive time in the zone of this machine, whose offset that day may be another than today's."""
    return moment.replace(tzinfo=None).astimezone()


def _midnight(now: datetime, days: int) -> datetime:
    return _local(datetime.combine(now.date() + timedelta(days=days), time()))


_NAMED: dict[str, Callable[[datetime], datetime]] = {
    'now': lambda now: now,
    'today': lambda now: _midnight(now, 0),
    'yesterday': lambda now: _midnight(now, -1),
}


class Moment(click.ParamType):  # type: ignore[type-arg]
    """The value of an option that is a time."""

    name = 'time'

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """See ParamType."""
        if isinstance(value, datetime):
            return value
        try:
            return read_moment(value)
        except ValueError as e:
            self.fail(str(e), param, ctx)


class Span(click.ParamType):  # type: ignore[type-arg]
    """The value of an option that is a span of time."""

    name = 'span'

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """See ParamType."""
        if isinstance(value, timedelta):
            return value
        try:
            return read_span(value)
        except ValueError as e:
            self.fail(str(e), param, ctx)
