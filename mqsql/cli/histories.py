"""The history that a command reads: the argument FILE, the running profile's file by default."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mqsql.settings import LEGACY_TABLE

if TYPE_CHECKING:
    from mqsql.storage import Store

Command = TypeVar('Command', bound=Callable[..., Any])

NAME = 'tasks.db'
"""The file of the hub's SQLiteDB in the directory of a profile."""

table_option = click.option(
    '--table', default=LEGACY_TABLE, show_default=True, help='The name of the history (c.SQLiteDB.table).'
)


def file_argument(command: Command) -> Command:
    """The argument FILE, optional; `history_file` gives what it means."""
    return click.argument('file', required=False)(command)


def history_file(file: str | None) -> str:
    """What the user named, or the file of the profile that was written last; UsageError if there is none.

    A cluster's controller writes its history into the directory of its profile: `profile_NAME/tasks.db` in IPython's directory.
    """
    if file is not None:
        return file
    found = [path for path in ipython_directory().glob(f'profile_*/{NAME}') if path.is_file()]
    if not found:
        raise click.UsageError(f'no history was found in {ipython_directory()}/profile_*/{NAME}; name one: FILE')
    return str(max(found, key=_written))


def ipython_directory() -> Path:
    """Where IPython keeps its profiles: IPYTHONDIR, or `~/.ipython`."""
    return Path(os.environ.get('IPYTHONDIR') or Path.home() / '.ipython').expanduser()


def _written(path: Path) -> float:
    beside = (path, path.with_name(f'{path.name}-wal'))
    return max(one.stat().st_mtime for one in beside if one.exists())


def open_history(file: str | None, table: str) -> 'Store':
    """The store of a history, read-only, whatever `mqsql.open` takes; StorageError if it cannot be opened."""
    from mqsql.hub.legacy import history_table
    from mqsql.storage import open

    return open(history_file(file), readonly=True, table=history_table(table))
