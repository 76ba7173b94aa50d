"""The options that choose tasks, `--since 1h` and so on, which the commands that query share."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import click

from mqsql.cli.engine_numbers import engine_numbers
from mqsql.cli.relaxed import read_query
from mqsql.cli.times import Moment

Command = TypeVar('Command', bound=Callable[..., Any])
Query = dict[str, Any]

_NOT_ENDED: Query = {'completed': None}
_ENDED: Query = {'completed': {'$ne': None}}
_UNSENT: Query = {**_NOT_ENDED, 'engine_uuid': None, 'started': None}
_STATUS = 'result_content.status'

STATES: dict[str, Query] = {
    'pending': {**_UNSENT, 'submitted': {'$ne': None}},
    'running': {**_NOT_ENDED, '$or': [{'engine_uuid': {'$ne': None}}, {'started': {'$ne': None}}]},
    'done': {**_ENDED, _STATUS: {'$nin': ['error', 'aborted']}},
    'failed': {**_ENDED, _STATUS: 'error'},
    'aborted': {**_ENDED, _STATUS: 'aborted'},
    'unknown': {**_UNSENT, 'submitted': None},
}
"""What finds the tasks of each state that `mqsql.analysis.states` defines."""

STATUSES = {**STATES, 'ok': STATES['done'], 'error': STATES['failed']}
"""The same, and by the words of IPython Parallel's replies."""


@dataclass(frozen=True)
class Selection:
    """What the options say; tasks have to satisfy all of them, and one of the values of each."""

    since: datetime | None = None
    until: datetime | None = None
    clients: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    pending: bool = False

    def query(self, text: str | None, file: str | None) -> Query:
        """The query that finds these tasks, of those that the argument QUERY finds; QueryError if that is no query.

        `file` is the history, for the numbers of engines.
        """
        query = read_query(text or '{}')
        conditions = [*([query] if query else []), *self._conditions(file)]
        keys = [key for condition in conditions for key in condition]
        if len(keys) == len(set(keys)):
            return {key: value for condition in conditions for key, value in condition.items()}
        return {'$and': conditions}  # errors name a place in it, which the user did not write

    def _conditions(self, file: str | None) -> Iterator[Query]:
        submitted = {'$gte': self.since, '$lt': self.until}
        if window := {operator: moment for operator, moment in submitted.items() if moment is not None}:
            yield {'submitted': window}
        groups = (
            [_begins('client_uuid', text) for text in self.clients],
            [_of_engine(text, file) for text in self.engines],
            [_of_label(text) for text in self.labels],
            [STATUSES[state] for state in self.states],
            [_NOT_ENDED] if self.pending else [],
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
        chosen = Selection(since, until, client, engine, label, status, pending)
        return command(*args, selection=chosen, **options)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run  # type: ignore[return-value]


_OPTIONS = (
    click.option(
        '--since',
        type=Moment(),
        metavar='TIME',
        help='Submitted at this time or later: 1h (ago), yesterday, 2026-11-02 09:00 (local time), …',
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
    click.option(
        '--status', multiple=True, type=click.Choice(list(STATUSES)), help='In this state; ok is done, error is failed.'
    ),
    click.option('--pending', is_flag=True, help='Not ended: pending, running or unknown.'),
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
    known = engine_numbers(file) if file is not None else {}
    return (uuid for uuid, given in known.items() if given == str(int(number)))
