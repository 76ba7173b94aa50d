"""$jsonSchema: which records are valid, for SQLite and the reference; and which schemas are refused."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import mqsql
from mqsql import QueryError, reference
from mqsql.compiler.parse.context import MAX_NESTING
from mqsql.errors import UnknownNameError
from mqsql.functions.json_schema import all_differ, is_multiple, unordered_key_of
from mqsql.schema import TASKS
from mqsql.storage import Store
from mqsql.values.codec import encode_document

DAY = datetime(2026, 11, 22, tzinfo=UTC)
Schema = dict[str, Any]

CONTENTS: list[Any] = [
    {'a': 3},
    {'a': 2.5, 'b': 'text'},
    {'a': 2**70},
    {'a': float('nan')},
    {'a': 'abc', 'b': 1},
    {'a': 'a\0\ud800'},
    {'a': None},
    {'a': DAY},
    {'a': b'abc'},
    {'a': True},
    {'a': []},
    {'a': [1, 'x', {'q': 1}]},
    {'a': [1, 1.0]},
    {'a': [{'p': 1, 'q': [2]}, {'q': [2.0], 'p': 1}]},
    {'a': {}},
    {'a': {'p': 1, 'q': 'x'}},
    {'a': {'q': 'x', 'p': 1.0}},
    {'a': {'$p': 1, 'say "p"': 2, 'p.q': 3}},
    {},
    [1, 2],
]


@pytest.fixture(scope='module')
def store() -> Iterator[Store]:
    with mqsql.open(':memory:') as opened:
        for i, content in enumerate(CONTENTS):
            opened.add_record(f'm{i:02}', {'msg_id': f'm{i:02}', 'content': content})
        yield opened


@pytest.fixture(scope='module')
def tasks() -> Iterator[Store]:
    with mqsql.open(':memory:') as opened:
        opened.add_record('t0', {'msg_id': 't0', 'label': 'abc', 'started': DAY})
        opened.add_record(
            't1', {'msg_id': 't1', 'label': 'x', 'started': DAY, 'completed': DAY, 'buffers': [b'a', b'b']}
        )
        opened.add_record('t2', {'msg_id': 't2', 'buffers': [], 'content': {'a': 1}})
        yield opened


def answer(store: Store, schema: Schema) -> list[int]:
    """The numbers of the valid records, which both engines agree on."""
    query = {'$jsonSchema': schema}
    found = [record['msg_id'] for record in store.find(query, [])]
    every = list(store.find({}, list(store.table.all_keys)))
    assert found == [record['msg_id'] for record in every if reference.matches(record, query)]
    return [int(name[1:]) for name in found]


def at_a(schema: Schema) -> Schema:
    return {'properties': {'content': {'type': 'object', 'required': ['a'], 'properties': {'a': schema}}}}


NUMBERS = {0, 1, 2, 3}
STRINGS = {4, 5}
ARRAYS = {10, 11, 12, 13}
OBJECTS = {14, 15, 16, 17}
ALL = set(range(18))


@pytest.mark.parametrize(
    ('schema', 'valid'),
    [
        ({}, ALL),
        ({'enum': [{'q': 'x', 'p': 2}]}, set()),
        ({'enum': [{'q': 'x', 'p': True}, {'p': 'x', 'q': 1}]}, set()),
        ({'items': []}, ALL),
        ({'items': [], 'additionalItems': False}, ALL - ARRAYS | {10}),
        ({'enum': [[{'q': [2], 'p': 1}, {'p': 1, 'q': [2]}]]}, {13}),
        ({'title': 'a', 'description': 'b'}, ALL),
        ({'type': 'number'}, NUMBERS),
        ({'type': ['string', 'null']}, STRINGS | {6}),
        ({'type': 'boolean'}, {9}),
        ({'type': 'array'}, ARRAYS),
        ({'type': 'object'}, OBJECTS),
        ({'bsonType': 'date'}, {7}),
        ({'bsonType': ['int', 'binData']}, {0, 8}),
        ({'bsonType': 'objectId'}, set()),
        ({'minimum': 3}, ALL - {1, 3}),
        ({'minimum': 3, 'exclusiveMinimum': True}, ALL - {0, 1, 3}),
        ({'minimum': 3, 'exclusiveMinimum': False}, ALL - {1, 3}),
        ({'type': 'number', 'maximum': 3}, {0, 1}),
        ({'type': 'number', 'maximum': 3, 'exclusiveMaximum': True}, {1}),
        ({'bsonType': 'int', 'minimum': 4}, set()),
        ({'type': 'string', 'minimum': 4}, STRINGS),
        ({'multipleOf': 3}, ALL - {1, 2, 3}),
        ({'multipleOf': 0.5}, ALL - {3}),
        ({'minLength': 3}, ALL),
        ({'type': 'string', 'maxLength': 3}, STRINGS),
        ({'minLength': 4}, ALL - STRINGS),
        ({'pattern': 'c$'}, ALL - {5}),
        ({'enum': [3.0, 'abc', None, DAY, b'abc', True]}, {0, 4, 6, 7, 8, 9}),
        ({'enum': [2**70, float('nan')]}, {2, 3}),
        ({'enum': [{'p': 1, 'q': 'x'}, []]}, {10, 15, 16}),
        ({'minItems': 2}, ALL - {10}),
        ({'type': 'array', 'maxItems': 2}, {10, 12, 13}),
        ({'uniqueItems': True}, ALL - {12, 13}),
        ({'uniqueItems': False}, ALL),
        ({'items': {'type': 'number'}}, ALL - {11, 13}),
        ({'items': {'type': 'object', 'required': ['p']}}, ALL - {11, 12}),
        ({'items': [{'minimum': 1}, {'type': 'string'}]}, ALL - {12, 13}),
        ({'items': [{}], 'additionalItems': False}, ALL - {11, 12, 13}),
        ({'items': [{}, {}], 'additionalItems': {'type': 'number'}}, ALL - {11}),
        ({'items': {}, 'additionalItems': False}, ALL),
        ({'required': ['p', 'q']}, ALL - {14, 17}),
        ({'type': 'object', 'properties': {'p': {'type': 'string'}}}, {14, 17}),
        ({'type': 'object', 'properties': {'p.q': {'type': 'string'}}}, {14, 15, 16}),
        ({'type': 'object', 'patternProperties': {'^[$]': {'type': 'string'}}}, {14, 15, 16}),
        ({'type': 'object', 'patternProperties': {'"p"$': {'minimum': 3}}}, {14, 15, 16}),
        (
            {'type': 'object', 'properties': {'q': {}}, 'patternProperties': {'p': {}}, 'additionalProperties': False},
            OBJECTS,
        ),
        ({'type': 'object', 'properties': {'q': {}}, 'additionalProperties': False}, {14}),
        (
            {'type': 'object', 'properties': {'say "p"': {}, '$p': {}, 'p.q': {}}, 'additionalProperties': False},
            {14, 17},
        ),
        ({'type': 'object', 'properties': {'p': {}}, 'additionalProperties': {'type': 'string'}}, {14, 15, 16}),
        ({'type': 'object', 'additionalProperties': True}, OBJECTS),
        ({'minProperties': 2}, ALL - {14}),
        ({'type': 'object', 'maxProperties': 2}, {14, 15, 16}),
        ({'type': 'object', 'dependencies': {'p': ['q'], '$p': ['q']}}, {14, 15, 16}),
        ({'dependencies': {'p': {'properties': {'q': {'minLength': 2}}}}}, ALL - {15, 16}),
        ({'allOf': [{'type': 'number'}, {'minimum': 3}]}, {0, 2}),
        ({'anyOf': [{'type': 'null'}, {'type': 'boolean'}]}, {6, 9}),
        ({'oneOf': [{'type': 'number'}, {'enum': [3, None]}]}, {1, 2, 3, 6}),
        ({'not': {'type': ['number', 'object', 'array']}}, ALL - NUMBERS - OBJECTS - ARRAYS),
        ({'not': {}}, set()),
    ],
)
def test_values(store: Store, schema: Schema, valid: set[int]) -> None:
    assert set(answer(store, at_a(schema))) == valid
    missing = {'properties': {'content': {'properties': {'a': schema}}}}
    assert set(answer(store, missing)) == valid | {18, 19}, 'what is missing, and what is no object, passes'


@pytest.mark.parametrize(
    ('schema', 'valid'),
    [
        ({}, [0, 1, 2]),
        ({'type': 'object'}, [0, 1, 2]),
        ({'type': 'string'}, []),
        ({'minimum': 5, 'items': {'not': {}}}, [0, 1, 2]),
        ({'required': ['label']}, [0, 1]),
        ({'required': ['complete']}, [1]),
        ({'properties': {'label': {'type': 'string', 'minLength': 2}}}, [0, 2]),
        ({'properties': {'label': {'pattern': '^x'}}}, [1, 2]),
        ({'properties': {'label': {'type': 'number'}}}, [2]),
        ({'properties': {'label': {'enum': ['abc', 5]}}}, [0, 2]),
        ({'properties': {'label': {'enum': [5]}}}, [2]),
        ({'properties': {'started': {'bsonType': 'date', 'enum': [DAY, 'abc']}}}, [0, 1, 2]),
        ({'properties': {'started': {'type': 'string'}}}, [2]),
        ({'properties': {'started': {'minimum': 5}}}, [0, 1, 2]),
        ({'properties': {'complete': {'type': 'string'}}}, [0, 2]),
        ({'properties': {'buffers': {'items': {'bsonType': 'binData'}, 'minItems': 1}}}, [0, 1]),
        ({'properties': {'buffers': {'items': {'type': 'string'}}}}, [0, 2]),
        ({'properties': {'buffers': {'bsonType': 'binData'}}}, [0]),
        ({'properties': {'buffers': {'enum': [None, 5]}}}, [0]),
        ({'minProperties': 4}, [1]),
        ({'maxProperties': 3}, [0, 2]),
        ({'properties': {'msg_id': {}, 'label': {}, 'started': {}}, 'additionalProperties': False}, [0]),
        ({'patternProperties': {'^(msg_id|buffers|content)$': {}}, 'additionalProperties': False}, [2]),
        ({'patternProperties': {'ed$': {'bsonType': 'date'}, '^l': {'maxLength': 2}}}, [1, 2]),
        ({'properties': {'complete': {}, 'msg_id': {}}, 'additionalProperties': {'bsonType': ['date', 'string']}}, [0]),
        ({'dependencies': {'label': ['completed']}}, [1, 2]),
        ({'dependencies': {'label': {'required': ['buffers']}}}, [1, 2]),
        ({'oneOf': [{'required': ['label']}, {'required': ['buffers']}]}, [0, 2]),
        ({'not': {'required': ['label']}}, [2]),
        ({'enum': [{'msg_id': 't0', 'label': 'abc', 'started': DAY}, 5, {'msg_id': 't1'}, {'nothing': 1}]}, [0]),
    ],
)
def test_records(tasks: Store, schema: Schema, valid: list[int]) -> None:
    assert answer(tasks, schema) == valid


def test_among_other_conditions(tasks: Store) -> None:
    wants_label = {'$jsonSchema': {'required': ['label']}}
    assert tasks.count({'$nor': [wants_label]}) == 1
    assert tasks.count({**wants_label, 'label': 'x'}) == 1


def test_the_element_of_an_array(store: Store) -> None:
    query = {'content.a': {'$elemMatch': {'$jsonSchema': {'required': ['q'], 'properties': {'q': {'type': 'number'}}}}}}
    assert [record['msg_id'] for record in store.find(query, [])] == ['m11']


@pytest.mark.parametrize(
    ('number', 'divisor', 'multiple'),
    [
        (0.3, 0.1, True),
        (0.35, 0.1, False),
        (2**70, 2**35, True),
        (10**30 + 1, 10, False),
        (1e300, 3, False),
        (0, 7, True),
    ],
)
def test_floats_are_multiples_as_the_decimals_they_show(number: float, divisor: float, multiple: bool) -> None:
    stored = encode_document(number) if isinstance(number, int) and number > 2**63 else number
    assert is_multiple(stored, encode_document(divisor)) is multiple


@pytest.mark.parametrize('stored', ['abc', '{abc', 5, None, b'[]'])
def test_functions_are_null_for_what_is_no_document(stored: object) -> None:
    assert all_differ(stored) is None
    assert unordered_key_of(stored) is None


def test_the_slots_of_a_schema_are_its_values() -> None:
    first, second = (mqsql.compile({'$jsonSchema': at_a({'minimum': n, 'enum': [n, 'x']})}, []) for n in (1, 2))
    assert first.sql == second.sql
    assert first.params != second.params
    for length, asked in ((200, 200), (2**70, 2**63 - 1)):
        assert asked in mqsql.compile({'$jsonSchema': at_a({'maxLength': length})}, []).params.values()


REFUSED: list[tuple[Any, str]] = [
    (5, '$jsonSchema'),
    (None, '$jsonSchema'),
    ({'$ref': 'x'}, '$jsonSchema'),
    ({'format': 'date'}, '$jsonSchema'),
    ({'title': 5}, '$jsonSchema.title'),
    ({'type': 'integer'}, '$jsonSchema.type'),
    ({'type': 'date'}, '$jsonSchema.type'),
    ({'type': []}, '$jsonSchema.type'),
    ({'type': ['string', 'string']}, '$jsonSchema.type'),
    ({'bsonType': 'boolean'}, '$jsonSchema.bsonType'),
    ({'bsonType': 2}, '$jsonSchema.bsonType'),
    ({'type': 'string', 'bsonType': 'string'}, '$jsonSchema'),
    ({'minimum': 'a'}, '$jsonSchema.minimum'),
    ({'minimum': True}, '$jsonSchema.minimum'),
    ({'exclusiveMinimum': True}, '$jsonSchema.exclusiveMinimum'),
    ({'maximum': 1, 'exclusiveMaximum': 1}, '$jsonSchema.exclusiveMaximum'),
    ({'multipleOf': 0}, '$jsonSchema.multipleOf'),
    ({'multipleOf': float('nan')}, '$jsonSchema.multipleOf'),
    ({'minLength': 2.5}, '$jsonSchema.minLength'),
    ({'maxItems': -1}, '$jsonSchema.maxItems'),
    ({'pattern': '('}, '$jsonSchema.pattern'),
    ({'pattern': 5}, '$jsonSchema.pattern'),
    ({'enum': []}, '$jsonSchema.enum'),
    ({'enum': [dict.fromkeys(TASKS.columns) | {'buffers': [b'a']}]}, '$jsonSchema.enum'),
    ({'enum': [1, 1.0]}, '$jsonSchema.enum'),
    ({'enum': [{1}]}, '$jsonSchema.enum[0]'),
    ({'uniqueItems': 1}, '$jsonSchema.uniqueItems'),
    ({'items': 5}, '$jsonSchema.items'),
    ({'items': [5]}, '$jsonSchema.items[0]'),
    ({'additionalItems': 'true'}, '$jsonSchema.additionalItems'),
    ({'required': []}, '$jsonSchema.required'),
    ({'required': [5]}, '$jsonSchema.required'),
    ({'required': ['complete', 'completed']}, '$jsonSchema.required'),
    ({'properties': []}, '$jsonSchema.properties'),
    ({'properties': {5: {}}}, '$jsonSchema.properties'),
    ({'properties': {'label': 5}}, '$jsonSchema.properties.label'),
    ({'properties': {'label': {'minLength': 'a'}}}, '$jsonSchema.properties.label.minLength'),
    ({'properties': {'started': {'minLength': 'a'}}}, '$jsonSchema.properties.started.minLength'),
    ({'properties': {'buffers': {'uniqueItems': True}}}, '$jsonSchema.properties.buffers.uniqueItems'),
    ({'properties': {'buffers': {'enum': [[b'a']]}}}, '$jsonSchema.properties.buffers.enum'),
    ({'properties': {'buffers': {'items': {'enum': [b'a']}}}}, '$jsonSchema.properties.buffers.items.enum'),
    ({'patternProperties': {'(': {}}}, '$jsonSchema.patternProperties.('),
    ({'additionalProperties': 5}, '$jsonSchema.additionalProperties'),
    ({'dependencies': {'label': []}}, '$jsonSchema.dependencies.label'),
    ({'allOf': {}}, '$jsonSchema.allOf'),
    ({'anyOf': []}, '$jsonSchema.anyOf'),
    ({'oneOf': [{}, 5]}, '$jsonSchema.oneOf[1]'),
    ({'not': []}, '$jsonSchema.not'),
]


@pytest.mark.parametrize(('schema', 'place'), REFUSED)
def test_bad_schemas_are_refused_with_their_place(schema: Any, place: str) -> None:
    with pytest.raises(QueryError) as refusal:
        mqsql.compile({'$jsonSchema': schema}, [])
    assert refusal.value.path == place


@pytest.mark.parametrize('schema', [{'minimun': 5}, {'required': ['lable']}, {'properties': {'content.a': {}}}])
def test_unknown_names_are_told_apart(schema: Any) -> None:
    with pytest.raises(UnknownNameError):
        mqsql.compile({'$jsonSchema': schema}, [])


def nested(levels: int, around: Callable[[Schema], Schema]) -> Schema:
    schema: Schema = {'type': 'number'}
    for _ in range(levels):
        schema = around(schema)
    return {'properties': {'content': schema}}


@pytest.mark.parametrize(
    ('levels', 'around'),
    [
        (48, lambda schema: {'properties': {'a': schema}, 'required': ['a']}),
        (48, lambda schema: {'oneOf': [schema, {'type': 'string'}]}),
        (48, lambda schema: {'not': schema, 'minLength': 5, 'minItems': 3}),
        (12, lambda schema: {'items': schema, 'minItems': 3, 'maximum': 5, 'additionalProperties': False}),
    ],
)
def test_depth_has_a_limit(store: Store, levels: int, around: Callable[[Schema], Schema]) -> None:
    assert set(answer(store, nested(levels, around))) <= set(range(len(CONTENTS)))
    with pytest.raises(QueryError, match='nested'):
        mqsql.compile({'$jsonSchema': nested(MAX_NESTING + 1, around)}, [])


def test_a_cycle_is_too_deep() -> None:
    cyclic: Schema = {}
    cyclic['not'] = cyclic
    with pytest.raises(QueryError, match='levels deep'):
        mqsql.compile({'$jsonSchema': cyclic}, [])


@pytest.mark.parametrize('keyword', ['minimum', 'maximum', 'multipleOf'])
def test_a_number_that_is_too_long_is_refused(keyword: str) -> None:
    for ask in (mqsql.compile, lambda query: reference.find([], query)):
        with pytest.raises(QueryError, match=rf'{keyword}.*14000'):
            ask({'$jsonSchema': {keyword: 10**5_000}})
