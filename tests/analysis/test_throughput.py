"""Ended tasks are counted in at most 60 buckets, of the least size that is enough."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mqsql.analysis.throughput import MOST_BUCKETS, SIZES, Bucket, Throughput

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def counted(ended: list[tuple[datetime, bool]], offset: timedelta = timedelta(0)) -> Throughput:
    throughput = Throughput(offset)
    for moment, failed in ended:
        throughput.add(moment, failed=failed)
    return throughput


def test_few_seconds_are_buckets_of_a_second() -> None:
    found = counted([(NOON, False), (NOON + timedelta(seconds=2.9), True), (NOON + timedelta(seconds=2), False)])
    assert found.seconds == 1
    assert list(found.buckets()) == [
        Bucket(NOON, 1, 0),
        Bucket(NOON + timedelta(seconds=1), 0, 0),
        Bucket(NOON + timedelta(seconds=2), 2, 1),
    ]


def test_without_ended_tasks_there_is_no_bucket() -> None:
    assert list(Throughput().buckets()) == []


def test_days_begin_at_midnight_of_the_zone() -> None:
    found = counted([(NOON, False), (NOON + timedelta(days=29), False)], timedelta(hours=-5))
    assert found.seconds == 12 * 3600
    first = next(found.buckets())
    assert first.start == datetime(2026, 3, 1, 5, tzinfo=UTC)


def test_millennia_fit() -> None:
    found = counted([(datetime(1, 1, 2, tzinfo=UTC), False), (NOON, True), (datetime(9999, 12, 30, tzinfo=UTC), False)])
    buckets = list(found.buckets())
    assert len(buckets) <= MOST_BUCKETS
    assert (buckets[0].ended, buckets[-1].ended) == (1, 1)
    assert sum(bucket.failed for bucket in buckets) == 1


def test_each_size_is_a_multiple_of_the_one_before() -> None:
    assert all(larger % smaller == 0 for smaller, larger in pairwise(SIZES))


moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
near = st.integers(0, 10_000_000).map(lambda milliseconds: NOON + timedelta(milliseconds=milliseconds))


@given(
    st.lists(st.tuples(near, st.booleans()), max_size=40)
    | st.lists(st.tuples(moments | near, st.booleans()), max_size=40)
)
def test_the_order_of_tasks_does_not_matter(ended: list[tuple[datetime, bool]]) -> None:
    found = counted(ended)
    buckets = list(found.buckets())
    numbers = {size: [int(moment.timestamp() // size) for moment, _ in ended] for size in SIZES}
    enough = next(size for size, all_ in numbers.items() if not ended or max(all_) - min(all_) < MOST_BUCKETS)
    assert found.seconds == enough
    assert len(buckets) <= MOST_BUCKETS
    for bucket in buckets:
        end = bucket.start + timedelta(seconds=found.seconds)
        inside = [failed for moment, failed in ended if bucket.start <= moment < end]
        assert (bucket.ended, bucket.failed) == (len(inside), sum(inside))
    assert sum(bucket.ended for bucket in buckets) == len(ended)


def test_there_are_as_many_buckets_as_asked_for() -> None:
    counted = Throughput(most=120)
    for day in range(84):
        counted.add(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day), failed=False)
    assert (counted.seconds, len(list(counted.buckets()))) == (86_400, 84)
