"""Makes batches and tables of the pieces of an answer."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from mqsql.storage.frames.arrays import DOCUMENTS, JSON, Chunk, all_values, as_type, joined
from mqsql.storage.frames.deciding import decided, default_type
from mqsql.storage.frames.fields import Field
from mqsql.storage.frames.reading import Piece, Pieces, fields_of_answer
from mqsql.storage.frames.structs import field_of, struct_array
from mqsql.storage.queries import Cursor

TOGETHER = 16
"""Pieces that become one batch."""
LARGE = 4_096
"""Rows of a piece that is a batch by itself."""
MOST_BYTES = 1 << 20
"""Of pieces that become one batch."""


def table(answer: Cursor, *, structs: bool = False) -> pa.Table:
    """The records of an answer as a table; it is kept if it was made for a stream, which may be asked for again."""
    if answer.table is not None and not structs:
        return answer.table
    pieces = Pieces(answer, fields_of_answer(answer), structs=structs)
    read = list(pieces.in_any_order())
    columns = [_column(field, [piece[i] for piece in read]) for i, field in enumerate(pieces.fields)]
    fields = [field_of_type for field_of_type, _ in columns]
    found = pa.Table.from_arrays([array for _, array in columns], schema=pa.schema(fields))
    return _in_order(found, pieces.positions)


def _in_order(found: pa.Table, positions: list[pa.Array]) -> pa.Table:
    """The table in the order of the positions, if there are any."""
    if not positions:
        return found
    order = np.concatenate([part.cast(pa.int64()).to_numpy() for part in positions])
    return found if (order[:-1] <= order[1:]).all() else found.take(np.argsort(order, kind='stable'))


def _column(field: Field, chunks: list[Chunk]) -> tuple[pa.Field, pa.ChunkedArray]:
    if any(chunk.type == DOCUMENTS for chunk in chunks):
        type_, array = struct_array(all_values(chunks))
        said = field_of(field.name, JSON if type_ == JSON else 'string').with_type(array.type)
        return said, pa.chunked_array([array])
    type_, arrays = joined(chunks, default_type(field))
    said = field_of(field.name, type_)
    return said, pa.chunked_array(list(_together(arrays)), said.type)


def _together(arrays: list[pa.Array]) -> Iterator[pa.Array]:
    """The arrays, small ones joined to larger ones."""
    for some in _groups(arrays):
        yield some[0] if len(some) == 1 else pa.concat_arrays(some)


def _groups(parts: Iterable[Any]) -> Iterator[list[Any]]:
    group: list[Any] = []
    rows = size = 0
    for part in parts:
        if group and (rows + len(part) > LARGE * 4 or len(group) == TOGETHER or size > MOST_BYTES):
            yield group
            group, rows, size = [], 0, 0
        group.append(part)
        rows += len(part)
        size += part.nbytes
    if group:
        yield group


def reader(answer: Cursor) -> pa.RecordBatchReader:
    """The records of an answer batch by batch."""
    return pa.RecordBatchReader.from_batches(*batches(answer))


def batches(answer: Cursor) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The same as the types of the columns, and the batches. All records are read now if their types are not known before, and
    the database cannot give them twice.
    """
    if answer.table is None:
        fields = decided(answer)
        if fields is not None:
            schema = pa.schema([field_of(field.name, _type(field)) for field in fields])
            return schema, _batches(Pieces(answer, fields, structs=False), schema)
        answer.table = table(answer)
    return answer.table.schema, _read_batches(answer)


def _read_batches(answer: Cursor) -> Iterator[pa.RecordBatch]:
    found, answer.table = answer.table, None
    yield from found.to_batches()


def _type(field: Field) -> str:
    return field.type or default_type(field)


def _batches(pieces: Pieces, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    batches = (pa.RecordBatch.from_arrays(_arrays(pieces.fields, piece), schema=schema) for piece in pieces)
    for some in _groups(batches):
        yield some[0] if len(some) == 1 else pa.Table.from_batches(some).combine_chunks().to_batches()[0]


def _arrays(fields: list[Field], piece: Piece) -> list[pa.Array]:
    return [as_type(_type(field), chunk) for field, chunk in zip(fields, piece, strict=True)]
