"""How each kind of question is measured and its answer checked.

Only the database's own work is measured: an answer is read to its end and kept, and its checksum is taken afterwards. An answer
of very many records is not kept; it is read a second time for its checksum, once.
"""

import ctypes
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench.answers import Checksum
from bench.contenders.base import Contender
from bench.data import BUFFERS, History, Record, heard
from bench.questions import CYCLES, NEW, NEW_AT_ONCE, Question

KEPT = 100_000
"""Records, at most, of an answer that is kept."""

LOOK_SECONDS = 0.002
"""Between two looks at the memory."""

OK, WRONG, ERROR, OVER, LEFT_OUT = 'ok', 'wrong', 'error', 'over', 'left out'


@dataclass(frozen=True)
class Outcome:
    """What came of a question: seconds for each call, those of the processor, bytes of memory if these were asked for, and what
    was wrong."""

    status: str
    seconds: float = 0.0
    processor: float = 0.0
    note: str = ''
    bytes: int = 0


@dataclass
class Measured:
    """A contender that is asked; the tasks that follow its history are those that are added to it."""

    contender: Contender
    history: History
    truths: Mapping[str, Checksum]
    _next: int = field(init=False)
    _checked: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._next = self.history.size

    def ask(self, question: Question) -> Outcome:
        """Ask once; whatever the contender raises leaves this."""
        outcome = MEASURES[question.kind](self, question)
        processor = outcome.processor if self.contender.alone else 0.0
        return replace(outcome, seconds=outcome.seconds / question.calls, processor=processor / question.calls)

    def truth(self, question: Question) -> Checksum:
        """The checksum of the right answer."""
        return self.truths[question.name]

    def new(self, number: int) -> list[Record]:
        """The tasks that come next."""
        self._next += number
        return list(self.history.tasks(self._next - number, self._next))

    def first(self, question: Question) -> bool:
        """Whether the answer has not been checked yet."""
        new = question.name not in self._checked
        self._checked.add(question.name)
        return new


class Clock:
    """A block, the seconds that it took, and those of the processor, in all threads."""

    seconds = processor = 0.0

    def __enter__(self) -> 'Clock':
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        now = time.perf_counter(), time.process_time()
        self.seconds, self.processor = (end - start for end, start in zip(now, self._start, strict=True))


def _outcome(difference: str, clock: Clock) -> Outcome:
    return Outcome(WRONG if difference else OK, clock.seconds, clock.processor, difference)


def _numbers(found: int, wanted: int) -> str:
    return '' if found == wanted else f'{found:,} in place of {wanted:,}'


# --- answers of records


def find(measured: Measured, question: Question) -> Outcome:
    """The records of an answer."""
    if measured.truth(question).count > KEPT:
        return _read(measured, question, memory=False)
    with Clock() as clock:
        found = list(_records(measured.contender, question))
    return _outcome(_difference(measured, question, found), clock)


def stream(measured: Measured, question: Question) -> Outcome:
    """How much memory is needed to read an answer and keep nothing of it."""
    return _read(measured, question, memory=True)


def _read(measured: Measured, question: Question, *, memory: bool) -> Outcome:
    with Watch(memory) as watch, Clock() as clock:
        count = sum(1 for _ in _records(measured.contender, question))
    difference = _numbers(count, measured.truth(question).count)
    if not difference and measured.first(question):
        difference = _difference(measured, question, _records(measured.contender, question))
    return replace(_outcome(difference, clock), bytes=watch.bytes)


def _records(contender: Contender, question: Question) -> Iterator[Any]:
    if question.kind == 'get':
        records: Iterable[Any] = map(contender.get, question.query['msg_id']['$in'])
    else:
        records = contender.find(question)
    return map(_whole, records) if contender.decodes and BUFFERS[0] in question.keys else iter(records)


