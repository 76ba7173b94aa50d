"""Chunks of the columns that DuckDB gives as arrays of Arrow."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mqsql.schema import ANY, BOOLEAN, BUFFERS, NUMBER, STRING, TIMESTAMP
from mqsql.storage.frames.arrays import ARROW_TYPES, Chunk
from mqsql.storage.frames.fields import Field
from mqsql.storage.frames.stored import Decode, bytes_of, chunk_of, has_codes, times

_SPACE, _QUOTE, _BACKSLASH = 0x20, 0x22, 0x5C


def chunk_of_array(field: Field, stored: pa.Array, decode: Decode, *, structs: bool) -> Chunk:
    """The chunk of a column; values that no array is made of directly are decoded one by one."""
    found = None if field.steps else _direct(field, stored)
    return found or chunk_of(field, stored.to_pylist(), decode, structs=structs)


def _direct(field: Field, stored: pa.Array) -> Chunk | None:
    if field.kind is STRING and pa.types.is_string(stored.type):
        return None if has_codes(stored) else Chunk('string', stored)
    if field.kind is TIMESTAMP:
        return Chunk('time', times(stored))
    if field.kind is BOOLEAN and pa.types.is_boolean(stored.type):
        return Chunk('bool', stored)
    if field.kind is BUFFERS and pa.types.is_list(stored.type):
        return Chunk('buffers', stored.cast(ARROW_TYPES['buffers']))
    if field.kind is NUMBER:
        return _numbers(stored)
    return _texts_of_json(stored) if field.kind is ANY and pa.types.is_string(stored.type) else None


def _numbers(stored: pa.Array) -> Chunk | None:
    """Integers, doubles, or a union of both."""
    if pa.types.is_union(stored.type):
        integers, doubles = stored.field(0), stored.field(1)
    elif pa.types.is_int64(stored.type):
        integers, doubles = stored, pa.nulls(len(stored), pa.float64())
    elif pa.types.is_float64(stored.type):
        integers, doubles = pa.nulls(len(stored), pa.int64()), stored
    else:
        return None
    if doubles.null_count == len(stored):
        return Chunk(None, len(stored)) if integers.null_count == len(stored) else Chunk('int64', integers)
    return Chunk('double', pc.coalesce(integers.cast(pa.float64(), safe=False), doubles))


def _texts_of_json(stored: pa.Array) -> Chunk | None:
    """The texts of JSON that has nothing but plain texts; None if it has something else."""
    present = len(stored) - stored.null_count
    if not present:
        return Chunk(None, len(stored))
    first = np.frombuffer(stored.buffers()[1], np.int32)[stored.offset : stored.offset + len(stored) + 1]
    raw = bytes_of(stored)[first[0] : first[-1]]
    start = (first - first[0])[:-1][np.diff(first) > 0]
    if raw.min() < _SPACE or has_codes(stored) or (raw == _BACKSLASH).any():
        return None
    quotes = raw == _QUOTE
    # Each text that is there begins and ends with a quote, and there are no others.
    if (
        np.count_nonzero(quotes) != 2 * present
        or not quotes[start].all()
        or not quotes[np.append(start[1:], 0) - 1].all()
    ):
        return None
    return Chunk('string', pc.binary_slice(stored.view(pa.binary()), 1, -1).view(pa.string()))
