"""Reads an answer in pieces: a chunk of each column for some of its records."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from mqsql.compiler import Query, compile
from mqsql.schema import BUFFERS, DOCUMENT, Record
from mqsql.storage.frames.arrays import TYPE_OF_COLUMN, Chunk, array_of, varied
from mqsql.storage.frames.duck import chunk_of_array
from mqsql.storage.frames.fields import Field, fields_of
from mqsql.storage.frames.stored import FAILED, chunk_of
from mqsql.storage.garbage import no_collection
from mqsql.storage.queries import Cursor

Piece = list[Chunk]


class Pieces:
    """The pieces of an answer that has not been read; QueryError if it has. `structs` keeps documents as they are."""

    def __init__(self, answer: Cursor, fields: list[Field], *, structs: bool) -> None:
        answer.check_unread('a table')
        query: Query | None = answer.compiled
        self.fields = fields
        self._structs = structs
        self.positions: list[pa.Array] = []
        """The positions of the records in the answer, if they are read in another order; see `in_any_order`."""
        self._answer, self._records = answer, answer.make
        self._sources = _sources(self.fields, query)
        self._width = len(query.decoders or ()) if query else 0

    def __iter__(self) -> Iterator[Piece]:
        return self._read(ordered=True)

    def in_any_order(self) -> Iterator[Piece]:
        """The pieces in the order in which the database has them."""
        return self._read(ordered=False)

    def _read(self, *, ordered: bool) -> Iterator[Piece]:
        self._answer.check_unread('a table')
        large = ordered and any(field.kind in (BUFFERS, DOCUMENT) for field in self.fields)
        pieces = self._answer.at_once(self._pieces, ordered=ordered, large=large)
        while True:
            with no_collection():
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def _pieces(self, rows: list[Any]) -> list[Piece]:
        if not rows:
            return []
        if isinstance(rows[0], pa.RecordBatch):
            return [self._of_batch(batch) for batch in rows if batch.num_rows]
        if self._sources is None:
            return [self._of_records(rows)]
        columns = list(zip(*rows, strict=True))
        try:
            return [
                [
                    chunk_of(field, columns[i], decode, structs=self._structs)
                    for field, (i, decode) in zip(self.fields, self._sources, strict=True)
                ]
            ]
        except FAILED:
            return [self._of_records(rows)]

    def _of_batch(self, batch: pa.RecordBatch) -> Piece:
        if self._sources is not None and batch.num_columns > self._width:
            self.positions.append(batch.column(self._width))
            batch = batch.select(range(self._width))
        if self._sources is not None:
            try:
                return [
                    chunk_of_array(field, batch.column(i), decode, structs=self._structs)
                    for field, (i, decode) in zip(self.fields, self._sources, strict=True)
                ]
            except FAILED:
                pass
        return self._of_records(list(zip(*(column.to_pylist() for column in batch.columns), strict=True)))

    def _of_records(self, rows: list[Any]) -> Piece:
        records = list(self._records(rows))
        return [self._chunk(field, records) for field in self.fields]

    def _chunk(self, field: Field, records: list[Record]) -> Chunk:
        values = field.of(records)
        if field.varies or (self._structs and field.kind is DOCUMENT):
            return varied(values, field.type, structs=self._structs)
        assert field.kind is not None
        type_ = TYPE_OF_COLUMN[field.kind]
        return Chunk(type_, array_of(type_, values))


def fields_of_answer(answer: Cursor) -> list[Field]:
    """The columns for the records of an answer."""
    return fields_of(answer.compiled or _compiled(answer), answer.asked.store.table)


def _compiled(answer: Cursor) -> Query:
    """What keys or projection the answer has, where no statement is compiled."""
    _, _, keys, options = answer.asked
    return compile({}, keys, projection=options.get('projection'), table=answer.asked.store.table)


def _sources(fields: list[Field], query: Query | None) -> list[tuple[int, Any]] | None:
    """The position of each column in a row, and what decodes it; None if records must be made first."""
    decoders = query.decoders if query else None
    if decoders is None:
        return None
    positions = {name: (i, decode) for i, (name, decode) in enumerate(decoders)}
    return [positions[field.root] for field in fields]
