"""Where a command writes: standard output, or a file that appears when it is complete."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

import click

STANDARD = '-'
"""The name of standard output."""


@contextmanager
def destination(path: str | None) -> Iterator[BinaryIO]:
    """What to write to. A file has its name, and replaces another, only after the block, if that ends without an error."""
    if path is None or path == STANDARD:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        if place.is_dir():
            raise click.UsageError(f'{path}: this is a directory; name a file')
        with place.open('wb') as device:  # or a pipe
            yield device
        return
    with _whole_file(place, path) as file:
        yield file


@contextmanager
def _whole_file(place: Path, named: str) -> Iterator[BinaryIO]:
    unfinished = place.with_name(f'.{place.name}.{os.getpid()}.unfinished')
    try:
        file = unfinished.open('xb')
    except OSError as e:
        raise OSError(e.errno, e.strerror, named) from e
    try:
        with file:
            yield file
        unfinished.replace(place)
    except BaseException as e:
        unfinished.unlink(missing_ok=True)
        if isinstance(e, OSError) and e.errno == errno.ENOSPC:
            raise OSError(e.errno, e.strerror, named) from e
        raise


@contextmanager
def text_destination(path: str | None) -> Iterator[TextIO]:
    """The same for text."""
    if path is None or path == STANDARD:
        yield sys.stdout
        return
    with destination(path) as stream:
        text = io.TextIOWrapper(stream, 'utf-8', 'backslashreplace', newline='\n')
        try:
            yield text
        finally:
            text.detach()  # which writes what it has; the file is not its own


def check_other_file(path: str | None, history: str) -> None:
    """UsageError if what is to be written is the history itself."""
    from mqsql.errors import StorageError
    from mqsql.storage.urls import read_url

    if path is None or path == STANDARD:
        return
    try:
        read = read_url(history).path
    except StorageError:
        return  # said when it is opened
    if os.path.realpath(path) == os.path.realpath(read):
        raise click.UsageError(f'{path} is the history itself; name another file')
