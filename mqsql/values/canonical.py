"""Canonical values: the one form in which records hold a Python value, and operands are compared.

Each `read_*` takes what a caller gave and returns the canonical value; it raises UnstorableError with a sentence for what it
could never be, and the caller adds the path. The BSON type bracket of a canonical value is here too.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mqsql import limits
from mqsql.errors import short_repr
from mqsql.values.libraries import UnstorableError as UnstorableError
from mqsql.values.plain import SCALARS, listed, name_of, native

MAX_DEPTH = 180
"""Levels of nesting in a Document; MongoDB's limit is 100, SQLite's JSON functions fail beyond 1,000."""

MAX_INT_BITS = 14_000
"""Python itself refuses to print or parse integers of more than 4,300 digits."""


def coerce_string(value: object) -> str:
    """A str; ASCII bytes are decoded, since old clients send uuids and queue names so."""
    if type(value) is str:
        return value
    given = native(value)
    if isinstance(given, str):
        return given
    if isinstance(given, bytes):
        try:
            return given.decode('ascii')
        except UnicodeDecodeError:
            raise UnstorableError(f'takes text or ASCII bytes, not {short_repr(value)}') from None
    # IPython Parallel's hub is one of these decoders.
    made = '; if a decoder of JSON made a time of your text, ask for the text with $regex'
    raise UnstorableError(f'takes text, not {short_repr(value)}' + (made if isinstance(given, datetime) else ''))


def coerce_number(value: object) -> int | float:
    """An int or a float; a boolean is none."""
    given = value if type(value) in _NUMBERS else native(value)
    if type(given) is int:
        return _read_int(given, '')
    if type(given) is not float:
        raise UnstorableError(f'takes a number, not {short_repr(value)}')
    return given


_NUMBERS = frozenset({int, float})
INT64 = range(-(2**63), 2**63)


def coerce_stored_number(value: object) -> int | float:
    """A float, or an int of 64 bits, as BSON has them."""
    number = coerce_number(value)
    if type(number) is int and number not in INT64:
        raise UnstorableError(
            f'takes integers of at most 64 bits, not {short_repr(value)}; write float(value), or use a Document or Any column'
        )
    return number


def coerce_boolean(value: object) -> bool:
    """True or False; 0 and 1 are numbers."""
    given = value if type(value) is bool else native(value)
    if type(given) is not bool:
        raise UnstorableError(f'takes True or False, not {short_repr(value)}')
    return given


def coerce_timestamp(value: object) -> datetime:
    """An aware datetime in UTC. A naive one, or a date, is local time, as `datetime.now()` is; `read_iso` reads text."""
    given = value if type(value) is datetime else native(value)
    moment = read_iso(given) if isinstance(given, str) else given
    if not isinstance(moment, datetime):
        raise UnstorableError(f'takes a datetime, not {short_repr(value)}')
    return to_utc(moment)


def read_iso(text: str) -> datetime:
    """The time of a text in ISO 8601; without a zone it is UTC, as everywhere in MongoDB."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnstorableError(f'takes a datetime or ISO 8601 text, not {short_repr(text)}') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_utc(moment: datetime) -> datetime:
    """The same instant as a plain datetime in UTC."""
    if moment.tzinfo is UTC and not moment.fold:
        return moment
    try:
        return EPOCH + (moment - EPOCH)
    except Exception:  # it has no time zone, or one that fails, or is outside the years that there are
        return _to_utc(moment)


def _to_utc(moment: datetime) -> datetime:
    offset = _offset(moment) if moment.tzinfo is not None else None
    naive = moment.replace(tzinfo=None)
    try:
        utc = _in_utc(naive) if offset is None else naive - offset
        return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)
    except (OverflowError, ValueError, OSError):
        raise UnstorableError(f'{short_repr(moment)} is outside the years 1 to 9999 in UTC') from None


def _offset(moment: datetime) -> timedelta | None:
    """A time zone is code of others, see `plain`."""
    try:
        return moment.utcoffset()
    except Exception as e:
        raise UnstorableError(f'the time zone of {short_repr(moment)} cannot be read: {type(e).__name__}: {e}') from e


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OSError:
        # Windows tells the local time of the years 1970 to 3000 only, by the same rules for all of them. The calendar repeats
        # itself every 400 years, days of the week included, by which these rules go.
        like = moment.replace(year=2000 + moment.year % 400)
        return (moment - (like - like.astimezone(UTC).replace(tzinfo=None))).replace(tzinfo=UTC)


