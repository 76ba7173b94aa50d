"""Durations, and their percentiles."""

from array import array
from collections.abc import Iterable
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


def percentiles(seconds: Iterable[float]) -> Percentiles | None:
    """Those of some durations, by the nearest rank; None if there are none."""
    ranked = sorted(seconds)
    if not ranked:
        return None
    p50, p90, p99 = (ranked[ceil(len(ranked) * percent / 100) - 1] for percent in PERCENTS)
    return Percentiles(len(ranked), p50, p90, p99, ranked[-1])


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """From one time to another, if both are known. Less than 0 where two machines gave them whose clocks differ."""
    return None if start is None or end is None else (end - start).total_seconds()


def durations() -> 'array[float]':
    """A list of durations of eight bytes each."""
    return array('d')
