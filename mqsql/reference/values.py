"""BSON's order and equality of canonical values.

The order is that of MongoDB's manual, "Comparison/Sort Order", among the types that a record can hold.
"""

import math
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, Final

from mqsql import limits
from mqsql.reference.allowance import work

Fold = Callable[[str], Any]
"""The form of a text that is compared: the text itself, or what a collation makes of it."""

Order = tuple[Any, ...]
"""A value's place in BSON's order; begins with the rank of its type."""


class Missing(Enum):
    """The one value that is none: what a path finds where there is nothing."""

    MISSING = 'missing'


MISSING: Final = Missing.MISSING

EMPTY_ARRAY, NULL, NUMBER, STRING, OBJECT, ARRAY, BINARY, BOOLEAN, DATE = range(9)
"""Ranks of the types. That of the empty array is for sort keys only."""


def same_text(text: str) -> str:
    """The fold of a query without a collation: Python compares text by code point, as UTF-8's bytes compare."""
    return text


def order(value: Any, fold: Fold = same_text) -> Order:
    """A hashable key: keys are equal where BSON values are, and ordered as they are."""
    match value:
        case str():
            return (STRING, fold(value))
        case None | Missing.MISSING:
            return (NULL,)
        case bool():
            return (BOOLEAN, value)
        case int() | float():
            return (NUMBER, False, 0) if is_nan(value) else (NUMBER, True, value)
        case dict():
            work(4 + 4 * len(value))
            return (OBJECT, tuple(_field(name, order(v, fold)) for name, v in limits.checked(value.items())))
        case list():
            work(4 + 4 * len(value))
            return (ARRAY, tuple(order(v, fold) for v in limits.checked(value)))
        case bytes():
            return (BINARY, len(value), value)
        case datetime():
            return (DATE, value)
    raise AssertionError(f'{value!r} is not canonical')


def _field(name: str, place: Order) -> Order:
    # BSON compares two fields by type before it looks at their names.
    return (place[0], name, place)


def is_nan(value: object) -> bool:
    """Whether it is the float NaN."""
    return isinstance(value, float) and math.isnan(value)


def is_number(value: object) -> bool:
    """Whether it is a number in BSON's sense; a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def truth(value: object) -> bool:
    """MongoDB's truth of a value: missing, null, false and zero are false, all else is true."""
    if value is None or value is MISSING:
        return False
    return value != 0 if isinstance(value, int | float) else True
