"""Times as expressions count them: in milliseconds, in time zones, in units.

MongoDB's dates have milliseconds. Ours keep their microseconds when they are moved, and lose them, downwards, where a date
becomes a number.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mqsql.functions.expressions.values import ExpressionError, need_text, wrong
from mqsql.values.codec import EPOCH

MILLISECOND = timedelta(milliseconds=1)


def milliseconds(date: datetime) -> int:
    """Since 1970 UTC."""
    return (date - EPOCH) // MILLISECOND


def shifted(date: datetime, by: int) -> datetime:
    """So many milliseconds later."""
    try:
        return date + by * MILLISECOND
    except OverflowError:
        raise ExpressionError(f'{by} milliseconds lead out of the years 1 to 9999') from None


_OFFSET = re.compile(r'([+-])(\d\d)(?::?(\d\d))?', re.ASCII)


Zone = ZoneInfo | timedelta
"""A named one, or how far its clocks are ahead of UTC: in MongoDB up to 99 hours and 99 minutes."""

AT_UTC = timedelta(0)


def zone(name: Any) -> Zone:
    """The zone of an Olson name or an offset such as +05:30."""
    return _zone(need_text(name))


@lru_cache(maxsize=64)
def _zone(text: str) -> Zone:
    if found := _OFFSET.fullmatch(text):
        ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return ahead if found[1] == '+' else -ahead
    try:
        return AT_UTC if text == 'UTC' else ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong('the name of a time zone', text) from None


def local(date: datetime, where: Zone) -> datetime:
    """The time on the clocks there, without a zone."""
    try:
        if isinstance(where, timedelta):
            return date.astimezone(UTC).replace(tzinfo=None) + where
        return date.astimezone(where).replace(tzinfo=None)
    except (OverflowError, ValueError):
        raise ExpressionError('a date leads out of the years 1 to 9999') from None


def instant(clock: datetime, where: Zone, start: datetime | None = None) -> datetime:
    """The instant of a time on the clocks there; one that they skip is read as if they had not yet.

    Of one that they show twice it is the one in summer time if `start`, where the way there began, is in summer time.
    """
    try:
        if isinstance(where, timedelta):
            return clock.replace(tzinfo=UTC) - where
        first, second = clock.replace(tzinfo=where, fold=0), clock.replace(tzinfo=where, fold=1)
        twice = first.astimezone(UTC) < second.astimezone(UTC)
        return (second if start and twice and _is_second(first, second, start) else first).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ExpressionError('a date leads out of the years 1 to 9999') from None


def _is_second(first: datetime, second: datetime, start: datetime) -> bool:
    """Whether MongoDB takes the second of two instants that the clocks show alike: `instant` says when, as a rule."""
    summer = bool(start.astimezone(first.tzinfo).dst())
    # It reads the clocks as UTC first: west of Greenwich that is before they are changed, elsewhere after it.
    if first.replace(tzinfo=UTC).astimezone(first.tzinfo).utcoffset() == first.utcoffset():
        return bool(first.dst()) and not summer
    return bool(second.dst()) or not summer
