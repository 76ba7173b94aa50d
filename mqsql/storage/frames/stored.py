"""Chunks of columns as a database gives them: without a Python value for each where that is possible.

What a function here cannot make an array of raises one of FAILED; the records are then decoded one by one, which tells of
damaged values.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mqsql.schema import DOCUMENT, STRING, TIMESTAMP
from mqsql.schema.columns import decode_all
from mqsql.storage.frames.arrays import JSON, TIME, TYPE_OF_COLUMN, Chunk, array_of, strings, varied
from mqsql.storage.frames.fields import Field
from mqsql.values.codec import DamagedError
from mqsql.values.column_codec import decode_containers

FAILED = (DamagedError, MemoryError, RecursionError, pa.ArrowException, TypeError, OverflowError)

Column = Sequence[Any]
Decode = Callable[[Any], Any]

_LAST_ASCII = 0x7F
_FIRST = -62_135_596_800_000_000
_LAST = 253_402_300_799_999_999
"""The times of the years 1 to 9999, in microseconds."""


def chunk_of(field: Field, stored: Column, decode: Decode, *, structs: bool) -> Chunk:
    """The chunk of a column of stored values, each of which `decode` decodes."""
    if field.kind is STRING:
        return Chunk('string', _texts(stored, decode))
    if field.kind is TIMESTAMP:
        return Chunk('time', times(pa.array(stored, pa.int64())))
    if field.kind is DOCUMENT and not structs:
        return Chunk(JSON, _documents(stored, decode))
    values = field.at(list(decode_all(decode, stored)))
    if field.kind is DOCUMENT or field.varies:
        return varied(values, field.type, structs=structs)
    type_ = TYPE_OF_COLUMN[field.kind]  # type: ignore[index]  # it varies if it has no type
    return Chunk(type_, array_of(type_, values))


def _texts(stored: Column, decode: Decode) -> pa.Array:
    found = pa.array(stored, pa.string())
    return strings(decode_all(decode, stored)) if has_codes(found) else found


def has_codes(texts: pa.Array) -> bool:
    """Whether one of the texts may hold the code of a character that SQLite cannot have; see `codec`."""
    raw = bytes_of(texts)
    if not len(raw) or (raw.min() > 1 and raw.max() <= _LAST_ASCII):
        return False
    found = raw.tobytes()
    return b'\x01' in found or b'\xed\x9f\xbf' in found


def bytes_of(texts: pa.Array) -> Any:
    """The bytes of all texts, as an array of NumPy; those of others may be around them."""
    data = texts.buffers()[2]
    return np.frombuffer(data or b'', np.uint8)


def times(microseconds: pa.Array) -> pa.Array:
    """An array of times; DamagedError for one that Python cannot have."""
    ends = pc.min_max(microseconds).as_py()
    if ends['min'] is not None and not _FIRST <= ends['min'] <= ends['max'] <= _LAST:
        raise DamagedError('is no count of microseconds of the years 1 to 9999')
    return microseconds.view(TIME)


def _documents(stored: Column, decode: Decode) -> pa.Array:
    """Stored JSON is nearly always what is wanted, once it is known to be sound."""
    if decode_containers(stored) is not None:
        return pa.array(stored, pa.string())
    return array_of(JSON, decode_all(decode, stored))
