"""The indexes of dict: how many records a query tests."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from store_files import NOON

import mqsql
from mqsql.errors import QueryError, RecordError, StorageError
from mqsql.storage import Store

RECORDS = 200


@pytest.fixture
def dicts() -> Iterator[Store]:
    """Records of tasks, the last ten pending, of four engines and two clients."""
    with mqsql.open('dict:') as store:
        for i in range(RECORDS):
            store.add_record(
                f'm{i}',
                {
                    'client_uuid': f'c{i % 2}',
                    'engine_uuid': f'e{i % 4}',
                    'submitted': NOON + timedelta(seconds=i),
                    'completed': NOON + timedelta(hours=1, seconds=i) if i < RECORDS - 10 else None,
                    'label': [i, 'odd' if i % 2 else 'even'],
                    'header': {'n': i, 'tags': [{'a': i}, {'a': -1}]},
                    'stdout': f'line {i}\n',
                },
            )
        yield store


def number_tested(store: Store, query: Any, **options: Any) -> int:
    """How many records the query tests."""
    number, rest = store.explain(query, **options).plan[0].split(maxsplit=1)
    assert rest.startswith(f'of {store.count()} records are tested, ')
    return int(number)


BY_INDEX: list[tuple[dict[str, Any], int, tuple[str, ...]]] = [
    ({'msg_id': 'm7'}, 1, ()),
    ({'msg_id': 'absent'}, 0, ()),
    ({'msg_id': {'$in': ['m7', 'm3', 'absent', None]}}, 2, ()),
    ({'msg_id': b'm7'}, 1, ()),
    ({'completed': None}, 10, ('completed_1_msg_id_1_started_1',)),
    ({'complete': {'$exists': False}}, 10, ('completed_1_msg_id_1_started_1',)),
    ({'engine_uuid': 'e1', 'completed': {'$ne': None}}, 50, ('engine_uuid_1',)),
    ({'client_uuid': 'c1', 'started': None, 'completed': {'$in': [None]}}, 10, ('completed_1_msg_id_1_started_1',)),
    ({'client_uuid': 'c1', 'submitted': {'$gte': NOON}}, 100, ('client_uuid_1_started_1',)),
    ({'submitted': '2026-03-01T13:00:07+01:00'}, 1, ('submitted_1_msg_id_1',)),
    ({'$and': [{'stdout': {'$ne': ''}}, {'$and': [{'label': 'odd', 'engine_uuid': b'e1'}]}]}, 50, ('engine_uuid_1',)),
    ({'label': 7.0}, 1, ('label_1',)),
    ({'label': {'$in': [[7, 'odd'], 9]}}, 2, ('label_1',)),
    ({'$comment': 'why', '$or': [{'stdout': ''}, {'stderr': None}], 'msg_id': {'$eq': 'm7'}}, 1, ()),
]


@pytest.mark.parametrize(('query', 'number', 'indexes'), BY_INDEX)
def test_only_what_an_index_finds_is_tested(
    dicts: Store, query: dict[str, Any], number: int, indexes: tuple[str, ...]
) -> None:
    assert number_tested(dicts, query) == number
    assert dicts.explain(query).indexes == indexes


ONE_BY_ONE: list[dict[str, Any]] = [
    {},
    {'stdout': 'line 7\n'},
    {'started': None},
    {'completed': {'$ne': None}},
    {'msg_id': {'$regex': '^m7$'}},
    {'engine_uuid': {'$in': ['e1', re.compile('e2')]}},
    {'$or': [{'msg_id': 'm7'}, {'completed': None}]},
    {'$nor': [{'msg_id': 'm7'}]},
    {'engine_uuid': {'$not': {'$eq': 'e1'}}},
    {'stdout': {'$regex': '7'}, 'msg_id': 'm7'},
]


@pytest.mark.parametrize('query', ONE_BY_ONE)
def test_every_record_is_tested_where_no_index_is_sure(dicts: Store, query: dict[str, Any]) -> None:
    assert number_tested(dicts, query) == RECORDS
    assert dicts.explain(query).indexes == ()


def test_a_collation_finds_more_than_equal_texts(dicts: Store) -> None:
    dicts.update_record('m3', {'label': 'ODD'})
    collation = {'locale': 'en', 'strength': 1}
    assert number_tested(dicts, {'label': 'odd'}, collation=collation) == RECORDS
    assert dicts.count({'label': 'odd'}, collation=collation) == 100
    assert number_tested(dicts, {'label': 'odd'}, collation={'locale': 'simple'}) == 99


def test_a_long_list_is_not_read_twice(dicts: Store) -> None:
    assert number_tested(dicts, {'msg_id': {'$in': [f'm{i}' for i in range(3, 1000)]}}) == RECORDS


def test_an_error_in_an_earlier_condition_is_raised_all_the_same(dicts: Store) -> None:
    fails = {'$expr': {'$divide': [1, {'$subtract': ['$header.n', 7]}]}}
    with pytest.raises(QueryError):
        dicts.keys({**fails, 'msg_id': 'm3'})
    assert dicts.keys({'msg_id': 'm3', **fails}) == ['m3']


def test_an_index_on_a_path_is_made_and_dropped(dicts: Store) -> None:
    query = {'header.tags.a': -1, 'header.n': 7}
    assert number_tested(dicts, query) == RECORDS
    assert dicts.create_index([('header.n', -1), ('stdout', 1)]) == 'header.n_-1_stdout_1'
    assert dicts.explain(query).indexes == ('header.n_-1_stdout_1',)
    assert number_tested(dicts, query) == 1
    dicts.create_index('header.tags.a')
    dicts.create_index('header.n')
    dicts.drop_index('header.n_-1_stdout_1')
    assert dicts.explain(query).indexes == ('header.n_1',)
    dicts.drop_index('header.n_1')
    assert number_tested(dicts, query) == RECORDS
    assert number_tested(dicts, {'header.tags.a': {'$in': [3, 4]}}) == 2
    assert dicts.keys(query) == ['m7']


def test_indexes_follow_changes(dicts: Store) -> None:
    dicts.update_record('m195', {'completed': NOON, 'stdout': 'done'})
    dicts.update_record('m3', {'completed': None})
    dicts.drop_record('m199')
    dicts.add_record('new', {})
    assert dicts.keys({'completed': None}) == ['m3', *(f'm{i}' for i in range(190, 199) if i != 195), 'new']
    assert number_tested(dicts, {'completed': None}) == 10
    dicts.drop_matching_records({'completed': None})
    assert number_tested(dicts, {'completed': None}) == 0
    assert number_tested(dicts, {'label': 'odd'}) == dicts.count({'label': 'odd'}) == 95


def test_a_change_that_fails_changes_nothing(dicts: Store) -> None:
    before = dicts.find_records({})
    with pytest.raises(RecordError):
        dicts.update_record('m7', {'completed': None, 'engine_uuid': 'other', 'header': object()})
    with pytest.raises(RecordError):
        dicts.add_records([{'msg_id': 'x', 'engine_uuid': 'other'}, {'msg_id': 'y', 'submitted': 5}])
    with pytest.raises(KeyError):
        dicts.add_records([{'msg_id': 'x', 'engine_uuid': 'other'}, {'msg_id': 'm7'}])
    assert number_tested(dicts, {'engine_uuid': 'other'}) == 0
    assert number_tested(dicts, {'completed': None}) == 10
    assert dicts.find_records({}) == before


def test_a_change_is_whole_though_the_time_of_a_query_is_over() -> None:
    with mqsql.open('dict:', query_timeout=1e-9) as store:
        store.create_index('header.a')
        store.add_record('m', {'header': {'a': list(range(5_000))}, 'engine_uuid': 'e'})
        with store.answering(), pytest.raises(StorageError, match='query_timeout'):
            store.drop_matching_records({'msg_id': 'm'})
        assert store.get_record('m')['engine_uuid'] == 'e'
        with store.answering():
            store.drop_record('m')
        store.add_record('m', {'engine_uuid': 'f'})
        assert store.get_record('m')['engine_uuid'] == 'f'


def test_numbers_that_are_equal_are_one_value_and_booleans_are_none() -> None:
    with mqsql.open('dict:') as store:
        for i, label in enumerate([1, 1.0, True, float('nan'), float('nan'), 2**70, 2.0**70, 0, -0.0, None]):
            store.add_record(f'm{i}', {'label': label})
        for value, expected in (
            (1, '01'),
            (True, '2'),
            (float('nan'), '34'),
            (2.0**70, '56'),
            (0.0, '78'),
            (None, '9'),
        ):
            assert store.keys({'label': value}) == [f'm{i}' for i in expected]
            assert number_tested(store, {'label': value}) == len(expected)
        store.update_record('m0', {'label': True})
        assert store.keys({'label': True}) == ['m0', 'm2']


def test_what_a_query_gives_is_a_copy() -> None:
    with mqsql.open('dict:') as store:
        store.add_record('m', {'header': {'a': [1]}, 'label': [[2]]})
        store.get_record('m')['header']['a'].append(9)
        next(store.find({}))['header']['a'].append(9)
        store.find_records({'msg_id': 'm'})[0]['header']['a'].append(9)
        store.distinct('header.a')
        store.distinct('label')[0].append(9)
        next(store.find({}, projection={'b': '$header.a'}))['b'].append(9)
        assert store.get_record('m')['header'] == {'a': [1]}
        assert store.get_record('m')['label'] == [[2]]
