"""What long commands and failing ones show: the progress bar, errors, and warnings."""

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mqsql.errors import DamagedValueWarning, MqsqlError, QueryError

if TYPE_CHECKING:
    from rich.progress import Progress


def progress_bar(*, transient: bool = False) -> 'Progress':
    """A bar on standard error if that is a terminal, else nothing; a transient one goes at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=transient)


class WrongUsage(click.ClickException):
    """What the user asked for has no meaning; the program ends with 2, without repeating the usage."""

    exit_code = 2


@contextmanager
def errors_shown() -> Iterator[None]:
    """Errors that a user can do something about end the program with one line: with 2 for a query without meaning, else 1.

    Values that cannot be read are a line each, on standard error.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('always', DamagedValueWarning)
            _show_warnings()
            yield
    except QueryError as e:
        raise WrongUsage(str(e)) from e
    except MqsqlError as e:
        raise click.ClickException(str(e)) from e
    except OSError as e:
        if isinstance(e, BrokenPipeError) or e.errno == errno.EPIPE:
            raise  # click ends silently: nobody reads the output
        reason = e.strerror or str(e) or type(e).__name__
        raise click.ClickException(f'{e.filename}: {reason}' if e.filename else reason) from e


def _show_warnings() -> None:
    """Show warnings about values in place of Python's own form, which names a line of our code."""
    others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, DamagedValueWarning):
            click.echo(f'Warning: {message}', err=True)
        else:
            others(message, category, *where, **more)

    warnings.showwarning = show
