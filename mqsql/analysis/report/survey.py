"""What must be known of a history before its tasks are read in the order of their start: the span, and which to show singly."""

from array import array
from dataclasses import dataclass

from mqsql.analysis.timeline import also, last_time, microseconds
from mqsql.storage.base import Query, Store

MOST_BARS = 250_000
"""Tasks that a page holds singly, with ids and labels: these take 3 MB."""


@dataclass(frozen=True)
class Survey:
    """The tasks of a query: how many, from when to when, and on how many engines.

    Those that took longer than `shortest` microseconds are shown singly, and so many as `ties` of those that took just that.
    """

    tasks: int
    first: int
    last: int
    engines: int
    shortest: int = -1
    ties: int = 0

    def clip(self, interval: tuple[int, int]) -> tuple[int, int]:
        """The part within the span, as a hub may have added tasks since."""
        start, end = interval
        if start >= self.first and end <= self.last:
            return interval
        return min(max(start, self.first), self.last), min(max(end, self.first), self.last)


def survey(store: Store, query: Query, most: int = MOST_BARS) -> Survey:
    """Look at a history."""
    last = last_time(store, query)
    tasks, engines = store.count(query), len(store.distinct('engine_uuid', query))
    found = Survey(tasks, min(_first_time(store, query, last), last), last, engines)
    if tasks <= most:
        return found
    lengths = sorted(_lengths(store, query, last), reverse=True)
    if len(lengths) <= most:
        return found
    shortest = lengths[most - 1] if most else lengths[0]
    longer = sum(length > shortest for length in lengths)
    return Survey(tasks, found.first, last, engines, shortest, most - longer)


def _first_time(store: Store, query: Query, otherwise: int) -> int:
    """The earliest time; columns without a value come first, so they are left out."""
    times = (
        microseconds(record[column])
        for column in ('submitted', 'started', 'completed')
        for record in store.find(also(query, {column: {'$ne': None}}), [column], sort=column, limit=1)
    )
    return min((time for time in times if time is not None), default=otherwise)


def _lengths(store: Store, query: Query, last: int) -> 'array[int]':
    """How long the tasks ran that did, in microseconds."""
    records = store.find(also(query, {'started': {'$ne': None}}), ['started', 'completed'])
    times = ((microseconds(record['started']), microseconds(record['completed'])) for record in records)
    ends = ((start, last if end is None else end) for start, end in times if start is not None)
    return array('q', (max(0, end - start) for start, end in ends))
