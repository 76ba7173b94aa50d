"""$mod and the bitwise operators."""

from functools import partial
from typing import Any

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import MATCH_NONE, Predicate
from mqsql.errors import short_repr
from mqsql.schema import NUMBER, ColumnType

# --- $mod


def parse_mod(place: ParseContext, operand: object) -> Predicate:
    """[divisor, remainder], cut toward zero."""
    place.refuse_buffers()
    if not isinstance(operand, list | tuple) or len(operand) != 2:
        raise place.error(f'takes a list of two numbers, [divisor, remainder], not {short_repr(operand)}')
    divisor, remainder = (_cut(place, part) for part in operand)
    if divisor == 0:
        raise place.error('the divisor cannot be 0')
    form = _form(place.field.kind)
    return (
        MATCH_NONE
        if form is None
        else place.test('$mod', form, *(Param(part, Encoding.PLAIN) for part in (divisor, remainder)))
    )


def _form(kind: ColumnType) -> OperandType | None:
    """Whether the numbers are those of a column, or of JSON; None if there are none."""
    return OperandType.COLUMN if kind is NUMBER else OperandType.PLAIN if kind.mixed else None


def _cut(place: ParseContext, part: object) -> int:
    if isinstance(part, int | float) and not isinstance(part, bool):
        try:
            cut = int(part)
        except (OverflowError, ValueError):
            cut = 2**63
        if -(2**63) <= cut < 2**63:
            return cut
    raise place.error(f'takes numbers of at most 64 bits, not {short_repr(part)}')


# --- bits

BITS = ('$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear')
_SIGN = 63
MAX_POSITION = 2**31


def _parse_bits(operator: str, place: ParseContext, operand: object) -> Predicate:
    """A mask as a non-negative number or bytes, or a list of bit positions."""
    place.refuse_buffers()
    positions = sorted(set(_positions(place, operand)))
    # A number's sign extends without end.
    mask = sum(1 << p for p in {min(p, _SIGN) for p in positions})
    signed = mask - (1 << 64) if mask >> _SIGN else mask
    form = _form(place.field.kind)
    if form is None:
        return MATCH_NONE
    listed = Param(positions, Encoding.PLAIN, many=True)
    return place.test(operator, form, Param(signed, Encoding.PLAIN), listed, Param(len(positions), Encoding.PLAIN))


def _positions(place: ParseContext, operand: object) -> list[int]:
    if isinstance(operand, bytes | bytearray | memoryview):
        mask = int.from_bytes(operand, 'little')
    elif isinstance(operand, list | tuple):
        listed = [place.integer(item) for item in operand]
        if any(not 0 <= p < MAX_POSITION for p in listed):
            raise place.error(f'takes bit positions from 0 to {MAX_POSITION - 1}, not {short_repr(operand)}')
        return listed
    else:
        mask = place.integer(operand)
        if not 0 <= mask < 2**63:
            raise place.error(f'takes a non-negative mask of at most 64 bits, not {short_repr(operand)}')
    return [p for p in range(mask.bit_length()) if mask >> p & 1]


PARSE_BITS: dict[str, Any] = {name: partial(_parse_bits, name) for name in BITS}
