"""What a purge takes and what it leaves, and the order of what is left."""

from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hub_kinds import Kind
from odd_values import Hostile

from mqsql.errors import QueryError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def fill(db: Any, count: int) -> list[str]:
    """Tasks of two engines in turn, the last one pending."""
    ids = [f'm{i}' for i in range(count)]
    for i, msg_id in enumerate(ids):
        completed = NOON if i < count - 1 else None
        record = {'submitted': NOON + i * SECOND, 'completed': completed, 'engine_uuid': f'e{i % 2}'}
        db.add_record(msg_id, {**record, 'buffers': [b'a'], 'result_buffers': [b'b'] if completed else None})
    return ids


PURGES: list[tuple[Any, str]] = [
    ({'msg_id': 'm0'}, '12345'),
    ({'msg_id': {'$in': ['m0', 'm3', 'absent']}}, '1245'),
    ({'msg_id': {'$in': []}}, '012345'),
    ({'msg_id': {'$nin': ['m0', 'm3']}}, '03'),
    ({'completed': {'$ne': None}}, '5'),
    ({'complete': None}, '01234'),
    ({'engine_uuid': 'e1', 'completed': {'$ne': None}}, '0245'),
    ({'completed': {'$ne': None}, 'engine_uuid': 'e1'}, '0245'),
    ({'engine_uuid': 'absent', 'completed': {'$ne': None}}, '012345'),
    ({'submitted': {'$lt': NOON + 3 * SECOND}}, '345'),
    ({'$or': [{'engine_uuid': 'e0'}, {'msg_id': {'$glob': 'm[1]'}}]}, '35'),
    ({'buffers': {'$size': 1}, 'result_buffers': None}, '01234'),
    ({}, ''),
]


@pytest.mark.parametrize(('query', 'left'), PURGES, ids=range(len(PURGES)))
def test_a_purge_takes_what_matches(db: Any, query: Any, left: str) -> None:
    ids = fill(db, 6)
    db.drop_matching_records(query)
    rest = [f'm{i}' for i in left]
    assert db.get_history() == [record['msg_id'] for record in db.find_records({}, [])] == rest
    for msg_id in ids:
        if msg_id in rest:
            assert list(db.get_record(msg_id)['buffers']) == [b'a']
        else:
            with pytest.raises(KeyError):
                db.get_record(msg_id)
            with pytest.raises(KeyError):
                db.update_record(msg_id, {'stdout': ''})


def test_a_purge_of_all_takes_records_that_cannot_finish(db: Any) -> None:
    db.add_record('done', {'submitted': NOON, 'completed': NOON})
    db.add_record('pending', {'submitted': NOON})
    db.add_record('orphan', {'stdout': 'of a broadcast\n'})
    db.drop_matching_records({'completed': {'$ne': None}})
    assert db.get_history() == ['pending']


@pytest.mark.parametrize('query', [None, 5, 'text', ['a'], Hostile(), {5: 1}, {'label': Hostile()}], ids=range(7))
def test_a_purge_without_a_query_is_refused(db: Any, query: Any) -> None:
    db.add_record('m', {'completed': NOON})
    with pytest.raises(QueryError):
        db.drop_matching_records(query)
    assert db.get_history() == ['m']


def test_a_purge_of_a_name_that_there_is_not_is_a_key_error(db: Any) -> None:
    db.add_record('m', {})
    for query in ({'statred': None}, {'started': {'$foo': 1}}):
        with pytest.raises(KeyError, match='unknown'):
            db.drop_matching_records(query)
    assert db.get_history() == ['m']


def test_a_purge_by_a_mapping_that_is_no_dict(db: Any) -> None:
    db.add_record('m', {'stdout': 'of a broadcast'})
    db.drop_matching_records(MappingProxyType({'completed': MappingProxyType({'$ne': None})}))
    assert db.get_history() == []


def test_a_purge_by_iterators(db: Any) -> None:
    fill(db, 4)
    db.drop_matching_records({'msg_id': {'$in': map('m{}'.format, range(3))}})
    assert db.get_history() == ['m3']


@pytest.mark.parametrize('count', [1000, 1200, 50_000])
def test_a_purge_of_any_number_of_ids(db: Any, count: int) -> None:
    fill(db, 10)
    db.drop_matching_records({'msg_id': {'$in': [f'm{i}' for i in range(3, count)]}})
    assert db.get_history() == ['m0', 'm1', 'm2']


def test_a_task_is_dropped(db: Any) -> None:
    fill(db, 3)
    db.drop_record('m1')
    for call in (db.get_record, db.drop_record, lambda msg_id: db.update_record(msg_id, {'label': 'a'})):
        with pytest.raises(KeyError, match='no record'):
            call('m1')
    assert db.get_history() == ['m0', 'm2']
    assert db.find_records({'msg_id': 'm1'}) == []


def test_a_task_may_come_again_after_it_was_dropped(db: Any) -> None:
    fill(db, 3)
    db.drop_record('m0')
    db.drop_matching_records({'msg_id': 'm1'})
    for i, msg_id in enumerate(('m1', 'm0')):
        db.add_record(msg_id, {'stdout': 'new', 'submitted': NOON + (9 + i) * SECOND})
        record = db.get_record(msg_id)
        assert (record['stdout'], record['buffers'], record['completed']) == ('new', None, None)
    assert db.get_history() == ['m2', 'm1', 'm0']


# --- the order of history


def test_history_is_by_instant_whatever_the_time_zone(kind: Kind, db: Any) -> None:
    for i, hours in ((2, 0), (0, 9), (1, -9)):
        zone = timezone(timedelta(hours=hours))
        db.add_record(f'm{i}', {'submitted': (NOON + timedelta(microseconds=i)).astimezone(zone)})
    assert db.get_history() == ['m0', 'm1', 'm2']
    assert db.get_record('m0')['submitted'] == NOON


def test_tasks_of_which_only_output_is_known_come_first(db: Any) -> None:
    db.add_record('b', {'submitted': NOON + SECOND})
    db.add_record('a', {'submitted': NOON})
    db.add_record('only output', {'stdout': 'x'})
    assert db.get_history() == ['only output', 'a', 'b']
    db.update_record('only output', {'submitted': NOON + 2 * SECOND})
    assert db.get_history() == ['a', 'b', 'only output']


def test_thousands_of_tasks_have_a_history(db: Any) -> None:
    order = [(i * 7919) % 1200 for i in range(1200)]
    for i in order:
        db.add_record(f'm{i}', {'submitted': NOON + i * SECOND, 'completed': NOON})
    assert db.get_history() == [f'm{i}' for i in range(1200)]
    assert sorted(record['msg_id'] for record in db.find_records({}, [])) == sorted(f'm{i}' for i in order)
