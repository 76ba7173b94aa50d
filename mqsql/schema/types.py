"""The kinds of column: which Python values each holds, and in which one form. Imports only `errors`.

`read` takes what a caller gave and returns the canonical value, the one that records hold and operands are compared as;
it raises ValueError with a sentence for what the kind could never hold, and the caller adds the place.
None never reaches a kind: a NULL column is a missing field.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mqsql.errors import shown

MAX_DEPTH = 180
"""Levels of nesting in a Document; MongoDB's limit is 100, SQLite's JSON functions fail beyond 1,000."""

MAX_INT_BITS = 14_000
"""Python itself refuses to print or parse integers of more than 4,300 digits."""


class UnstorableError(ValueError):
    """A value that a kind cannot hold; `path` is the place inside the value, such as `.a[3]`."""

    def __init__(self, message: str, path: str = '') -> None:
        super().__init__(message)
        self.path = path


def read_text(value: object) -> str:
    """A str; ASCII bytes are decoded, since old clients send uuids and queue names so."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode('ascii')
        except UnicodeDecodeError:
            raise UnstorableError(f'takes text or ASCII bytes, not {shown(value)}') from None
    raise UnstorableError(f'takes text, not {shown(value)}')


def read_timestamp(value: object) -> datetime:
    """An aware datetime in UTC. A naive one is local time, as `datetime.now()` means it; text is read by `read_iso`."""
    moment = read_iso(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise UnstorableError(f'takes a datetime, not {shown(value)}')
    return to_utc(moment)


def read_iso(text: str) -> datetime:
    """The time of a text in ISO 8601; without a zone it is UTC, as everywhere in MongoDB."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnstorableError(f'takes a datetime or ISO 8601 text, not {shown(text)}') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_utc(moment: datetime) -> datetime:
    """The same instant as a plain datetime in UTC."""
    try:
        utc = _in_utc(moment)
        return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)
    except (OverflowError, ValueError, OSError):
        raise UnstorableError(f'{shown(moment)} is outside the years 1 to 9999 in UTC') from None


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OSError:
        # Windows tells the local time of the years 1970 to 3000 only, by the same rules for all of them. The calendar repeats
        # itself every 400 years, days of the week included, by which these rules go.
        like = moment.replace(year=2000 + moment.year % 400)
        return (moment - (like - like.astimezone(UTC).replace(tzinfo=None))).replace(tzinfo=UTC)


def read_value(value: object, path: str = '', depth: int = 0) -> Any:
    """Any value inside a Document, copied into plain dicts, lists, str, int, float, bool, None, bytes and UTC datetimes."""
    if value is None or isinstance(value, bool):
        return value
    for types, read in _SCALARS:
        if isinstance(value, types):
            return read(value)
    if depth >= MAX_DEPTH:
        raise UnstorableError(f'is nested deeper than {MAX_DEPTH} levels (or holds itself)', path[:200])
    if isinstance(value, Mapping):
        return {_name(k, path): read_value(v, f'{path}.{k}', depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [read_value(v, f'{path}[{i}]', depth + 1) for i, v in enumerate(value)]
    raise UnstorableError(f'a document cannot hold {shown(value)}', path)


def _name(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise UnstorableError(f'a document has text for keys, not {shown(key)}', path)
    return str(key)


def _read_int(value: int) -> int:
    if value.bit_length() > MAX_INT_BITS:
        raise UnstorableError(f'an integer of {value.bit_length()} bits is longer than {MAX_INT_BITS}')
    return int(value)


# Subclasses (an IntEnum, numpy's float64) become the plain value they are.
_SCALARS: tuple[tuple[Any, Callable[[Any], object]], ...] = (
    (str, str),
    (int, _read_int),
    (float, float),
    (datetime, to_utc),
    ((bytes, bytearray, memoryview), bytes),
)


def read_document(value: object) -> dict[str, Any] | list[Any]:
    """A dict or a list of what `read_value` takes."""
    if not isinstance(value, Mapping | list | tuple):
        raise UnstorableError(f'takes a dict or a list, not {shown(value)}')
    document: dict[str, Any] | list[Any] = read_value(value)
    return document


def read_buffers(value: object) -> list[bytes]:
    """A list of bytes, from any sequence of objects with the buffer protocol (bytes, memoryview, zmq frames)."""
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping):
        raise UnstorableError(f'takes a list of bytes, not {shown(value)}')
    try:
        parts = list(value)  # type: ignore[call-overload]
    except TypeError:
        raise UnstorableError(f'takes a list of bytes, not {shown(value)}') from None
    return [_buffer(part, i) for i, part in enumerate(parts)]


def _buffer(part: Any, i: int) -> bytes:
    try:
        return bytes(memoryview(part))
    except TypeError:
        raise UnstorableError(f'takes bytes, not {shown(part)}', f'[{i}]') from None


@dataclass(frozen=True)
class Kind:
    """A kind of column: its name in messages, what it holds in words, and its reader."""

    name: str
    holds: str
    read: Callable[[object], Any]


TEXT = Kind('Text', 'text', read_text)
TIMESTAMP = Kind('Timestamp', 'times', read_timestamp)
DOCUMENT = Kind('Document', 'documents', read_document)
BUFFERS = Kind('Buffers', 'lists of bytes', read_buffers)


def bracket(value: object) -> str:
    """The BSON type bracket of a canonical value: only values of one bracket are ordered among each other by queries."""
    if value is None:
        return 'null'
    return 'boolean' if isinstance(value, bool) else next(name for types, name in _BRACKETS if isinstance(value, types))


_BRACKETS: tuple[tuple[Any, str], ...] = (
    ((int, float), 'number'),
    (str, 'string'),
    (dict, 'object'),
    (list, 'array'),
    (bytes, 'binary'),
    (datetime, 'date'),
)


def is_nan(value: object) -> bool:
    """Whether it is the float NaN, which BSON holds equal to itself."""
    return isinstance(value, float) and math.isnan(value)
