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
import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum
from hashlib import sha256
from io import BytesIO
from time import monotonic, sleep
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
LONGEST_NAME = 240
"""Bytes of a name of a file, about; file systems take 255."""
LONGEST = 4 << 20
"""Bytes that the file keeps when its entries have been merged."""
WAIT_SECONDS = 60.0
"""To wait for another process that merges a log."""
RETRY_SECONDS = 0.01

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

    def append(self, parts: list[bytes]) -> int:
        """Add an entry of what `pack` gives, all or nothing, and return the length of the log; StorageError if that cannot be
        done.
        """
        try:
            if self._file is None:
                self._file = self._open()
            if not self._end:
                self._begin(self._file)
            self._write(self._file, _entry(parts, self._generation))
        except OSError as e:
            raise StorageError(f'{self._name or self._path}: the delta log cannot be written ({e.strerror})') from e
        return self._end

    def _open(self) -> int:
        # A log of another process is locked.
        database = os.stat(self._path)
        for name in _names(self._path, self._table):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | _PLAIN, stat.S_IMODE(database.st_mode))
            free = lock_file(file) and not os.fstat(file).st_size and lock_file(file, shared=True)
            if free and os.fstat(file).st_nlink:
                self._name = name
                _open_files.add(file)
                _give_rights(file, database)
                if self._flush:
                    _flush_directory(name)
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
            # If all this fails, it is tried again before the next entry.
            with suppress(OSError):
                try:
                    self._begin(self._file)
                finally:
                    if long or not self._end:  # the latter on a full disk whose files are never written over
                        os.ftruncate(self._file, self._end)

    def close(self, *, merged: bool) -> None:
        """Close the file, and delete it if all entries have been merged."""
        file, self._file = self._file, None
        if file is not None:
            if merged:
                with suppress(OSError):
                    os.unlink(self._name)
            _open_files.discard(file)
            os.close(file)


def _names(path: str, table: Table) -> Iterator[str]:
    """The names that the logs of a table may have."""
    directory, file = os.path.split(os.path.realpath(path))
    name = f'{file}-{quote(table.name, safe="")}-delta'
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f'{sha256(os.fsencode(name)).hexdigest()}-delta'
    yield os.path.join(directory, name)
    yield from (os.path.join(directory, f'{name}-{number}') for number in range(2, MOST_LOGS + 1))


def _give_rights(file: int, database: os.stat_result) -> None:
    """Let those use a log who may use the database, as SQLite does with its own files."""
    if sys.platform != 'win32':
        with suppress(OSError):
            if os.geteuid() == 0:
                os.fchown(file, database.st_uid, database.st_gid)
            os.fchmod(file, stat.S_IMODE(database.st_mode))


def _flush_directory(name: str) -> None:
    """Make a new file outlive a loss of power."""
    if sys.platform != 'win32':
        directory = os.open(os.path.dirname(name), os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


_open_files: set[int] = set()
"""The logs of this process."""


def _close_in_fork() -> None:
    """A fork has the locks, too, and might outlive the process that writes the logs."""
    while _open_files:
        os.close(_open_files.pop())


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_close_in_fork)


# --- what other processes left


class LeftLog:
    """A log of another process."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name, self._file = name, file

    def changes(self, table: Table) -> Iterator[Change]:
        """The changes, in order, up to an entry that is not whole: of that the process had not told anybody."""
        try:
            generation = self.generation()
            while generation is not None and (change := self._read(generation, table)) is not None:
                yield change
        except OSError as e:
            raise _failure(self.name, e) from e

    def generation(self) -> int | None:
        """The number of the generation whose entries count; the first entry is read next. None if it is no log."""
        self._file.seek(0)
        start = self._file.read(_START.size)
        if len(start) < _START.size:
            return None
        magic, generation = _START.unpack(start)
        return int(generation) if magic == MAGIC else None

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
        """Delete it, or empty it where only its owner may delete it: all is merged."""
        try:
            os.unlink(self.name)
        except OSError:
            try:
                self._file.truncate(0)
            except OSError as e:
                raise _failure(self.name, e) from e


def left_logs(path: str, table: Table, *, readonly: bool) -> Iterator[LeftLog]:
    """The logs of processes that have ended, each locked until the next is asked for; if `readonly`, those with changes."""
    for name in _names(path, table):
        try:
            with open(name, 'rb' if readonly else 'r+b', opener=_open_left) as file:
                if _is_left(file.fileno(), wait=not readonly) and os.fstat(file.fileno()).st_nlink:
                    log = LeftLog(name, file)
                    if not readonly or any(log.changes(table)):
                        yield log
        except FileNotFoundError:
            continue
        except OSError as e:
            raise _failure(name, e) from e


class Logged(NamedTuple):
    """The changes that a log has had since some moment: when its process has merged them, it begins anew."""

    name: str
    began: tuple[int, int, int | None]
    """Its device, inode and generation."""
    changes: list[Change]


def read_logs(path: str, table: Table) -> list[Logged]:
    """What is in the logs of a table, those too that processes go on writing; nothing is locked or changed."""
    return [log for name in _names(path, table) if (log := _read_log(name, table)) is not None]


def _read_log(name: str, table: Table) -> Logged | None:
    try:
        with open(name, 'rb', opener=_open_left) as file:
            log, found = LeftLog(name, file), os.fstat(file.fileno())
            return Logged(name, (found.st_dev, found.st_ino, log.generation()), [*log.changes(table)])
    except FileNotFoundError:
        return None
    except OSError as e:
        raise _failure(name, e) from e


def _failure(name: str, error: OSError) -> StorageError:
    return StorageError(f'{name}: what a process left in this file cannot be read ({error.strerror})')


def _is_left(file: int, *, wait: bool) -> bool:
    """Lock a log, unless the process that writes it is there; another that is about to merge it is waited for."""
    deadline = monotonic() + WAIT_SECONDS
    while not lock_file(file):
        if not wait or lock_file(file, shared=True):
            return False
        if monotonic() > deadline:
            raise OSError(0, 'another process is merging it')
        sleep(RETRY_SECONDS)
    return True


def _open_left(name: str, flags: int) -> int:
    file = os.open(name, flags | _PLAIN)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(0, 'it is no regular file')
    return file


# --- entries


def pack(change: Change) -> list[bytes]:
    """The JSON of a change, and its blobs."""
    parts = [b'']

    def take(blob: bytes) -> dict[str, int]:
        parts.append(blob)
        return {_LENGTH: len(blob)}

    kind, key, values, start = change
    parts[0] = orjson.dumps((int(kind), key, values, start), take)
    return parts


def _entry(parts: list[bytes], generation: int) -> bytes:
    json, body = len(parts[0]), b''.join(parts)
    return _HEAD.pack(generation, json, len(body) - json, crc32(body)) + body


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
    fits = kind != Kind.APPEND or [*map(type, stored.values())] == [str]
    return change if known and fits else None


def _unpack_value(value: Any, blobs: BytesIO) -> Any:
    if isinstance(value, list):
        return [_unpack_value(part, blobs) for part in value]
    return blobs.read(value[_LENGTH]) if isinstance(value, dict) else value
