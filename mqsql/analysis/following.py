"""Follows a history while a hub writes it: each event of each task once.

A poll asks for what is new in three ways, none of which reads the history, and for nothing if the store tells that no process
has changed it:

- the last keys in the order of insertion, back to one that is known;
- the keys of all tasks that have not ended, from an index, if their number is another than is known;
- of the tasks that are not known to have started, those that an engine has by now, some at a time.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import ceil
from typing import Any

from mqsql.analysis.events import EVENT_KEYS, KINDS, Event, Step, events_of, in_order, latest_events, steps_of
from mqsql.schema import Record
from mqsql.storage.base import Query, Store

UNENDED: Query = {'completed': None}

RECENT = 4_096
"""Of the tasks that were inserted last, how many are known."""
ENDED = 16_384
"""Of those that ended last, how many are known."""
WINDOW = 256
"""Keys in which a poll looks for new ones, at first."""
BATCH = 500
"""Tasks whose records are read at once."""
LOOKED_AT = 5_000
"""Tasks not known to have started, of which one poll asks whether they have."""
CLOCKS = timedelta(minutes=1)
"""By how much the hub's clock may be behind that of this machine."""

_COLUMNS = {Step.SUBMITTED: 'submitted', Step.STARTED: 'engine_uuid'}
"""Where a task that has not ended shows what has happened to it."""


