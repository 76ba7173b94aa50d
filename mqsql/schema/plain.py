"""What Python programs hand over, read into Python's own plain types. Imports `libraries`, `errors` and `limits`.

A value is what its type derives from, never what its own methods say: `class Label(str, Enum)` is its text, whatever its
`__str__` gives. What has `__index__` is an integer; NumPy's scalars and arrays are the values and lists they stand for; a
`date` is its first moment, in local time as a naive datetime is; a UUID is its text.

Code of others runs in `native` alone (the `items` of a Mapping, an `__index__`, an iterator). One rule holds for it: whatever
exception it raises, the value is refused with it as the cause, but for the errors of mqsql, which pass.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from itertools import islice
from operator import index
from typing import Any
from uuid import UUID

from mqsql import limits
from mqsql.errors import MqsqlError, QueryError, shown
from mqsql.schema.libraries import UnstorableError, advice_for, from_numpy, is_array

SCALARS = frozenset({str, int, float, bool, type(None), bytes, datetime, re.Pattern})
"""The types of values that are plain as they are."""

LISTED = frozenset({'$in', '$nin', '$all'})
"""Operators whose operand may be any iterable."""

DEEPEST = 400
"""Levels that `plain` reads; all that reads a query refuses less already."""

MAX_ITEMS = 1_000_000
"""Items that are taken of what might be endless: an iterator, the items of a Mapping that is no dict."""


def plain(value: object) -> Any:
    """A copy of a query or of an option in dicts, lists and SCALARS, exactly of these types."""
    return value if type(value) in SCALARS or _is_plain(value, 10) else _plain(value, '', 0, {})


def _is_plain(value: Any, levels: int) -> bool:
    """Whether it is plain already, as nearly all queries are; sees few levels, and is much faster than to copy."""
    kind = type(value)
    if kind is dict:
        if not _TEXT.issuperset(map(type, value)):
            return False
        value = value.values()
    elif kind is not list:
        return False
    if SCALARS.issuperset(map(type, value)):
        return True
    if not levels:
        return False
    for item in value:  # noqa: SIM110 - a loop, as this runs for every query
        if type(item) not in SCALARS and not _is_plain(item, levels - 1):
            return False
    return True


_TEXT = frozenset({str})


def read_plain(value: object, what: str = '', *, iterable: bool = False) -> Any:
    """`plain` for a query, or the option called `what`, which may be any iterable; QueryError for what cannot be read."""
    if type(value) in SCALARS:
        return value
    try:
        return plain(listed(value) if iterable else value)
    except UnstorableError as e:
        raise QueryError(str(e), what + e.path if what else e.path.removeprefix('.')) from e.__cause__


def either(query: object, filter: object) -> object:
    """The query, which may be given by the name that pymongo has for it."""
    if query is not None and filter is not None:
        raise QueryError('query and filter are two names of one argument; give one of them', 'filter')
    return query if filter is None else filter


def _plain(value: Any, path: str, depth: int, seen: dict[int, tuple[object, Any]]) -> Any:
    if id(value) in seen:  # also what holds itself
        return seen[id(value)][1]
    given = value if type(value) in _CONTAINERS else native(value, path)
    if type(given) in SCALARS or depth >= DEEPEST:
        return given if type(given) in SCALARS else value
    limits.check()
    if len(seen) > MAX_ITEMS:
        raise UnstorableError(f'holds more than {MAX_ITEMS:,} dicts and lists', path[:200])
    if type(given) is list or type(value) is tuple:
        items: list[Any] = []
        seen[id(value)] = value, items
        for i, item in enumerate(given):
            items.append(item if type(item) in SCALARS else _plain(item, f'{path}[{i}]', depth + 1, seen))
        return items
    fields: dict[str, Any] = {}
    seen[id(value)] = value, fields
    for key, item in given.items() if type(given) is dict else given:
        name = key if type(key) is str else name_of(key, path)
        if name in fields:
            raise UnstorableError(f'has the key {shown(name)} twice', path)
        if type(item) not in SCALARS:
            here = f'{path}.{name}'
            item = _plain(listed(item, here) if name in LISTED else item, here, depth + 1, seen)
        fields[name] = item
    return fields


_CONTAINERS = frozenset({dict, list, tuple})


def as_text(value: Any) -> Any:
    """The plain text that a subclass of str is; anything else as it is."""
    return str.__str__(value) if issubclass(type(value), str) else value


def name_of(key: object, path: str = '') -> str:
    """A key as plain text."""
    if issubclass(type(key), str):
        return str.__str__(key)
    raise UnstorableError(f'a key is text, not {shown(key)}', path)


def listed(value: Any, path: str = '') -> Any:
    """A list of the items of an iterable that is no text, bytes or Mapping; anything else as it is."""
    if type(value) in (list, dict):
        return value
    if type(value) in (set, frozenset, deque):  # which are in memory, however many items they have
        return list(value)
    with _Foreign(value, path):
        if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
            return value
        if isinstance(value, list | tuple) or is_array(value) or (isinstance(value, memoryview) and value.ndim > 1):
            return native(value, path)
        return _taken(value, path)


def _taken(items: Iterable[Any], path: str) -> list[Any]:
    taken = []
    for item in islice(items, MAX_ITEMS + 1):
        taken.append(item)
        if not len(taken) % 1000:
            limits.check()
    if len(taken) > MAX_ITEMS:
        raise UnstorableError(f'an iterator gives at most {MAX_ITEMS:,} items; a list may hold more', path)
    return taken


class _Foreign:
    """A block that runs code of others, which turns what that raises into UnstorableError."""

    def __init__(self, value: object, path: str) -> None:
        self.value, self.path = value, path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnstorableError):
            error.path = error.path or self.path
        elif isinstance(error, Exception) and not isinstance(error, MqsqlError):
            raise UnstorableError(
                f'{shown(self.value)} cannot be read: {type(error).__name__}: {error}', self.path
            ) from error


def native(value: Any, path: str = '') -> Any:
    """The value in a type of SCALARS, a list of its items, or a tuple of its keys and values; UnstorableError for any other."""
    with _Foreign(value, path):
        kind = type(value)
        for types, read in _READERS:
            if issubclass(kind, types):
                return read(value)
        if is_array(value):
            return from_numpy(value)
        if kind.__module__.startswith('bson.') and kind.__name__ == 'Regex':
            return re.compile(value.pattern, value.flags)
        if hasattr(kind, '__index__'):
            return int.__int__(index(value))
        if isinstance(value, Mapping):
            return tuple((key, item) for key, item in _taken(value.items(), path))
        advice = advice_for(value)
        raise UnstorableError(f'mqsql has no type for {shown(value)}' + (advice and f'; write {advice}'), path)


def _read_datetime(value: datetime) -> datetime:
    if type(value).__name__ == 'NaTType':
        raise UnstorableError('mqsql has no type for NaT; write None')
    if getattr(value, 'nanosecond', 0):
        raise UnstorableError(f"{shown(value)} has nanoseconds, and times have microseconds; write value.floor('us')")
    day, clock = datetime.date(value), datetime.timetz(value)
    return datetime.combine(day, clock)


def _read_date(value: date) -> datetime:
    return datetime.combine(value, time())


_READERS: tuple[tuple[Any, Any], ...] = (
    (str, str.__str__),
    (bool, lambda value: value),
    (int, int.__int__),
    (float, float.__float__),
    (type(None), lambda value: value),
    (datetime, _read_datetime),
    (date, _read_date),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (bytearray, lambda value: bytes(bytearray.__getitem__(value, slice(None)))),
    (memoryview, memoryview.tobytes),
    (OrderedDict, lambda value: tuple(OrderedDict.items(value))),
    (dict, lambda value: tuple(dict.items(value))),
    (list, lambda value: [*list.__iter__(value)]),
    (tuple, lambda value: [*tuple.__iter__(value)]),
    (re.Pattern, lambda value: value),
    (UUID, UUID.__str__),
)
"""How each type, and what derives from it, is read; the first that fits holds."""
