"""Things that have no place in a query. Imports nothing of the project."""

import re
from array import array
from collections import OrderedDict, UserDict, deque
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np


class Hostile:
    """An object whose every inspection fails."""

    def __repr__(self) -> str:
        raise RuntimeError('no repr')

    def __eq__(self, other: object) -> bool:
        raise RuntimeError('no equality')

    def __bool__(self) -> bool:
        raise RuntimeError('no truth')

    __hash__ = None  # type: ignore[assignment]


class Named(str, Enum):  # noqa: UP042 - a StrEnum has the __str__ of str
    """Texts whose `__str__` says something else."""

    GT = '$gt'
    IN = '$in'
    LABEL = 'label'
    PATH = 'content.a'
    VALUE = 'a'


class OddInt(int):
    """An integer that says that it is another."""

    def __int__(self) -> int:
        return 99

    __index__ = __int__


class OddDict(dict[str, Any]):
    """A dict whose items are no pairs."""

    def items(self) -> Any:
        return [1, 2]


class OddMapping(UserDict[str, Any]):
    """A Mapping whose items are no pairs."""

    def items(self) -> Any:
        return [1, 2]


class OddZone(tzinfo):
    """A time zone that does not know itself."""

    def utcoffset(self, moment: datetime | None) -> Any:
        return 'no offset'

    dst = tzname = utcoffset


class Failing:
    """An object that fails when it is asked for anything."""

    def __index__(self) -> int:
        raise LookupError('no index')

    def __iter__(self) -> Any:
        raise LookupError('no items')


def nested(depth: int, wrap: Callable[[Any], Any], inner: Any) -> Any:
    """`inner` wrapped so often."""
    for _ in range(depth):
        inner = wrap(inner)
    return inner


def cyclic() -> tuple[Any, Any]:
    """A dict and a list that hold themselves."""
    loop: dict[str, Any] = {}
    loop['$and'] = [loop]
    items: list[Any] = []
    items.append(items)
    return loop, items


INJECTIONS = [
    "'; DROP TABLE task_records; --",
    '"; DELETE FROM task_records; --',
    "msg_id' OR '1'='1",
    'x) OR (1=1',
    ':p0',
]
NUMBERS = [0, -1, 1, 2**63, 1.5, float('nan'), float('inf'), True, 10**400, 1 << 20_000]
TEXTS = ['', 'a', '(', '[', '\0', '\ud800', 'a' * 20_000, b'', b'a', b'\xff']
OBJECTS = [
    object(),
    Hostile(),
    len,
    int,
    date(2026, 1, 1),
    timedelta(1),
    Decimal(1),
    1j,
    re.compile(b'a'),
    re.compile('\0'),
    Failing(),
    OddZone(),
    datetime(2026, 1, 1, tzinfo=OddZone()),
    Fraction(1, 3),
    UUID(int=1),
    *Named,
    OddInt(1),
    OddMapping(a=1),
]
NUMPY: list[Any] = [
    np.int64(1),
    np.uint64(2**64 - 1),
    np.bool_(True),
    np.float32(0.5),
    np.float64('nan'),
    np.str_('a'),
    np.bytes_(b'a'),
    np.datetime64('2026-01-01'),
    np.datetime64('NaT', 's'),
    np.timedelta64(1, 's'),
    np.complex64(1),
    np.array(1),
    np.array([1, 2]),
    np.array([[1], [2]]),
    np.array(['a']),
    np.array([]),
    np.ma.masked_array([1, 2], mask=[True, False]),
]
COLLECTIONS: list[Any] = [
    None,
    {},
    [],
    (),
    set(),
    {1, 2},
    frozenset(),
    range(3),
    bytearray(b'a'),
    memoryview(b'a'),
    memoryview(b'abcd').cast('B', [2, 2]),
    deque([1]),
    array('i', [1]),
    {1: 2}.keys(),
    OrderedDict(a=1),
    OddDict(a=1),
    [[]],
    [None],
    [{}],
]
DICTS = [
    {1: 2},
    {None: 1},
    {'a': {1: 2}},
    {'$x': 1},
    {'a': 1, '$gt': 1},
    {'$gt': 1, 'a': 1},
    {'$eq': object()},
    {'': {'$': 1}},
]
WRAPPERS: list[Callable[[Any], Any]] = [
    lambda inner: [inner],
    lambda inner: {'a': inner},
    lambda inner: {'$not': inner},
    lambda inner: {'$and': [inner]},
]
DEEP = [nested(10_000, wrap, 1) for wrap in WRAPPERS]
GARBAGE: list[Any] = [*NUMBERS, *TEXTS, *OBJECTS, *NUMPY, *COLLECTIONS, *DICTS, *DEEP, *cyclic(), *INJECTIONS]
"""In place of a value."""

OPERATORS = '$gt $eq $in $regex $options $elemMatch $all $size $mod $type $not $and $glob $exists $comment'.split()
UNKNOWN = '$where $text $near $expr $jsonSchema $foo $ $GT'.split()
PATHS = 'statred label.x buffers.0 content..a . content. .content started.$gte'.split()
ENDLESS = ['content' + '.a' * 60, 'a' * 20_000]
NO_NAMES: list[Any] = [1, None, b'msg_id', (), *Named, np.str_('label'), np.int64(1)]
NAMES: list[Any] = [*OPERATORS, *UNKNOWN, *PATHS, *ENDLESS, *NO_NAMES, *INJECTIONS]
"""In place of a key."""
