"""How DuckDB gets operands: as Python values that its driver binds.

DuckDB compares a BIGINT with a DOUBLE as DOUBLEs, which is not exact. So a number is bound as a struct of two, `i` for the
comparison with integers and `d` for that with doubles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mqsql.compiler.dialect import Encode
from mqsql.compiler.tree.params import Encoding
from mqsql.values.numbers import nearest_float

_BEYOND = 2**64
"""Greater than every integer in JSON that DuckDB takes for one."""

Number = dict[str, int | float | None]


def _number(number: int | float) -> Number:
    """What is equal to a number, None where nothing is."""
    if isinstance(number, float):
        whole = number.is_integer() and -_BEYOND < number < _BEYOND
        return {'i': int(number) if whole else None, 'd': number}
    near = nearest_float(number)
    return {'i': number if -_BEYOND < number < _BEYOND else None, 'd': near if near == number else None}


def _floor(number: int | float) -> Number:
    """The greatest integer and double that are not greater than a number."""
    near = nearest_float(number) if isinstance(number, int) else number
    return {'i': _clamped(number, math.floor), 'd': near if near <= number else math.nextafter(near, -math.inf)}


def _ceiling(number: int | float) -> Number:
    """The least integer and double that are not less than a number."""
    near = nearest_float(number) if isinstance(number, int) else number
    return {'i': _clamped(number, math.ceil), 'd': near if near >= number else math.nextafter(near, math.inf)}


def _clamped(number: int | float, to_integer: Any) -> int:
    return int(to_integer(max(-_BEYOND, min(number, _BEYOND))))


ENCODE: Mapping[Encoding, Encode] = {
    Encoding.NUMBER: _number,
    Encoding.FLOOR: _floor,
    Encoding.CEILING: _ceiling,
}


def list_param(operands: list[Any], encoding: Encoding) -> list[Any]:
    """A list of operands as one parameter."""
    return operands
