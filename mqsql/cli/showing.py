"""What long commands and failing ones show: the progress bar, and errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mqsql.errors import MqsqlError

if TYPE_CHECKING:
    from rich.progress import Progress


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
