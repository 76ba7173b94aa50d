"""Prints one task."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mqsql.analysis.documents import document_of
from mqsql.analysis.failures import NO_NAME, first_line
from mqsql.analysis.states import ABORTED, DONE, FAILED, RUNNING, STATES
from mqsql.analysis.task import Attempt, Task
from mqsql.cli.figures import duration
from mqsql.cli.foreign_text import coloured, plain
from mqsql.cli.output import cell_text
from mqsql.cli.sizes import size_text
from mqsql.schema import Record

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {DONE: 'green', FAILED: 'red', ABORTED: 'yellow', RUNNING: 'cyan'}
"""How the states look."""

LAST_LINES, LAST_CHARACTERS, MOST_CELLS = 50, 20_000, 400
"""What of an output is printed on a terminal, and how long another value is there, unless all is asked for."""

_NAME_WIDTH = 11


def print_task(console: 'Console', task: Task, *, full: bool) -> None:
    """Print all that is known of a task; long texts whole if `full`, or if this is no terminal."""
    style, whole = STYLES.get(task.state, ''), full or not console.is_terminal
    title = Text('task ').append(cell_text(task.record['msg_id']), 'bold')
    console.print(title.append('  ').append(task.state, f'bold {style}'), soft_wrap=True)
    console.print(_cut(Text(_gist(task), style), whole=whole), soft_wrap=True)
    for rows in (_where(task.record), _times(task), _others(task)):
        console.print()
        for name, value in rows:
            console.print(Text(f'{name:{_NAME_WIDTH}} ', 'dim') + _cut(value, whole=whole), soft_wrap=True)
    for name, text in _texts(task.record):
        if text.strip():
            console.print()
            console.print(Text(name, 'bold underline'))
            _print_lines(console, text.rstrip('\n'), full=whole)


def _cut(text: Text, *, whole: bool) -> Text:
    """A value without what a reader would scroll past; all of it if `whole`."""
    if not whole:
        text.truncate(MOST_CELLS, overflow='ellipsis')
    return text


def _gist(task: Task) -> str:
    """The exception, or what the state means."""
    content = _content(task.record)
    if task.state != FAILED:
        return STATES[task.state]
    return exception_text(content.get('ename'), first_line(content.get('evalue')))


def exception_text(name: Any, value: str) -> str:
    """An exception in one line: `KeyError: 'x'`."""
    named = str(name or NO_NAME)
    return plain(f'{named}: {value}' if value else named)


def _content(record: Record) -> dict[str, Any]:
    """The reply of the engine; empty if there is none."""
    return document_of(record, 'result_content')


def _where(record: Record) -> Iterator[tuple[str, Text]]:
    """Who asked for what, and which engine has it."""
    header, info = document_of(record, 'header'), _content(record).get('engine_info')
    number = info.get('engine_id') if isinstance(info, dict) else None
    engine = cell_text(record['engine_uuid'])
    yield 'label', _value(record['label'])
    yield 'client', _value(record['client_uuid'], header.get('username'))
    yield 'engine', _value(engine or None, None if number is None else f'number {number}')
    yield 'queue', _value(record['queue'], header.get('msg_type'))
    code = document_of(record, 'content').get('code')
    if isinstance(code, str) and code:
        yield 'code', Text(cell_text(code.strip()))


def _value(value: Any, more: Any = None) -> Text:
    """A value, and more about it in parentheses."""
    if value is None:
        return Text('-', 'dim')
    text = Text(cell_text(value))
    return text if more is None else text.append(f'  ({cell_text(more)})', 'dim')


def _times(task: Task) -> Iterator[tuple[str, Text]]:
    """The times, each with what had passed."""
    waits, record = task.waits, task.record
    yield 'submitted', _time(record['submitted'], '')
    yield 'started', _time(record['started'], _passed(waits.queue, 'queued for'))
    yield 'completed', _time(record['completed'], _passed(waits.run, 'ran for'))
    yield 'received', _time(record['received'], _passed(waits.arrival, 'returned in'))


def _time(moment: datetime | None, passed: str) -> Text:
    if moment is None:
        return Text('-', 'dim')
    return Text(local_moment(moment)).append(f'  {passed}' if passed else '', 'bold')


def _passed(seconds: float | None, words: str) -> str:
    if seconds is None:
        return ''
    return f'{words} {duration(seconds)}' + (', as clocks differ' if seconds < 0 else '')


def local_moment(moment: datetime) -> str:
    """A time to the millisecond in the zone of this machine, with its offset."""
    try:
        return moment.astimezone().isoformat(' ', 'milliseconds')
    except OverflowError:  # at the ends of time the zone of this machine has no time
        return moment.isoformat(' ', 'milliseconds')


def _others(task: Task) -> Iterator[tuple[str, Text]]:
    """Buffers, the tasks that it waits for, and the other attempts at it."""
    yield 'buffers', _sizes(task.buffers['buffers'])
    yield 'result', _sizes(task.buffers['result_buffers'])
    for name in ('after', 'follow'):
        if found := _dependencies(document_of(task.record, 'metadata').get(name)):
            yield name, Text(found)
    for name, attempts in (('resubmits', task.chain.earlier), ('resubmitted', task.chain.later)):
        for attempt in attempts:
            yield name, _attempt(attempt)


def _sizes(sizes: list[int] | None) -> Text:
    if sizes is None:
        return Text('buffers that cannot be read', 'red')
    if not sizes:
        return Text('none', 'dim')
    word = 'buffer' if len(sizes) == 1 else 'buffers'
    listed = ', '.join(map(size_text, sizes[:5])) + (', …' if len(sizes) > 5 else '')
    return Text(f'{len(sizes):,} {word}, {size_text(sum(sizes))}').append(
        f'  ({listed})' if len(sizes) > 1 else '', 'dim'
    )


def _dependencies(given: Any) -> str:
    """The tasks before this one, as ipyparallel's Dependency is stored; empty if there are none."""
    names = given.get('dependencies') if isinstance(given, dict) else given
    return ', '.join(map(cell_text, names)) if isinstance(names, list) else ''


def _attempt(attempt: Attempt) -> Text:
    state = attempt.state or 'not in the history'
    return Text(cell_text(attempt.msg_id)).append(f'  {state}', STYLES.get(state, 'dim'))


def _texts(record: Record) -> Iterator[tuple[str, str]]:
    """What the task has printed and shown, and its traceback."""
    content = _content(record)
    result = document_of(record, 'execute_result').get('data')
    if isinstance(result, dict):
        yield 'execute_result', str(result.get('text/plain') or '')
    yield 'stdout', record['stdout'] or ''
    yield 'stderr', record['stderr'] or ''
    traceback, value = content.get('traceback'), content.get('evalue')
    if isinstance(traceback, list) and traceback:
        yield 'traceback', '\n'.join(map(str, traceback))
    elif traceback:
        yield 'traceback', str(traceback)
    elif value is not None and str(value) != first_line(value):
        yield 'message', str(value)


def _print_lines(console: 'Console', text: str, *, full: bool) -> None:
    lines = text.split('\n')
    left_out = 0 if full else len(lines) - LAST_LINES
    if left_out > 0:
        console.print(Text(f'… {left_out:,} lines before these; --full prints all', 'dim'))
        lines = lines[-LAST_LINES:]
    shown = '\n'.join(lines)
    beyond = 0 if full else len(shown) - LAST_CHARACTERS
    if beyond > 0:
        console.print(Text(f'… {beyond:,} characters before these; --full prints all', 'dim'))
        shown = shown[beyond:]
    console.print(coloured(shown), soft_wrap=True)
