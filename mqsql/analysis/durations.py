"""Durations, and their percentiles."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

PERCENTS = (50, 90, 99)


@dataclass(frozen=True)
class Percentiles:
    """Seconds that 50, 90 and 99 of 100 durations do not exceed, each one of the durations, and the longest of them."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float


def percentiles(*lists: Sequence[float]) -> Percentiles | None:
    """Those of the durations of all lists together, by the nearest rank; None if there are none."""
    # Sorted one after the other: a list of floats takes four times the memory of an array.
    ranked = [array('d', sorted(durations)) for durations in lists if durations]
    if not ranked:
        return None
    count = sum(map(len, ranked))
    p50, p90, p99 = (_at_rank(ranked, ceil(count * percent / 100)) for percent in PERCENTS)
    return Percentiles(count, p50, p90, p99, max(durations[-1] for durations in ranked))


def _at_rank(ranked: 'Sequence[array[float]]', rank: int) -> float:
    """The value that would have this rank, from 1 on, if the sorted lists were one."""
    low, high = min(one[0] for one in ranked), max(one[-1] for one in ranked)
    while low < high:
        middle = (low + high) / 2
        if middle >= high:  # no float is between the two
            middle = low
        ends = [bisect_right(one, middle) for one in ranked]
        if sum(ends) >= rank:
            high = max(one[end - 1] for one, end in zip(ranked, ends, strict=True) if end)
        else:
            low = min(one[end] for one, end in zip(ranked, ends, strict=True) if end < len(one))
    return low


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """From one time to another, if both are known. Less than 0 where two machines gave them whose clocks differ."""
    return None if start is None or end is None else (end - start).total_seconds()


def durations() -> 'array[float]':
    """A list of durations of eight bytes each."""
    return array('d')
