"""Labels, the column of values of any type: stored, found, sorted and searched as MongoDB does a plain field."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from stores import filled

import mqsql
from mqsql import reference
from mqsql.errors import QueryError, RecordError
from mqsql.schema import ANY, STRING, TASKS, Index, Record, Table
from mqsql.storage import Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LABELS: dict[str, Any] = {
    'empty': [],
    'nothing': None,
    'null': [None],
    'half': 0.5,
    'run 3': ['run', 3],
    'seven': 7,
    'big': 2**70,
    'blank': '',
    'a': 'a',
    'a nul': 'a\0b',
    'letters': ['a', 'z'],
    'b': 'b',
    'digits': '7',
    'json': '{"run":1}',
    'object': {'run': 1},
    'deep': {'run': [1, {'x': 'a'}], '$date': 'b"'},
    'nested': [['a']],
    'bytes': b'a',
    'false': False,
    'true': True,
    'noon': NOON,
}
"""By the id of the record that has it, in BSON's order but for text."""
RECORDS: list[Record] = [{'msg_id': name, 'label': label} for name, label in LABELS.items()]


@pytest.fixture(scope='module', params=['sqlite', 'dict:'])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    url = ':memory:' if request.param == 'sqlite' else request.param
    with filled(RECORDS, url) as one:
        yield one


def found(store: Store, query: Any, **options: Any) -> list[str]:
    """The ids of the records that a store finds, which are those that the reference finds."""
    ids = [record['msg_id'] for record in store.find(query, [], **options)]
    assert ids == [record['msg_id'] for record in reference.find(RECORDS, query, [], **options)]
    return ids


@pytest.mark.parametrize('name', LABELS)
def test_a_label_of_any_type_comes_back_as_given(store: Store, name: str) -> None:
    label = store.get_record(name)['label']
    assert (label, type(label)) == (LABELS[name], type(LABELS[name]))
    assert store.find_one({'msg_id': name}, ['label']) == {'msg_id': name, 'label': LABELS[name]}


def test_a_tuple_comes_back_as_a_list(store: Store) -> None:
    with mqsql.open(':memory:') as other:
        other.add_record('m', {'label': ('run', 3)})
        other.update_record('m', {'label': ('run', (4, 'x'))})
        assert other.get_record('m')['label'] == ['run', [4, 'x']]
        assert other.count({'label': ('run', (4, 'x'))}) == 1


@pytest.mark.parametrize('name', [name for name, label in LABELS.items() if label is not None])
def test_a_label_of_any_type_is_found_by_its_value(store: Store, name: str) -> None:
    for query in (
        {'label': LABELS[name]},
        {'label': {'$in': [LABELS[name], 'x']}},
        {'label': {'$all': [LABELS[name]]}},
    ):
        assert name in found(store, query)
        assert name not in found(store, {'$nor': [query]})
    assert name not in found(store, {'label': {'$ne': LABELS[name]}})


@pytest.mark.parametrize(
    ('query', 'names'),
    [
        ({'label': 7}, ['seven']),
        ({'label': 7.0}, ['seven']),
        ({'label': '7'}, ['digits']),
        ({'label': 'a'}, ['a', 'letters']),
        ({'label': b'a'}, ['bytes']),
        ({'label': 1}, []),
        ({'label': True}, ['true']),
        ({'label': None}, ['nothing', 'null']),
        ({'label': {'$in': [7, 'a', None]}}, ['nothing', 'null', 'seven', 'a', 'letters']),
        ({'label': {'$gt': 0}}, ['half', 'run 3', 'seven', 'big']),
        ({'label': {'$gte': 'a', '$lt': 'b'}}, ['a', 'a nul', 'letters']),
        ({'label': {'$gt': 'a'}}, ['run 3', 'a nul', 'letters', 'b', 'json']),
        ({'label': {'$lt': 'a'}}, ['blank', 'digits']),
        ({'label': {'$lte': None}}, ['nothing', 'null']),
        ({'label': {'$regex': '^r'}}, ['run 3']),
        ({'label': {'$regex': 'a', '$not': {'$regex': 'b'}}}, ['a', 'letters']),
        ({'label': {'$glob': '[ar]*'}}, ['run 3', 'a', 'a nul', 'letters']),
        ({'label': {'$glob': '?'}}, ['a', 'letters', 'b', 'digits']),
        ({'label': {'$type': 'string'}}, ['run 3', 'blank', 'a', 'a nul', 'letters', 'b', 'digits', 'json']),
        ({'label': {'$type': 'array'}}, ['empty', 'null', 'run 3', 'letters', 'nested']),
        ({'label': {'$type': ['object', 'bool']}}, ['object', 'deep', 'false', 'true']),
        ({'label': {'$type': 'number'}}, ['half', 'run 3', 'seven', 'big']),
        ({'label': {'$elemMatch': {'$gte': 'a', '$lt': 'b'}}}, ['letters']),
        ({'label': {'$elemMatch': {'0': 'a'}}}, ['nested']),
        ({'label': {'$size': 2}}, ['run 3', 'letters']),
        ({'label': {'$all': ['run', 3]}}, ['run 3']),
        ({'label': {'$mod': [7, 0]}}, ['half', 'seven']),
        ({'label': {'$bitsAllSet': 3}}, ['run 3', 'seven']),
        ({'label': {'$exists': False}}, ['nothing']),
        ({'label.run': 1}, ['object', 'deep']),
        ({'label.run.x': 'a'}, ['deep']),
        ({'label.1': 3}, ['run 3']),
        ({'label.run': {'$exists': True}}, ['object', 'deep']),
        ({'label.run': None, 'label': {'$type': ['string', 'object']}}, ['blank', 'a', 'a nul', 'b', 'digits', 'json']),
        ({'$expr': {'$eq': ['$label', 7]}}, ['seven']),
        ({'$expr': {'$eq': ['$label.run', 1]}}, ['object']),
        ({'$expr': {'$eq': [{'$type': '$label'}, 'binData']}}, ['bytes']),
        ({'$jsonSchema': {'required': ['label'], 'properties': {'label': {'enum': ['a', 7, None]}}}}, ['seven', 'a']),
        (
            {'$jsonSchema': {'required': ['label'], 'properties': {'label': {'type': 'string', 'maxLength': 1}}}},
            ['blank', 'a', 'b', 'digits'],
        ),
        ({'$or': [{'label': 'a'}, {'label': 7}, {'label': [['a']]}]}, ['seven', 'a', 'letters', 'nested']),
    ],
    ids=str,
)
def test_queries_on_labels_give_mongodb_s_answers(store: Store, query: Any, names: list[str]) -> None:
    assert (answer := found(store, query)) == names
    assert sorted(answer + found(store, {'$nor': [query]})) == sorted(LABELS)


