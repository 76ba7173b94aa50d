"""Which files SQLite may open, and how; its errors say little about a wrong path."""

import os
from urllib.parse import quote

import apsw

from mqsql.errors import StorageError
from mqsql.settings import MEMORY
from mqsql.storage import paths

_READ = apsw.SQLITE_OPEN_READONLY
_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE

_SIDE_FILES = ('-journal', '-wal', '-shm')
_HEADER, _WAL = slice(18, 20), b'\2\2'  # the header's write and read versions


def open_connection(path: str, *, readonly: bool) -> apsw.Connection:
    """A connection to the file, of which nothing is read yet; StorageError if it is not a regular file."""
    if path != MEMORY:
        check_path(path)
    if readonly and is_archive(path):
        return apsw.Connection(f'file:{quote(path)}?immutable=1', flags=_READ | apsw.SQLITE_OPEN_URI)
    return apsw.Connection(path, flags=_READ if readonly else _WRITE)


def check_path(path: str) -> None:
    """StorageError if this is not a path, or is the path of something other than a regular file."""
    paths.check_path(path)
    # SQLite follows a link to the file, and has the others beside what it leads to; of these it follows none.
    real = os.path.realpath(path)
    for name in (real + suffix for suffix in _SIDE_FILES):
        if os.path.islink(name):
            raise StorageError(f'{name}: this is a symbolic link, which SQLite does not follow here; remove it')
        paths.check_regular(name, path)


def is_archive(path: str) -> bool:
    """Whether nothing can be written here, and the file needs a write-ahead log that does not exist.

    SQLite reads such a file only if it is told that nobody will write to it meanwhile.
    """
    return not _writable(path) and not any(map(_holds_something, (f'{path}-wal', f'{path}-shm'))) and _has_log(path)


def unfinished(path: str) -> str:
    """Why SQLite cannot read a file without writing next to it, and what to do; empty if that is not the cause."""
    directory, name = os.path.split(path)
    left = [name + suffix for suffix in _SIDE_FILES if _holds_something(path + suffix)]
    if os.access(directory, os.W_OK) or not (left or _has_log(path)):
        return ''
    files = ' and '.join([name, *(one for one in left if not one.endswith('-shm'))])
    return (
        f'{path}: SQLite must write next to it to read it, and {directory} is not writable; '
        f'copy {files} to another directory, and open it there'
    )


def _writable(path: str) -> bool:
    return os.access(path, os.W_OK) or os.access(os.path.dirname(path), os.W_OK)


def _holds_something(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False


def _has_log(path: str) -> bool:
    try:
        with open(path, 'rb') as file:
            return file.read(_HEADER.stop)[_HEADER] == _WAL
    except OSError:
        return False
