"""`mqsql tail`."""

import os
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.histories import file_argument, history_file, open_history, table_option
from mqsql.cli.output import json_option
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown

if TYPE_CHECKING:
    from mqsql.analysis.events import Event
    from mqsql.storage import Store

LAST = 20
"""Events that are printed at first."""

INTERVAL = 0.25
"""Seconds between two polls."""
RATIO = 9
"""Times as long as a poll the command rests after it, so that it takes a tenth of a processor at most."""
CREATING = 10.0
"""Seconds in which a file that has just appeared becomes a history."""

INTERRUPTED = 130
"""The exit status of a program that Ctrl-C has ended, as shells have it."""

KINDS = {
    'pending': ('submitted',),
    'running': ('started',),
    'done': ('done',),
    'ok': ('done',),
    'failed': ('failed',),
    'error': ('failed',),
    'aborted': ('aborted',),
    'unknown': (),
}
"""The events by which tasks come into each state."""


@dataclass(frozen=True)
class Request:
    """What to print: the last events, so many, and then those of the tasks that match, of these kinds."""

    last: int
    query: dict[str, Any]
    kinds: Collection[str]


@click.command('tail')
@file_argument
@table_option
@click.option('-f', '--follow', is_flag=True, help='Go on, and print what happens, until Ctrl-C.')
@click.option(
    '-n', '--last', type=click.IntRange(min=0), default=LAST, show_default=True, help='Events that are printed first.'
)
@selection_options
@json_option
def tail(file: str | None, table: str, follow: bool, last: int, selection: Selection, as_json: bool) -> None:
    """Print what happens to tasks: the last events, or with -f all.

    Tasks are submitted, start, and are done, failed or aborted.

    A line is an event: its time in the zone of this machine, the id and the label of its task. The hub learns with the result
    when a task started. While it runs, the event of its start is that an engine has it, and the time is when that was seen.

    With -f each event is printed once, about a second after the hub heard of it. The file may be missing yet, or be replaced
    meanwhile. A hub may write to it: this only reads, and takes a tenth of a processor at most. Files of DuckDB and Parquet do
    not change while they are read, so -f is for files of SQLite and for MongoDB.

    --status chooses events: pending, when a task is submitted; running, when it starts; done, failed, aborted. Of the other
    options a task must satisfy all when its event is seen. --json prints each event as one line of JSON.

    \b
    Examples:
      mqsql tail -f
      mqsql tail tasks.db -n 100 --label 'train/*'
      mqsql tail tasks.db -f --status failed
      mqsql tail -f -n 0 --json | jq -r 'select(.event == "failed").msg_id'
    """
    from mqsql.cli.event_lines import Writer

    with errors_shown():
        path = history_file(file)
        kinds = _kinds(selection)
        request = Request(last, replace(selection, states=(), pending=False).query(None, path), kinds)
        write = Writer(as_json=as_json)
        if not follow:
            with open_history(path, table) as store:
                write(_latest(store, request))
            return
        _check_followed(path)
        try:
            _follow(path, table, request, write)
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None


def _kinds(selection: Selection) -> Collection[str]:
    """The kinds of event that the options choose."""
    from mqsql.analysis.events import KINDS as ALL

    states = (*selection.states, *(('pending', 'running') if selection.pending else ()))
    return {kind for state in states for kind in KINDS[state]} if states else ALL


def _latest(store: 'Store', request: Request) -> Iterable['Event']:
    from datetime import UTC, datetime

    from mqsql.analysis.events import latest_events

    return latest_events(store, request.last, request.query, request.kinds, datetime.now(UTC))


def _check_followed(path: str) -> None:
    from mqsql.storage.urls import MONGODB, SQLITE, read_url

    if read_url(path).kind not in (SQLITE, MONGODB):
        raise click.UsageError(f'{path}: it does not change while it is read; -f follows files of SQLite, and MongoDB')


def _follow(path: str, table: str, request: Request, write: Callable[[Iterable['Event']], None]) -> None:
    """Write the last events, and then each that happens. Of a file that begins only now, all."""
    from mqsql.analysis.following import Follower

    whole = _wait_for(path)
    while True:
        with _opened(path, table, patient=whole) as store:
            follower = Follower(store, request.query, request.kinds, whole=whole)
            if not whole:
                write(follower.latest(request.last))
            while not _is_lost(path, store):
                began = time.monotonic()
                write(follower.poll())
                time.sleep(max(INTERVAL, RATIO * (time.monotonic() - began)))
        click.echo(f'{path} was deleted or replaced', err=True)
        _wait_for(path)
        whole = True


def _wait_for(path: str) -> bool:
    """Wait until there is the file; whether it was missing."""
    from mqsql.storage.urls import SQLITE, read_url

    kind, name = read_url(path)
    if kind != SQLITE or os.path.exists(name):
        return False
    click.echo(f'{path}: waiting for this file', err=True)
    while not os.path.exists(name):
        time.sleep(INTERVAL)
    return True


def _opened(path: str, table: str, *, patient: bool) -> 'Store':
    """The store; if `patient`, another process may still be making it."""
    from mqsql.errors import StorageError

    deadline = time.monotonic() + (CREATING if patient else 0)
    while True:
        try:
            return open_history(path, table)
        except StorageError:
            if time.monotonic() > deadline:
                raise
            time.sleep(INTERVAL)


def _is_lost(path: str, store: 'Store') -> bool:
    """Whether the file was deleted or replaced; a server has none."""
    from mqsql.storage.urls import SQLITE, read_url

    if read_url(path).kind != SQLITE:
        return False
    from mqsql.storage.sqlite.file import SqliteFile

    return isinstance(store, SqliteFile) and store.lost()
