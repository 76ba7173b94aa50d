"""Queries at the edges of what the compiler tells apart, with the records that they find."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from stores import filled

import mqsql
from mqsql import reference
from mqsql.errors import QueryError

RECORDS: list[dict[str, Any]] = [
    {'msg_id': 'indexed', 'label': 'run 9', 'content': {'a': [[{'b': 1}], 7], 'n': 2**53}},
    {
        'msg_id': 'named',
        'label': 'run 10',
        'content': {'a': [{'0': {'b': 1}}, [2]], 'say "a\\b\\"': 1},
        'started': datetime(2026, 1, 1, tzinfo=UTC),
    },
    {'msg_id': 'listed', 'label': '["run"]', 'content': [{'l': [1, 2]}, {'l': [3]}], 'buffers': [b'', b'a']},
    {'msg_id': 'empty', 'content': {'a': [], 'l': [3, 2]}, 'started': datetime(2027, 1, 1, tzinfo=UTC)},
]
NUMERIC = {'locale': 'en', 'numericOrdering': True}
TYPED = [
    {'$mod': [2, 0]},
    {'$size': 1},
    {'$bitsAllSet': 1},
    {'$elemMatch': {'$eq': 'run'}},
    {'$elemMatch': {'a': 1}},
    {'$type': 'int'},
]


@pytest.fixture(scope='module')
def store() -> Iterator[mqsql.Store]:
    with filled(RECORDS) as store:
        yield store


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ({'content.a': {'$elemMatch': {'0.b': 1}}}, ['indexed', 'named']),
        ({'content.a': {'$elemMatch': {'0': 2}}}, ['named']),
        ({'content.a': {'$elemMatch': {'$elemMatch': {'b': 1}}}}, ['indexed']),
        ({'content.a': {'$size': 0}}, ['empty']),
        ({'content.a': {'$size': 2**63}}, []),
        ({'content.a': {'$size': 2**64}}, []),
        ({'buffers': {'$size': 2.0}}, ['listed']),
        ({'content.0.l': 1}, ['listed']),
        ({'content.say "a\\b\\"': 1}, ['named']),
        ({'started': {'$in': [datetime(2026, 1, 1, tzinfo=UTC), None]}}, ['indexed', 'named', 'listed']),
    ],
)
def test_what_is_found(store: mqsql.Store, query: Any, found: list[str]) -> None:
    assert [record['msg_id'] for record in store.find(query, [])] == found
    assert [record['msg_id'] for record in reference.find(RECORDS, query, [])] == found


@pytest.mark.parametrize(('pattern', 'found'), [('\0?', 'c'), ('*\0', 'a'), ('?\0?', 'b'), ('\0', '')])
def test_a_glob_that_sqlite_has_no_words_for(pattern: str, found: str) -> None:
    records = [{'msg_id': name, 'label': label} for name, label in zip('abc', ('a\0', 'a\0c', '\0a'), strict=True)]
    with filled(records) as store:
        assert [record['msg_id'] for record in store.find({'label': {'$glob': pattern}}, [])] == list(found)


@pytest.mark.parametrize('key', ['queue', 'started'])
@pytest.mark.parametrize('test', TYPED, ids=str)
def test_a_typed_column_holds_no_numbers_and_no_arrays(store: mqsql.Store, key: str, test: Any) -> None:
    assert mqsql.compile({key: test}, []).sql == 'SELECT msg_id FROM task_records WHERE FALSE ORDER BY rowid'
    assert store.count({key: {'$not': test}}) == len(RECORDS)


@pytest.mark.parametrize(
    'test', [re.compile('2'), {'$regex': '2'}, {'$glob': '*2*'}, {'$in': [re.compile('2')]}], ids=str
)
def test_times_are_no_text(store: mqsql.Store, test: Any) -> None:
    assert store.count({'started': test}) == 0
    assert mqsql.compile({'started': test}, []).params == {}


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ({'label': {'$gt': 'RUN 9'}}, ['named']),
        ({'label': 'run 010'}, ['named']),
        ({'started': {'$gt': datetime(2026, 6, 1, tzinfo=UTC)}}, ['empty']),
        ({'started': datetime(2026, 1, 1, tzinfo=UTC)}, ['named']),
        ({'started': {'$lte': None}}, ['indexed', 'listed']),
    ],
)
def test_what_a_collation_finds(store: mqsql.Store, query: Any, found: list[str]) -> None:
    assert [record['msg_id'] for record in store.find(query, [], collation=NUMERIC)] == found


def test_a_projected_element_is_none_behind_an_array(store: mqsql.Store) -> None:
    projected = store.find({}, projection={'content.l': {'$elemMatch': {'$lte': 2}}})
    assert [record['content'] for record in projected] == [{}, {}, [{}, {}], {'l': [2]}]


def test_no_document_holds_a_pattern(store: mqsql.Store) -> None:
    assert store.count({'content.a': {'$eq': re.compile('x')}}) == 0
    assert list(reference.find(RECORDS, {'content.a': {'$eq': re.compile('x')}})) == []
    for test in ('$ne', '$gt', '$lte'):
        with pytest.raises(QueryError, match=re.escape(f'content.a.{test}: ')):
            store.count({'content.a': {test: re.compile('x')}})


@pytest.mark.parametrize(
    ('expression', 'value'),
    [
        ({'$toString': float('nan')}, 'NaN'),
        ({'$toString': float('inf')}, 'Infinity'),
        ({'$toString': float('-inf')}, '-Infinity'),
        ({'$toDate': -1.9}, datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC)),
        ({'$toDate': '2026-01-01'}, datetime(2026, 1, 1, tzinfo=UTC)),
        ({'$pow': [2, 62]}, 2**62),
        ({'$pow': [2, 63]}, 2.0**63),
        ({'$pow': [-1, 10**9 + 1]}, -1),
        ({'$pow': [10.0, 400]}, float('inf')),
        ({'$pow': [-10.0, 401]}, float('-inf')),
        ({'$pow': [-10.0, 400]}, float('inf')),
        ({'$pow': [-8.0, 0.5]}, float('nan')),
        ({'$add': [2**62, 2**62]}, 2.0**63),
        ({'$reverseArray': [[1, 2]]}, [2, 1]),
        ({'$reverseArray': '$content.missing'}, None),
        ({'$cmp': ['b', 'a']}, 1),
        ({'$strcasecmp': ['b', 'A']}, 1),
        ({'$strcasecmp': ['a', 'B']}, -1),
        ({'$strcasecmp': ['a', 'A']}, 0),
        ({'$strcasecmp': ['\ud800', '']}, 1),
        ({'$indexOfCP': ['abcabc', 'c', 3]}, 5),
        ({'$indexOfCP': ['abcabc', 'c', 3, 5]}, -1),
        ({'$indexOfCP': ['abc', '', 4]}, -1),
        ({'$indexOfBytes': ['\ud800b', 'b']}, 3),
        ({'$indexOfBytes': ['abc', '', 4]}, -1),
        ({'$type': -(2**31)}, 'int'),
        ({'$type': -(2**31) - 1}, 'long'),
        ({'$round': [1.5, 100]}, 1.5),
        ({'$toString': datetime(2026, 7, 1, tzinfo=UTC)}, '2026-07-01T00:00:00.000Z'),
        ({'$indexOfCP': [None, 'c']}, None),
        ({'$substrBytes': ['\ud800b', 0, 3]}, '\ud800'),
        ({'$substrCP': ['abc', 1, 0]}, ''),
        ({'$substrCP': ['abc', 1, 9]}, 'bc'),
        ({'$trim': {'input': ' a ', 'chars': None}}, None),
        ({'$ltrim': {'input': 'xax', 'chars': 'x'}}, 'ax'),
        ({'$rtrim': {'input': ' a '}}, ' a'),
        ({'$replaceAll': {'input': 'aba', 'find': 'a', 'replacement': 'c'}}, 'cbc'),
        ({'$replaceOne': {'input': 'aba', 'find': 'a', 'replacement': 'c'}}, 'cba'),
        ({'$replaceOne': {'input': 'aba', 'find': None, 'replacement': 'c'}}, None),
        ({'$round': [15, -1]}, 20),
        ({'$round': [2.5]}, 2.0),
        ({'$round': [2.25, 1]}, 2.2),
        ({'$round': [5, None]}, None),
        ({'$trunc': [-2.75, 1]}, -2.7),
        ({'$toLong': -(2.0**63)}, -(2**63)),
        ({'$toInt': 2**31 - 1}, 2**31 - 1),
        ({'$max': [[None, 3, 5]]}, 5),
        ({'$min': [None, '$content.missing']}, None),
        ({'$map': {'input': [1], 'in': '$$this'}}, [1]),
        ({'$map': {'input': [1], 'as': 'x_1', 'in': '$$x_1'}}, [1]),
        ({'$filter': {'input': [1, 2, 3], 'cond': {'$gt': ['$$this', 1]}, 'limit': 1}}, [2]),
        ({'$reduce': {'input': [1, 2], 'initialValue': 3, 'in': {'$add': ['$$value', '$$this']}}}, 6),
        ({'$log': [0.25, 0.5]}, 2.0),
        ({'$week': datetime(2026, 1, 4, tzinfo=UTC)}, 1),
        ({'$week': datetime(2026, 1, 3, tzinfo=UTC)}, 0),
    ],
    ids=str,
)
@pytest.mark.usefixtures('local_zone')
def test_what_an_expression_gives(store: mqsql.Store, expression: Any, value: Any) -> None:
    wanted = {'content': {'x': {'$ifNull': [expression, None]}}}
    (found,) = store.find({'msg_id': 'empty'}, projection=wanted)
    (expected,) = reference.find(RECORDS, {'msg_id': 'empty'}, projection=wanted)
    assert repr(found['content']['x']) == repr(expected['content']['x']) == repr(value)


def test_what_only_arrays_have_is_not_asked_of_texts_beside_them() -> None:
    with mqsql.open(':memory:') as store:
        store.add_record('m', {'content': {'a': ['no JSON', []]}})
        assert store.count({'content.a': {'$elemMatch': {'$size': 0, '$gte': []}}}) == 1


def test_one_of_many_schemas(store: mqsql.Store) -> None:
    schemas = [{'required': ['label'], 'properties': {'label': {'enum': [f'run {i}']}}} for i in range(250)]
    one_of_many = {'$jsonSchema': {'oneOf': schemas}, 'label': {'$glob': 'run*'}}
    assert store.count(one_of_many) == 2
    assert store.count({**one_of_many, '$nor': [{'$jsonSchema': {'oneOf': [*schemas, schemas[9]]}}]}) == 1


@pytest.mark.parametrize('indexed', [False, True])
@pytest.mark.parametrize(
    ('keys', 'content', 'header', 'parallel'),
    [
        (['content.a', 'content.b'], {'a': [1], 'b': [2]}, {}, True),
        (['content.a', 'content.b'], {'a': [], 'b': []}, {}, True),
        (['content.a', 'content.b'], {'a': [1, 2], 'b': {'c': [3]}}, {}, False),
        (['content.a.b', 'content.a.c'], {'a': {'b': [1], 'c': [2]}}, {}, True),
        (['content.a.b', 'content.a.c'], {'a': [{'b': [1]}, {'c': [2]}]}, {}, False),
        (['content.a.b', 'content.a.c'], {'a': [{'b': 0}, {'b': [1], 'c': [2]}]}, {}, True),
        (['content.a', 'content.a.b'], {'a': [{'b': [1]}]}, {}, False),
        (['content.a.b', 'content.a.0.b'], {'a': [{'b': [1, 2]}]}, {}, False),
        (['content.a.b', 'content.a.0.b'], {'a': [{'b': [1, 2]}, {'b': [3]}]}, {}, True),
        (['content.a', 'header.x'], {'a': [1]}, {'x': []}, True),
        (['content.a', 'label', 'header.x.y'], {'a': [1]}, {'x': [{'y': 1}]}, True),
        (['content.a', 'header.x'], {'a': [1]}, {'x': {'y': [1]}}, False),
        (['content', 'header.x'], [1], {'x': [1]}, True),
    ],
)
def test_a_record_with_parallel_arrays_cannot_be_sorted(
    keys: list[str], content: Any, header: dict[str, Any], parallel: bool, indexed: bool
) -> None:
    records = [{'msg_id': 'plain'}, {'msg_id': 'arrays', 'label': 'a', 'content': content, 'header': header}]
    sort = [(key, -1) for key in keys]
    with filled(records) as store:
        if indexed and 'content' not in keys:
            store.create_index([(key, 1) for key in keys])
        for find in (store.find, partial(reference.find, records)):
            with pytest.raises(QueryError, match='sort: ') if parallel else nullcontext():
                assert [record['msg_id'] for record in find({}, sort=sort)] == ['arrays', 'plain']
            assert len(list(find({'label': {'$ne': 'a'}}, sort=sort))) == 1
            # As in MongoDB, what is found by its key is not sorted.
            assert len(list(find({'msg_id': 'arrays'}, sort=sort))) == 1


@pytest.mark.parametrize('content', [{'a': [{'0': 1}]}, {'a': [1, {'0': 2}]}, {'a': [[1], {'0': 1}]}], ids=str)
def test_a_record_with_an_ambiguous_step_cannot_be_sorted(content: Any) -> None:
    records = [{'msg_id': 'm', 'content': content}]
    with filled(records) as store:
        for find in (store.find, partial(reference.find, records)):
            with pytest.raises(QueryError, match='sort: '):
                list(find({}, sort=[('content.a.0', 1)]))
            assert len(list(find({}, sort=[('content.a.2', 1)]))) == 1


@pytest.mark.parametrize(('position', 'refused'), [(2**31 - 1, False), (2**31, True), (1e100, True)])
def test_a_bit_has_a_position_of_31_bits(store: mqsql.Store, position: float, refused: bool) -> None:
    for count in (store.count, partial(reference.count, RECORDS)):
        with pytest.raises(QueryError, match='position') if refused else nullcontext():
            assert count({'content.n': {'$bitsAllClear': [position]}}) == 1


@pytest.mark.parametrize(
    ('operators', 'refused'),
    [
        ({'$options': '', '$regex': re.compile('RUN 9', re.IGNORECASE)}, False),
        ({'$regex': re.compile('run 9'), '$options': ''}, False),
        ({'$regex': re.compile('RUN 9', re.IGNORECASE), '$options': ''}, True),
        ({'$options': 'u', '$regex': re.compile('RUN 9', re.IGNORECASE)}, True),
    ],
)
def test_a_pattern_with_options_takes_no_others(store: mqsql.Store, operators: dict[str, Any], refused: bool) -> None:
    for count in (store.count, partial(reference.count, RECORDS)):
        with pytest.raises(QueryError, match='both') if refused else nullcontext():
            assert count({'label': operators}) == 1


def test_an_array_at_a_position_is_sorted_by_as_a_whole() -> None:
    arrays = {'nested': [[2, 1]], 'text': ['x'], 'number': [5], 'object': [{'b': 0}], 'short': []}
    records = [{'msg_id': name, 'content': {'a': array}} for name, array in arrays.items()]
    with filled(records) as store:
        for find in (store.find, partial(reference.find, records)):
            found = [record['msg_id'] for record in find({}, ['msg_id'], sort='content.a.0')]
            assert found == ['short', 'number', 'text', 'object', 'nested']


@pytest.mark.parametrize(
    ('test', 'is_sorted'),
    [
        ({'$or': [{'msg_id': 'm'}]}, False),
        ({'$or': [{'$or': [{'msg_id': 'm', 'content.a': 1}]}]}, False),
        ({'msg_id': {'$all': ['m']}}, False),
        ({'msg_id': {'$in': ['m']}}, True),
        ({'$or': [{'msg_id': 'm'}, {'msg_id': 'm'}]}, True),
        ({'$nor': [{'msg_id': {'$ne': 'm'}}]}, True),
        ({'$expr': {'$eq': ['$msg_id', 'm']}}, True),
    ],
)
def test_what_is_found_by_its_key_is_not_sorted(test: dict[str, Any], is_sorted: bool) -> None:
    records = [{'msg_id': 'm', 'content': {'a': [1], 'b': [2]}}]
    with filled(records) as store:
        for find in (store.find, partial(reference.find, records)):
            with pytest.raises(QueryError, match='sort: ') if is_sorted else nullcontext():
                assert len(list(find(test, sort=[('content.a', 1), ('content.b', 1)]))) == 1


@pytest.mark.parametrize('direction', [1, -1])
def test_what_a_collation_takes_for_one_key_is_sorted(direction: int) -> None:
    records = [{'msg_id': 'm', 'content': {'n': 1}}, {'msg_id': 'M', 'content': {'n': 2}}]
    collation = {'locale': 'en', 'strength': 2}
    with filled(records) as store:
        for find in (store.find, partial(reference.find, records)):
            found = [
                record['msg_id']
                for record in find({'msg_id': 'm'}, sort=[('content.n', direction)], collation=collation)
            ]
            assert found == ['m', 'M'][::direction]
