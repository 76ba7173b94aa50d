"""The functions that the SQL of schemas calls; like those of `compiler.functions` they never raise."""

import math
from fractions import Fraction
from typing import Any

from mqsql.values.bson_order import unordered_key
from mqsql.values.codec import DamagedError, decode_document, decode_key, encode_text


def unordered_key_of(document: object) -> str | None:
    """A text that is the same for (encoded) documents that differ at most in the order of fields; NULL for anything else."""
    value = _container(document)
    return None if value is None else unordered_key(value)


def all_differ(array: object) -> bool | None:
    """Whether no two elements of an (encoded) array are equal, the order of fields aside; NULL for anything else."""
    items = _container(array)
    return None if items is None else len(set(map(unordered_key, items))) == len(items)


def _container(stored: object) -> Any:
    if not isinstance(stored, str) or stored[:1] not in ('{', '['):
        return None
    try:
        return decode_document(stored)
    except ValueError:
        return None  # text that only begins as JSON does


def is_multiple(number: object, divisor: str) -> bool:
    """Whether a stored number is a multiple of the (encoded) divisor.

    A float is taken for the decimal of 15 digits that it is nearest to, as MongoDB does: 0.3 is a multiple of 0.1.
    """
    tagged = isinstance(number, str) and number.startswith('{"$numberDouble":')
    try:
        value = decode_document(str(number)) if tagged else number
    except DamagedError:
        return False
    if not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
        return False
    return _decimal(value) % _decimal(decode_document(divisor)) == 0


def _decimal(number: int | float) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(f'{number:.14e}')


def name_of(key: object) -> str:
    """The (encoded) key of an object, or an array's position, as stored text."""
    return encode_text(decode_key(str(key)))


SCHEMA_FUNCTIONS = (
    ('mqsql_unordered_key', 1, unordered_key_of),
    ('mqsql_unique', 1, all_differ),
    ('mqsql_multiple', 2, is_multiple),
    ('mqsql_name', 1, name_of),
)
"""Name in SQL, number of arguments, function."""
