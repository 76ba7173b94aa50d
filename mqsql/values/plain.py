"""Reads the values that Python programs pass into Python's own plain types.

A value counts as the type that its class derives from, whatever its own methods return: a member of `class Label(str, Enum)`
is its text, not its `__str__`. An object with `__index__` is an integer; NumPy's scalars and arrays are plain values and lists;
a `date` is its first moment, in local time like a naive datetime; a UUID is its text.

Only `native` runs code of other libraries (the `items` of a Mapping, an `__index__`, an iterator). Whatever exception it
raises, the value is refused with that exception as the cause; only errors of mqsql itself pass.
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
from mqsql.errors import MqsqlError, QueryError, short_repr
from mqsql.values.libraries import UnstorableError, advice_for, from_numpy, is_array

SCALARS = frozenset({str, int, float, bool, type(None), bytes, datetime, re.Pattern})
"""The types of plain values."""

LISTED = frozenset({'$in', '$nin', '$all'})
"""Operators whose operand may be any iterable."""

DEEPEST = 400
"""Levels that `plain` reads; every reader of queries refuses fewer levels."""

MAX_ITEMS = 1_000_000
"""The most items of an iterator, or of a Mapping that is not a dict; both may be endless."""


def plain(value: object) -> Any:
    """A copy of a query or of an option in dicts, lists and SCALARS, exactly of these types."""
    return value if type(value) in SCALARS or _is_plain(value, 10) else _plain(value, '', 0, {})


def _is_plain(value: Any, levels: int) -> bool:
    """Whether it is plain already, as nearly all queries are; looks at a few levels, much faster than a copy."""
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
    """`plain` for a query, or for the option `what`, which may be any iterable; QueryError if it cannot be read."""
    if type(value) in SCALARS:
        return value
    try:
        return plain(listed(value) if iterable else value)
    except UnstorableError as e:
        raise QueryError(str(e), what + e.path if what else e.path.removeprefix('.')) from e.__cause__


def either(query: object, filter: object) -> object:
    """The query, given by either of its names: `filter` is that of pymongo."""
    if query is not None and filter is not None:
        raise QueryError('query and filter are two names of one argument; give one of them', 'filter')
    return query if filter is None else filter


def _plain(value: Any, path: str, depth: int, seen: dict[int, tuple[object, Any]]) -> Any:
    if id(value) in seen:  # also values that contain themselves
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
            raise UnstorableError(f'has the key {short_repr(name)} twice', path)
        if type(item) not in SCALARS:
            here = f'{path}.{name}'
            item = _plain(listed(item, here) if name in LISTED else item, here, depth + 1, seen)
        fields[name] = item
    return fields


_CONTAINERS = frozenset({dict, list, tuple})


def as_text(value: Any) -> Any:
    """The plain text of an instance of a subclass of str; any other value unchanged."""
    return str.__str__(value) if issubclass(type(value), str) else value


def name_of(key: object, path: str = '') -> str:
    """A key as plain text."""
    if issubclass(type(key), str):
        return str.__str__(key)
    raise UnstorableError(f'a key is text, not {short_repr(key)}', path)


def listed(value: Any, path: str = '') -> Any:
    """A list of the items of an iterable that is not text, bytes or a Mapping; any other value unchanged."""
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
    """A block that runs code of other libraries, and turns its exceptions into UnstorableError."""

    def __init__(self, value: object, path: str) -> None:
        self.value, self.path = value, path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnstorableError):
            error.path = error.path or self.path
        elif isinstance(error, Exception) and not isinstance(error, MqsqlError):
            raise UnstorableError(
                f'{short_repr(self.value)} cannot be read: {type(error).__name__}: {error}', self.path
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
        raise UnstorableError(f'mqsql has no type for {short_repr(value)}' + (advice and f'; write {advice}'), path)


def _read_datetime(value: datetime) -> datetime:
    if type(value).__name__ == 'NaTType':
        raise UnstorableError('mqsql has no type for NaT; write None')
    if getattr(value, 'nanosecond', 0):
        raise UnstorableError(
            f"{short_repr(value)} has nanoseconds, and times have microseconds; write value.floor('us')"
        )
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
"""How each type and its subclasses are read; the first match counts."""
