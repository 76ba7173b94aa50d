"""What the commands share: paths, the progress bar, and how errors are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mqsql.errors import MqsqlError

PATH = click.Path(dir_okay=False, path_type=Path)


def progress_bar() -> Progress:
    """A bar on standard error if that is a terminal, else nothing."""
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
