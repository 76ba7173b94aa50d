"""How many tasks ended when: counted in one pass, in buckets whose size follows from the span of the times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MOST_BUCKETS = 60
"""Buckets, unless another number is asked for."""

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""The first moment that has a date."""

MINUTE, HOUR, DAY = 60, 3600, 86_400
SIZES = (
    1,
    5,
    10,
    30,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    7 * DAY,
    28 * DAY,
    364 * DAY,
)
"""Seconds of a bucket; each size is a multiple of the one before it, so that buckets can be put together."""


@dataclass(frozen=True)
class Bucket:
    """From `start` on, for the seconds of the throughput's size: how many tasks ended, and how many of them failed."""

    start: datetime
    ended: int
    failed: int


class Throughput:
    """Counts of ended tasks by time. Buckets begin at multiples of their size in the zone of this offset from UTC."""

    def __init__(self, offset: timedelta = timedelta(0), most: int = MOST_BUCKETS) -> None:
        self._offset, self._most = offset.total_seconds(), most
        self._sizes = iter(SIZES)
        self.seconds = next(self._sizes)
        """The size of a bucket."""
        self._counts: dict[int, list[int]] = {}
        self._first = self._last = 0

    def add(self, ended: datetime, *, failed: bool) -> None:
        """Count a task that ended at that time."""
        number = int((ended.timestamp() + self._offset) // self.seconds)
        counts = self._counts.get(number)
        if counts is None:
            number = self._make_room(number)
            counts = self._counts.setdefault(number, [0, 0])
        counts[0] += 1
        counts[1] += failed

    def _make_room(self, number: int) -> int:
        """The number of the bucket when all have a size that lets this one in, too."""
        if not self._counts:
            self._first = self._last = number
        first, last = min(self._first, number), max(self._last, number)
        while last - first >= self._most:
            # Beyond the largest size there is no name for one.
            size = next(self._sizes, 2 * self.seconds)
            factor, self.seconds = size // self.seconds, size
            number, first, last = number // factor, first // factor, last // factor
            self._merge(factor)
        self._first, self._last = first, last
        return number

    def _merge(self, factor: int) -> None:
        merged: dict[int, list[int]] = {}
        for number, counts in self._counts.items():
            into = merged.setdefault(number // factor, [0, 0])
            into[0] += counts[0]
            into[1] += counts[1]
        self._counts = merged

    def buckets(self) -> Iterator[Bucket]:
        """All from the first that has a task to the last."""
        for number in range(self._first, self._last + 1) if self._counts else ():
            start = max(number * self.seconds - self._offset, BEGINNING.timestamp())
            yield Bucket(datetime.fromtimestamp(start, UTC), *self._counts.get(number, (0, 0)))
