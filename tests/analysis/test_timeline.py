"""When tasks waited and ran, and the lanes of those that overlap."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from timed_records import MICROSECONDS, failed, store_of, task

from mqsql.analysis.timeline import TIMELINE_KEYS, Lanes, TimedTask, also, last_time, short_names, timed_task
from mqsql.schema import Record

LAST = MICROSECONDS + 100_000_000


def timed(record: Record) -> TimedTask:
    """The task of a record, as a store returns it."""
    (found,) = store_of(record).find({}, TIMELINE_KEYS)
    return timed_task(found)


def seconds(interval: tuple[int, int] | None) -> tuple[float, float] | None:
    return None if interval is None else ((interval[0] - MICROSECONDS) / 1e6, (interval[1] - MICROSECONDS) / 1e6)


def test_a_task_waits_until_it_starts_and_runs_until_it_ends() -> None:
    found = timed(task('a', 1, 2.5, 4, engine='e', label='x'))
    assert (found.msg_id, found.client, found.engine, found.label, found.state) == ('a', 'a-client', 'e', 'x', 'done')
    assert (seconds(found.wait(LAST)), seconds(found.run(LAST))) == ((1, 2.5), (2.5, 4))


def test_a_task_that_has_not_ended_runs_until_the_last_time() -> None:
    found = timed(task('a', 1, 2, engine='e'))
    assert (found.state, seconds(found.run(LAST))) == ('running', (2, 100))


def test_a_task_that_has_not_started_waits_until_the_last_time() -> None:
    found = timed(task('a', 1))
    assert (found.state, found.engine, seconds(found.wait(LAST)), found.run(LAST)) == ('pending', '', (1, 100), None)


def test_a_task_that_ended_without_a_start_waited_until_its_end() -> None:
    found = timed(failed('a', 1, None, 7, ename='EngineError', engine='e'))
    assert (found.state, found.ename, seconds(found.wait(LAST)), found.run(LAST)) == (
        'failed',
        'EngineError',
        (1, 7),
        None,
    )


def test_clocks_that_differ_make_no_negative_times() -> None:
    found = timed(task('a', 5, 4, 3))
    assert found.wait(LAST) is None
    assert seconds(found.run(LAST)) == (4, 4)


def test_a_label_of_another_type_is_json() -> None:
    assert timed(task('a', 1, label={'fold': [1, None]})).label == '{"fold":[1,null]}'


def test_a_content_of_another_form_tells_no_state() -> None:
    assert timed(task('a', 1, 2, 3, result_content={'status': ['error'], 'ename': 7})).ename == ''


def test_the_last_time_is_that_of_the_tasks_that_match() -> None:
    with store_of(task('a', 1, 2, 3, label='x'), task('b', 9), task('c', 1, 8)) as store:
        assert last_time(store, {}) == MICROSECONDS + 9_000_000
        assert last_time(store, {'label': 'x'}) == MICROSECONDS + 3_000_000
        assert last_time(store, {'label': 'y'}) == 0


def test_conditions_are_added() -> None:
    with store_of(task('a', 1, 2), task('b', 1, 3, label='x')) as store:
        assert store.keys(also({'label': 'x'}, {'started': {'$ne': None}})) == ['b']
        assert store.keys(also({}, {'started': {'$ne': None}})) == ['a', 'b']


def test_names_are_as_short_as_they_differ() -> None:
    assert short_names(['12345678-a', '87654321-a']) == {'12345678-a': '12345678', '87654321-a': '87654321'}
    assert short_names(['12345678-aa', '12345678-ab', 'b']) == {
        '12345678-aa': '12345678-aa',
        '12345678-ab': '12345678-ab',
        'b': 'b',
    }
    assert short_names([]) == {}
    assert short_names(['', '1234567890']) == {'': '', '1234567890': '12345678'}


@given(st.sets(st.text('ab', max_size=14)))
def test_names_differ(ids: set[str]) -> None:
    names = short_names(ids)
    assert names.keys() == ids
    assert len(set(names.values())) == len(ids)
    assert all(id.startswith(name) for id, name in names.items())


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5))))
def test_intervals_of_a_lane_do_not_overlap_and_no_lane_is_idle(drawn: list[tuple[int, int]]) -> None:
    intervals = sorted((start, start + length) for start, length in drawn)
    lanes, by_lane = Lanes(), dict[int, list[tuple[int, int]]]()
    for start, end in intervals:
        by_lane.setdefault(lanes.lane(start, end), []).append((start, end))
    assert lanes.count == len(by_lane)
    assert sorted(by_lane) == list(range(lanes.count))
    assert all(before[1] <= after[0] for lane in by_lane.values() for before, after in pairwise(lane))
    overlapping = (sum(a <= start < max(b, a + 1) for a, b in intervals) for start, _ in intervals)
    assert lanes.count <= max(overlapping, default=0)