@pytest.mark.parametrize('direction', [1, -1])
@pytest.mark.parametrize('limit', [0, 1, 3, 9, 20, 100])
@pytest.mark.parametrize('query', [{}, {'label': {'$ne': 'a'}}, {'label': {'$gte': 'a'}}], ids=str)
def test_labels_sort_in_bson_s_order_whatever_the_limit(store: Store, query: Any, limit: int, direction: int) -> None:
    for sort in ([('label', direction)], [('label', direction), ('msg_id', 1)], [('msg_id', 1), ('label', direction)]):
        found(store, query, sort=sort, limit=limit)
        found(store, query, sort=sort, limit=limit, skip=2)
    found(store, query, sort=[('label.run', direction)], limit=limit)
    found(store, query, sort=[('label', direction)], limit=limit, collation={'locale': 'en', 'numericOrdering': True})


def test_the_order_of_labels(store: Store) -> None:
    order = [
        'empty',
        'nothing',
        'null',
        'half',
        'run 3',
        'seven',
        'big',
        'blank',
        'digits',
        'a',
        'letters',
        'a nul',
        'b',
    ]
    rest = ['json', 'object', 'deep', 'nested', 'bytes', 'false', 'true', 'noon']
    assert found(store, {}, sort='label') == [*order, *rest]


def test_two_arrays_side_by_side_cannot_be_sorted_by() -> None:
    records = [{'msg_id': 'm', 'label': [1, 2], 'content': {'a': [3]}}]
    for sort in ([('label', 1), ('content.a', 1)], [('content.a', 1), ('label', -1)]):
        with pytest.raises(QueryError), filled(records) as store:
            list(store.find({}, sort=sort))
        with pytest.raises(QueryError):
            reference.find(records, {}, sort=sort)


def test_distinct_labels(store: Store) -> None:
    assert sorted(map(repr, store.distinct('label'))) == sorted(map(repr, reference.distinct(RECORDS, 'label')))
    assert store.distinct('label', {'label': {'$gt': 0}}) == [0.5, 'run', 3, 7, 2**70]
    assert store.distinct('label.run') == [1, {'x': 'a'}]


def test_keys_and_projections_reach_into_labels(store: Store) -> None:
    assert store.find_one({'msg_id': 'deep'}, ['label.run']) == {'msg_id': 'deep', 'label': {'run': [1, {'x': 'a'}]}}
    assert store.find_one({'msg_id': 'a'}, ['label.run']) == {'msg_id': 'a', 'label': None}
    asked: list[Any] = [
        {'label.run': 1},
        {'label.run': 0},
        {'label': {'$slice': 1}},
        {'label': {'$elemMatch': {'$gt': 1}}},
    ]
    for projection in [*asked, {'x': '$label.run'}]:
        answer = list(store.find({}, projection=projection))
        assert answer == reference.find(RECORDS, {}, projection=projection)


