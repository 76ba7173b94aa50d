"""The position of a record that an index on paths does not sort, among those that it does.

Rank and value of its sort key as the index's first table holds them (see `indexes`). What has no place there, such as an
object, gets a rank between those that are there, and as value the key itself, which orders it among its like.
"""

import struct
from collections.abc import Callable
from functools import lru_cache

from mqsql.functions.sort_key import sort_key
from mqsql.values.bson_order import BOOLEAN_RANK, DATE_RANK, NULL_RANK, NUMBER_RANK, STRING_RANK
from mqsql.values.canonical import INT64
from mqsql.values.codec import Stored, decode_timestamp, encode_document, encode_text

Place = tuple[float, Stored]


def sort_rank(document: object, spec: str) -> float:
    """The rank of the key that `sort_key` gives."""
    return _place(document, spec)[0]


def sort_value(document: object, spec: str) -> Stored:
    """The value of the key that `sort_key` gives."""
    return _place(document, spec)[1]


@lru_cache(maxsize=8)  # a row's rank and value are asked for one after the other
def _place(document: object, spec: str) -> Place:
    return place_of(sort_key(document, spec))


def place_of(key: str) -> Place:
    """Rank and value of a key of `bson_key`, or EMPTY_ARRAY."""
    raw = bytes.fromhex(key)
    rank, payload = raw[0], raw[1:]
    if rank == NUMBER_RANK:
        return _place_number(key, payload)
    return rank, _VALUES[rank](payload) if rank in _VALUES else key


def _date(payload: bytes) -> str:
    (microseconds,) = struct.unpack('>Q', payload)
    return encode_document(decode_timestamp(microseconds - 2**63))


_VALUES: dict[int, Callable[[bytes], Stored]] = {
    NULL_RANK: lambda payload: None,
    STRING_RANK: lambda payload: encode_text(_unescape(payload).decode('utf-8', 'surrogatepass')),
    BOOLEAN_RANK: lambda payload: payload[0],
    DATE_RANK: _date,
}


def _place_number(key: str, payload: bytes) -> Place:
    """Numbers of 64 bits by themselves, NaN and those below before them, those above behind."""
    sign, magnitude = payload[0], payload[1:]
    if sign in (_NAN, _MINUS_INFINITY, _INFINITY):
        return NUMBER_RANK + (0.5 if sign == _INFINITY else -0.5), key
    number = _number(sign, magnitude)
    if INT64[0] <= number <= INT64[-1]:
        return NUMBER_RANK, number
    return NUMBER_RANK + (0.5 if number > 0 else -0.5), key


_NAN, _MINUS_INFINITY, _NEGATIVE, _ZERO, _POSITIVE, _INFINITY = range(6)


def _number(sign: int, magnitude: bytes) -> int | float:
    if sign == _ZERO:
        return 0
    if sign == _NEGATIVE:
        return -_number(_POSITIVE, bytes(255 - b for b in magnitude))
    exponent = int.from_bytes(magnitude[:4], 'big')
    bits = _unescape(magnitude[4:])
    mantissa, shift = int.from_bytes(bits, 'big'), exponent - 2**31 + 1 - 8 * len(bits)
    if shift >= 0:
        return mantissa << shift
    whole, rest = divmod(mantissa, 1 << -shift)
    return mantissa / (1 << -shift) if rest else whole


def _unescape(escaped: bytes) -> bytes:
    return escaped[:-2].replace(b'\0\xff', b'\0')
