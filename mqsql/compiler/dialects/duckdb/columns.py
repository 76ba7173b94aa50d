"""The columns of a table in DuckDB, and how they hold values.

Any columns hold JSON as Documents do, strings included. A Number column is a union, so that integers and doubles stay apart; a
column of BIGINT or DOUBLE will do as well. Buffers are in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlglot import exp

from mqsql.compiler.dialects.duckdb.printer import DuckDBPrinter
from mqsql.compiler.lower.sql import identifier
from mqsql.errors import short_repr
from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType, Table
from mqsql.schema import columns as common
from mqsql.values.canonical import coerce_boolean, coerce_buffers, coerce_stored_number, coerce_timestamp, coerce_value
from mqsql.values.codec import DamagedError, decode_document, encode_document

NUMBER_UNION = 'UNION(i BIGINT, d DOUBLE)'

COLUMN_TYPES: Mapping[ColumnType, str] = {
    STRING: 'VARCHAR',
    NUMBER: NUMBER_UNION,
    BOOLEAN: 'BOOLEAN',
    TIMESTAMP: 'TIMESTAMP WITH TIME ZONE',
    DOCUMENT: 'JSON',
    ANY: 'JSON',
    BUFFERS: 'BLOB[]',
}
"""The type of a column of each type, as DuckDB itself names it."""


def create_table(table: Table) -> list[str]:
    """The statements that create a table, and the sequence that numbers its rows in the order of insertion."""
    name, sequence = _name(table.name), _name(f'{table.name}_rowid')
    columns = [f'{_name(column)} {COLUMN_TYPES[kind]}' for column, kind in table.columns.items()]
    rowid = f"rowid BIGINT NOT NULL DEFAULT nextval('{sequence.replace(chr(39), 2 * chr(39))}')"
    return [
        f'CREATE SEQUENCE {sequence}',
        f'CREATE TABLE {name} ({", ".join([rowid, *columns])}, PRIMARY KEY ({_name(table.key)}))',
    ]


def _name(name: str) -> str:
    return DuckDBPrinter().generate(exp.Column(this=identifier(name)))


def _decode_boolean(stored: bool) -> bool:
    if type(stored) is not bool:
        raise DamagedError(f'is no boolean but {short_repr(stored)}')
    return stored


def _decode_blobs(stored: list[bytes]) -> list[bytes]:
    if type(stored) is not list or not all(type(blob) is bytes for blob in stored):
        raise DamagedError(f'is no list of buffers but {short_repr(stored)}')
    return stored


_ENCODERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    NUMBER: coerce_stored_number,
    BOOLEAN: coerce_boolean,
    TIMESTAMP: coerce_timestamp,
    ANY: lambda value: encode_document(coerce_value(value)),
    BUFFERS: coerce_buffers,
}

_DECODERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    BOOLEAN: _decode_boolean,
    ANY: decode_document,
    BUFFERS: _decode_blobs,
}


def encoder(kind: ColumnType) -> Callable[[Any], Any]:
    """The function that makes what is bound for a column of a value, or raises UnstorableError."""
    return _ENCODERS.get(kind) or common.encoder(kind)


def decoder(kind: ColumnType, cut: common.Cut | None = None) -> Callable[[Any], Any]:
    """The function that makes the canonical value of a fetched one (but NULL), or raises DamagedError.

    Times are fetched by `epoch_us`. A `cut` is as for `schema.columns.decoder`.
    """
    if cut is None:
        return _DECODERS.get(kind) or common.decoder(kind)
    return partial(decode_document, cut=cut) if kind is ANY else common.decoder(kind, cut)
