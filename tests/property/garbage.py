"""Things that have no place in a query. Imports nothing of the project."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any


class Hostile:
    """An object whose every inspection fails."""

    def __repr__(self) -> str:
        raise RuntimeError('no repr')

    def __eq__(self, other: object) -> bool:
        raise RuntimeError('no equality')

    def __bool__(self) -> bool:
        raise RuntimeError('no truth')

    __hash__ = None  # type: ignore[assignment]


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
GARBAGE: list[Any] = [*NUMBERS, *TEXTS, *OBJECTS, *COLLECTIONS, *DICTS, *DEEP, *cyclic(), *INJECTIONS]
"""In place of a value."""

OPERATORS = '$gt $eq $in $regex $options $elemMatch $all $size $mod $type $not $and $glob $exists $comment'.split()
UNKNOWN = '$where $text $near $expr $jsonSchema $foo $ $GT'.split()
PATHS = 'statred label.x buffers.0 content..a . content. .content started.$gte'.split()
ENDLESS = ['content' + '.a' * 60, 'a' * 20_000]
NO_NAMES: list[Any] = [1, None, b'msg_id', ()]
NAMES: list[Any] = [*OPERATORS, *UNKNOWN, *PATHS, *ENDLESS, *NO_NAMES, *INJECTIONS]
"""In place of a key."""
