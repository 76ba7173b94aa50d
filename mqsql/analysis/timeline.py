"""What a timeline shows of each task: when it waited and ran, where, and how it ended.

Times are microseconds since 1970 in UTC.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from mqsql.analysis.documents import document_of
from mqsql.analysis.labels import label_text
from mqsql.analysis.states import STATE_KEYS, state_of
from mqsql.schema import Record

if TYPE_CHECKING:
    from mqsql.storage import Store
    from mqsql.storage.base import Query

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

TIMELINE_KEYS = ('client_uuid', 'label', *STATE_KEYS)
"""What `timed_task` needs of a record."""

SHORT = 8
"""Characters of an id that are shown in the least."""


class TimedTask(NamedTuple):
    """A task, its texts empty and its times None where they are not known."""

    msg_id: str
    client: str
    engine: str
    label: str
    state: str
    ename: str
    submitted: int | None
    started: int | None
    completed: int | None

    def run(self, last: int) -> tuple[int, int] | None:
        """When it ran; a task that has not ended ran until `last`, and none ended before it started."""
        if self.started is None:
            return None
        end = last if self.completed is None else self.completed
        return self.started, max(self.started, end)

    def wait(self, last: int) -> tuple[int, int] | None:
        """When it waited to start, if it did: until it ended without a start, or until `last`."""
        if self.submitted is None:
            return None
        end = self.started if self.started is not None else self.completed
        if end is None:
            end = last
        return (self.submitted, end) if end > self.submitted else None


def timed_task(record: Record) -> TimedTask:
    """The task of a record with TIMELINE_KEYS."""
    ename = document_of(record, 'result_content').get('ename')
    return TimedTask(
        record['msg_id'],
        record['client_uuid'] or '',
        record['engine_uuid'] or '',
        label_text(record['label']) or '',
        state_of(record),
        ename if type(ename) is str else '',
        microseconds(record['submitted']),
        microseconds(record['started']),
        microseconds(record['completed']),
    )


def microseconds(time: datetime | None) -> int | None:
    """A time as a number."""
    if time is None:
        return None
    since = time - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds  # half the time of a division


def last_time(store: 'Store', query: 'Query') -> int:
    """The latest time known of the tasks that match, until which those that have not ended are drawn; 0 if there is none."""
    times = (
        microseconds(record[column])
        for column in ('submitted', 'started', 'completed')
        for record in store.find(query, [column], sort={column: -1}, limit=1)
    )
    return max((time for time in times if time is not None), default=0)


def also(query: 'Query', condition: 'Query') -> 'Query':
    """What matches both."""
    return {'$and': [query, condition]} if query else condition


def engine_names(ids: Iterable[str], numbers: Mapping[str, str]) -> dict[str, str]:
    """The name of each engine: its number if that is known, and the beginning of its id."""
    return {id: f'{numbers[id]} {name}' if id in numbers else name for id, name in short_names(ids).items()}


def short_names(ids: Iterable[str]) -> dict[str, str]:
    """Each id cut to a beginning that no other has, of at least SHORT characters."""
    known = sorted(ids)
    longest = [_shared(one, other) for one, other in pairwise(known)]
    shared = map(max, [0, *longest], [*longest, 0])
    return {id: id[: max(SHORT, same + 1)] for id, same in zip(known, shared, strict=False)}


def _shared(one: str, other: str) -> int:
    """How many characters at the beginning are the same."""
    different = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(different, min(len(one), len(other)))


class Lanes:
    """Gives each interval the lowest lane on which it overlaps no other. Intervals come in the order of their start."""

    def __init__(self) -> None:
        self._busy: list[tuple[int, int]] = []
        self._free: list[int] = []
        self.count = 0
        """How many lanes there are."""

    def lane(self, start: int, end: int) -> int:
        """The lane of the next interval."""
        while self._busy and self._busy[0][0] <= start:
            heappush(self._free, heappop(self._busy)[1])
        if self._free:
            lane = heappop(self._free)
        else:
            lane = self.count
            self.count += 1
        heappush(self._busy, (end, lane))
        return lane
