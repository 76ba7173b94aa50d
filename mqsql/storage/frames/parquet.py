"""Writes Parquet files, a group of rows at a time: answers as tables of Arrow, and records as a store reads them again."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from mqsql.compiler.dialects.duckdb import encoder
from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType, Record, Table
from mqsql.storage.duckdb import ddl
from mqsql.storage.frames.arrays import ARROW_TYPES, TIME
from mqsql.storage.frames.structs import JSON_MARK
from mqsql.storage.paths import replacing

HAS_JSON = hasattr(pa, 'json_')
"""Whether texts can have the type of JSON, as from pyarrow 19 on. Without it a file does not say that its texts are JSON."""

GROUP_BYTES = 8 << 20
"""Of the rows of a group, before they are compressed."""
ROWS, BYTES = 1_000, 1 << 20
"""Of encoded records that are held before they become arrays."""


class ParquetFile:
    """A block that writes batches of Arrow into a file; texts that are JSON have the type of JSON."""

    def __init__(self, file: Any, schema: pa.Schema) -> None:
        self._schema = with_json(schema)
        self._writer = parquet.ParquetWriter(file, self._schema, compression='zstd')
        self._waiting: list[pa.RecordBatch] = []
        self._size = 0

    def __enter__(self) -> 'ParquetFile':
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if error is None:
                self._write()
        finally:
            self._writer.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch, with others."""
        self._waiting.append(typed(batch, self._schema))
        self._size += batch.nbytes
        if self._size >= GROUP_BYTES:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
        self._waiting, self._size = [], 0


def with_json(schema: pa.Schema) -> pa.Schema:
    """The schema with the type of JSON for texts that are: so mqsql, DuckDB and others read documents from Parquet files."""
    if not HAS_JSON:
        return schema
    fields = [pa.field(field.name, pa.json_()) if field.metadata == JSON_MARK else field for field in schema]
    return pa.schema(fields, metadata=schema.metadata)


def typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the types of a schema, which differ by the name of the type alone."""
    columns = [
        pa.ExtensionArray.from_storage(field.type, column)
        if isinstance(field.type, pa.BaseExtensionType) and not isinstance(column, pa.ExtensionArray)
        else column
        for field, column in zip(schema, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


# --- records as a store has them

_TYPES: dict[ColumnType, pa.DataType] = {
    STRING: pa.string(),
    NUMBER: pa.struct([('i', pa.int64()), ('d', pa.float64())]),  # Parquet has no unions
    BOOLEAN: pa.bool_(),
    TIMESTAMP: TIME,
    DOCUMENT: pa.string(),
    ANY: pa.string(),
    BUFFERS: ARROW_TYPES['buffers'],
}


def export(records: Iterable[Record], table: Table, path: str) -> int:
    """Write records to the file; how many. Their values are encoded as DuckDB's tables have them, so none loses anything."""
    schema, number = _schema(table), 0
    with replacing(path) as unfinished, ParquetFile(unfinished, schema) as file:
        for some in _encoded(records, table):
            arrays = [_array([record.get(name) for record in some], table.columns[name]) for name in schema.names]
            file.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            number += len(some)
    return number


def _schema(table: Table) -> pa.Schema:
    fields = [
        pa.field(name, _TYPES[kind], metadata=JSON_MARK if kind in (DOCUMENT, ANY) else None)
        for name in table.all_keys
        for kind in [table.columns[name]]
    ]
    marks = {ddl.LAYOUT: str(ddl.LAYOUT_VERSION), ddl.DEFINITION: ddl.definition(table)}
    return pa.schema(fields, metadata=marks)


def _encoded(records: Iterable[Record], table: Table) -> Iterator[list[Record]]:
    encoders = {column: encoder(kind) for column, kind in table.columns.items()}
    some: list[Record] = []
    size = 0
    for record in records:
        some.append(table.encode(record, encoders))
        size += sum(map(_size, some[-1].values()))
        if len(some) == ROWS or size > BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _size(stored: object) -> int:
    """The bytes of a value, those alone that can be many."""
    if isinstance(stored, list):
        return sum(map(len, stored))
    return len(stored) if isinstance(stored, str) else 0


def _array(values: list[Any], kind: ColumnType) -> pa.Array:
    if kind is NUMBER:
        values = [value if value is None else {'d' if type(value) is float else 'i': value} for value in values]
    return pa.array(values, _TYPES[kind])
