"""Prints events of tasks: a line each, or a line of JSON."""

import sys
from collections.abc import Iterable
from datetime import datetime

from mqsql.analysis.documents import document_of
from mqsql.analysis.durations import seconds_between
from mqsql.analysis.events import STARTED, SUBMITTED, Event
from mqsql.analysis.failures import first_line
from mqsql.analysis.states import ABORTED, DONE, FAILED
from mqsql.cli.figures import duration
from mqsql.cli.listing import Column, sized
from mqsql.cli.output import cell_text, console
from mqsql.cli.task_page import STYLES, exception_text
from mqsql.cli.task_table import short_time
from mqsql.schema import Record

STYLE = {SUBMITTED: '', STARTED: 'cyan', **{state: STYLES[state] for state in (DONE, FAILED, ABORTED)}}
"""How the kinds of event look."""

_TIME, _KIND, _GAPS = 14, 9, 8
"""Characters of the first columns, and of the gaps between all. A time of another year is longer."""
_ENGINE = 8


class Writer:
    """Writes events to standard output, which shows them at once."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json, self._console = as_json, console()

    def __call__(self, events: Iterable[Event]) -> None:
        """Write some events."""
        now = datetime.now().astimezone()
        for event in events:
            if self._as_json:
                sys.stdout.write(f'{_json_line(event)}\n')
            elif self._console.is_terminal:
                self._print(event, now)
            else:
                sys.stdout.write('  '.join(text or '-' for text in _cells(event, now)) + '\n')
        sys.stdout.flush()

    def _print(self, event: Event, now: datetime) -> None:
        """Print an event in one line of the terminal, with the end of its id, which tells it from others."""
        from rich.text import Text

        cells = _cells(event, now)
        time = max(_TIME, len(cells[0]))
        room = max(self._console.width - time - _KIND - _GAPS, 24)
        widths = (time, _KIND, room // 3, room // 3, room - 2 * (room // 3))
        columns = [Column('', keep_end=i == 2) for i in range(len(widths))]
        texts = map(sized, cells, widths, columns)
        styles = ('dim', STYLE[event.kind], '', 'dim', STYLE[event.kind])
        line = Text('  ').join(Text(text, style) for text, style in zip(texts, styles, strict=True))
        line.rstrip()
        self._console.print(line, soft_wrap=True)


def _cells(event: Event, now: datetime) -> list[str]:
    record = event.record
    texts = (record['msg_id'], record['label'])
    return [short_time(event.time, now), event.kind, *map(cell_text, texts), _detail(event)]


def _detail(event: Event) -> str:
    """The engine that has the task, how long the task ran, its exception."""
    record = event.record
    engine = f'on {cell_text(record["engine_uuid"])[:_ENGINE]}' if record['engine_uuid'] else ''
    if event.kind == SUBMITTED:
        return ''
    if event.kind == STARTED:
        return engine
    run = seconds_between(record['started'], record['completed'])
    ran = '' if run is None else duration(run)
    if event.kind == FAILED:
        name, value = _exception(record)
        return f'{ran} {exception_text(name, value)}'.strip()
    return f'{ran} {engine}'.strip()


def _exception(record: Record) -> tuple[str, str]:
    content = document_of(record, 'result_content')
    return str(content.get('ename') or ''), first_line(content.get('evalue'))


def _json_line(event: Event) -> str:
    from mqsql.values.extended_json import dumps

    record = event.record
    ename, evalue = _exception(record) if event.kind == FAILED else (None, None)
    return dumps(
        {
            'event': event.kind,
            'time': event.time,
            **{key: record[key] for key in ('msg_id', 'label', 'client_uuid', 'engine_uuid')},
            'run': seconds_between(record['started'], record['completed']) if event.ends else None,
            'ename': ename,
            'evalue': evalue,
        }
    )
