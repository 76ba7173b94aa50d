"""The reference's projections, collations and $jsonSchema against answers from MongoDB's manual."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mqsql import reference
from mqsql.errors import QueryError, UnknownNameError
from mqsql.schema import TASKS

CONTENT = {'a': [{'b': 1, 'c': 2}, 5, [{'b': 3, 'c': 4}]], 'list': [1, 2, 3, 4], 'x': 1, 'y': {'z': 2, 'w': 3}}
RECORD = {'msg_id': 'm', 'label': 'l', 'content': CONTENT}
REST = {name: value for name, value in CONTENT.items() if name != 'list'}


@pytest.mark.parametrize(
    ('projection', 'answer'),
    [
        ({'label': 1}, {'msg_id': 'm', 'label': 'l'}),
        ({'label': True, 'msg_id': 0}, {'label': 'l'}),
        ({'msg_id': 1}, {'msg_id': 'm'}),
        ({'complete': 1.0, 'pyout': 1}, {'msg_id': 'm', 'complete': None, 'pyout': None}),
        ({'content.a.b': 1}, {'msg_id': 'm', 'content': {'a': [{'b': 1}, [{'b': 3}]]}}),
        ({'content': {'x': 1, 'y': {'z': 1}}}, {'msg_id': 'm', 'content': {'x': 1, 'y': {'z': 2}}}),
        ({'content.y.w': 1, 'content.x': 1}, {'msg_id': 'm', 'content': {'x': 1, 'y': {'w': 3}}}),
        ({'content.x.y': 1}, {'msg_id': 'm', 'content': {}}),
        ({'content.list': {'$slice': 2}, 'content.x': 1}, {'msg_id': 'm', 'content': {'list': [1, 2], 'x': 1}}),
        ({'content.list': {'$elemMatch': {'$gt': 2}}}, {'msg_id': 'm', 'content': {'list': [3]}}),
        ({'content.list': {'$elemMatch': {'$gt': 9}}, 'label': 1}, {'msg_id': 'm', 'content': {}, 'label': 'l'}),
        ({'content.a': {'$elemMatch': {'b': 1}}}, {'msg_id': 'm', 'content': {'a': [{'b': 1, 'c': 2}]}}),
        ({'content.x': {'$elemMatch': {'b': 1}}}, {'msg_id': 'm', 'content': {}}),
        ({'n': {'$add': ['$content.x', 1]}}, {'msg_id': 'm', 'n': 2}),
        ({'n': '$content.nope', 'content.x': 1}, {'msg_id': 'm', 'n': None, 'content': {'x': 1}}),
        ({'content.y.v': '$label', 'content.y.z': 1}, {'msg_id': 'm', 'content': {'y': {'z': 2, 'v': 'l'}}}),
        ({'content.a.n': '$content.x'}, {'msg_id': 'm', 'content': {'a': [{'n': 1}, {'n': 1}, [{'n': 1}]]}}),
        ({'content.x.n': 'text'}, {'msg_id': 'm', 'content': {'x': {'n': 'text'}}}),
        ({'n': {'$slice': ['$content.list', 1, 2]}}, {'msg_id': 'm', 'n': [2, 3]}),
        ({'buffers': 1}, {'msg_id': 'm', 'buffers': None}),
    ],
)
def test_an_inclusion(projection: Any, answer: dict[str, Any]) -> None:
    (found,) = reference.find([RECORD], projection=projection)
    assert repr(found) == repr(answer)


@pytest.mark.parametrize(
    ('projection', 'content'),
    [
        ({'content.list': 0}, REST),
        ({'content.list': False, 'msg_id': 1}, REST),
        ({'content': {'a': 0, 'y': 0, 'list': 0}}, {'x': 1}),
        (
            {'content.a.b': 0, 'content.y.w': 0},
            {'a': [{'c': 2}, 5, [{'c': 4}]], 'list': [1, 2, 3, 4], 'x': 1, 'y': {'z': 2}},
        ),
        ({'content.list': {'$slice': 1}}, {**CONTENT, 'list': [1]}),
        ({'content.list': {'$slice': -3}}, {**CONTENT, 'list': [2, 3, 4]}),
        ({'content.list': {'$slice': 0}}, {**CONTENT, 'list': []}),
        ({'content.list': {'$slice': [1, 2]}}, {**CONTENT, 'list': [2, 3]}),
        ({'content.list': {'$slice': [-3, 2.0]}}, {**CONTENT, 'list': [2, 3]}),
        ({'content.list': {'$slice': [-9, 1]}}, {**CONTENT, 'list': [1]}),
        ({'content.x': {'$slice': 1}}, CONTENT),
        ({'label': 0}, CONTENT),
        ({}, CONTENT),
    ],
)
def test_an_exclusion(projection: Any, content: Any) -> None:
    (found,) = reference.find([RECORD], projection=projection)
    assert repr(found['content']) == repr(content)
    assert list(found) == [key for key in TASKS.default_keys if projection.get(key) != 0]


def test_the_key_can_be_left_out() -> None:
    (found,) = reference.find([RECORD], projection={'msg_id': 0})
    assert list(found) == list(TASKS.default_keys[1:])


@pytest.mark.parametrize(
    'projection',
    [
        5, [5], {'nope': 1}, {'nope.x': 1}, {'queue.x': 1}, {'label': 1, 'started': 0}, {'label': 0, 'n': '$label'},
        {'content': 1, 'content.a': 1}, {'content.a': 1, 'content': 1}, {'content.a.b': 0, 'content.a': 0}, {'content': {}},
        {'content.a': 1, 'content': {'a': 1}}, {'complete': 0, 'completed': 0}, {'content..a': 1}, {'content.a.$': 1},
        {'content.$x': 1}, {1: 1}, {'content.a': {'$slice': 'x'}}, {'content.a': {'$slice': [1, 0]}},
        {'content.a': {'$slice': [1, 2, 3, 4]}}, {'content.a': {'$elemMatch': 1}},
        {'content.a': {'$elemMatch': {'$jsonSchema': {}}}},
        {'content.a': {'$elemMatch': {'$nope': 1}}}, {'content.a': {'$nope': 1}}, {'content.a': {'b': 1, '$add': [1]}},
        {'msg_id': '$label'}, {'msg_id': {'$slice': 1}}, {'content' + '.a' * 51: 1},
    ],
)  # fmt: skip
def test_a_projection_without_meaning_is_refused(projection: Any) -> None:
    with pytest.raises(QueryError):
        reference.find([], projection=projection)


def test_keys_and_projection_are_not_given_together() -> None:
    with pytest.raises(QueryError):
        reference.find([], keys=['label'], projection={'label': 1})


# --- collations

WORDS = ['b', 'a', 'B', 'A', 'ä', 'á', 'a10', 'a9', 'a09']


def sorted_words(collation: Any) -> list[str]:
    records = [{'msg_id': str(i), 'label': word} for i, word in enumerate(WORDS)]
    return [record['label'] for record in reference.find(records, sort='label', collation=collation)]


@pytest.mark.parametrize(
    ('collation', 'words'),
    [
        (None, ['A', 'B', 'a', 'a09', 'a10', 'a9', 'b', 'á', 'ä']),
        ({'locale': 'simple'}, ['A', 'B', 'a', 'a09', 'a10', 'a9', 'b', 'á', 'ä']),
        ({'locale': 'en'}, ['a', 'A', 'á', 'ä', 'a09', 'a10', 'a9', 'b', 'B']),
        ({'locale': 'en', 'strength': 2}, ['a', 'A', 'á', 'ä', 'a09', 'a10', 'a9', 'b', 'B']),
        ({'locale': 'en', 'strength': 1}, ['a', 'A', 'ä', 'á', 'a09', 'a10', 'a9', 'b', 'B']),
        (
            {'locale': 'en', 'strength': 1, 'numericOrdering': True},
            ['a', 'A', 'ä', 'á', 'a9', 'a09', 'a10', 'b', 'B'],
        ),
    ],
)
def test_sorting_with_a_collation(collation: Any, words: list[str]) -> None:
    assert sorted_words(collation) == words


@pytest.mark.parametrize(
    ('query', 'strength', 'answer'),
    [
        ({'label': 'A'}, 3, ['A']),
        ({'label': 'A'}, 2, ['a', 'A']),
        ({'label': 'A'}, 1, ['a', 'A', 'ä', 'á']),
        ({'label': {'$in': ['A', 'B']}}, 2, ['b', 'a', 'B', 'A']),
        ({'label': {'$gt': 'a9'}}, 2, ['b', 'B']),
        ({'label': {'$ne': 'B'}, 'msg_id': {'$lt': '4'}}, 2, ['a', 'A']),
        ({'label': {'$regex': 'A'}}, 1, ['A']),
        ({'label': {'$glob': 'A'}}, 1, ['A']),
    ],
)
def test_searching_with_a_collation(query: Any, strength: int, answer: list[str]) -> None:
    records = [{'msg_id': str(i), 'label': word} for i, word in enumerate(WORDS)]
    collation = {'locale': 'en', 'strength': strength}
    assert [record['label'] for record in reference.find(records, query, collation=collation)] == answer
    assert reference.count(records, query, collation=collation) == len(answer)


def test_distinct_with_a_collation() -> None:
    records = [{'msg_id': str(i), 'content': {'w': word}} for i, word in enumerate(WORDS)]
    assert reference.distinct(records, 'content.w', collation={'locale': 'en', 'strength': 1, 'numericOrdering': True}) == [
        'b', 'a', 'a10', 'a9'
    ]  # fmt: skip


@pytest.mark.parametrize(
    'collation',
    [
        5, {}, {'locale': 'de'}, {'locale': None}, {'locale': 'simple', 'strength': 1}, {'locale': 'en', 'strength': 4},
        {'locale': 'en', 'strength': True}, {'locale': 'en', 'numericOrdering': 1}, {'locale': 'en', 'caseLevel': True},
    ],
)  # fmt: skip
def test_other_collations_are_refused(collation: Any) -> None:
    with pytest.raises(QueryError):
        reference.find([], collation=collation)


# --- $jsonSchema

SCHEMAS: list[tuple[Any, list[Any], list[Any]]] = [
    ({}, [1, 'a', None], []),
    ({'title': 't', 'description': 'd'}, [1], []),
    ({'type': 'number'}, [1, 2.5], ['a', True, None]),
    ({'type': ['string', 'null']}, ['a', None], [1]),
    ({'type': 'array'}, [[1]], [1]),
    ({'bsonType': 'int'}, [1], [1.0, 2**40, [1]]),
    ({'bsonType': ['long', 'date']}, [2**40, datetime(2020, 1, 1, tzinfo=UTC)], [1]),
    ({'enum': [1, 'a', {'x': 1, 'y': 2}]}, [1.0, 'a', {'y': 2, 'x': 1}], ['b', [1], True]),
    ({'minimum': 2, 'maximum': 4, 'exclusiveMaximum': True}, [2, 3.9, 'a', None], [1, 4, float('nan')]),
    ({'minimum': float('nan')}, [float('nan'), 'a'], [1]),
    ({'maximum': float('nan'), 'exclusiveMaximum': True}, ['a'], [1, float('nan')]),
    ({'multipleOf': 2.5}, [5, 7.5, 'a'], [1, float('inf'), float('nan')]),
    # decimal, of fifteen digits of a float
    ({'multipleOf': 0.1}, [0.3, 0.1 + 0.2, 5, 10**400], [0.25]),
    ({'multipleOf': 3}, [3.0, 2**70 - 1, 0], [1e300, 2**70]),
    ({'multipleOf': 1e-300}, [1e300, 10**400], [1e-301]),
    ({'minLength': 2, 'maxLength': 3, 'pattern': 'b'}, ['ab', 'abc', 5], ['b', 'abcd', 'aa']),
    ({'required': ['x']}, [{'x': None}, 5], [{}]),
    ({'properties': {'x': {'type': 'string'}}}, [{}, {'x': 'a'}, 5], [{'x': 1}]),
    ({'properties': {'x': {}}, 'additionalProperties': False}, [{}, {'x': 1}], [{'y': 1}]),
    (
        {'patternProperties': {'^a': {'type': 'number'}}, 'additionalProperties': {'type': 'string'}},
        [{'ab': 1, 'b': 's'}],
        [{'ab': 's'}, {'b': 1}],
    ),
    ({'minProperties': 1, 'maxProperties': 1}, [{'x': 1}, 5], [{}, {'x': 1, 'y': 2}]),
    ({'dependencies': {'x': ['y']}}, [{}, {'x': 1, 'y': 1}], [{'x': 1}]),
    ({'dependencies': {'x': {'required': ['y']}}}, [{'y': 1}], [{'x': 1}]),
    ({'items': {'type': 'number'}}, [[], [1], 'a'], [[1, 'a']]),
    ({'items': [{'type': 'number'}], 'additionalItems': {'type': 'string'}}, [[1, 'a'], []], [['a'], [1, 2]]),
    ({'items': [{}], 'additionalItems': False}, [[1]], [[1, 2]]),
    ({'additionalItems': False}, [[1, 2]], []),
    ({'minItems': 1, 'maxItems': 2}, [[1], 'a'], [[], [1, 2, 3]]),
    ({'uniqueItems': True}, [[1, 2], [1, True]], [[1, 1.0], [{'x': 1, 'y': 2}, {'y': 2, 'x': 1}]]),
    ({'allOf': [{'minimum': 1}, {'maximum': 3}]}, [2], [0, 4]),
    ({'anyOf': [{'type': 'string'}, {'minimum': 3}]}, ['a', 3], [2]),
    ({'oneOf': [{'minimum': 1}, {'maximum': 3}]}, [0, 4], [2]),
    ({'not': {'type': 'string'}}, [1], ['a']),
]


@pytest.mark.parametrize(('schema', 'passing', 'failing'), SCHEMAS, ids=[str(row[0])[:50] for row in SCHEMAS])
def test_a_schema(schema: Any, passing: list[Any], failing: list[Any]) -> None:
    query = {'$jsonSchema': {'properties': {'content': {'properties': {'v': schema}}}}}
    records = [{'msg_id': str(i), 'content': {'v': value}} for i, value in enumerate([*passing, *failing])]
    assert [record['msg_id'] for record in reference.find(records, query)] == [str(i) for i in range(len(passing))]


def test_a_schema_of_the_record() -> None:
    assert reference.matches(
        RECORD, {'$jsonSchema': {'required': ['label'], 'properties': {'label': {'type': 'string'}}}}
    )
    assert not reference.matches(RECORD, {'$jsonSchema': {'required': ['complete']}})
    assert reference.matches(RECORD, {'content.a': {'$elemMatch': {'$jsonSchema': {'required': ['b']}}}})
    assert not reference.matches(RECORD, {'$jsonSchema': {'properties': {'label': {}}, 'additionalProperties': False}})
    with pytest.raises(UnknownNameError):
        reference.find([], {'$jsonSchema': {'required': ['nope']}})


@pytest.mark.parametrize(
    'schema',
    [
        {'properties': {'buffers': {'uniqueItems': True}}}, {'properties': {'buffers': {'not': {'enum': [1, [b'x']]}}}},
        {'properties': {'result_buffers': {'items': {'enum': [b'x']}}}}, {'patternProperties': {'^b': {'uniqueItems': True}}},
        {'properties': {'buffers': {'items': [{}, {'anyOf': [{'enum': [b'x']}]}]}}}, {'additionalProperties': {'enum': [[]]}},
        {'properties': {'buffers': {'additionalItems': {'enum': [b'x']}}}},
        {'allOf': [{'dependencies': {'label': {'properties': {'buffers': {'enum': [[]]}}}}}]},
    ],
)  # fmt: skip
def test_a_schema_cannot_compare_buffers(schema: Any) -> None:
    with pytest.raises(QueryError, match='buffers cannot be compared'):
        reference.find([], {'$jsonSchema': schema})


def test_a_schema_may_ask_for_what_buffers_are() -> None:
    of_buffers = {
        'dependencies': {'x': {'uniqueItems': True}},
        'bsonType': 'array',
        'minItems': 1,
        'uniqueItems': False,
        'items': {'bsonType': 'binData'},
    }
    query = {
        '$jsonSchema': {'properties': {'buffers': of_buffers, 'content': {'enum': [[b'x']]}}, 'required': ['buffers']}
    }
    records: list[dict[str, Any]] = [
        {'msg_id': 'one', 'buffers': [b'x']},
        {'msg_id': 'empty', 'buffers': []},
        {'msg_id': 'none'},
    ]
    assert [record['msg_id'] for record in reference.find(records, query)] == ['one']


@pytest.mark.parametrize(
    'schema',
    [
        5, [], {'nope': 1}, {'$ref': '#'}, {'format': 'date'}, {'title': 1}, {'type': 'integer'}, {'type': 'int'}, {'type': []},
        {'type': ['string', 'string']}, {'type': 'string', 'bsonType': 'string'}, {'bsonType': 16}, {'enum': []},
        {'enum': [1, 1.0]}, {'enum': 1}, {'minimum': '1'},
        {'exclusiveMinimum': True}, {'minimum': 1, 'exclusiveMinimum': 1}, {'multipleOf': 0},
        {'multipleOf': float('nan')}, {'minLength': -1}, {'maxLength': 1.5}, {'pattern': '('}, {'pattern': 1}, {'required': []},
        {'required': ['label', 'label']}, {'required': 'label'}, {'properties': {'label': 1}}, {'properties': []},
        {'patternProperties': {'(': {}}}, {'additionalProperties': 1}, {'dependencies': {'label': []}}, {'items': 1},
        {'items': [1]}, {'additionalItems': 'x'}, {'uniqueItems': 1}, {'allOf': []}, {'anyOf': {}}, {'oneOf': [1]}, {'not': 1},
    ],
)  # fmt: skip
def test_a_schema_without_meaning_is_refused(schema: Any) -> None:
    with pytest.raises(QueryError):
        reference.find([], {'$jsonSchema': schema})
