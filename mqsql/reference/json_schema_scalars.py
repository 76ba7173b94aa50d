"""The keywords of $jsonSchema for numbers and strings."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.expressions.numbers import EXACT
from mqsql.reference.patterns import Regex, regex_test
from mqsql.reference.place import Place, read_literal, read_number, read_whole
from mqsql.reference.values import is_number, order
from mqsql.schema import DOCUMENT

Check = Callable[[Any], bool]
Keyword = Callable[[Any, Mapping[str, Any], Place], Check]
"""Takes the operand of the keyword, the whole schema (some keywords modify each other), and the place."""


def every(checks: list[Check]) -> Check:
    """What all the checks take."""
    return lambda value: all(check(value) for check in checks)


def bound(holds: Callable[[Any, Any], bool], beside: str) -> Keyword:
    """A limit for numbers, which the keyword `beside` excludes."""

    def read(operand: object, schema: Mapping[str, Any], place: Place) -> Check:
        limit = read_literal(read_number(operand, place), replace(place, kind=DOCUMENT))
        strict = schema.get(beside, False) is True

        def check(value: Any) -> bool:
            if order(value) == order(limit):  # NaN is within a limit of NaN, as it is for $gte and $lte
                return not strict
            return not is_number(value) or holds(value, limit)

        return check

    return read


def exclusive(beside: str) -> Keyword:
    """Whether a number equal to the limit of the keyword `beside` is too much."""

    def read(operand: object, schema: Mapping[str, Any], place: Place) -> Check:
        if not isinstance(operand, bool) or beside not in schema:
            raise place.error(f'takes a boolean, and is allowed only with {beside}')
        return every([])

    return read


def multiple_of(operand: object, schema: object, place: Place) -> Check:
    """Multiples of a number, in decimal arithmetic as in MongoDB (InternalSchemaFmodMatchExpression)."""
    step = read_literal(read_number(operand, place), replace(place, kind=DOCUMENT))
    if not 0 < step < math.inf:
        raise place.error(f'takes a number above 0, not {short_repr(operand)}')
    return lambda value: not is_number(value) or _is_multiple(value, step)


def _is_multiple(value: float, step: float) -> bool:
    dividend = _decimal(value)
    return dividend.is_finite() and EXACT.remainder(dividend, _decimal(step)) == 0


def _decimal(value: float) -> Decimal:
    # Fifteen digits of a float, so that 0.3 is three times 0.1.
    return Decimal(value) if isinstance(value, int) else Decimal(f'{value:.15g}')


def length(kind: type[Any], measure: Callable[[int, int], bool]) -> Keyword:
    """A limit for the length of text, arrays or objects."""

    def read(operand: object, schema: object, place: Place) -> Check:
        limit = read_whole(operand, place)
        return lambda value: not isinstance(value, kind) or measure(len(value), limit)

    return read


def pattern(operand: object, schema: object, place: Place) -> Check:
    """Text in which a regular expression is found."""
    found = regex(operand, place)
    return lambda value: not isinstance(value, str) or found(value)


def regex(operand: object, place: Place) -> Check:
    """Whether the regular expression is found in a text."""
    if not isinstance(operand, str):
        raise place.error(f'takes text, not {short_repr(operand)}')
    return regex_test(Regex(operand, ''), place)
