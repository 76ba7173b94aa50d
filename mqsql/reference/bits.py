"""The bits of a value, for $bitsAllSet and its kin.

The rules are those of MongoDB's manual, "Bitwise Query Operators": numbers are 64 bits wide, in two's complement with
the sign extended beyond; binary data is little-endian by byte.
"""

from collections.abc import Callable
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.place import Place, read_whole
from mqsql.reference.values import is_number

INT64 = range(-(2**63), 2**63)
MAX_POSITION = 2**31 - 1


def read_mask(operand: object, place: Place) -> list[int]:
    """The bit positions that a mask (a number or binary data) or a list of positions names."""
    if isinstance(operand, list | tuple):
        return [_read_position(bit, place.item(i)) for i, bit in enumerate(operand)]
    if isinstance(operand, bytes | bytearray | memoryview):
        return _positions(int.from_bytes(operand, 'little'))
    if not is_number(operand):
        raise place.error(f'takes a mask (a number or bytes) or a list of bit positions, not {short_repr(operand)}')
    mask = read_whole(operand, place)
    if mask not in INT64:
        raise place.error(f'a mask has 64 bits, {short_repr(operand)} has more')
    return _positions(mask)


def _read_position(bit: object, place: Place) -> int:
    position = read_whole(bit, place)
    if position > MAX_POSITION:
        raise place.error(f'a bit has a position of at most {MAX_POSITION}, not {short_repr(bit)}')
    return position


def _positions(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def bits_of(value: Any) -> Callable[[int], bool] | None:
    """Whether the bit at a position is set in a value; None for a value without bits."""
    if isinstance(value, bytes):
        number = int.from_bytes(value, 'little')
    elif is_number(value) and (isinstance(value, int) or value.is_integer()) and int(value) in INT64:
        number = int(value)
    else:
        return None
    # Python's integers have the sign extended without end.
    return lambda bit: bool(number >> bit & 1)
