"""What the commands share: paths, the progress bar, and how errors are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mqsql.errors import MqsqlError
from mqsql.settings import LEGACY_TABLE

if TYPE_CHECKING:
    from rich.progress import Progress

PATH = click.Path(dir_okay=False, path_type=Path)

table_option = click.option(
    '--table', default=LEGACY_TABLE, show_default=True, help='The name of the history (c.SQLiteDB.table).'
)


def progress_bar() -> 'Progress':
    """A bar on standard error if that is a terminal, else nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, disable=not console.is_terminal)


@contextmanager
def errors_shown() -> Iterator[None]:
    """Errors that a user can do something about end the program with one line."""
    try:
        yield
    except MqsqlError as e:
        raise click.ClickException(str(e)) from e
    except OSError as e:
        reason = e.strerror or str(e) or type(e).__name__
        raise click.ClickException(f'{e.filename}: {reason}' if e.filename else reason) from e
