"""The delta log: a file beside a database, to which a process appends its changes before they are merged into the table.

To append costs one call of the system, where a transaction of SQLite costs ten times that or more. What is appended outlives
the process; with `synchronous` "full" it outlives a loss of power, too. A process that opens the database merges what others
left behind: each entry says what a record then had, so that to merge it twice changes nothing.

An entry is a head of four numbers (its generation, bytes of JSON, bytes of blobs, a checksum of both), the JSON, and the blobs.
The file is written over again and again, as new pages of a file cost the system more than those that it has.
"""

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote
from zlib import crc32

import orjson

from mqsql.errors import StorageError
from mqsql.schema import Record, Table
from mqsql.storage.sqlite.file_locks import lock_file

MAGIC = b'mqsql delta log 1\n'
MOST_LOGS = 8
"""Of processes that write to one table at once; further ones write without a log."""
LONGEST = 4 << 20
"""Bytes that the file keeps when its entries have been merged."""

_START = struct.Struct(f'<{len(MAGIC)}sI')
"""MAGIC and the number of the generation whose entries count: to forget all entries, the next one is written."""
_HEAD = struct.Struct('<IIII')
# Neither a link is followed nor a FIFO waited for.
_PLAIN = getattr(os, 'O_NOFOLLOW', 0) | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0)


class Kind(IntEnum):
    """What a change does."""

    ADD = 0
    SET = 1
    APPEND = 2
    DROP = 3


class Change(NamedTuple):
    """A change of the record of a key: `values` are by column as the table stores them, but for Buffers, which are lists of
    bytes. What APPEND adds to a text begins at its character `start`.
    """

    kind: Kind
    key: str
    values: Record
    start: int = 0


class DeltaLog:
    """A log of this process for a table of the database at `path`; it is made by the first change.

    `flush` says that each change is to outlive a loss of power.
    """

    def __init__(self, path: str, table: Table, *, flush: bool) -> None:
        self._path, self._table, self._flush = path, table, flush
        self._file: int | None = None
        self._name = ''
        self._generation = 0
        self._end = 0
        """Where the next entry begins; 0 before the file's start is written."""

    def append(self, change: Change) -> int:
        """Add an entry, all or nothing, and return the length of the log; StorageError if that cannot be done."""
        try:
            if self._file is None:
                self._file = self._open()
            if not self._end:
                self._begin(self._file)
            self._write(self._file, pack(change, self._generation))
        except OSError as e:
            raise StorageError(f'{self._name or self._path}: the delta log cannot be written ({e.strerror})') from e
        return self._end

    def _open(self) -> int:
        # A log of another process is locked.
        mode = stat.S_IMODE(os.stat(self._path).st_mode)
        for name in _names(self._path, self._table):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | _PLAIN, mode)
            if lock_file(file) and os.fstat(file).st_nlink and not os.fstat(file).st_size:
                self._name = name
                return file
            os.close(file)
        raise OSError(0, f'{MOST_LOGS} processes have one')

    def _begin(self, file: int) -> None:
        """Write the file's start."""
        os.lseek(file, 0, os.SEEK_SET)
        self._write(file, _START.pack(MAGIC, self._generation))

    def _write(self, file: int, data: bytes) -> None:
        try:
            if os.write(file, data) != len(data):
                raise OSError(0, 'the disk is full')
            if self._flush:
                os.fsync(file)
        except OSError:
            os.lseek(file, self._end, os.SEEK_SET)
            raise
        self._end += len(data)

    def clear(self) -> None:
        """Forget all entries, which have been merged."""
        if self._file is not None and self._end:
            long, self._end = self._end > LONGEST, 0
            self._generation += 1
            # If this fails, it is tried again before the next entry.
            with suppress(OSError):
                self._begin(self._file)
                if long:
                    os.ftruncate(self._file, self._end)

    def close(self, *, merged: bool) -> None:
        """Close the file, and delete it if all entries have been merged."""
        file, self._file = self._file, None
        if file is not None:
            if merged:
                with suppress(OSError):
                    os.unlink(self._name)
            os.close(file)


def _names(path: str, table: Table) -> Iterator[str]:
    """The names that the logs of a table may have."""
    name = f'{os.path.realpath(path)}-{quote(table.name, safe="")}-delta'
    yield name
    yield from (f'{name}-{number}' for number in range(2, MOST_LOGS + 1))


# --- what other processes left


class LeftLog:
    """A log of a process that has ended; a block in which no other process merges it."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name, self._file = name, file

    def changes(self, table: Table) -> Iterator[Change]:
        """The changes, in order, up to an entry that is not whole: of that the process had not told anybody."""
        start = self._file.read(_START.size)
        if len(start) < _START.size:
            return
        magic, generation = _START.unpack(start)
        while magic == MAGIC and (change := self._read(generation, table)) is not None:
            yield change

    def _read(self, generation: int, table: Table) -> Change | None:
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        written, json, blobs, checksum = _HEAD.unpack(head)
        if written != generation or json + blobs > os.fstat(self._file.fileno()).st_size:
            return None
        body = self._file.read(json + blobs)
        whole = len(body) == json + blobs and crc32(body) == checksum
        return _unpack(body[:json], body[json:], table) if whole else None

    def delete(self) -> None:
        """Delete it: all is merged."""
        os.unlink(self.name)

    def close(self) -> None:
        """Leave the block."""
        self._file.close()


def left_logs(path: str, table: Table) -> Iterator[LeftLog]:
    """The logs of processes that have ended, each locked until the next is asked for."""
    for name in _names(path, table):
        try:
            with open(name, 'rb', opener=_open_left) as file:
                if lock_file(file.fileno()) and os.fstat(file.fileno()).st_nlink:
                    yield LeftLog(name, file)
        except FileNotFoundError:
            continue
        except OSError as e:
            raise StorageError(f'{name}: what a process left in this file cannot be read ({e.strerror})') from e


def _open_left(name: str, flags: int) -> int:
    file = os.open(name, flags | _PLAIN)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(0, 'it is no regular file')
    return file


# --- entries


def pack(change: Change, generation: int) -> bytes:
    """The entry of a change."""
    blobs: list[bytes] = []

    def take(blob: bytes) -> dict[str, int]:
        blobs.append(blob)
        return {_LENGTH: len(blob)}

    json = orjson.dumps((*change,), take)
    body = b''.join((json, *blobs)) if blobs else json
    return _HEAD.pack(generation, len(json), len(body) - len(json), crc32(body)) + body


_LENGTH = 'bytes'
"""In place of bytes, which follow the JSON."""


def _unpack(json: bytes, blobs: bytes, table: Table) -> Change | None:
    """The change of an entry; None if it is not one of this table."""
    rest = BytesIO(blobs)
    try:
        kind, key, values, start = orjson.loads(json)
        stored = {column: _unpack_value(value, rest) for column, value in values.items()}
        change = Change(Kind(kind), key, stored, start)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    known = isinstance(key, str) and isinstance(start, int) and table.columns.keys() >= stored.keys()
    return change if known else None


def _unpack_value(value: Any, blobs: BytesIO) -> Any:
    if isinstance(value, list):
        return [_unpack_value(part, blobs) for part in value]
    return blobs.read(value[_LENGTH]) if isinstance(value, dict) else value
