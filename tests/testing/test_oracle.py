"""The oracle answers for records that change; answers are compared as MongoDB defines it, in the order that it promises."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mqsql.errors import DuplicateRecordError, MissingRecordError, QueryError, RecordError
from mqsql.testing import Difference, Oracle, check_answer
from mqsql.testing.differences import difference

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def oracle() -> Oracle:
    return Oracle({'msg_id': key, 'queue': queue} for key, queue in (('c', 'x'), ('a', 'y'), ('b', 'x')))


def test_records_are_added_changed_and_dropped(oracle: Oracle) -> None:
    oracle.update('a', {'queue': None, 'submitted': NOON})
    assert oracle.get('a') == {'msg_id': 'a', 'submitted': NOON}
    assert oracle.find_keys({'queue': None}) == ['a']
    oracle.drop('a')
    assert 'a' not in oracle
    assert oracle.drop_matching({'queue': {'$ne': 'z'}}) == ['c', 'b']
    assert len(oracle) == 0


def test_what_a_caller_gets_is_its_own(oracle: Oracle) -> None:
    oracle.records[0]['queue'] = oracle.get('a')['queue'] = 'other'
    assert oracle.count({'queue': 'other'}) == 0


def test_errors_are_those_of_a_store(oracle: Oracle) -> None:
    with pytest.raises(DuplicateRecordError, match="there is a record with msg_id 'a'"):
        oracle.add({'msg_id': 'a'})
    for call in (oracle.get, oracle.drop, lambda key: oracle.update(key, {})):
        with pytest.raises(MissingRecordError, match="there is no record with msg_id 'z'"):
            call('z')
    with pytest.raises(RecordError, match="a record has a 'msg_id'"):
        oracle.add({'queue': 'x'})
    with pytest.raises(QueryError, match='gtt'):
        oracle.find({'queue': {'$gtt': 1}})


def test_it_answers_as_a_store_does(oracle: Oracle) -> None:
    assert oracle.find({'queue': 'x'}, ['queue'], sort='msg_id', limit=1) == [{'msg_id': 'b', 'queue': 'x'}]
    assert oracle.distinct('queue') == ['x', 'y']
    assert oracle.matches({'msg_id': 'z', 'queue': 'xy'}, {'queue': {'$glob': 'x*'}})
    assert oracle.tied({}, 'queue') == [['c', 'b'], ['a']]
    assert oracle.tied({'queue': 'y'}) == [['a']]
    assert oracle.tied({'queue': 'z'}) == []


def test_history_is_in_the_order_of_submission(oracle: Oracle) -> None:
    oracle.update('a', {'submitted': NOON})
    oracle.update('c', {'submitted': NOON - timedelta(1)})
    assert oracle.history() == ['b', 'c', 'a']


# --- the same, or not

SAME = [
    (1, 1.0),
    (float('nan'), float('nan')),
    (0.0, -0.0),
    (NOON, NOON.astimezone(timezone(timedelta(hours=9)))),
    (b'ab', memoryview(b'ab')),
    ([1, 'a'], (1, 'a')),
    ({'a': 1}, {'a': 1.0}),
]
DIFFERENT = [
    (1, True, 'type'),
    (None, 0, 'type'),
    ('a', b'a', 'type'),
    (NOON, NOON.isoformat(), 'type'),
    (1, 2, 'value'),
    (NOON, NOON + timedelta(microseconds=1), 'value'),
    ({'a': 1, 'b': 2}, {'b': 2, 'a': 1}, 'key order'),
    ({'a': None}, {}, 'value'),
    ({}, {'a': None}, 'value'),
    ([1], [1, 1], 'value'),
    ([], None, 'type'),
    ({'a': [{'b': 1}]}, {'a': [{'b': 2}]}, 'value'),
]


@pytest.mark.parametrize(('expected', 'got'), SAME)
def test_values_are_the_same(expected: Any, got: Any) -> None:
    assert difference(expected, got) is None
    assert difference(got, expected) is None


@pytest.mark.parametrize(('expected', 'got', 'kind'), DIFFERENT)
def test_values_differ(expected: Any, got: Any, kind: str) -> None:
    found = difference(expected, got)
    assert isinstance(found, Difference)
    assert found.kind == kind


def test_a_difference_names_the_place() -> None:
    found = check_answer([{'msg_id': 'a', 'header': {'n': [1, 2]}}], [{'msg_id': 'a', 'header': {'n': [1, '2']}}])
    assert str(found) == "['a'].header.n[1]: expected 2 (int), got '2' (str)"


ROWS = [{'msg_id': key} for key in 'abcd']


@pytest.mark.parametrize(
    ('got', 'kind', 'said'),
    [
        ('abcd', None, ''),
        ('abdc', None, ''),
        ('bacd', 'order', "the order 'a', 'b', 'c', 'd', got 'b', 'a'"),
        ('abc', 'missing', "missing 'd'"),
        ('abcde', 'extra', "not expected 'e'"),
        ('abce', 'missing', "missing 'd'; not expected 'e'"),
        ('abca', 'extra', "'a' came twice"),
    ],
)
def test_the_order_counts_as_far_as_it_is_promised(got: str, kind: str | None, said: str) -> None:
    found = check_answer(ROWS, [{'msg_id': key} for key in got], groups=['a', 'b', 'cd'])
    assert (found.kind if found else None) == kind
    assert said in str(found)


@pytest.mark.parametrize(
    ('got', 'right'), [('bc', True), ('bd', True), *((got, False) for got in ('cb', 'cd', 'b', 'ab'))]
)
def test_a_window_may_cut_through_what_is_tied(got: str, right: bool) -> None:
    found = check_answer(ROWS, [{'msg_id': key} for key in got], groups=['a', 'b', 'cd'], window=slice(1, 3))
    assert (found is None) is right


@pytest.mark.parametrize(('got', 'right'), [([1, 3, 2], True), ([1, 2, 2], False), ([2, 1, 3], False), ([1, 2], False)])
def test_rows_without_a_key_are_compared_one_by_one(got: list[int], right: bool) -> None:
    expected = [{'queue': number} for number in (1, 2, 3)]
    found = check_answer(expected, [{'queue': number} for number in got], groups=[[0], [1, 2]])
    assert (found is None) is right


@pytest.mark.parametrize('got', [None, 5, 'ab', {'msg_id': 'a'}])
def test_an_answer_that_is_no_list_is_a_difference(got: Any) -> None:
    assert str(check_answer(ROWS, got)).startswith('expected a list of 4, got ')


def test_a_sort_and_a_limit_leave_what_is_tied_open(oracle: Oracle) -> None:
    for key, right in (('b', True), ('c', True), ('a', False)):
        found = oracle.check([{'msg_id': key}], {}, ['msg_id'], sort='queue', limit=1)
        assert (found is None) is right
    assert oracle.check([{'msg_id': 'b'}], {}, ['msg_id'], sort='queue', limit=1, natural_order=True)
