"""`mqsql stats`."""

from typing import TYPE_CHECKING, Any

import click

from mqsql.cli.histories import file_argument, history_file, open_history, table_option
from mqsql.cli.output import console, json_option, print_json
from mqsql.cli.selecting import Selection, selection_options
from mqsql.cli.showing import errors_shown, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mqsql.analysis.durations import Percentiles
    from mqsql.analysis.groups import Groups
    from mqsql.analysis.statistics import Statistics
    from mqsql.schema import Record

TOP = 10
"""Rows of each table."""


@click.command('stats')
@file_argument
@table_option
@selection_options
@click.option(
    '--top', type=click.IntRange(min=1), default=TOP, show_default=True, help='Rows of a table of engines, labels, ….'
)
@click.option('--ids', 'only_ids', is_flag=True, help='Print only the ids of failed tasks to resubmit, one on a line.')
@json_option
def stats(file: str | None, table: str, selection: Selection, top: int, only_ids: bool, as_json: bool) -> None:
    """Print figures: states, times, throughput, failures.

    Also the number of tasks of each engine, client and label.

    The states are

    \b
      pending   submitted; no engine has it yet
      running   an engine has it: it runs, or waits for that engine
      done      ended without an error
      failed    ended with an exception
      aborted   ended before it began: it was aborted, or a task before it failed
      unknown   only its output is known; the hub did not hear of its request

    wait is the time from the submission to the start, run from the start to the end, return until the hub had the result. Of
    100 tasks 50, 90 and 99 took no longer than p50, p90 and p99. The clocks of clients, engines and hub are taken for right.

    Failed tasks are listed by their exception. Those that have been resubmitted already are not among --ids.

    \b
    Examples:
      mqsql stats
      mqsql stats tasks.db --since yesterday --label 'train/*'
      mqsql stats tasks.db --ids --since 1d > ids.txt
      mqsql stats tasks.db --json | jq '.failures[] | {ename, count}'
    """
    if only_ids and as_json:
        raise click.UsageError('give --ids or --json, not both')
    with errors_shown():
        path = history_file(file)
        query = selection.query(None, path)
        if only_ids:
            _print_ids(path, table, query)
            return
        found = _gather(path, table, query)
        if as_json:
            print_json(_as_json(found))
            return
        from mqsql.cli.stats_page import print_statistics

        print_statistics(console(), found, top)


def _gather(path: str, table: str, query: dict[str, Any]) -> 'Statistics':
    from datetime import datetime, timedelta

    from mqsql.analysis.statistics import STATISTICS_KEYS, gather

    offset = datetime.now().astimezone().utcoffset() or timedelta(0)
    with open_history(path, table) as store, progress_bar(transient=True) as progress:
        records: Iterable[Record] = store.find(query, STATISTICS_KEYS)
        if not progress.disable:
            records = progress.track(records, store.count(query), description='Reading')
        return gather(records, offset)


def _print_ids(path: str, table: str, query: dict[str, Any]) -> None:
    from mqsql.analysis.failures import to_resubmit

    with open_history(path, table) as store:
        for key in to_resubmit(store, query):
            click.echo(key)


# --- JSON


def _as_json(found: 'Statistics') -> dict[str, Any]:
    states = found.states
    return {
        'tasks': states.total(),
        'first_submitted': found.first,
        'last_submitted': found.last,
        'states': _states(states),
        'wait': _percentiles(found.wait),
        'run': _percentiles(found.run),
        'return': _percentiles(found.arrival),
        'throughput': {
            'bucket_seconds': found.throughput.seconds,
            'buckets': [vars(bucket) for bucket in found.throughput.buckets()],
        },
        'engines': _groups('engine_uuid', found.engines),
        'clients': _groups('client_uuid', found.clients, timed=False),
        'labels': _groups('label', found.labels),
        'failures': [vars(failure) for failure in found.failures.by_count()],
    }


def _states(counts: dict[str, int]) -> dict[str, int]:
    from mqsql.analysis.states import STATES

    return {state: counts.get(state, 0) for state in STATES}


def _percentiles(found: 'Percentiles | None') -> dict[str, Any] | None:
    return None if found is None else vars(found)


def _groups(name: str, groups: 'Groups', *, timed: bool = True) -> 'Iterable[dict[str, Any]]':
    listed = []
    for key, group in groups:
        times = {'wait': _percentiles(group.wait), 'run': _percentiles(group.run)} if timed else {}
        listed.append({name: key, 'tasks': group.tasks, 'states': _states(group.states), **times})
    return listed
