"""Numbers that JSON cannot carry, as text."""

import math

NEGATIVE_BIG, POSITIVE_BIG, NAN = '-n', '0', 'NaN'


BETWEEN_BIGS = '.'
"""Sorts above the texts of all negative and below those of all positive numbers that JSON cannot carry."""


def within_64_bits(number: float) -> bool:
    """Whether it is between the ends of what 64 bits hold, be it an int or a float; so JSON carries it as it is."""
    return -(2**63) <= number < 2**63


def exact(number: float) -> float:
    """The integer that a float past 64 bits is; other numbers as they are."""
    return int(number) if isinstance(number, float) and math.isfinite(number) else number


def number_text(number: int | float) -> str:
    """The text of a number that JSON cannot carry: "-Infinity" < integers below 64 bits < those above < "Infinity" < "NaN".

    A big integer is its digits behind their count; a negative one has both complemented, so that text order is number order.
    """
    if isinstance(number, float):
        return NAN if math.isnan(number) else 'Infinity' if number > 0 else '-Infinity'
    digits = f'{abs(number)}'
    if number > 0:
        return f'{len(digits):06d}:{digits}'
    return NEGATIVE_BIG + f'{999999 - len(digits):06d}:{digits.translate(_COMPLEMENT)}'


_COMPLEMENT = str.maketrans('0123456789', '9876543210')


def from_number_text(text: str) -> float:
    if text.startswith(NEGATIVE_BIG):
        return -int(text.partition(':')[2].translate(_COMPLEMENT))
    return int(text.partition(':')[2]) if text.startswith(POSITIVE_BIG) else float(text)


def nearest_float(number: int) -> float:
    """The float that is nearest to an integer, which may be an infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
