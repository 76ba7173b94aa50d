"""BSON's order of values as text: `bson_key` of two values compares as MongoDB compares them.

A key is the hexadecimal form of bytes, so it can be a parameter, an item of a JSON list and a key of an index. The order's
source is MongoDB's manual, "Comparison/Sort Order"; numbers compare exactly across int and float.
"""

import math
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mqsql import limits
from mqsql.limits import budget
from mqsql.values.canonical import is_nan, type_bracket
from mqsql.values.codec import encode_timestamp
from mqsql.values.collation import Collation

EMPTY_ARRAY = '00'
"""The sort key of a path that ends at an empty array: below null."""


NULL_RANK, NUMBER_RANK, STRING_RANK, BOOLEAN_RANK, DATE_RANK = 1, 2, 3, 7, 8
"""The first byte of the keys of these types; see `_RANKS`."""


def bson_key(value: Any, collation: Collation | None = None) -> str:
    """The key of a canonical value, its texts compared by a collation if there is one; the names of fields never are."""
    return _bytes(value, collation).hex()


def text_key(text: str, collation: Collation) -> str:
    """The key of a text among texts."""
    return collation.key(text).hex()


def _bytes(value: Any, collation: Collation | None) -> bytes:
    kind = type_bracket(value)
    return _RANKS[kind] + _payload(kind, value, collation)


def _payload(kind: str, value: Any, collation: Collation | None) -> bytes:
    match kind:
        case 'string':
            return _string(value) if collation is None else _escape(collation.key(value))
        case 'object':
            return _object(value, collation)
        case 'array':
            budget.step(8 + 4 * len(value))
            return b''.join([_bytes(item, collation) for item in limits.checked(value)]) + _END
    return _SCALARS[kind](value)


def unordered_key(value: Any) -> str:
    """A key that is the same for two values that differ at most in the order of an object's fields."""
    return bson_key(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return list(map(_sorted, value)) if isinstance(value, list) else value


_END = b'\0'  # below every rank: the shorter array or object comes first


def _escape(raw: bytes) -> bytes:
    return raw.replace(b'\0', b'\0\xff') + b'\0\0'


def _string(value: str) -> bytes:
    return _escape(value.encode('utf-8', 'surrogatepass'))


def _number(value: int | float) -> bytes:
    if is_nan(value):
        return b'\0'
    if value == 0:
        return b'\3'
    if isinstance(value, float) and math.isinf(value):
        return b'\5' if value > 0 else b'\1'
    return b'\4' + _magnitude(value) if value > 0 else b'\2' + bytes(255 - b for b in _magnitude(-value))


def _magnitude(value: int | float) -> bytes:
    """The position of the leading bit, then the bits from there on, exactly."""
    numerator, denominator = value.as_integer_ratio()
    bits = numerator.bit_length()
    exponent = bits - denominator.bit_length()  # the denominator is a power of two
    mantissa = numerator << (-bits % 8)
    return struct.pack('>I', exponent + 2**31) + _escape(mantissa.to_bytes((bits + 7) // 8, 'big').rstrip(b'\0'))


def _object(value: dict[str, Any], collation: Collation | None) -> bytes:
    # Field by field: the value's type, the name, then the value.
    budget.step(8 + 4 * len(value))
    fields = ((type_bracket(v), k, v) for k, v in limits.checked(value.items()))
    return b''.join([_RANKS[kind] + _string(k) + _payload(kind, v, collation) for kind, k, v in fields]) + _END


def _binary(value: bytes) -> bytes:
    return struct.pack('>Q', len(value)) + value


def _date(value: datetime) -> bytes:
    return struct.pack('>Q', encode_timestamp(value) + 2**63)


_RANKS = {
    'null': b'\1',
    'number': b'\2',
    'string': b'\3',
    'object': b'\4',
    'array': b'\5',
    'binary': b'\6',
    'boolean': b'\7',
    'date': b'\x08',
}
_SCALARS: dict[str, Callable[[Any], bytes]] = {
    'null': lambda _: b'',
    'number': _number,
    'binary': _binary,
    'boolean': lambda value: bytes([value]),
    'date': _date,
}
