"""What commands print: tables, and JSON.

JSON is MongoDB's relaxed Extended JSON, as mongoexport writes it. A time is `{"$date": "2026-11-22T20:15:00Z"}`, so jq reads
`.submitted."$date"`, and what is printed may be used in a QUERY.
"""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

Command = TypeVar('Command', bound=Callable[..., Any])

WIDTH = 80
"""Columns where no terminal says how many there are; the variable COLUMNS says others."""


def json_option(command: Command) -> Command:
    """The flag `--json`, as `as_json`."""
    return click.option('--json', 'as_json', is_flag=True, help='Print JSON.')(command)


def console(file: TextIO | None = None) -> 'Console':
    """Standard output, or a file; with colours if it is a terminal and NO_COLOR is not set."""
    from rich.console import Console

    file = file or sys.stdout

    columns = os.environ.get('COLUMNS', '')
    width = None if file.isatty() else int(columns) if columns.isdecimal() and int(columns) else WIDTH
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def plain_table(*columns: str, right: frozenset[str] | set[str] = frozenset(), caption: str | None = None) -> 'Table':
    """A table without borders; a cell is one line, cut at the width of its column. Those in `right` are numbers."""
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style='bold', caption=caption, caption_justify='left'
    )
    for name in columns:
        table.add_column(name, no_wrap=True, overflow='ellipsis', justify='right' if name in right else 'left')
    return table


def cell(value: Any, style: str = '') -> 'Text':
    """A value for a cell: texts as they are but for control characters, times in local time, documents as JSON, None empty."""
    from rich.text import Text

    return Text(cell_text(value), style=style)


def cell_text(value: Any) -> str:
    """The text of a value in one printable line."""
    from mqsql.errors import printable

    if value is None:
        return ''
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, datetime):
        return local_time(value)
    from mqsql.values.extended_json import dumps

    return printable(dumps(value))


def local_time(moment: datetime) -> str:
    """A time in the zone of this machine, to the second."""
    try:
        return moment.astimezone().strftime('%Y-%m-%d %H:%M:%S')
    except OverflowError:  # at the ends of time the zone of this machine has no time
        return f'{moment:%Y-%m-%d %H:%M:%S}Z'


def print_json(value: Any) -> None:
    """One JSON value, readable, in MongoDB's relaxed Extended JSON."""
    from mqsql.values.extended_json import dumps

    click.echo(dumps(value, indent=2))
