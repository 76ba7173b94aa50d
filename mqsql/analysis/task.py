"""One task: found by its id or a part of it, with its times, its buffers' sizes, and what was resubmitted for what."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mqsql.analysis.durations import seconds_between
from mqsql.analysis.states import STATE_KEYS, state_of
from mqsql.errors import DamagedValueError, MissingRecordError, MqsqlError, named
from mqsql.schema import BUFFERS, TASKS, Record
from mqsql.storage.base import Store

LATEST = 'latest'
"""In place of an id: the task that was submitted last."""

MOST_CANDIDATES = 10
"""Tasks that an error lists for an ambiguous beginning."""

_LAST_CHARACTER = '\U0010ffff'


class AmbiguousError(MqsqlError):
    """Several ids begin or end so: `candidates` has the first of them, `more` says that there are further ones."""

    def __init__(self, part: str, how: str, candidates: Sequence[Record], *, more: bool) -> None:
        number = f'more than {len(candidates)}' if more else str(len(candidates))
        super().__init__(f'{number} tasks have a msg_id that {how} with {named(part)}')
        self.candidates, self.more = candidates, more


def find_task(store: Store, name: str) -> Record:
    """The task of this msg_id, or the only one whose msg_id begins so, or else ends so, or the latest.

    A client begins all its ids with its own, so that the ends tell them apart. MissingRecordError if there is none,
    AmbiguousError if there are several.
    """
    if name == LATEST:
        latest = store.find_one({'submitted': {'$ne': None}}, [], sort={'submitted': -1})
        if latest is None:
            raise MissingRecordError('the history has no task')
        return store.get_record(latest['msg_id'])
    try:
        return store.get_record(name)
    except MissingRecordError:
        return store.get_record(_completed(store, name))


def _completed(store: Store, part: str) -> str:
    for how, pattern in (
        ('begins', {'$gte': part, '$lt': part + _LAST_CHARACTER}),
        ('ends', {'$glob': f'*{glob.escape(part)}'}),
    ):
        options: Any = {'sort': 'msg_id', 'limit': MOST_CANDIDATES + 1}
        found = list(store.find({'msg_id': pattern}, ['submitted', 'label'], **options)) if part else []
        if len(found) > 1:
            raise AmbiguousError(part, how, found[:MOST_CANDIDATES], more=len(found) > MOST_CANDIDATES)
        if found:
            return str(found[0]['msg_id'])
    raise MissingRecordError(f'no msg_id is {named(part)}, or begins or ends with it')


# --- what was resubmitted


@dataclass(frozen=True)
class Attempt:
    """A task that is another attempt at one; `state` is None if the history has lost its record."""

    msg_id: str
    state: str | None


@dataclass(frozen=True)
class Chain:
    """The attempts before a task and those after it, each oldest first."""

    earlier: tuple[Attempt, ...]
    later: tuple[Attempt, ...]


def chain_of(store: Store, record: Record) -> Chain:
    """The attempts before and after a task. The hub gives a resubmitted task a new id, which it notes in the old record.

    Each earlier attempt is looked for in the whole history, as no index is on that column.
    """
    seen = {record['msg_id']}
    earlier = [*_earlier(store, record['msg_id'], seen)]
    return Chain(tuple(reversed(earlier)), tuple(_later(store, record['resubmitted'], seen)))


def _earlier(store: Store, key: str, seen: set[str]) -> Iterator[Attempt]:
    while (found := store.find_one({'resubmitted': key}, STATE_KEYS)) is not None:
        key = found['msg_id']
        if key in seen:  # only a program other than the hub writes a circle
            return
        seen.add(key)
        yield Attempt(key, state_of(found))


def _later(store: Store, key: str | None, seen: set[str]) -> Iterator[Attempt]:
    while key is not None and key not in seen:
        seen.add(key)
        found = store.find_one({'msg_id': key}, ('resubmitted', *STATE_KEYS))
        yield Attempt(key, None if found is None else state_of(found))
        key = None if found is None else found['resubmitted']


# --- what a record tells


@dataclass(frozen=True)
class Waits:
    """Seconds between the times of a task, None where one of the two is not known."""

    queue: float | None
    """From the submission to the start."""
    run: float | None
    """From the start to the end."""
    arrival: float | None
    """From the end until the hub had the result."""


def waits_of(record: Record) -> Waits:
    """How long a task waited, ran, and took to arrive."""
    submitted, started, completed = (record[key] for key in ('submitted', 'started', 'completed'))
    return Waits(
        seconds_between(submitted, started),
        seconds_between(started, completed),
        seconds_between(completed, record['received']),
    )


def buffer_sizes(record: Record) -> dict[str, list[int] | None]:
    """The bytes of each buffer, by column; None for buffers that cannot be read. Their content is not looked into."""
    return {key: _sizes(record[key]) for key, kind in TASKS.columns.items() if kind is BUFFERS}


def _sizes(buffers: Sequence[bytes] | None) -> list[int] | None:
    try:
        return [len(buffer) for buffer in buffers or ()]
    except DamagedValueError:
        return None


@dataclass(frozen=True)
class Task:
    """A task, with what its record and others tell of it."""

    record: Record
    state: str
    waits: Waits
    chain: Chain
    buffers: dict[str, list[int] | None]
    """See `buffer_sizes`."""


def describe(store: Store, record: Record) -> Task:
    """The task of a record that `find_task` gave."""
    return Task(record, state_of(record), waits_of(record), chain_of(store, record), buffer_sizes(record))
