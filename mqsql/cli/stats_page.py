"""Prints the figures of a history."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.text import Text

from mqsql.analysis.durations import Percentiles
from mqsql.analysis.groups import Groups
from mqsql.analysis.states import ABORTED, FAILED, PENDING, RUNNING, STATES
from mqsql.analysis.statistics import Statistics
from mqsql.analysis.throughput import DAY, HOUR, MINUTE, Bucket, Throughput
from mqsql.cli.chart import bars
from mqsql.cli.figures import duration, share
from mqsql.cli.foreign_text import plain
from mqsql.cli.listing import Column, Styled, print_rows
from mqsql.cli.output import cell_text, local_time
from mqsql.cli.task_page import STYLES

if TYPE_CHECKING:
    from rich.console import Console

END = datetime.max.replace(tzinfo=UTC)
"""The last moment that has a date."""

HEIGHT = 4
"""Lines of the chart."""
WIDEST = 4
"""Characters of a bar, at most."""
UUID_SHOWN = 8
"""Characters of a UUID, with which the options --engine and --client find it."""


def print_statistics(console: 'Console', found: Statistics, top: int) -> None:
    """Print all figures; of engines, clients, labels and exceptions the `top` most frequent ones."""
    tasks = found.states.total()
    console.print(Text(f'{tasks:,} tasks', 'bold').append(_span(found), 'not bold'), soft_wrap=True)
    if not tasks:
        return
    _print_states(console, found, tasks)
    _print_times(console, found)
    _print_throughput(console, found.throughput)
    _print_groups(console, 'engine', found.engines, top, UUID_SHOWN)
    _print_clients(console, found.clients, top)
    _print_groups(console, 'label', found.labels, top, None)
    _print_failures(console, found, top)


def _span(found: Statistics) -> str:
    if found.first is None or found.last is None:
        return ''
    return f', submitted {local_time(found.first)} to {local_time(found.last)}'


def _print_states(console: 'Console', found: Statistics, tasks: int) -> None:
    states = found.states
    console.print()
    rows = [
        [(state, STYLES.get(state, '')), (f'{states[state]:,}', ''), (share(states[state], tasks), 'dim')]
        for state in STATES
        if states[state]
    ]
    print_rows(console, [Column('state', whole=True), Column('tasks', right=True), Column('', right=True)], rows)


def _print_times(console: 'Console', found: Statistics) -> None:
    console.print()
    times = (('wait', found.wait), ('run', found.run), ('return', found.arrival))
    rows = [[(name, ''), *_cells(given, ('p50', 'p90', 'p99', 'max'))] for name, given in times]
    print_rows(console, [Column('time', whole=True), *_number_columns('p50', 'p90', 'p99', 'max')], rows)


def _number_columns(*names: str) -> list[Column]:
    return [Column(name, right=True, whole=True) for name in names]


def _cells(given: Percentiles | None, names: Iterable[str]) -> list[Styled]:
    return [(duration(None if given is None else getattr(given, name)), '') for name in names]


# --- throughput


def _print_throughput(console: 'Console', throughput: Throughput) -> None:
    buckets = list(throughput.buckets())
    if not buckets:
        return
    peak = max(buckets, key=lambda bucket: bucket.ended)
    console.print()
    head = Text(f'ended in {bucket_size(throughput.seconds)}', 'bold')
    console.print(head.append(f'  most: {peak.ended:,}, from {local_time(peak.start)}', 'not bold'), soft_wrap=True)
    columns = max(1, min(console.width // len(buckets), WIDEST))
    for line in bars([bucket.ended for bucket in buckets], HEIGHT, columns):
        console.print(Text(line, 'green'))
    if any(bucket.failed for bucket in buckets):
        for line in bars([bucket.failed for bucket in buckets], 1, columns):
            console.print(Text(line, 'red'))
        console.print(Text(f'failed, most: {max(bucket.failed for bucket in buckets):,}', 'red'))
    console.print(_axis(buckets, timedelta(seconds=throughput.seconds), columns * len(buckets)))


_UNITS = ((DAY, 'day'), (HOUR, 'hour'), (MINUTE, 'minute'), (1, 'second'))


def bucket_size(seconds: int) -> str:
    """The size of a bucket in words."""
    size, name = next((size, name) for size, name in _UNITS if seconds % size == 0)
    number = seconds // size
    return f'{number} {name}s' if number > 1 else f'{"an" if name == "hour" else "a"} {name}'


def _axis(buckets: Sequence[Bucket], size: timedelta, width: int) -> Text:
    """The times at which the chart begins and ends."""
    last = buckets[-1].start
    start, end = _moment(buckets[0].start, size), _moment(last + min(size, END - last), size)
    return Text(f'{start}{end:>{max(width - len(start), len(end) + 1)}}', 'dim')


def _moment(moment: datetime, size: timedelta) -> str:
    text = local_time(moment)
    return text[:10] if size >= timedelta(days=1) else text[:16] if size >= timedelta(minutes=1) else text


# --- groups


def _print_groups(console: 'Console', name: str, groups: Groups, top: int, length: int | None) -> None:
    """A table of groups, whose names are cut to their first characters if `length` says so."""
    names = ('wait p50', 'p99', 'run p50', 'p90', 'p99', 'max')
    columns = [Column(name, keep_end=length is None), *_number_columns('tasks', 'failed', *names)]
    rows = [
        [
            _group_name(key, length),
            (f'{group.tasks:,}', ''),
            _number(group.states[FAILED], STYLES[FAILED]),
            *_cells(group.wait, ('p50', 'p99')),
            *_cells(group.run, ('p50', 'p90', 'p99', 'max')),
        ]
        for key, group in list(groups)[:top]
    ]
    console.print()
    print_rows(console, columns, rows)
    _print_more(console, len(groups) - top)


def _print_clients(console: 'Console', groups: Groups, top: int) -> None:
    states = (PENDING, RUNNING, 'done', FAILED, ABORTED)
    rows = [
        [
            _group_name(key, UUID_SHOWN),
            (f'{group.tasks:,}', ''),
            *(_number(group.states[state], STYLES.get(state, '')) for state in states),
        ]
        for key, group in list(groups)[:top]
    ]
    console.print()
    print_rows(console, [Column('client'), *_number_columns('tasks', *states)], rows)
    _print_more(console, len(groups) - top)


def _group_name(key: str | None, length: int | None) -> Styled:
    return ('none', 'dim') if key is None else (cell_text(key)[:length], '')


def _number(number: int, style: str) -> Styled:
    return (f'{number:,}', style) if number else ('', '')


def _print_more(console: 'Console', number: int) -> None:
    if number > 0:
        console.print(Text(f'… {number:,} more; --top N shows N', 'dim'))


# --- failures


def _print_failures(console: 'Console', found: Statistics, top: int) -> None:
    failures = found.failures.by_count()
    if not failures:
        return
    console.print()
    console.print(Text('failures', 'bold'))
    for failure in failures[:top]:
        line = Text(f'{failure.count:>7,} ').append(plain(failure.ename), STYLES[FAILED])
        console.print(
            line.append(f': {plain(failure.evalue)}' if failure.evalue else ''), no_wrap=True, overflow='ellipsis'
        )
        console.print(Text(f'        such as {cell_text(failure.example)}', 'dim'), soft_wrap=True)
    _print_more(console, len(failures) - top)
    left, done = sum(len(failure.ids) for failure in failures), sum(failure.resubmitted for failure in failures)
    again = f'{done:,} resubmitted; ' if done else ''
    console.print(Text(f'{again}{left:,} to resubmit: --ids prints their ids', 'dim'))