class Follower:
    """The events of the tasks that match, of these kinds, from now on; `whole`: of a history that has just begun, all."""

    def __init__(
        self, store: Store, query: Query | None = None, kinds: Collection[str] = KINDS, *, whole: bool = False
    ) -> None:
        self._store, self._query, self._kinds = store, query or {}, frozenset(kinds)
        self._inserted, self._ended = Latest(RECENT), Latest(ENDED)
        self._unended: dict[str, Step] = {}
        """What is known to have happened to each task that has not ended."""
        self._without: dict[Step, dict[str, None]] = {step: {} for step in _COLUMNS}
        """Those of them to which a step has not happened; those that were asked for last come last."""
        self._given: set[tuple[str, Step]] = set()
        """What `latest` gave."""
        self._polled = _now()
        self._version: object = None
        """That of the data at the last poll, if the store tells it."""
        self._rounds = 0
        """Polls until all tasks have been asked for that may have started."""
        if not whole:
            # In this order: what is inserted between the two is then known to be there.
            self._inserted.add(self._last_keys(RECENT)[::-1])
            for record in store.find(UNENDED, EVENT_KEYS):
                self._note(record['msg_id'], steps_of(record))
            self._ended.add(store.keys({'completed': {'$gte': self._polled - 2 * CLOCKS}}))

    def latest(self, number: int) -> list[Event]:
        """The last events before those that `poll` gives, so many at most, oldest first."""
        events = latest_events(self._store, number, self._query, self._kinds, _now())
        # Some may have happened since this object was made, and a poll would give them again.
        self._given = {(event.record['msg_id'], event.step) for event in events}
        return events

    def poll(self) -> Iterator[Event]:
        """The events since the last poll, ordered by time in parts. It must be read to its end."""
        version = self._store.data_version()
        if version is None or version != self._version:
            yield from self._changes()
            self._rounds = max(ceil(len(without) / LOOKED_AT) for without in self._without.values())
        if self._rounds:
            self._rounds -= 1
            yield from self._steps()
        self._version = version

    def _changes(self) -> Iterator[Event]:
        """The events of new tasks, and of tasks that have ended."""
        # Counted first: what comes after that is found now or, as the data has changed again, by the next poll.
        began, unended = _now(), self._store.count(UNENDED)
        yield from self._report(self._new_keys())
        if unended != len(self._unended):
            left = dict.fromkeys(self._store.keys(UNENDED))
            yield from self._report([key for key in self._unended if key not in left])
            # Those that came since, or that a server has put before known ones.
            yield from self._report(self._unknown(left))
        self._polled = began

    def _steps(self) -> Iterator[Event]:
        """The events of some of the other tasks that have not ended."""
        for step, column in _COLUMNS.items():
            if asked := self._next_without(step):
                yield from self._report(self._store.keys({'msg_id': {'$in': asked}, column: {'$ne': None}}))

    # --- what is new

    def _last_keys(self, number: int) -> list[str]:
        """The keys inserted last, the last first."""
        options: Any = {'sort': {'$natural': -1}, 'limit': number}
        return self._store.keys({}, **options)

    def _new_keys(self) -> list[str]:
        """The keys of new tasks, in the order of insertion."""
        number = WINDOW
        while True:
            window = self._last_keys(number)
            known = [i for i, key in enumerate(window) if key in self._inserted]
            if known:
                # With a server also between known ones: it may show a record after one that was inserted later.
                return self._learn(window[known[-1] :: -1])
            if not self._inserted and len(window) < number:
                return self._learn(window[::-1])
            if self._inserted and not self._any_left():
                return self._begin_again()
            number *= 8

    def _learn(self, keys: list[str]) -> list[str]:
        """The keys that are not known; from now on all are known as the last that were inserted."""
        new = self._unknown(keys)
        self._inserted.add(keys)
        return new

    def _unknown(self, keys: Iterable[str]) -> list[str]:
        known = (self._inserted, self._unended, self._ended)
        return [key for key in keys if not any(key in some for some in known)]

    def _any_left(self) -> bool:
        """Whether one of the known tasks has not been purged."""
        return bool(self._store.count({'msg_id': {'$in': [*self._inserted]}}, limit=1))

    def _begin_again(self) -> list[str]:
        """The new tasks when none of the known ones is left that tells where they begin: they have not ended, or since the last
        poll. What that reads is much, and it is rare.
        """
        last = self._last_keys(RECENT)[::-1]
        query: Query = {'$or': [UNENDED, {'received': {'$gte': self._polled - CLOCKS}}]}
        new = self._unknown(self._store.keys(query))
        self._inserted = Latest(RECENT)
        self._inserted.add(last)
        return new

    def _next_without(self, step: Step) -> list[str]:
        """Some of the tasks to which a step has not happened; other ones the next time, if they are many."""
        without = self._without[step]
        asked = list(islice(without, LOOKED_AT))
        if len(asked) < len(without):
            for key in asked:
                del without[key]
            without.update(dict.fromkeys(asked))
        return asked

    # --- what is known

    def _report(self, keys: Sequence[str]) -> Iterator[Event]:
        """The events of tasks that are not known, in the order of the keys and, in each batch, by time."""
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            found = {record['msg_id']: record for record in self._store.find({'msg_id': {'$in': batch}}, EVENT_KEYS)}
            events = in_order(self._news_of(key, found.get(key)) for key in batch)
            yield from self._wanted(events)

    def _news_of(self, key: str, record: Record | None) -> list[Event]:
        """The events of a task that are not known, and are from now on; none for one that was purged."""
        known = self._unended.get(key, Step(0))
        if record is None:
            self._forget(key)
            return []
        self._note(key, steps_of(record))
        return list(events_of(record, known, _now()))

    def _note(self, key: str, steps: Step) -> None:
        if Step.ENDED in steps:
            self._forget(key)
            self._ended.add([key])
            return
        self._unended[key] = steps
        for step, without in self._without.items():
            if step in steps:
                without.pop(key, None)
            else:
                without.setdefault(key)

    def _forget(self, key: str) -> None:
        self._unended.pop(key, None)
        for without in self._without.values():
            without.pop(key, None)

    def _wanted(self, events: Iterable[Event]) -> Iterator[Event]:
        """Those of tasks that match, of the kinds that are asked for, and not given by `latest`."""
        left = [event for event in events if event.kind in self._kinds and not self._was_given(event)]
        if self._query and left:
            keys = {event.record['msg_id'] for event in left}
            matching = set(self._store.keys({'$and': [{'msg_id': {'$in': list(keys)}}, self._query]}))
            left = [event for event in left if event.record['msg_id'] in matching]
        return iter(left)

    def _was_given(self, event: Event) -> bool:
        return bool(self._given) and (event.record['msg_id'], event.step) in self._given


class Latest:
    """The last keys that were added, so many at most."""

    def __init__(self, most: int) -> None:
        self._most, self._keys = most, dict[str, None]()

    def add(self, keys: Iterable[str]) -> None:
        """Add keys, the last one last."""
        for key in keys:
            self._keys.pop(key, None)
            self._keys[key] = None
        while len(self._keys) > self._most:
            del self._keys[next(iter(self._keys))]

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _now() -> datetime:
    return datetime.now(UTC)
