"""Encodes records."""

from collections.abc import Callable, Iterable

from mqsql.errors import RecordError, short_repr
from mqsql.schema import Record


def present(encoded: Record) -> Record:
    """The columns that have a value."""
    return {column: value for column, value in encoded.items() if value is not None}


def encode_each(records: object, encode: Callable[[object], Record]) -> list[Record]:
    """What `encode` makes of each record; the path of its RecordErrors begins with the number of the record."""
    if not isinstance(records, Iterable) or isinstance(records, str | bytes):
        raise RecordError(f'takes an iterable of records, not {short_repr(records)}', 'records')
    return [_encode(i, record, encode) for i, record in enumerate(records)]


def _encode(i: int, record: object, encode: Callable[[object], Record]) -> Record:
    try:
        return encode(record)
    except RecordError as e:
        located = RecordError(str(e), f'[{i}]')
        located.path += f'.{e.path}' if e.path else ''
        raise located from e.__cause__
