"""The delta log: a file beside a database, to which a process appends its changes before they are merged into the table.

To append costs one call of the system, where a transaction of SQLite costs ten times that or more. What is appended outlives
the process; with `synchronous` "full" it outlives a loss of power, too. A process that opens the database merges what others
left behind: each entry says what a record then had, so that to merge it twice changes nothing.

An entry is a head of three numbers (bytes of JSON, bytes of blobs, a checksum of both), the JSON, and the blobs.
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

_HEAD = struct.Struct('<III')
# Neither a link is followed nor a FIFO waited for.
_PLAIN = getattr(os, 'O_NOFOLLOW', 0) | getattr(os, 'O_NONBLOCK', 0)
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, 'O_BINARY', 0) | _PLAIN


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
        self._length = 0
        self._torn = False
        """Whether there may be a part of an entry at the end."""

    def append(self, entry: bytes) -> int:
        """Add an entry, all or nothing, and return the length of the log; StorageError if that cannot be done."""
        try:
            file = self._open() if self._file is None else self._file
            self._write(file, entry if self._length else MAGIC + entry)
        except OSError as e:
            raise StorageError(f'{self._name or self._path}: the delta log cannot be written ({e.strerror})') from e
        return self._length

    def _write(self, file: int, entry: bytes) -> None:
        if self._torn:
            os.ftruncate(file, self._length)
        self._torn = True
        if os.write(file, entry) != len(entry):
            raise OSError(0, 'the disk is full')
        if self._flush:
            os.fsync(file)
        self._torn = False
        self._length += len(entry)

    def _open(self) -> int:
        # A log of another process is locked.
        mode = stat.S_IMODE(os.stat(self._path).st_mode)
        for name in _names(self._path, self._table):
            file = os.open(name, _APPEND, mode)
            if lock_file(file) and os.fstat(file).st_nlink and not os.fstat(file).st_size:
                self._name, self._file, self._length, self._torn = name, file, 0, False
                return file
            os.close(file)
        raise OSError(0, f'{MOST_LOGS} processes have one')

    def clear(self) -> None:
        """Forget all entries, which have been merged."""
        if self._file is not None and (self._length or self._torn):
            # Until this succeeds, the next entry does not follow those that are here.
            self._length, self._torn = 0, True
            with suppress(OSError):
                os.ftruncate(self._file, 0)
                self._torn = False

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
        if self._file.read(len(MAGIC)) != MAGIC:
            return
        while (change := self._read(table)) is not None:
            yield change

    def _read(self, table: Table) -> Change | None:
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        json, blobs, checksum = _HEAD.unpack(head)
        if json + blobs > os.fstat(self._file.fileno()).st_size:
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


def pack(change: Change) -> bytes:
    """The entry of a change."""
    blobs: list[bytes] = []

    def take(blob: bytes) -> dict[str, int]:
        blobs.append(blob)
        return {_LENGTH: len(blob)}

    json = orjson.dumps((*change,), take)
    body = b''.join((json, *blobs)) if blobs else json
    return _HEAD.pack(len(json), len(body) - len(json), crc32(body)) + body


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
