"""Percentiles are those of all durations together, by the nearest rank."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqsql.analysis.durations import Percentiles, percentiles, seconds_between

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_each_percentile_is_one_of_the_durations() -> None:
    assert percentiles([float(n) for n in range(1, 101)]) == Percentiles(100, 50.0, 90.0, 99.0, 100.0)
    assert percentiles([3.0, 1.0, 2.0]) == Percentiles(3, 2.0, 3.0, 3.0, 3.0)
    assert percentiles([0.25]) == Percentiles(1, 0.25, 0.25, 0.25, 0.25)


def test_without_durations_there_are_none() -> None:
    assert percentiles() is None
    assert percentiles([], []) is None


@given(
    st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32) | st.sampled_from([0.0, 1.0, 2.0])))
)
def test_several_lists_count_as_one(lists: list[list[float]]) -> None:
    together = sorted(value for one in lists for value in one)
    found = percentiles(*lists)
    if not together:
        assert found is None
        return
    p50, p90, p99 = (together[math.ceil(len(together) * percent / 100) - 1] for percent in (50, 90, 99))
    assert found == Percentiles(len(together), p50, p90, p99, together[-1])


@pytest.mark.parametrize('values', [[1.0, math.nextafter(1.0, 2)], [0.0, 5e-324], [-1.0, math.nextafter(-1.0, 0)]])
def test_neighbours_among_the_floats_are_told_apart(values: list[float]) -> None:
    assert percentiles(values[:1], values[1:]) == Percentiles(2, values[0], values[1], values[1], values[1])


def test_a_time_that_is_not_known_gives_no_duration() -> None:
    assert seconds_between(NOON, NOON + timedelta(seconds=1.5)) == 1.5
    assert seconds_between(NOON, NOON - timedelta(seconds=1)) == -1.0
    assert seconds_between(None, NOON) is None
    assert seconds_between(NOON, None) is None
