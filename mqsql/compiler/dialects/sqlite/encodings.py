"""How SQLite gets operands: as the values of its columns, lists as JSON arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mqsql.compiler.dialect import Encode
from mqsql.compiler.dialects.sqlite.glob import encode_glob
from mqsql.compiler.tree.params import Encoding
from mqsql.values.canonical import INT64
from mqsql.values.codec import encode_boolean, encode_list, encode_number, encode_timestamp
from mqsql.values.numbers import nearest_float


def _floor(number: int | float) -> int | float:
    """The greatest integer of 64 bits or float that is not greater than a number."""
    if isinstance(number, float) or number in INT64:
        return number
    near = nearest_float(number)
    return near if near <= number else math.nextafter(near, -math.inf)


def _ceiling(number: int | float) -> int | float:
    if isinstance(number, float) or number in INT64:
        return number
    near = nearest_float(number)
    return near if near >= number else math.nextafter(near, math.inf)


ENCODE: Mapping[Encoding, Encode] = {
    Encoding.TIMESTAMP: encode_timestamp,
    Encoding.NUMBER: encode_number,
    Encoding.FLOOR: _floor,
    Encoding.CEILING: _ceiling,
    Encoding.BOOLEAN: encode_boolean,
    # The type in JSON is the value.
    Encoding.JSON_BOOLEAN: {True: 'true', False: 'false'}.__getitem__,
    Encoding.GLOB: encode_glob,
}


def list_param(operands: list[Any], encoding: Encoding) -> str:
    """A list of operands as one parameter, a JSON array."""
    return encode_list(operands)
