"""Bins of a timeline, held against a slow count, and the choice of tasks that are shown singly."""

from base64 import b64decode
from typing import Any
from zlib import decompress

from hypothesis import given
from hypothesis import strategies as st
from timed_records import MICROSECONDS, failed, store_of, task

from mqsql.analysis.report import activity as activity_module
from mqsql.analysis.report.activity import MOST_CELLS, Activity, Bins
from mqsql.analysis.report.bars import Bars
from mqsql.analysis.report.gathering import Slowest
from mqsql.analysis.report.packing import pack, pack_text
from mqsql.analysis.report.survey import Survey, survey
from mqsql.analysis.timeline import TimedTask

SPAN = 100_000
Interval = tuple[int, int]


def timed(
    engine: str, start: int, end: int, *, submitted: int = 0, state: str = 'done', msg_id: str = 'a'
) -> TimedTask:
    return TimedTask(msg_id, '', engine, '', state, '', submitted, start, end)


def intervals() -> st.SearchStrategy[list[Interval]]:
    times = st.integers(0, SPAN)
    return st.lists(st.tuples(times, times).map(lambda pair: (min(pair), max(pair))), max_size=12).map(sorted)


def overlap(interval: Interval, other: Interval) -> int:
    return max(0, min(interval[1], other[1]) - max(interval[0], other[0]))


def union(found: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


@given(intervals())
def test_bins_hold_when_an_engine_was_busy_and_what_ended(found: list[Interval]) -> None:
    drawn = Activity(Survey(len(found), 0, SPAN, 1))
    for number, (start, end) in enumerate(found):
        drawn.add_run(timed('e', start, end, state='failed' if number % 2 else 'done'), start, end)
    if not found:
        assert drawn.rows == []
        return
    (row,), width = drawn.rows, drawn.bins.width
    busy = union(found)
    for number in range(drawn.bins.count):
        within = number * width, (number + 1) * width
        assert row.busy[number] == sum(overlap(interval, within) for interval in busy)
        ended = [at for at, (_, end) in enumerate(found) if within[0] <= end < within[1]]
        assert row.ended[number] == len(ended)
        assert row.failed[number] == sum(at % 2 for at in ended)
    length = busy[-1][1] - busy[0][0]
    assert row.share == (sum(end - start for start, end in busy) / length if length else None)


@given(intervals())
def test_bins_hold_how_many_waited_on_average(found: list[Interval]) -> None:
    drawn = Activity(Survey(len(found), 0, SPAN, 1))
    for start, end in found:
        drawn.add_wait(timed('e', end, end, submitted=start))
    width = drawn.bins.width
    for number, average in enumerate(drawn.waiting.averages()):
        within = number * width, (number + 1) * width
        waited = sum(overlap(interval, within) for interval in found)
        assert abs(average - waited / width) < 1e-5 * (1 + average)


def test_the_number_of_bins_follows_from_that_of_the_rows() -> None:
    assert Bins(0, 10**12, 16).count == 8_192
    assert Bins(0, 10**12, 257).count * 257 <= MOST_CELLS
    one = Bins(5, 5, 1)
    assert (one.number(5), one.width) == (0, 1)


def test_engines_beyond_the_most_rows_share_the_last(monkeypatch: Any) -> None:
    monkeypatch.setattr(activity_module, 'MOST_ROWS', 2)
    drawn = Activity(Survey(4, 0, SPAN, 4))
    places = [drawn.add_run(timed(engine, 0, 9), 0, 9) for engine in 'abcda']
    assert places == [(0, 0), (1, 0), (2, 0), (2, 1), (0, 1)]
    assert drawn.rows[2].engines == {'c', 'd'}


def test_a_survey_tells_the_span_and_how_many_tasks_there_are() -> None:
    with store_of(task('a', 3, 4, 5, engine='e'), task('b', 9), failed('c', None, 2, 4, engine='f')) as store:
        found = survey(store, {})
        assert found == Survey(3, MICROSECONDS + 2_000_000, MICROSECONDS + 9_000_000, 2)
        assert survey(store, {'msg_id': 'x'}).tasks == 0


def test_the_longest_tasks_are_shown_singly() -> None:
    lengths = [5, 1, 3, 3, 3, 4, 2]
    records = [task(f't{i}', 0, i, i + length, engine='e') for i, length in enumerate(lengths)]
    with store_of(*records, task('waits', 1)) as store:
        chosen = survey(store, {}, most=4)
        assert (chosen.shortest, chosen.ties) == (3_000_000, 2)
        bars = Bars(chosen)
        for number, length in enumerate(lengths):
            start = MICROSECONDS + number * 1_000_000
            end = start + length * 1_000_000
            bars.add(timed('e', start, end, msg_id=f't{number}'), start, end, 0, 0)
        assert decompress(b64decode(bars.packed()['ids'])).decode().split() == ['t0', 't2', 't3', 't5']
        assert survey(store, {}, most=100).shortest == -1
        assert survey(store, {}, most=0).ties == 0


def test_times_of_tasks_that_a_hub_has_added_since_stay_in_the_span() -> None:
    seen = Survey(1, 100, 200, 1)
    assert seen.clip((50, 300)) == (100, 200)
    assert seen.clip((120, 130)) == (120, 130)
    assert seen.clip((210, 220)) == (200, 200)
    drawn = Activity(seen)
    drawn.add_wait(timed('e', 300, 300, submitted=50))
    assert len(drawn.waiting.averages()) == drawn.bins.count


def test_numbers_are_packed_by_the_place_of_their_bytes() -> None:
    from array import array

    assert decompress(b64decode(pack(array('H', [1, 0x203])))) == b'\x01\x03\x00\x02'
    assert decompress(b64decode(pack_text('a\ud800'))) == b'a?'


def test_the_slowest_are_the_first_of_the_longest() -> None:
    slowest = Slowest()
    for number in range(100):
        slowest.add(timed('e', 0, 0, msg_id=str(number)), number % 50)
    listed = [(task.msg_id, length) for task, length in slowest.longest_first()]
    assert listed[:3] == [('49', 49), ('99', 49), ('48', 48)]
    assert len(listed) == 20
