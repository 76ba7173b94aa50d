"""The options that choose tasks, `--since 1h` and so on, which the commands that query share."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from mqsql.cli.times import Moment

Command = TypeVar('Command', bound=Callable[..., Any])
Query = dict[str, Any]

STATES = ('ok', 'error', 'aborted', 'pending')
"""The states of a task: `result_content.status`, and that of a task that has not ended."""

SELECTION = 'mqsql.selection'


@dataclass(frozen=True)
class Selection:
    """What the options say; tasks have to satisfy all of them, and one of the values of each."""

    since: datetime | None = None
    until: datetime | None = None
    clients: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def query(self, query: Query | None = None, file: str | None = None) -> Query:
        """The query that finds these tasks, of those that another finds; `file` is the history, for the numbers of engines."""
        conditions = [*([query] if query else []), *self._conditions(file)]
        return conditions[0] if len(conditions) == 1 else {'$and': conditions} if conditions else {}

    def _conditions(self, file: str | None) -> Iterator[Query]:
        submitted = {'$gte': self.since, '$lt': self.until}
        if window := {operator: moment for operator, moment in submitted.items() if moment is not None}:
            yield {'submitted': window}
        groups = (
            [_begins('client_uuid', text) for text in self.clients],
            [_of_engine(text, file) for text in self.engines],
            [_of_label(text) for text in self.labels],
            [_of_state(state) for state in self.states],
        )
        yield from (group[0] if len(group) == 1 else {'$or': group} for group in groups if group)


def selection_options(command: Command) -> Command:
    """The options that choose tasks; the command gets a Selection, as `selection`."""
    from functools import wraps

    @wraps(command)
    def run(
        *args: Any,
        since: datetime | None,
        until: datetime | None,
        client: tuple[str, ...],
        engine: tuple[str, ...],
        label: tuple[str, ...],
        status: tuple[str, ...],
        pending: bool,
        **options: Any,
    ) -> Any:
        states = (*status, *(('pending',) if pending else ()))
        chosen = Selection(since, until, client, engine, label, tuple(dict.fromkeys(states)))
        return command(*args, selection=chosen, **options)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run  # type: ignore[return-value]


_OPTIONS = (
    click.option(
        '--since', type=Moment(), metavar='TIME', help='Submitted at this time or later: 1h (ago), yesterday, …'
    ),
    click.option('--until', type=Moment(), metavar='TIME', help='Submitted before this time.'),
    click.option('--client', multiple=True, metavar='UUID', help='Of this client, by the beginning of its UUID.'),
    click.option(
        '--engine',
        multiple=True,
        metavar='UUID',
        help="Run by this engine, by the beginning of its UUID, or by its number in the profile's last cluster.",
    ),
    click.option('--label', multiple=True, metavar='PATTERN', help="With this label; * ? [] as in file names: 'a/*'."),
    click.option('--status', multiple=True, type=click.Choice(STATES), help='In this state; pending: not ended yet.'),
    click.option('--pending', is_flag=True, help='The same as --status pending.'),
)


def _begins(column: str, text: str) -> Query:
    return {column: {'$regex': '^' + re.sub(r'(\W)', r'\\\1', text)}}


def _of_label(text: str) -> Query:
    if re.search(r'[*?[]', text):
        return {'label': {'$glob': text}}
    try:
        value = json.loads(text)
    except ValueError:
        return {'label': text}
    # A label may be a number, which looks the same here.
    return {'label': {'$in': [text, value]}} if isinstance(value, int | float) else {'label': text}


def _of_state(state: str) -> Query:
    return {'completed': None} if state == 'pending' else {'result_content.status': state}


# --- engines by number

NUMBER = re.compile(r'\d{1,5}')
"""What is an engine's number; the beginning of a UUID has more digits, or a letter."""


def _of_engine(text: str, file: str | None) -> Query:
    if not NUMBER.fullmatch(text):
        return _begins('engine_uuid', text)
    found = sorted(set(_engines_of(text, file)))
    if not found:
        raise click.UsageError(
            f'engine {text} is not in log/engines*.json beside the history, where a hub lists its engines by number; '
            'write the beginning of its UUID'
        )
    return {'engine_uuid': {'$in': found}}


def _engines_of(number: str, file: str | None) -> Iterator[str]:
    """The engines that had this number in a cluster of the profile to which the history belongs."""
    if file is None:
        return
    for path in Path(file).absolute().parent.glob('log/engines*.json'):
        try:
            uuid = json.loads(path.read_bytes())['engines'][str(int(number))]
        except (OSError, ValueError, LookupError, TypeError):
            continue  # this cluster had no such engine, or the hub is writing the file
        if isinstance(uuid, str):
            yield uuid