def test_collations_concern_the_texts_among_labels(store: Store) -> None:
    collation = {'locale': 'en', 'strength': 2}
    assert found(store, {'label': 'A'}, collation=collation) == ['a', 'letters']
    assert found(store, {'label': {'$in': ['A', 7]}}, collation=collation) == ['seven', 'a', 'letters']
    found(store, {'label': {'$gt': 'A', '$lt': 'RUM'}}, collation=collation)


@pytest.mark.parametrize(
    'label', [{1, 2}, object(), {1: 2}, [{3}], 1 << 20_000], ids=['set', 'object', 'key', 'inner', 'digits']
)
def test_what_is_no_value_is_refused(label: Any) -> None:
    with filled([]) as store:
        with pytest.raises(RecordError, match='label'):
            store.add_record('m', {'label': label})
        with pytest.raises(QueryError, match='label'):
            store.find({'label': label})


# --- indexes and files


@pytest.mark.parametrize(
    'query',
    [
        {'label': 'a'},
        {'label': 7},
        {'label': {'$in': ['a', 'b', 7]}},
        {'label': {'$glob': 'a*'}},
        {'label': {'$gte': 'a', '$lt': 'b'}},
        {'label': {'$size': 2}},
        {'label.run': 1},
        {'label': 'a', 'completed': None},
    ],
    ids=str,
)
def test_the_index_of_labels_is_searched(tmp_path: Path, query: Any) -> None:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path) as store:
        store.add_missing([{'msg_id': f'm{i}', 'label': f'l{i}'} for i in range(2000)])  # type: ignore[attr-defined]
    with mqsql.open(path) as store:  # to close it has told the planner how large the table is
        plan = store.explain(query, []).plan
        assert not [line for line in plan if line.startswith('SCAN task_records')]
        assert 'label_1' in store.explain(query, []).indexes


def test_the_first_labels_in_order_are_read_from_the_index(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'tasks.db') as store:
        plan = ' '.join(store.explain({}, [], sort='label', limit=10).plan)
        assert 'USING COVERING INDEX task_records.label' in plan


def test_an_index_on_a_path_into_labels_changes_no_answer() -> None:
    asked = [{'label.run': value} for value in (1, None, 'a', {'x': 'a'}, {'$exists': True}, {'$ne': 1}, {'$gt': 0})]
    with filled(RECORDS) as store:
        for name in (store.create_index('label.run'), store.create_index([('label.run.x', 1), ('label', -1)])):
            assert name in store.list_indexes()
        for query in asked:
            found(store, query)
            found(store, {**query, 'label': {'$ne': 'a'}}, sort=[('label.run', -1)])
        assert store.explain({'label.run': 1}).indexes == ('label.run_1',)
        store.update_record('a', {'label': {'run': 1}})
        assert store.count({'label.run': 1}) == 3


def test_a_file_whose_labels_were_text_only_needs_no_change(tmp_path: Path) -> None:
    old = replace(TASKS, columns={**TASKS.columns, 'label': STRING})
    path = tmp_path / 'tasks.db'
    with mqsql.open(path, table=old) as store:
        store.add_record('old', {'label': 'train'})
    with mqsql.open(path) as store:
        store.add_record('new', {'label': {'run': 1}})
        assert [record['label'] for record in store.find({}, ['label'])] == ['train', {'run': 1}]
        assert store.count({'label': 'train'}) == 1
        store.update_record('old', {'label': 7})
        assert store.count({'label': 7}) == 1
    with sqlite3.connect(path) as connection:
        stored = connection.execute('SELECT label, CAST(label AS TEXT) FROM task_records').fetchall()
    connection.close()
    assert stored == [(b'7', '7'), (b'{"run":1}', '{"run":1}')]


def test_any_table_may_have_columns_of_any_values() -> None:
    columns = {'key': STRING, 'value': ANY, 'type': ANY}  # names that json_each has too
    table = Table('things', columns, 'key', indexes=(Index(('value',)), Index(('type.a', 'key'))))
    records: list[Record] = [
        {'key': f'{i} {j}', 'value': one, 'type': {'a': other}}
        for i, one in enumerate(LABELS.values())
        for j, other in enumerate(LABELS.values())
    ]
    queries: list[Any] = [
        {'value': 'a', 'type.a': 7},
        {'value': {'$gt': 'a'}, 'type': {'$type': 'object'}},
        {'$expr': {'$lt': ['$value', '$type.a']}},
        {'type.a': {'$elemMatch': {'$gte': 'a'}}, 'value': {'$ne': None}},
    ]
    with mqsql.open(':memory:', table=table) as store:
        for record in records:
            store.add_record(record['key'], record)
        for query in queries:
            for options in ({}, {'sort': 'value', 'limit': 5}, {'sort': [('value', -1), ('key', 1)]}):
                expected = reference.find(records, query, ['type.a'], table=table, **options)
                assert list(store.find(query, ['type.a'], **options)) == expected