def _whole(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with its buffers, which some databases read when they are looked at."""
    return {**record, **{column: [*(record[column] or ())] for column in BUFFERS}}


def _difference(measured: Measured, question: Question, found: Iterable[Any]) -> str:
    truth = measured.truth(question)
    if not measured.contender.decodes:
        return _numbers(sum(1 for _ in found), truth.count)
    check = Checksum(truth.ordered, truth.every)
    for record in found:
        check.add(record, question.keys)
    return check.difference(truth)


class Watch:
    """A block, and by how many bytes the memory of this process has grown in it at most, if that is asked for."""

    bytes = 0

    def __init__(self, active: bool) -> None:
        self._stop, self._process = threading.Event(), psutil.Process()
        self._thread = threading.Thread(target=self._look) if active else None
        self._before = 0

    def _look(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.bytes = max(self.bytes, self._process.memory_info().rss - self._before)

    def __enter__(self) -> 'Watch':
        if self._thread:
            _give_back()
            self._before = self._process.memory_info().rss
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()


def _give_back() -> None:
    """Give memory that is free to the system, or it would be used first, without a trace."""
    with suppress(AttributeError):  # only GNU's library has it
        ctypes.CDLL(None).malloc_trim(0)


# --- other answers


def count(measured: Measured, question: Question) -> Outcome:
    """A number."""
    with Clock() as clock:
        number = measured.contender.count(question)
    return _outcome(_numbers(number, measured.truth(question).count), clock)


def distinct(measured: Measured, question: Question) -> Outcome:
    """The different values, of which None may be one or not."""
    with Clock() as clock:
        values = list(measured.contender.distinct(question))
    check = Checksum()
    for value in values:
        if value is not None:
            check.add_value(value)
    return _outcome(check.difference(measured.truth(question)), clock)


def history(measured: Measured, question: Question) -> Outcome:
    """All ids in order."""
    with Clock() as clock:
        ids = list(measured.contender.history(question))
    check = Checksum(ordered=True, every=measured.truth(question).every)
    for msg_id in ids:
        check.add({'msg_id': msg_id}, question.keys)
    return _outcome(check.difference(measured.truth(question)), clock)


def compile(measured: Measured, question: Question) -> Outcome:
    """Statements of one shape that is known, or each of a new one."""
    numbers = range(measured._next, measured._next + question.calls)
    queries: list[dict[str, Any]] = [{'completed': None, 'queue': f'q{i}'} for i in numbers]
    if question.name == 'compile_new':
        measured._next += question.calls
        queries = [{'completed': None, f'content.p{i}': 1} for i in numbers]
    else:
        measured.contender.compile(queries[0])
    with Clock() as clock:
        for query in queries:
            measured.contender.compile(query)
    return _outcome('', clock)


# --- changes


def add_many(measured: Measured, question: Question) -> Outcome:
    """New tasks at once, which have ended."""
    records = measured.new(NEW_AT_ONCE)
    with Clock() as clock:
        measured.contender.add_many(records)
        measured.contender.settle()
    return _outcome(_kept(measured.contender, records[-1]), clock)


def add(measured: Measured, question: Question) -> Outcome:
    """New tasks one by one, as they are submitted."""
    records = [heard(record)[0] for record in measured.new(NEW)]
    measured.contender.prepare_changes()
    with Clock() as clock:
        for record in records:
            measured.contender.add(record)
        measured.contender.settle()
    return _outcome(_kept(measured.contender, records[-1]), clock)


def cycle(measured: Measured, question: Question) -> Outcome:
    """New tasks from their submission to their end, with two lines of output each."""
    records, contender = measured.new(CYCLES), measured.contender
    contender.prepare_changes()
    tasks = [heard(record) for record in records]
    with Clock() as clock:
        for requested, changes, lines in tasks:
            contender.cycle(requested, changes, lines)
        contender.settle()
    return _outcome(_kept(contender, {**records[-1], 'stdout': ''.join(tasks[-1][2])}), clock)


def _kept(contender: Contender, record: Record) -> str:
    """What is wrong with a record as the contender has it."""
    found, check, truth = contender.get(record['msg_id']), Checksum(), Checksum()
    if contender.decodes:
        check.add(_whole(found), record)
        truth.add(record, record)
    return check.difference(truth)


def purge(measured: Measured, question: Question) -> Outcome:
    """Delete what matches; how many records are gone must be right."""
    every = Question('count_all', '', 'count', sql='SELECT count(*) FROM tasks')
    before = measured.contender.count(every)
    with Clock() as clock:
        measured.contender.purge(question)
        measured.contender.settle()
    return _outcome(_numbers(before - measured.contender.count(every), measured.truth(question).count), clock)


MEASURES: dict[str, Callable[[Measured, Question], Outcome]] = {
    'find': find,
    'get': find,
    'stream': stream,
    'count': count,
    'distinct': distinct,
    'history': history,
    'compile': compile,
    'add_many': add_many,
    'add': add,
    'cycle': cycle,
    'purge': purge,
}
