"""What the script of a page draws: the bins of each row, and the tasks that are shown singly."""

from array import array
from collections.abc import Callable, Mapping
from typing import Any

from mqsql.analysis.report.activity import Activity, Row
from mqsql.analysis.report.formats import plain
from mqsql.analysis.report.gathering import Gathered
from mqsql.analysis.report.packing import pack


def drawing(gathered: Gathered, names: Mapping[str, str]) -> dict[str, Any]:
    """The numbers, with the packed ones as text. Times are microseconds from the first."""
    activity, bins = gathered.activity, gathered.activity.bins
    return {
        'first': gathered.survey.first,
        'span': max(1, gathered.survey.last - gathered.survey.first),
        'bins': bins.count,
        'width': bins.width,
        'rows': [_row(row, names) for row in activity.rows],
        'busy': _joined(activity, 'B', Row.shares),
        'ended': _joined(activity, 'I', lambda row: row.ended),
        'failed': _joined(activity, 'I', lambda row: row.failed),
        'waiting': pack(activity.waiting.averages()),
        'ran': sum(row.tasks for row in activity.rows),
        'bars': gathered.bars.packed(),
    }


def _row(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    return {'name': row_name(row, names), 'id': plain(row.engine), 'lanes': row.lanes.count, 'tasks': row.tasks}


def row_name(row: Row, names: Mapping[str, str]) -> str:
    """The name of an engine, or how many share the row."""
    if len(row.engines) > 1:
        return f'{len(row.engines):,} others'
    return plain(names[row.engine]) or 'unknown'


def _joined(activity: Activity, kind: str, part: Callable[[Row], 'array[int]']) -> str:
    """A part of every row, one after the other."""
    every = array(kind)
    for row in activity.rows:
        every += part(row)
    return pack(every)
