"""One task is found by its id or a part of it, with the attempts at it and its buffers' sizes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from store_files import change

import mqsql
from mqsql.analysis.task import (
    MOST_CANDIDATES,
    AmbiguousError,
    Attempt,
    Chain,
    Waits,
    buffer_sizes,
    chain_of,
    describe,
    find_task,
    waits_of,
)
from mqsql.errors import DamagedValueWarning, MissingRecordError
from mqsql.storage import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def found(store: Store, name: str) -> str:
    return str(find_task(store, name)['msg_id'])


# --- by a part of the id


def test_an_id_goes_before_those_that_begin_or_end_so(store: Store) -> None:
    for key in ('c_1', 'c_11', 'c_2', 'd_5', 'd_5.', 'x', 'x.y', 'yy'):
        store.add_record(key, {})
    assert found(store, 'c_1') == 'c_1'
    assert found(store, 'c_11') == 'c_11'
    assert found(store, 'd_5.') == 'd_5.'
    assert found(store, 'x.') == 'x.y'
    assert found(store, '_2') == 'c_2'
    assert found(store, 'yy') == 'yy'


def test_a_beginning_goes_before_an_end(store: Store) -> None:
    for key in ('10_2', '2_10'):
        store.add_record(key, {})
    assert found(store, '10') == '10_2'
    assert found(store, '_10') == '2_10'


@pytest.mark.parametrize('name', ['', 'c', '_', '.', 'a_11', '%', '\U0010ffff', '\0'])
def test_what_no_id_has_is_missing(store: Store, name: str) -> None:
    store.add_record('a_1', {})
    with pytest.raises(MissingRecordError):
        find_task(store, name)


def test_several_tasks_are_listed(store: Store) -> None:
    for number in range(MOST_CANDIDATES + 2):
        store.add_record(f'c_{number:02}', {'label': number})
    with pytest.raises(AmbiguousError, match=r"^2 tasks have a msg_id that begins with 'c_1'$") as few:
        find_task(store, 'c_1')
    assert [(task['msg_id'], task['label']) for task in few.value.candidates] == [('c_10', 10), ('c_11', 11)]
    assert not few.value.more
    with pytest.raises(AmbiguousError, match=r"^more than 10 tasks have a msg_id that begins with 'c'$") as many:
        find_task(store, 'c')
    assert [task['msg_id'] for task in many.value.candidates] == [f'c_{number:02}' for number in range(10)]
    assert many.value.more
    with pytest.raises(AmbiguousError, match=r"^2 tasks have a msg_id that ends with '1'$"):
        find_task(store, '1')


def test_the_latest_was_submitted_last(store: Store) -> None:
    with pytest.raises(MissingRecordError, match='the history has no task'):
        find_task(store, 'latest')
    store.add_record('late', {'submitted': NOON + timedelta(seconds=1)})
    store.add_record('early', {'submitted': NOON})
    store.add_record('output-only', {'stdout': 'x'})
    assert found(store, 'latest') == 'late'


# --- attempts


def test_the_attempts_are_found_both_ways(store: Store) -> None:
    error, over = {'result_content': {'status': 'error'}}, {'completed': NOON}
    store.add_record('first', {**over, **error, 'resubmitted': 'second'})
    store.add_record('second', {**over, **error, 'resubmitted': 'third'})
    store.add_record('third', {**over, 'resubmitted': 'fourth'})
    store.add_record('fourth', {'submitted': NOON})
    store.add_record('other', {'resubmitted': 'elsewhere'})
    task = describe(store, store.get_record('second'))
    assert (task.state, task.chain) == (
        'failed',
        Chain((Attempt('first', 'failed'),), (Attempt('third', 'done'), Attempt('fourth', 'pending'))),
    )
    assert chain_of(store, store.get_record('fourth')).earlier == (
        Attempt('first', 'failed'),
        Attempt('second', 'failed'),
        Attempt('third', 'done'),
    )
    assert chain_of(store, store.get_record('other')) == Chain((), (Attempt('elsewhere', None),))


def test_a_circle_ends(store: Store) -> None:
    store.add_record('a', {'resubmitted': 'b', 'submitted': NOON})
    store.add_record('b', {'resubmitted': 'a', 'submitted': NOON})
    assert chain_of(store, store.get_record('a')) == Chain((Attempt('b', 'pending'),), ())


# --- times and buffers


def test_the_waits_of_a_task(store: Store) -> None:
    times = {'submitted': NOON, 'started': NOON + timedelta(seconds=2), 'completed': NOON + timedelta(seconds=5)}
    store.add_record('m', {**times, 'received': NOON + timedelta(seconds=5.25)})
    store.add_record('n', {'submitted': NOON})
    assert waits_of(store.get_record('m')) == Waits(2.0, 3.0, 0.25)
    assert waits_of(store.get_record('n')) == Waits(None, None, None)


def test_the_sizes_of_buffers(store: Store) -> None:
    store.add_record('m', {'buffers': [b'', b'ab', b'x' * 100_000]})
    assert buffer_sizes(store.get_record('m')) == {'buffers': [0, 2, 100_000], 'result_buffers': []}


def test_damaged_buffers_have_no_sizes(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', {'buffers': [b'a']})
    change(path, "UPDATE task_records SET buffers = 'x'")
    with mqsql.open(path, readonly=True) as store, pytest.warns(DamagedValueWarning):
        assert buffer_sizes(store.get_record('m')) == {'buffers': None, 'result_buffers': []}
