"""What happens to tasks: they are submitted, they start, they end. A record tells all that has happened to its task."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import Any

from mqsql.analysis.states import ABORTED, DONE, FAILED, STATE_KEYS, state_of
from mqsql.schema import Record
from mqsql.storage.base import Query, Store

SUBMITTED, STARTED = 'submitted', 'started'

KINDS = (SUBMITTED, STARTED, DONE, FAILED, ABORTED)
"""The kinds of event; that of an end is the state of the task."""

EVENT_KEYS = ('client_uuid', 'label', *STATE_KEYS)
"""What events need of a record."""


class Step(IntFlag):
    """What has happened to a task."""

    SUBMITTED = 1
    STARTED = 2
    ENDED = 4


@dataclass(frozen=True)
class Event:
    """What has happened to the task of a record, and when, by the clock of the machine where it happened.

    A task starts when an engine gets it. The hub learns with the result when it really began; before that the time is when the
    event was seen.
    """

    kind: str
    step: Step
    time: datetime
    record: Record

    @property
    def ends(self) -> bool:
        """Whether the task has ended with it."""
        return self.step is Step.ENDED


def steps_of(record: Record) -> Step:
    """What has happened to a task. A scheduler that fails a task itself names an engine without a name."""
    begun = record['started'] is not None or bool(record['engine_uuid'])
    return (
        (Step.SUBMITTED if record['submitted'] is not None else Step(0))
        | (Step.STARTED if begun else Step(0))
        | (Step.ENDED if record['completed'] is not None else Step(0))
    )


def events_of(record: Record, known: Step, now: datetime) -> Iterator[Event]:
    """The events of a task beyond those that are known, in their order."""
    new = steps_of(record) & ~known
    if Step.SUBMITTED in new:
        yield Event(SUBMITTED, Step.SUBMITTED, record['submitted'], record)
    if Step.STARTED in new:
        yield Event(STARTED, Step.STARTED, record['started'] or record['completed'] or now, record)
    if Step.ENDED in new:
        yield Event(state_of(record), Step.ENDED, record['completed'], record)


def in_order(tasks: Iterable[Iterable[Event]]) -> list[Event]:
    """The events of several tasks by time; those of a task stay in their order, also where the clocks of machines differ."""
    timed: list[tuple[datetime, Event]] = []
    for events in tasks:
        latest = None
        for event in events:
            latest = event.time if latest is None else max(latest, event.time)
            timed.append((latest, event))
    return [event for _, event in sorted(timed, key=lambda pair: pair[0])]


_COLUMNS = {Step.SUBMITTED: 'submitted', Step.STARTED: 'started', Step.ENDED: 'completed'}
_STATUS = 'result_content.status'
_ENDS: dict[str, Query] = {
    DONE: {_STATUS: {'$nin': ['error', 'aborted']}},
    FAILED: {_STATUS: 'error'},
    ABORTED: {_STATUS: 'aborted'},
}


def latest_events(store: Store, number: int, query: Query, kinds: Collection[str], now: datetime) -> list[Event]:
    """The last events of the tasks that match, so many at most, oldest first. Each column of times has an index."""
    if not number:
        return []
    tasks: list[Iterable[Event]] = []
    for step, column in _COLUMNS.items():
        wanted = _with_kinds(step, kinds)
        if wanted is not None:
            asked = {'$and': [{column: {'$ne': None}}, wanted, query]}
            options: Any = {'sort': {column: -1}, 'limit': number}
            tasks += [events_of(record, ~step, now) for record in store.find(asked, EVENT_KEYS, **options)]
    return in_order(tasks)[-number:]


def _with_kinds(step: Step, kinds: Collection[str]) -> Query | None:
    """The tasks with whose step comes an event of one of the kinds; None if it comes with none."""
    if step is not Step.ENDED:
        return {} if {Step.SUBMITTED: SUBMITTED, Step.STARTED: STARTED}[step] in kinds else None
    ends = [query for kind, query in _ENDS.items() if kind in kinds]
    return None if not ends else {} if len(ends) == len(_ENDS) else {'$or': ends}
