"""All that a report shows, from one pass over the tasks in the order of their start."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappush, heappushpop
from itertools import count

from mqsql.analysis.report.activity import Activity
from mqsql.analysis.report.bars import Bars
from mqsql.analysis.report.survey import Survey, survey
from mqsql.analysis.statistics import STATISTICS_KEYS, Statistics, gather
from mqsql.analysis.timeline import TIMELINE_KEYS, TimedTask, timed_task
from mqsql.schema import Record
from mqsql.storage.base import Query, Store

KEYS = tuple(dict.fromkeys((*STATISTICS_KEYS, *TIMELINE_KEYS)))

Watch = Callable[[Iterable[Record], int], Iterable[Record]]

BUCKETS = 120
"""Columns of the chart of ended tasks, at most."""

MOST_SLOW = 20
"""Tasks that are listed as the slowest."""


class Slowest:
    """The tasks that ran the longest."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, TimedTask]] = []
        self._order = count(0, -1)  # of equals the first one stays

    def add(self, task: TimedTask, length: int) -> None:
        """Consider a task."""
        if len(self._heap) < MOST_SLOW:
            heappush(self._heap, (length, next(self._order), task))
        elif length > self._heap[0][0]:
            heappushpop(self._heap, (length, next(self._order), task))

    def longest_first(self) -> list[tuple[TimedTask, int]]:
        """Each with its time in microseconds."""
        return [(task, length) for length, _, task in sorted(self._heap, reverse=True)]


@dataclass
class Gathered:
    """See the module."""

    survey: Survey
    activity: Activity
    bars: Bars
    slowest: Slowest
    statistics: Statistics


def gathered(store: Store, query: Query, most_bars: int, watch: Watch) -> Gathered:
    """Read the tasks that match; `watch` gets their number and passes the records on."""
    seen = survey(store, query, most_bars)
    activity, bars, slowest = Activity(seen), Bars(seen), Slowest()

    def passed(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            task = timed_task(record)
            activity.add_wait(task)
            run = task.run(seen.last)
            if run is not None:
                start, end = seen.clip(run)
                bars.add(task, start, end, *activity.add_run(task, start, end))
                slowest.add(task, end - start)
            yield record

    records = watch(store.find(query, KEYS, sort='started'), seen.tasks)
    statistics = gather(passed(records), buckets=BUCKETS)
    return Gathered(seen, activity, bars, slowest, statistics)
