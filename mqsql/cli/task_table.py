"""Tasks in a table: what one wants to see of a task, or the keys that were asked for."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mqsql.analysis.documents import document_of
from mqsql.analysis.states import ABORTED, DONE, FAILED, STATE_KEYS, state_of
from mqsql.cli.listing import Column, Styled, print_rows
from mqsql.cli.output import cell_text, local_time
from mqsql.cli.paths import value_at
from mqsql.schema import NUMBER, TIMESTAMP, Record, Table

if TYPE_CHECKING:
    from rich.console import Console

TASK_KEYS = ('msg_id', 'label', *STATE_KEYS)
"""What the table of tasks needs of a record."""

_COLUMNS = (
    Column('status'),
    Column('submitted', whole=True),
    Column('wait', right=True, whole=True),
    Column('run', right=True, whole=True),
    Column('engine', whole=True),
    Column('label'),
    Column('msg_id', keep_end=True),
)
_STYLES = {FAILED: 'red', ABORTED: 'yellow', DONE: 'green'}
_ENGINE = 8
"""Characters of an engine's UUID, enough to find it by --engine."""


def print_tasks(console: 'Console', table: Table, records: Iterable[Record], keys: Sequence[str]) -> int:
    """Print records in a table, with a column for each key, or for what matters of a task if no keys are given; how many."""
    if keys:
        rows: Iterator[list[Styled]] = ([_cell(value_at(record, key)) for key in keys] for record in records)
        return print_rows(console, [_column(table, key) for key in keys], rows)
    now = datetime.now().astimezone()
    return print_rows(console, _COLUMNS, (_task_row(record, now) for record in records))


def _column(table: Table, key: str) -> Column:
    kind = table.columns.get(table.aliases.get(key, key))
    return Column(key, right=kind is NUMBER, whole=kind is TIMESTAMP)


def _cell(value: Any) -> Styled:
    return cell_text(value), ''


def _task_row(record: Record, now: datetime) -> list[Styled]:
    state, engine = state_of(record), record['engine_uuid']
    shown = state
    if state == FAILED:
        name = document_of(record, 'result_content').get('ename')
        shown = f'{name}' if isinstance(name, str) and name else state
    return [
        (cell_text(shown), _STYLES.get(state, '')),
        (short_time(record['submitted'], now), ''),
        (span(record['submitted'], record['started']), ''),
        (span(record['started'], record['completed']), ''),
        (cell_text(engine)[:_ENGINE], ''),
        _cell(record['label']),
        _cell(record['msg_id']),
    ]


def short_time(moment: datetime | None, now: datetime) -> str:
    """A time in the zone of this machine, without the year if that is the present one."""
    text = '' if moment is None else local_time(moment)
    return text.removeprefix(f'{now:%Y}-')


def span(start: datetime | None, end: datetime | None) -> str:
    """The time from one to the other in at most six characters."""
    return '' if start is None or end is None else short_span(end - start)


def short_span(length: timedelta) -> str:
    """A span of time in at most six characters: 850ms, 12.3s, 4m05s, 3h20m, 12d4h; clocks that differ make it negative."""
    seconds = length.total_seconds()
    if seconds < 0:
        return f'-{short_span(-length)}'
    if seconds < 0.9995:
        return f'{seconds * 1000:.0f}ms'
    if seconds < 59.95:
        return f'{seconds:.1f}s'
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f'{minutes}m{rest:02}s'
    hours, minutes = divmod(minutes, 60)
    return f'{hours}h{minutes:02}m' if hours < 24 else f'{hours // 24}d{hours % 24}h'
