"""Makes batches and tables of the pieces of an answer."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from mqsql.schema import ANY, NUMBER
from mqsql.storage.frames.arrays import DOCUMENTS, JSON, TYPE_OF_COLUMN, Chunk, all_values, joined
from mqsql.storage.frames.fields import Field
from mqsql.storage.frames.reading import Piece, Pieces
from mqsql.storage.frames.structs import field_of, struct_array
from mqsql.storage.queries import Cursor

TOGETHER = 16
"""Pieces that become one batch."""
LARGE = 4_096
"""Rows of a piece that is a batch by itself."""

_DEFAULTS = {NUMBER: 'double', ANY: 'string', None: 'string'}
"""The type of a column that has no value."""


def table(answer: Cursor, *, structs: bool = False) -> pa.Table:
    """The records of an answer as a table; it is kept if it was made for a stream, which may be asked for again."""
    if answer.table is not None and not structs:
        return answer.table
    pieces = Pieces(answer, structs=structs)
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
    type_, arrays = joined(chunks, _default(field))
    said = field_of(field.name, type_)
    return said, pa.chunked_array(list(_together(arrays)), said.type)


def _default(field: Field) -> str:
    return _DEFAULTS[field.kind] if field.kind in _DEFAULTS else TYPE_OF_COLUMN[field.kind]  # type: ignore[index]


def _together(arrays: list[pa.Array]) -> Iterator[pa.Array]:
    """The arrays, small ones joined to larger ones."""
    for some in _groups(arrays):
        yield some[0] if len(some) == 1 else pa.concat_arrays(some)


def _groups(parts: Iterable[Any]) -> Iterator[list[Any]]:
    group: list[Any] = []
    rows = 0
    for part in parts:
        if group and (rows + len(part) > LARGE * 4 or len(group) == TOGETHER):
            yield group
            group, rows = [], 0
        group.append(part)
        rows += len(part)
    if group:
        yield group


def reader(answer: Cursor) -> pa.RecordBatchReader:
    """The records of an answer batch by batch. If their types are not known before, all are read now."""
    if answer.table is None:
        pieces = Pieces(answer, structs=False)
        if pieces.known:
            schema = pa.schema([field_of(field.name, _default(field)) for field in pieces.fields])
            return pa.RecordBatchReader.from_batches(schema, _batches(pieces, schema))
        answer.table = table(answer)
    return answer.table.to_reader()


def _batches(pieces: Pieces, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    batches = (pa.RecordBatch.from_arrays(_arrays(piece), schema=schema) for piece in pieces)
    for some in _groups(batches):
        yield some[0] if len(some) == 1 else pa.Table.from_batches(some).combine_chunks().to_batches()[0]


def _arrays(piece: Piece) -> list[pa.Array]:
    return [chunk.values for chunk in piece]
