"""How busy engines were, and how many tasks waited, in bins of time; tasks come in the order of their start."""

from array import array
from collections.abc import Iterator
from itertools import accumulate

from mqsql.analysis.report.survey import Survey
from mqsql.analysis.states import FAILED
from mqsql.analysis.timeline import Lanes, TimedTask

MOST_ROWS = 256
"""Engines that have a row of their own, those that started first; further ones share one."""

MOST_BINS = 8_192
MOST_CELLS = 262_144
"""Bins of all rows."""
FEWEST_BINS = 512


class Bins:
    """The bins of a span of time; their number is a power of two, so that pairs of them make up the coarser levels."""

    def __init__(self, first: int, last: int, rows: int) -> None:
        self.first, self.count = first, MOST_BINS
        while self.count > FEWEST_BINS and self.count * rows > MOST_CELLS:
            self.count //= 2
        self.width = (last - first) // self.count + 1
        """Microseconds of a bin."""

    def number(self, time: int) -> int:
        """The bin of a time."""
        return (time - self.first) // self.width

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The bins that an interval overlaps, each with the microseconds of that."""
        first, last = self.number(start), self.number(end)
        if first == last:
            yield first, end - start
            return
        yield first, self.first + (first + 1) * self.width - start
        for number in range(first + 1, last):
            yield number, self.width
        yield last, end - (self.first + last * self.width)


class Row:
    """An engine, or several that share a row."""

    def __init__(self, engine: str, bins: Bins) -> None:
        self.engine, self._bins = engine, bins
        self.engines = {engine}
        self.tasks = 0
        self.busy = array('q', bytes(8 * bins.count))
        """Microseconds of each bin during which at least one task ran."""
        self.ended, self.failed = array('I', bytes(4 * bins.count)), array('I', bytes(4 * bins.count))
        self.lanes = Lanes()
        self.first: int | None = None
        self.until = 0

    def add(self, task: TimedTask, start: int, end: int) -> int:
        """Add a task that ran; gives its lane."""
        self.tasks += 1
        if self.first is None:
            self.first = self.until = start
        if end > self.until:
            for number, time in self._bins.parts(max(start, self.until), end):
                self.busy[number] += time
            self.until = end
        if task.completed is not None:
            self._end(task, end)
        return self.lanes.lane(start, end)

    def _end(self, task: TimedTask, end: int) -> None:
        number = self._bins.number(end)
        self.ended[number] += 1
        if task.state == FAILED:
            self.failed[number] += 1

    def shares(self) -> 'array[int]':
        """The busy share of each bin, of 255."""
        return array('B', (-(-time * 255 // self._bins.width) for time in self.busy))

    @property
    def share(self) -> float | None:
        """The busy share of the time from the first start to the last end."""
        span = self.until - self.first if self.first is not None else 0
        return sum(self.busy) / span if span else None


class Waiting:
    """How many tasks waited, on average in each bin."""

    def __init__(self, bins: Bins) -> None:
        self._bins = bins
        self._partly = array('q', bytes(8 * bins.count))
        self._changes = array('q', bytes(8 * (bins.count + 1)))
        """By how much more tasks wait throughout a bin than throughout the one before."""

    def add(self, start: int, end: int) -> None:
        """Add a wait."""
        first, last = self._bins.number(start), self._bins.number(end)
        if first == last:
            self._partly[first] += end - start
            return
        width, begin = self._bins.width, self._bins.first
        self._partly[first] += begin + (first + 1) * width - start
        self._partly[last] += end - (begin + last * width)
        self._changes[first + 1] += 1
        self._changes[last] -= 1

    def averages(self) -> 'array[float]':
        """One for each bin."""
        throughout = accumulate(self._changes)
        width = self._bins.width
        return array('f', (whole + part / width for whole, part in zip(throughout, self._partly, strict=False)))


class Activity:
    """The rows of a timeline, and the waits."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self.bins = Bins(survey.first, survey.last, min(survey.engines, MOST_ROWS) + 1)
        self.waiting = Waiting(self.bins)
        self.rows: list[Row] = []
        self._numbers: dict[str, int] = {}
        """The row of each engine."""

    def add_wait(self, task: TimedTask) -> None:
        """Add a task's wait, if it waited."""
        wait = task.wait(self._survey.last)
        if wait is not None:
            self.waiting.add(*self._survey.clip(wait))

    def add_run(self, task: TimedTask, start: int, end: int) -> tuple[int, int]:
        """Add a task that ran; gives the number of its row, and its lane there."""
        number = self._numbers.get(task.engine)
        if number is None:
            number = self._numbers[task.engine] = self._new_row(task.engine)
        return number, self.rows[number].add(task, start, end)

    def _new_row(self, engine: str) -> int:
        if len(self.rows) <= MOST_ROWS:
            self.rows.append(Row(engine, self.bins))
        else:
            self.rows[-1].engines.add(engine)
        return len(self.rows) - 1
