"""The figures and tables of a report, as its template shows them."""

from collections.abc import Mapping
from typing import Any

from mqsql.analysis.failures import Failures
from mqsql.analysis.groups import Group, Groups
from mqsql.analysis.report.drawing import row_name
from mqsql.analysis.report.formats import plain
from mqsql.analysis.report.gathering import Gathered, Slowest
from mqsql.analysis.states import ABORTED, FAILED, STATES, UNKNOWN
from mqsql.analysis.throughput import Throughput

MOST_LISTED = 200
"""Engines or labels in a table."""
MOST_FAILURES = 50
"""Exceptions that are listed."""

Section = dict[str, Any]


def figures(gathered: Gathered) -> Section:
    """How many tasks there are, by state, and how long they took."""
    found, tasks = gathered.statistics, gathered.statistics.states.total()
    counts = [(state, found.states[state], meaning) for state, meaning in STATES.items()]
    return {
        'tasks': tasks,
        'states': [
            (state, number, number / tasks if tasks else None, meaning)
            for state, number, meaning in counts
            if number or state != UNKNOWN
        ],
        'times': [
            ('Wait', 'from submission to start', found.wait),
            ('Run', 'from start to end', found.run),
            ('Return', 'from end to the hub', found.arrival),
        ],
        'rows': len(gathered.activity.rows),
        'bars': len(gathered.bars),
        'ran': sum(row.tasks for row in gathered.activity.rows),
    }


def throughput(counted: Throughput) -> Section:
    """The chart of ended tasks, with heights of 100."""
    buckets = list(counted.buckets())
    most = max((bucket.ended for bucket in buckets), default=0)
    shown = [
        {
            'start': bucket.start,
            'ended': bucket.ended,
            'failed': bucket.failed,
            'height': round(100 * bucket.ended / most, 2) if most else 0,
            'failed_height': round(100 * bucket.failed / most, 2) if most else 0,
        }
        for bucket in buckets
    ]
    return {'buckets': shown, 'bucket_seconds': counted.seconds, 'bucket_most': most}


def failures(found: Failures, tracebacks: Mapping[str, str]) -> Section:
    """The failures by exception, each with an example."""
    every = found.by_count()
    shown = [
        {
            'ename': plain(failure.ename),
            'evalue': plain(failure.evalue),
            'count': failure.count,
            'resubmitted': failure.resubmitted,
            'example': plain(failure.example),
            'traceback': tracebacks.get(failure.example, ''),
        }
        for failure in every[:MOST_FAILURES]
    ]
    return {'failures': shown, 'more_failures': len(every) - len(shown)}


def slowest(found: Slowest, names: Mapping[str, str]) -> Section:
    """The tasks that ran the longest, with their seconds and the name of the engine."""
    every = found.longest_first()
    return {
        'slowest': [
            {
                'msg_id': plain(task.msg_id),
                'label': plain(task.label),
                'state': task.state,
                'engine': plain(names.get(task.engine, task.engine)),
                'engine_id': plain(task.engine),
                'started': task.started,
                'seconds': length / 1e6,
            }
            for task, length in every
        ]
    }


def engines(gathered: Gathered, names: Mapping[str, str]) -> Section:
    """Each engine, in the order of the timeline; those that share a row there come last."""
    groups = dict(gathered.statistics.engines)
    rows = [row for row in gathered.activity.rows if len(row.engines) == 1][:MOST_LISTED]
    shown = [
        {
            'name': row_name(row, names),
            'full': plain(row.engine),
            'busy': row.share,
            **_group(groups.get(row.engine or None)),
        }
        for row in rows
    ]
    more = sum(len(row.engines) for row in gathered.activity.rows) - len(shown)
    return {'engines': shown, 'more_engines': more}


def labels(groups: Groups) -> Section:
    """The labels that most tasks have."""
    known = [(label, group) for label, group in groups if label is not None]
    shown = [{'name': plain(label), 'full': plain(label), **_group(group)} for label, group in known[:MOST_LISTED]]
    return {'labels': shown, 'more_labels': len(known) - len(shown)}


def _group(group: Group | None) -> Section:
    group = group or Group()
    wait, run = group.wait, group.run
    return {
        'tasks': group.tasks,
        'failed': group.states[FAILED],
        'aborted': group.states[ABORTED],
        'wait': wait.p50 if wait else None,
        'run': run.p50 if run else None,
        'run90': run.p90 if run else None,
    }
