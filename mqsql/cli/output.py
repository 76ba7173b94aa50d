"""What commands print: tables on a terminal, or JSON."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar('Command', bound=Callable[..., Any])

WIDTH = 80
"""Columns where no terminal says how many there are."""


def json_option(command: Command) -> Command:
    """The flag `--json`, as `as_json`."""
    return click.option('--json', 'as_json', is_flag=True, help='Print JSON.')(command)


def console() -> 'Console':
    """Standard output, with colours if it is a terminal and NO_COLOR is not set."""
    from rich.console import Console

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """One JSON value, readable; times are ISO 8601 in UTC, bytes base64, as in MongoDB's relaxed Extended JSON."""
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())
