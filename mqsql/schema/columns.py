"""Encodes and decodes the values of each type of column.

An Any column stores text as a String column does, and every other value as a BLOB of JSON. SQLite orders all BLOBs after all
TEXT: so tests of text need not consider them, and the other values are one range of an index.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from mqsql.errors import short_repr
from mqsql.schema.types import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType
from mqsql.values.canonical import (
    coerce_boolean,
    coerce_buffers,
    coerce_document,
    coerce_stored_number,
    coerce_string,
    coerce_timestamp,
    coerce_value,
)
from mqsql.values.codec import (
    EPOCH,
    MICROSECOND,
    DamagedError,
    Stored,
    decode_boolean,
    decode_document,
    decode_number,
    decode_text,
    decode_timestamp,
    encode_boolean,
    encode_document,
    encode_number,
    encode_plain,
    encode_text,
    encode_timestamp,
)
from mqsql.values.column_codec import (
    Column,
    decode_booleans,
    decode_containers,
    decode_numbers,
    decode_texts,
    decode_timestamps,
)

Cut = Callable[[Any], Any]
"""Makes smaller JSON of the JSON of a value, see `decode_document`."""


def _decode_column(stored: str) -> Any:
    return {} if stored == '{}' else _checked(decode_document(stored))


def _checked(value: Any) -> Any:
    if type(value) is dict or type(value) is list:
        return value
    raise DamagedError(f'is neither an object nor an array but {short_repr(value)}')


def _decode_blobs(stored: str) -> list[bytes]:
    try:
        return [bytes.fromhex(part) for part in decode_document(stored)]
    except (ValueError, TypeError):
        raise DamagedError('is no list of buffers') from None


def _store_text(value: object) -> str:
    if type(value) is str:
        return value if value.isprintable() else encode_text(value)
    return encode_text(coerce_string(value))


def _store_timestamp(value: object) -> int:
    if type(value) is datetime and value.tzinfo is UTC:
        return (value - EPOCH) // MICROSECOND
    return encode_timestamp(coerce_timestamp(value))


def _store_number(value: object) -> int | float | str:
    return encode_number(coerce_stored_number(value))


def _store_boolean(value: object) -> int:
    return encode_boolean(coerce_boolean(value))


def _store_document(value: object) -> str:
    if type(value) is dict and not value:  # the content of most tasks
        return '{}'
    plain = encode_plain(value) if type(value) in (dict, list) else None
    return plain or encode_document(coerce_document(value))


def _store_any(value: object) -> str | bytes:
    canonical = value if type(value) is str else coerce_value(value)
    return encode_text(canonical) if isinstance(canonical, str) else encode_document(canonical).encode()


def _decode_any(stored: str | bytes, cut: Cut | None = None) -> Any:
    if not isinstance(stored, bytes):
        return decode_text(stored) if cut is None else None
    try:
        return decode_document(stored.decode(), cut)
    except UnicodeDecodeError:
        raise DamagedError('is neither text nor JSON') from None


_ENCODERS: dict[ColumnType, Callable[[Any], Stored | list[bytes]]] = {
    STRING: _store_text,
    NUMBER: _store_number,
    BOOLEAN: _store_boolean,
    TIMESTAMP: _store_timestamp,
    DOCUMENT: _store_document,
    ANY: _store_any,
    BUFFERS: coerce_buffers,
}


_DECODERS: dict[ColumnType, Callable[[Any], Any]] = {
    STRING: decode_text,
    NUMBER: decode_number,
    BOOLEAN: decode_boolean,
    TIMESTAMP: decode_timestamp,
    DOCUMENT: _decode_column,
    ANY: _decode_any,
    BUFFERS: _decode_blobs,
}


def encoder(kind: ColumnType) -> Callable[[Any], Stored | list[bytes]]:
    """The function that reads a value as `kind.coerce` does, and encodes it as a column stores it; it raises UnstorableError.

    Buffers become a list of the bytes that their own rows store.
    """
    return _ENCODERS[kind]


def decoder(kind: ColumnType, cut: Cut | None = None) -> Callable[[Any], Any]:
    """The function that makes the canonical value of a stored one (but NULL), or raises DamagedError.

    Buffers come as a JSON array of hexadecimal texts. With a `cut`, for columns of mixed types, only what that leaves is
    decoded; None where the value is no object or array.
    """
    if cut is None:
        return _DECODERS[kind]
    return partial(_decode_any if kind is ANY else _decode_part, cut=cut)


def _decode_part(stored: str, cut: Cut) -> Any:
    value = decode_document(stored, cut)
    return value if value is not None else _checked(decode_document(stored))


_AT_ONCE: dict[Callable[[Any], Any], Callable[[Column], Column | None]] = {
    decode_text: decode_texts,
    decode_number: decode_numbers,
    decode_boolean: decode_booleans,
    decode_timestamp: decode_timestamps,
    _decode_column: decode_containers,
    _decode_any: decode_texts,
}


def decode_all(decode: Callable[[Any], Any], column: Column) -> Column:
    """What `decode`, of `decoder` or another function, makes of each value but NULL; raises what that raises.

    Most columns are decoded at once, see `column_codec`, or by the method `at_once` of `decode`, if it has one.
    """
    at_once = _AT_ONCE.get(decode) or getattr(decode, 'at_once', None)
    decoded = at_once(column) if at_once else None
    return [None if stored is None else decode(stored) for stored in column] if decoded is None else decoded
