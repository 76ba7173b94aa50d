"""The values of expressions, and the checks of operands."""

import math
from datetime import datetime
from typing import Any, Final

from mqsql.errors import short_repr
from mqsql.limits import budget

MANY = 2**31
"""More than any number of elements or characters."""


class Missing:
    """The value of a path that leads nowhere."""

    def __repr__(self) -> str:
        return 'missing'


MISSING: Final = Missing()


class ExpressionError(ValueError):
    """An operator has no answer for its operands; whoever runs it adds the place."""


def as_null(value: Any) -> Any:
    """Null for what is missing."""
    return None if value is MISSING else value


def is_nullish(value: Any) -> bool:
    """Null or missing."""
    return value is None or value is MISSING


def is_true(value: Any) -> bool:
    """False, null, missing and 0 are false, all else is true."""
    return not (is_nullish(value) or (isinstance(value, bool | int | float) and value == 0))


def is_number(value: Any) -> bool:
    """An int or float; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_finite(number: int | float) -> bool:
    """Neither infinite nor NaN."""
    return isinstance(number, int) or math.isfinite(number)


def wrong(wanted: str, value: Any) -> ExpressionError:
    """The error for an operand of another type."""
    return ExpressionError(f'takes {wanted}, not {short_repr(value)}')


def need_text(value: Any) -> str:
    """The operand, which must be text."""
    if not isinstance(value, str):
        raise wrong('text', value)
    return value


def need_list(value: Any) -> list[Any]:
    """The operand, which must be an array."""
    if not isinstance(value, list):
        raise wrong('an array', value)
    return value


def each_of(value: Any) -> list[Any]:
    """The operand, an array all of whose elements are read."""
    budget.step(len(need_list(value)))
    return value  # type: ignore[no-any-return]


def copied(value: Any) -> list[Any]:
    """The operand, an array that is copied."""
    budget.make(budget.REFERENCE * len(need_list(value)))
    return each_of(value)


def need_whole(value: Any, what: str = 'an integer') -> int:
    """The operand, which must be a number of at most 32 bits without a fraction."""
    if not is_number(value) or value != value or not -(2**31) <= value < 2**31 or value != int(value):
        raise wrong(f'{what} of 32 bits', value)
    return int(value)


def need_date(value: Any) -> datetime:
    """The operand, which must be a date."""
    if not isinstance(value, datetime):
        raise wrong('a date', value)
    return value