def coerce_value(value: object, path: str = '', depth: int = 0) -> Any:
    """Any value inside a Document, copied into plain dicts, lists, str, int, float, bool, None, bytes and UTC datetimes."""
    if type(value) in _AS_IT_IS:
        return value
    given: Any = value if type(value) in _PLAIN else native(value, path)
    if type(given) in _AS_IT_IS:
        return given
    if type(given) is int:
        return _read_int(given, path)
    if type(given) is datetime:
        return _located(to_utc, given, path)
    if type(given) is re.Pattern:
        raise UnstorableError(f'a document cannot hold {short_repr(value)}; write value.pattern', path)
    limits.check()  # a small list can hold itself many times
    if depth >= MAX_DEPTH:
        raise UnstorableError(f'is nested deeper than {MAX_DEPTH} levels (or holds itself)', path[:200])
    if type(given) is list:
        return [coerce_value(v, f'{path}[{i}]', depth + 1) for i, v in enumerate(given)]
    fields: dict[str, Any] = {}
    for key, item in given.items() if type(given) is dict else given:
        name = key if type(key) is str else name_of(key, path)
        if name in fields:
            raise UnstorableError(f'has the key {short_repr(name)} twice', path)
        fields[name] = coerce_value(item, f'{path}.{name}', depth + 1)
    return fields


_AS_IT_IS = frozenset({str, float, bool, bytes, type(None)})
_PLAIN = SCALARS | {dict, list}


def _read_int(value: int, path: str) -> int:
    if value.bit_length() > MAX_INT_BITS:
        raise UnstorableError(f'an integer of {value.bit_length()} bits is longer than {MAX_INT_BITS}', path)
    return value


def _located(read: Callable[[Any], Any], value: object, path: str) -> Any:
    try:
        return read(value)
    except UnstorableError as e:
        raise UnstorableError(str(e), path) from e.__cause__


def coerce_document(value: object) -> dict[str, Any] | list[Any]:
    """A dict or a list of what `read_value` takes."""
    document: Any = coerce_value(value)
    if not isinstance(document, dict | list):
        raise UnstorableError(f'takes a dict or a list, not {short_repr(value)}')
    return document


def coerce_buffers(value: object) -> list[bytes]:
    """A list of bytes, from any sequence of objects with the buffer protocol (bytes, memoryview, zmq frames)."""
    parts: Any = value
    if type(value) is not list:
        parts = None if issubclass(type(value), (str, bytes, bytearray, memoryview)) else listed(value)
    if type(parts) is not list:
        raise UnstorableError(f'takes a list of bytes, not {short_repr(value)}')
    return [part if type(part) is bytes else _buffer(part, i) for i, part in enumerate(parts)]


def _buffer(part: Any, i: int) -> bytes:
    try:
        return bytes(memoryview(part))
    except Exception as e:  # whatever code of others raises, see `plain`
        raise UnstorableError(f'takes bytes, not {short_repr(part)}', f'[{i}]') from e


def copied(value: Any) -> Any:
    """A canonical value with dicts and lists of its own."""
    if type(value) is dict:
        return {name: copied(part) if type(part) in _NESTED else part for name, part in value.items()}
    return list(map(copied, value)) if type(value) is list else value


_NESTED = frozenset({dict, list})


def type_bracket(value: object) -> str:
    """The BSON type bracket of a canonical value: only values of one bracket are ordered among each other by queries."""
    return _BRACKETS[type(value)]


_BRACKETS: dict[type, str] = {
    type(None): 'null',
    bool: 'boolean',
    int: 'number',
    float: 'number',
    str: 'string',
    dict: 'object',
    list: 'array',
    bytes: 'binary',
    datetime: 'date',
}


def is_nan(value: object) -> bool:
    """Whether it is the float NaN, which BSON holds equal to itself."""
    return isinstance(value, float) and math.isnan(value)
