"""Paths of files: those that a store may open, and those that it writes.

Only regular files may be opened: a database would wait for ever at a FIFO.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

from mqsql.errors import StorageError, short_repr


def check_path(path: str) -> None:
    """StorageError if this is not a path, or is the path of something other than a regular file."""
    if not path or '\0' in path:
        raise StorageError(f'the path of a file is text without NUL, not {short_repr(path)}')
    try:
        path.encode()
    except UnicodeEncodeError:
        raise StorageError(f'a database takes paths in UTF-8 alone, not {short_repr(path)}; rename the file') from None
    check_regular(path, path)


def check_regular(name: str, path: str) -> None:
    """StorageError if `name`, which belongs to the database at `path`, is there and no regular file."""
    try:
        mode = os.stat(name).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as e:
        if name == path:
            raise StorageError(f'{path}: it cannot be opened ({e.strerror})') from e
        return
    if not stat.S_ISREG(mode):
        raise StorageError(f'{name}: this is {_kind(mode)} and cannot be opened; name a file')


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, 'a directory'),
        (stat.S_ISFIFO, 'a FIFO'),
        (stat.S_ISSOCK, 'a socket'),
    )
    return next((name for holds, name in kinds if holds(mode)), 'a device')


@contextmanager
def replacing(path: str) -> Iterator[str]:
    """A path to write a file to, which takes the place of `path` at the end of the block; StorageError if it cannot."""
    check_path(path)
    directory, name = os.path.split(path)
    try:
        # Another user could have prepared a link under a name that is not in a private directory.
        with TemporaryDirectory(prefix=f'.{name}.', dir=directory) as private:
            unfinished = os.path.join(private, name)
            yield unfinished
            _flush(unfinished)
            os.replace(unfinished, path)
    except OSError as e:
        raise StorageError(f'{path}: it cannot be written ({e.strerror})') from e


def _flush(path: str) -> None:
    with open(path, 'rb+') as file:
        os.fsync(file.fileno())


def size_of(*paths: str) -> int:
    """The bytes of those files that are there."""
    found = 0
    for path in paths:
        with suppress(OSError):
            found += os.stat(path).st_size
    return found
