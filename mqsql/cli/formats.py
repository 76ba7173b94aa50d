"""The formats in which records are written: lines of bytes, which are UTF-8 on every system."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from mqsql.cli.paths import value_at
from mqsql.schema import Record
from mqsql.values.extended_json import dumps, iso

SUFFIXES = {
    '.json': 'json',
    '.jsonl': 'jsonl',
    '.ndjson': 'jsonl',
    '.csv': 'csv',
    '.parquet': 'parquet',
    '.arrow': 'arrow',
    '.feather': 'arrow',
    '.txt': 'table',
}
"""The format of a file by the end of its name."""


def format_of(path: str) -> str | None:
    """What the name of a file says of its format."""
    return SUFFIXES.get(PurePath(path).suffix.lower())


def json_lines(records: Iterable[Record], keys: Sequence[str] = ()) -> Iterator[bytes]:
    """One array, with a record on each line."""
    before = '['
    for record in records:
        yield f'{before}\n{dumps(record)}'.encode()
        before = ','
    yield b'[]\n' if before == '[' else b'\n]\n'


def jsonl_lines(records: Iterable[Record], keys: Sequence[str] = ()) -> Iterator[bytes]:
    """A record on each line."""
    for record in records:
        yield f'{dumps(record)}\n'.encode()


def csv_lines(records: Iterable[Record], keys: Sequence[str]) -> Iterator[bytes]:
    """The names of the keys, and a row for each record: times as ISO 8601 in UTC, documents as JSON, nothing for None."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    for row in _rows(records, keys):
        writer.writerow(row)
        # A lone surrogate has no UTF-8.
        yield text.getvalue().encode(errors='backslashreplace')
        text.seek(0)
        text.truncate()


def _rows(records: Iterable[Record], keys: Sequence[str]) -> Iterator[list[str]]:
    yield list(keys)
    for record in records:
        yield [_csv_text(value_at(record, key)) for key in keys]


def _csv_text(value: Any) -> str:
    if value is None:
        return ''
    if isinstance(value, str):
        return value
    return iso(value) if isinstance(value, datetime) else dumps(value)


LINES: dict[str, Callable[[Iterable[Record], Sequence[str]], Iterator[bytes]]] = {
    'json': json_lines,
    'jsonl': jsonl_lines,
    'csv': csv_lines,
}
"""What makes the lines of each format of text but the table, of records and their keys."""
