"""A timeline as Perfetto and chrome://tracing read it: JSON in the Trace Event Format.

Each engine is a process. Its tasks are events of a thread, or of several where they overlap, since events of one thread may
only nest. Its waits are asynchronous events, all of one name, which viewers show together as one track; those of one id do not
overlap either. Viewers need neither an order of the events nor the names first, so events are written as tasks are read.

Perfetto names a thread by its number alone, so no two have the same, whatever their process.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, islice
from types import MappingProxyType
from typing import Any

import orjson

from mqsql.analysis.states import ABORTED, FAILED, RUNNING
from mqsql.analysis.timeline import TIMELINE_KEYS, Lanes, TimedTask, also, engine_names, last_time, timed_task
from mqsql.schema import Record
from mqsql.storage.base import Query, Store

Event = dict[str, Any]
Watch = Callable[[Iterable[Record], int], Iterable[Record]]
"""Gets records and how many there are, and passes them on."""

BATCH = 1_000
"""Events that are written at once."""

WAITS = -1
"""In place of the lane of tasks, for the thread of waits."""

COLORS = {FAILED: 'terrible', ABORTED: 'bad', RUNNING: 'good'}
"""The names of chrome://tracing's colours, by state; Perfetto chooses colours by the names of events."""


class Trace:
    """The tracks, and the events on them. Tasks that have not ended are drawn until `last`."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._numbers = count(1)
        self._processes: dict[str, int] = {}
        self._threads: dict[tuple[str, int], int] = {}
        self._lanes: defaultdict[str, Lanes] = defaultdict(Lanes)
        self.runs = self.waits = 0
        """How many tasks ran, and how many waited."""

    @property
    def engines(self) -> int:
        """How many engines there are."""
        return len(self._processes.keys() - {''})

    @property
    def tracks(self) -> int:
        """How many tracks tasks ran on."""
        return sum(lanes.count for lanes in self._lanes.values())

    def run_events(self, tasks: Iterable[TimedTask]) -> Iterator[Event]:
        """The events of tasks that ran; they come in the order of their start."""
        for task in tasks:
            run = task.run(self._last)
            if run is not None:
                self.runs += 1
                yield self._run(task, *run)

    def _run(self, task: TimedTask, start: int, end: int) -> Event:
        event = {
            'name': task.label or 'task',
            'cat': task.state,
            'ph': 'X',
            'pid': self._process(task.engine),
            'tid': self._thread(task.engine, self._lanes[task.engine].lane(start, end)),
            'ts': start,
            'dur': end - start,
            'args': _arguments(task),
        }
        if task.state in COLORS:
            event['cname'] = COLORS[task.state]
        return event

    def wait_events(self, tasks: Iterable[TimedTask]) -> Iterator[Event]:
        """The events of waits; tasks come in the order of their submission."""
        lanes: defaultdict[str, Lanes] = defaultdict(Lanes)
        for task in tasks:
            wait = task.wait(self._last)
            if wait is not None:
                self.waits += 1
                yield from self._wait(task, lanes[task.engine].lane(*wait), *wait)

    def _wait(self, task: TimedTask, lane: int, start: int, end: int) -> Iterator[Event]:
        track = {
            'name': 'waiting',
            'cat': 'wait',
            'pid': self._process(task.engine),
            'tid': self._thread(task.engine, WAITS),
            'id2': {'local': hex(lane)},
        }
        yield track | {'ph': 'b', 'ts': start, 'args': _arguments(task)}
        yield track | {'ph': 'e', 'ts': end}

    def _process(self, engine: str) -> int:
        return self._processes.get(engine) or self._processes.setdefault(engine, next(self._numbers))

    def _thread(self, engine: str, lane: int) -> int:
        thread = engine, lane
        return self._threads.get(thread) or self._threads.setdefault(thread, next(self._numbers))

    def name_events(self, numbers: Mapping[str, str]) -> Iterator[Event]:
        """The names of the tracks, and their order; engines may have numbers."""
        names = engine_names(self._processes, numbers)
        for engine, process in self._processes.items():
            name = f'engine {names[engine]}' if engine else 'no engine'
            yield _metadata('process_name', process, name=name)
            yield _metadata('process_labels', process, labels=engine)
            yield _metadata('process_sort_index', process, sort_index=process if engine else -1)
        for (engine, lane), thread in self._threads.items():
            process = self._processes[engine]
            yield _metadata('thread_name', process, tid=thread, name=_thread_name(lane))
            yield _metadata('thread_sort_index', process, tid=thread, sort_index=lane)


def _thread_name(lane: int) -> str:
    if lane == WAITS:
        return 'waiting'
    return 'tasks' if lane == 0 else f'tasks {lane + 1}'


def _arguments(task: TimedTask) -> dict[str, str]:
    every = {
        'msg_id': task.msg_id,
        'label': task.label,
        'state': task.state,
        'ename': task.ename,
        'client': task.client,
    }
    return {name: value for name, value in every.items() if value}


def _metadata(kind: str, process: int, *, tid: int | None = None, **arguments: object) -> Event:
    thread = {} if tid is None else {'tid': tid}
    return {'name': kind, 'ph': 'M', 'pid': process, **thread, 'args': arguments}


def write_trace(
    store: Store,
    query: Query,
    write: Callable[[bytes], object],
    watch: Watch,
    numbers: Mapping[str, str] = MappingProxyType({}),
) -> Trace:
    """Write the trace of the tasks that match, part by part. They are read twice, in two orders, and not kept.

    `numbers` are those of engines, by id, where they are known.
    """
    trace = Trace(last_time(store, query))

    def read(column: str) -> Iterator[TimedTask]:
        known = also(query, {column: {'$ne': None}})
        records = store.find(known, TIMELINE_KEYS, sort=column)
        return map(timed_task, watch(records, store.count(known)))

    write(b'{"displayTimeUnit":"ms","traceEvents":[')
    separator = b'\n'
    for events in (trace.run_events(read('started')), trace.wait_events(read('submitted')), trace.name_events(numbers)):
        every = map(_dump, events)
        while batch := b',\n'.join(islice(every, BATCH)):
            write(separator + batch)
            separator = b',\n'
    write(b'\n]}\n')
    return trace


def _dump(event: Event) -> bytes:
    try:
        return orjson.dumps(event)
    except TypeError:  # half a surrogate pair, which JSON in UTF-8 cannot hold
        return json.dumps(event, ensure_ascii=False).encode('utf-8', 'replace')
