"""Times as expressions count them: in milliseconds, in time zones, in units. Imports `core`.

MongoDB's dates have milliseconds. Ours keep their microseconds when they are moved, and lose them, downwards, where a date
becomes a number.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mqsql.compiler.expressions.core import ExpressionError, need_text, wrong
from mqsql.schema.codec import EPOCH

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


def zone(name: Any) -> tzinfo:
    """The zone of an Olson name or an offset such as +05:30."""
    return _zone(need_text(name))


@lru_cache(maxsize=64)
def _zone(text: str) -> tzinfo:
    if found := _OFFSET.fullmatch(text):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=minutes if found[1] == '+' else -minutes))
    try:
        return UTC if text == 'UTC' else ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong('the name of a time zone', text) from None


def local(date: datetime, where: tzinfo) -> datetime:
    """The time on the clocks there, without a zone."""
    try:
        return date.astimezone(where).replace(tzinfo=None)
    except (OverflowError, ValueError):
        raise ExpressionError('a date leads out of the years 1 to 9999') from None


def instant(clock: datetime, where: tzinfo) -> datetime:
    """The instant of a time on the clocks there; one that they skip is read as if they had not yet."""
    try:
        return clock.replace(tzinfo=where).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ExpressionError('a date leads out of the years 1 to 9999') from None
