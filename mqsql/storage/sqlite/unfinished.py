"""Creates a file in one step: it is written elsewhere, and moved to its place when it is complete.

It is written in a new private directory next to its place. Another user could prepare a symbolic link in any other directory,
and so have files elsewhere written or deleted.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import apsw

from mqsql.errors import StorageError
from mqsql.settings import Settings
from mqsql.storage.sqlite.connection import connect
from mqsql.storage.sqlite.failures import Failures
from mqsql.storage.sqlite.files import check_path

_LOCK = 'lock'  # a file that whoever uses the directory keeps locked


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """The path to write to: `path` itself if it exists, else one in a directory next to it, from where the file is moved after
    the block."""
    check_path(str(path))
    if path.exists():
        yield path
        return
    if path.is_symlink():
        raise StorageError(f'{path}: this is a symbolic link to a file that does not exist; name that file')
    with _directory_beside(path, 'import') as directory:
        unfinished = directory / path.name
        yield unfinished
        _move(unfinished, path, '; repeat the import to add to it')


@contextmanager
def new(path: Path, work: str, *, replace: bool) -> Iterator[Path]:
    """The path to write to, in a directory next to `path`, from where the file is moved after the block.

    `work` is what the user calls this. StorageError if `path` exists, unless it is to `replace` that.
    """
    check_path(str(path))
    if path.is_symlink():
        raise StorageError(f'{path}: this is a symbolic link; name the file itself')
    with _directory_beside(path, work) as directory:
        unfinished = directory / path.name
        yield unfinished
        if replace:
            unfinished.replace(path)
        else:
            _move(unfinished, path)


def _move(unfinished: Path, path: Path, advice: str = '') -> None:
    """Give the file its place, unless another has taken it."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise StorageError(f'{path}: it was created by another process meanwhile{advice}') from None
    except (OSError, NotImplementedError):
        # There are file systems without hard links.
        if path.exists():
            raise StorageError(f'{path}: it was created by another process meanwhile{advice}') from None
        unfinished.rename(path)


@contextmanager
def _directory_beside(path: Path, work: str) -> Iterator[Path]:
    """An empty private directory, deleted after the block; those of killed processes are deleted before it."""
    prefix = f'.{path.name}.{work}-'
    _remove_left(path, prefix, work)
    try:
        directory = Path(mkdtemp(prefix=prefix, dir=path.parent))
    except OSError as e:
        raise StorageError(f'{path}: it cannot be created ({e.strerror})') from e
    try:
        with closing(_lock(directory / _LOCK)):
            yield directory
    finally:
        # Windows deletes a file only after it is closed, so the lock must be closed first.
        rmtree(directory)


def _remove_left(path: Path, prefix: str, work: str) -> None:
    try:
        beside = [entry for entry in path.parent.iterdir() if entry.name.startswith(prefix)]
    except OSError as e:
        raise StorageError(f'{path}: it cannot be created ({e.strerror})') from e
    for directory in filter(_is_ours, beside):
        try:
            _lock(directory / _LOCK).close()
        except StorageError as e:
            if isinstance(e.__cause__, apsw.BusyError):
                raise StorageError(f'{path}: another {work} is creating it; wait for that') from None
            continue  # it is not as we leave it
        with suppress(OSError):
            rmtree(directory)


def _is_ours(directory: Path) -> bool:
    """Whether a process of this user has made it as above: a private directory (not a link) with a lock."""
    try:
        there, lock = directory.lstat(), (directory / _LOCK).lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(there.st_mode) or not stat.S_ISREG(lock.st_mode):
        return False
    # On Windows, permissions work in another way.
    return not hasattr(os, 'getuid') or (there.st_uid == os.getuid() and not there.st_mode & 0o077)


def _lock(file: Path) -> apsw.Connection:
    """A connection that holds a lock until it is closed; SQLite's locks end with the process, also on network file systems."""
    with Failures(str(file)):
        connection = connect(str(file), Settings(busy_timeout=0), readonly=False)
        try:
            connection.execute('BEGIN EXCLUSIVE')
        except apsw.Error:
            connection.close()
            raise
        return connection
