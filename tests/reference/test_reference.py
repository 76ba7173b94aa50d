"""The reference against answers written down from the rules of MongoDB's matcher, one row of a rule each."""

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from mqsql import reference
from mqsql.errors import QueryError, RecordError, UnknownNameError
from mqsql.reference.paths import each, walk
from mqsql.reference.values import MISSING, order
from mqsql.schema import STRING, Table

NAN, INF = float('nan'), float('inf')
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def holds(value: Any, test: Any, path: str = 'content.a') -> bool:
    """Whether a record whose content is {'a': value} matches {path: test}."""
    return reference.matches({'msg_id': 'm', 'content': {} if value is MISSING else {'a': value}}, {path: test})


# --- paths

OFFERS: list[tuple[str, Any, list[Any]]] = [
    ('a', {'a': 5}, [5]),
    ('a', {'a': [5, 6]}, [5, 6, [5, 6]]),
    ('a', {'a': [[1, 2], 3]}, [[1, 2], 3, [[1, 2], 3]]),
    ('a', {}, [MISSING]),
    ('a', {'a': None}, [None]),
    ('a.b', {'a': 4}, [MISSING]),
    ('a.b', {'a': [4]}, []),
    ('a.b', {'a': []}, []),
    ('a.b', {'a': {'b': []}}, [[]]),
    (
        'a.b',
        {'a': [{'b': 5}, 3, {}, {'b': [9, 11]}, {'b': 7}]},
        [5, MISSING, 9, 11, [9, 11], 7],
    ),
    ('a.b', {'a': [[{'b': 1}]]}, []),
    ('a.1', {'a': [5, 7, 3]}, [7]),
    ('a.01', {'a': [5, 7, 3]}, []),
    ('a.1', {'a': [5, [2, 4], 3]}, [[2, 4]]),
    ('a.1', {'a': [5, {'1': 4}, 3]}, [4, {'1': 4}]),
    ('a.1.b', {'a': [5, {'b': 4}, 3]}, [MISSING, 4]),
    ('a.1.b', {'a': [5, [{'b': 4}], 3]}, [4]),
    ('a.1.b', {'a': [5, 7]}, []),
    ('a.0.b', {'a': [{'b': [2, 3]}, {'b': [4, 5]}]}, [MISSING, 2, 3, [2, 3], MISSING]),
    ('a.0.0', {'a': [[7, 8]]}, [7]),
    ('', {'': 1}, [1]),
    ('a..b', {'a': {'': {'b': 2}}}, [2]),
]


@pytest.mark.parametrize(('path', 'document', 'offers'), OFFERS)
def test_a_path_offers(path: str, document: Any, offers: list[Any]) -> None:
    assert list(each(walk(document, path.split('.')))) == offers


# --- operators: (operand, the values that pass, the values that do not)

OPERATORS: list[tuple[Any, list[Any], list[Any]]] = [
    (5, [5, 5.0, [5], [1, 5]], [6, '5', True, None, MISSING, [[5]], {'a': 5}]),
    (1, [1], [True]),
    (True, [True], [1]),
    (None, [None, MISSING, [None]], [0, '', [], {}]),
    ([1, 2], [[1, 2], [[1, 2]], [1.0, 2]], [[2, 1], 1, [1, 2, 3]]),
    ([], [[], [[]]], [MISSING, None, [1]]),
    ({}, [{}, [{}]], [{'b': 1}, MISSING]),
    ({'b': 1, 'c': 2}, [{'b': 1.0, 'c': 2}], [{'c': 2, 'b': 1}, {'b': 1}, {'b': True, 'c': 2}]),
    ({'b': 1, '$gt': 2}, [{'b': 1, '$gt': 2}], [{'b': 1}]),
    (NOON, [NOON, NOON.astimezone(timezone(timedelta(hours=9)))], [NOON.isoformat(), 0]),
    (b'ab', [b'ab'], ['ab', b'a']),
    (2**53, [2**53, float(2**53)], [2**53 + 1]),
    ({'$eq': {'$gt': 5}}, [{'$gt': 5}], [6]),
    ({'$eq': NAN}, [NAN], [0, None]),
    ({'$eq': re.compile('a')}, [], ['a']),
    ({'$ne': 5}, [6, None, MISSING, '5', [6]], [5, [4, 5]]),
    ({'$ne': None}, [0, [], {}], [None, MISSING, [1, None]]),
    ({'$gt': 5}, [6, 5.5, INF, 2**70, [1, 9]], [5, NAN, '6', None, MISSING, True, {'a': 6}]),
    ({'$ge': 5}, [6], [5]),
    ({'$gte': 5}, [5, 6], [4, NAN]),
    ({'$lt': 5}, [4, -INF], [5, NAN, None, MISSING, '1']),
    ({'$le': 5}, [4], [5]),
    ({'$lte': 5}, [5, 4], [6]),
    ({'$gte': None}, [None, MISSING, [None]], [0, '']),
    ({'$lte': None}, [None, MISSING], [0]),
    ({'$gt': None}, [], [None, MISSING, 0]),
    ({'$lt': None}, [], [None, MISSING, 0]),
    ({'$gte': NAN}, [NAN], [0, INF, MISSING]),
    ({'$lte': NAN}, [NAN], [0, -INF]),
    ({'$lt': NAN}, [], [NAN, 0]),
    ({'$gt': NAN}, [], [NAN, 0]),
    ({'$gt': 'b'}, ['c', 'b\0', '\U0001f600'], ['B', 'a', 'b', 5]),
    ({'$gt': '\uffff'}, ['\U00010000'], ['\ud800']),
    ({'$gt': False}, [True], [False, 1]),
    ({'$gt': [1, 2]}, [[1, 3], [2], [1, 2, 0], [[1, 3]]], [[1, 2], [1], 9, [0, [1]]]),
    ({'$lt': {'b': 2}}, [{'b': 1}, {}, {'a': 1}], [{'b': 2}, {'b': 'x'}, {'c': 1}, 1]),
    ({'$gt': b'b'}, [b'aa', b'c'], [b'a', b'b', 'c']),
    ({'$lt': NOON}, [NOON - timedelta(microseconds=1)], [NOON, 0]),
    ({'$gt': 1, '$lt': 3}, [2, [0, 4]], [0, 4]),
    ({'$in': [1, 'x', None]}, [1.0, 'x', None, MISSING, [7, 1]], [2, 'y', []]),
    ({'$in': []}, [], [1, None, MISSING]),
    ({'$in': [[1]]}, [[1], [[1]]], [1]),
    ({'$in': [re.compile('^a'), 5]}, ['ab', 5, ['ab']], ['ba', 6]),
    ({'$in': (x for x in (1, 2))}, [1, 2], [3]),
    ({'$nin': [1, None]}, [2, []], [1, None, MISSING, [1]]),
    ({'$nin': []}, [1, None, MISSING], []),
    ({'$not': {'$gt': 5}}, [5, 'x', None, MISSING], [6, [1, 6]]),
    ({'$not': re.compile('a')}, ['b', 5, MISSING], ['a', ['b', 'a']]),
    ({'$not': {'$not': {'$gt': 5}}}, [6], [5]),
    ({'$exists': True}, [1, None, [], {}], [MISSING]),
    ({'$exists': 'no'}, [1], [MISSING]),
    ({'$exists': 0}, [MISSING], [1, None]),
    ({'$exists': None}, [MISSING], [1, None]),
    ({'$type': 'number'}, [1, 1.5, 2**40, [1]], ['1', True, None, MISSING]),
    ({'$type': 'int'}, [1, 2**31 - 1, -(2**31)], [2**31, 1.0, True]),
    ({'$type': 18}, [2**31], [1]),
    ({'$type': 'double'}, [1.0, NAN], [1]),
    ({'$type': ['string', 8]}, ['a', False], [0]),
    ({'$type': 'array'}, [[], [1], [[1]]], [1]),
    ({'$type': 'object'}, [{}, [{}]], [[], [[{}]]]),
    ({'$type': 'null'}, [None], [MISSING]),
    ({'$type': 'binData'}, [b''], ['']),
    ({'$type': 'date'}, [NOON], [0]),
    ({'$type': 'minKey'}, [], [None, 0]),
    ({'$mod': [4, 0]}, [0, 4, -8, 8.9, [3, 4]], [1, '4', NAN, INF, True, None, MISSING, 2**64]),
    ({'$mod': [4, -1]}, [-1, -5, -5.9], [1, 3]),
    ({'$mod': [-4, 1]}, [1, 5], [-1, 3]),
    ({'$mod': [4.9, 1.9]}, [5], [4]),
    ({'$size': 2}, [[1, 2], [[1], 2]], [[1], [[1, 2]], 2, MISSING, 'ab', {'a': 1, 'b': 2}]),
    ({'$size': 0.0}, [[]], [[1], MISSING]),
    ({'$all': [1, 2]}, [[2, 3, 1]], [[1], 1]),
    ({'$all': [1]}, [1, [1, 2]], [2]),
    ({'$all': []}, [], [[], 1, MISSING]),
    ({'$all': [None]}, [None, MISSING, [None]], [[], 1]),
    ({'$all': [[0, 1]]}, [[0, 1], [[0, 1], 2]], [0, [1, 0]]),
    ({'$all': [re.compile('^a'), 'b']}, [['b', 'ax']], [['b'], 'ax']),
    (
        {'$all': [{'$elemMatch': {'x': 1}}, {'$elemMatch': {'x': 2}}]},
        [[{'x': 1}, {'x': 2}]],
        [[{'x': 1}], {'x': 1}],
    ),
    ({'$elemMatch': {'$gt': 1, '$lt': 3}}, [[2], [0, 2]], [2, [0, 4], [[2]], MISSING]),
    ({'$elemMatch': {'x': 1, 'y': 2}}, [[{'x': 1, 'y': 2}]], [{'x': 1, 'y': 2}, [{'x': 1}, {'y': 2}]]),
    ({'$elemMatch': {'1': 7}}, [[[5, 7]], [{'1': 7}]], [[5, 7]]),
    ({'$elemMatch': {'$or': [{'x': 1}, {'y': 2}]}}, [[{'x': 1}], [{'y': 2}]], [[{}], [1]]),
    ({'$elemMatch': {'$elemMatch': {'$gt': 5}}}, [[[6]], [[1], [2, 6]]], [[6], [[5]]]),
    ({'$elemMatch': {'$not': {'$gt': 5}}}, [[1, 6], ['x']], [[6], []]),
    ({'$elemMatch': {'x': None}}, [[{}], [{'x': None}], [[]]], [[1], []]),
    ({'$elemMatch': {}}, [[{}], [[]]], [[], [1]]),
    ({'$elemMatch': {'$size': 1}}, [[[7]]], [[7]]),
    ({'$regex': 'b.d'}, ['abcde', ['x', 'b-d']], ['bcx', 5, None, MISSING]),
    ({'$regex': 'B', '$options': 'ui'}, ['abc'], ['ac']),
    ({'$options': 'ms', '$regex': '^b.'}, ['a\nb\n'], ['ab\n']),
    ({'$regex': 'a b # c', '$options': 'x'}, ['ab'], ['a b']),
    ({'$regex': re.compile('b', re.I)}, ['B'], ['a']),
    (re.compile('^a', re.I), ['Ab', ['b', 'A']], ['ba', 5]),
    ({'$glob': 'a[!b]*'}, ['acd', ['ac']], ['abd', 'Acd', 'a', 5]),
    ({'$glob': b'a*'}, ['ab'], ['ba']),
    ({'$bitsAllSet': 6}, [6, 7, 14.0, -2, b'\x06', [6]], [2, 1, 6.5, '6', True, NAN, MISSING]),
    ({'$bitsAllSet': [1, 2]}, [6], [2]),
    ({'$bitsAllSet': [200]}, [-1, -(2**63)], [2**62, b'\xff']),
    ({'$bitsAllSet': b'\x00\x01'}, [256, b'\x00\x01'], [1, b'\x01']),
    ({'$bitsAllSet': []}, [0, b''], ['', None]),
    ({'$bitsAnySet': 6}, [2, 4], [1, 8, 2**64 + 2]),
    ({'$bitsAllClear': 6}, [1, 8], [2, 4, None]),
    ({'$bitsAnyClear': 6}, [2, 4, 0], [6, -1]),
]


@pytest.mark.parametrize(('test', 'passing', 'failing'), OPERATORS, ids=[str(row[0])[:40] for row in OPERATORS])
def test_an_operator_on_a_path(test: Any, passing: list[Any], failing: list[Any]) -> None:
    records = [
        {'msg_id': str(i), 'content': {} if value is MISSING else {'a': value}}
        for i, value in enumerate([*passing, *failing])
    ]
    found = reference.find(records, {'content.a': test}, 'msg_id')
    assert [record['msg_id'] for record in found] == [str(i) for i in range(len(passing))]


@pytest.mark.parametrize(
    ('path', 'value', 'test', 'answer'),
    [
        ('content.a.b', [4], None, False),
        ('content.a.b', [{}], None, True),
        ('content.a.b', [{'b': 1}, {}], {'$exists': True}, True),
        ('content.a.b', [{'b': 1}, {}], {'$exists': False}, False),
        ('content.a.b', 4, {'$exists': False}, True),
        ('content.a.1', [5, [2, 4]], {'$size': 2}, True),
        ('content.a.1', [5, [2, 4]], 2, False),
        ('content.a.1', [5, [2, 4]], {'$elemMatch': {'$gt': 3}}, True),
        ('content.a.b', [{'b': 1}, {'b': 9}], {'$gt': 3, '$lt': 3}, True),
        ('content.a.b', [{'b': 1}, {'b': 9}], {'$not': {'$gt': 3}}, False),
    ],
)
def test_an_operator_through_arrays(path: str, value: Any, test: Any, answer: bool) -> None:
    assert holds(value, test, path) is answer


# --- columns

RECORD = {'label': 'abc', 'started': NOON, 'buffers': [b'x', b''], 'content': [{'k': 1}, 5]}


@pytest.mark.parametrize(
    ('query', 'answer'),
    [
        ({}, True),
        ({'completed': None}, True),
        ({'complete': {'$exists': False}}, True),
        ({'completed': {'$ne': NOON}}, True),
        ({'completed': {'$nin': [NOON]}}, True),
        ({'completed': {'$lt': NOON}}, False),
        ({'started': '2026-03-29T14:00:00+02:00'}, True),
        ({'started': {'$lte': NOON.astimezone(timezone(timedelta(hours=-3)))}}, True),
        ({'started': NOON.astimezone().replace(tzinfo=None)}, True),
        ({'started': re.compile('2026')}, False),
        ({'label': b'abc'}, False),
        ({'label': re.compile('^b')}, False),
        ({'label': {'$in': [re.compile('^b'), None, 'abc']}}, True),
        ({'label': {'$glob': 'a*', '$not': {'$regex': 'd'}}}, True),
        ({'label': {'$mod': [2, 0]}}, False),
        ({'label': {'$size': 3}}, False),
        ({'label': {'$elemMatch': {'$gt': 5}}}, False),
        ({'buffers': {'$size': 2}}, True),
        ({'buffers': {'$type': 'array'}}, True),
        ({'buffers': {'$type': 'binData'}}, True),
        ({'result_buffers': {'$type': 'binData'}}, False),
        ({'buffers': {'$ne': None}}, True),
        ({'result_buffers': {'$in': [None]}}, True),
        ({'content': {'k': 1}}, True),
        ({'content': 5}, True),
        ({'content.k': 1}, True),
        ({'content.1': 5}, True),
        ({'$and': [{'label': 'abc'}, {'$or': [{'label': 'x'}, {'started': NOON}]}]}, True),
        ({'$nor': [{'label': 'x'}, {'label': 'abc'}]}, False),
        ({'$comment': ['anything'], 'label': 'abc'}, True),
    ],
)
def test_a_query_on_columns(query: Any, answer: bool) -> None:
    assert reference.matches({'msg_id': 'm', **RECORD}, query) is answer


# --- refusals

NEST: dict[str, Any] = {'$nor': [{}]}
for _ in range(100):
    NEST = {'$nor': [NEST]}
CYCLE: dict[str, Any] = {}
CYCLE['$and'] = [CYCLE]


@pytest.mark.parametrize(
    ('query', 'path'),
    [
        (None, ''),
        ({1: 2}, ''),
        ({'queue.x': 1}, 'queue.x'),
        ({'queue': 5}, 'queue'),
        ({'queue': {'$in': ['a', 5]}}, 'queue.$in[1]'),
        ({'queue': {'$not': {'$all': [5]}}}, 'queue.$not.$all[0]'),
        ({'queue': {'$eq': re.compile('a')}}, 'queue.$eq'),
        ({'$or': [{}, {'started': {'$gte': 5}}]}, '$or[1].started.$gte'),
        ({'buffers': [b'x']}, 'buffers'),
        ({'buffers': {'$gt': None}}, 'buffers.$gt'),
        ({'buffers': re.compile('x')}, 'buffers'),
        ({'buffers.0': None}, 'buffers.0'),
        ({'content.a': {'$gt': 1, 'b': 2}}, 'content.a'),
        ({'content.a': {'$ne': re.compile('a')}}, 'content.a.$ne'),
        ({'content.a': {'$gt': re.compile('a')}}, 'content.a.$gt'),
        ({'content.a': {'b': {1}}}, 'content.a.b'),
        ({'content.a': re.compile(b'a')}, 'content.a'),
        ({'content.a': {'$in': 'ab'}}, 'content.a.$in'),
        ({'content.a': {'$in': {'b': 1}}}, 'content.a.$in'),
        ({'content.a': {'$in': [{'$regex': 'a'}]}}, 'content.a.$in[0]'),
        ({'content.a': {'$nin': [{'$gt': 1}]}}, 'content.a.$nin[0]'),
        ({'content.a': {'$all': [{'$gt': 1}]}}, 'content.a.$all[0]'),
        ({'content.a': {'$all': [{'$elemMatch': {}}, 1]}}, 'content.a.$all[1]'),
        ({'content.a': {'$elemMatch': 1}}, 'content.a.$elemMatch'),
        ({'content.a': {'$not': {}}}, 'content.a.$not'),
        ({'content.a': {'$not': 5}}, 'content.a.$not'),
        ({'content.a': {'$size': -1}}, 'content.a.$size'),
        ({'content.a': {'$size': 1.5}}, 'content.a.$size'),
        ({'content.a': {'$size': True}}, 'content.a.$size'),
        ({'content.a': {'$mod': [0.5, 1]}}, 'content.a.$mod'),
        ({'content.a': {'$mod': [NAN, 1]}}, 'content.a.$mod[0]'),
        ({'content.a': {'$mod': [1, 2**63]}}, 'content.a.$mod[1]'),
        ({'content.a': {'$mod': [1]}}, 'content.a.$mod'),
        ({'content.a': {'$type': 'text'}}, 'content.a.$type'),
        ({'content.a': {'$type': []}}, 'content.a.$type'),
        ({'content.a': {'$type': 0}}, 'content.a.$type'),
        ({'content.a': {'$bitsAllSet': -1}}, 'content.a.$bitsAllSet'),
        ({'content.a': {'$bitsAllSet': [1, 'x']}}, 'content.a.$bitsAllSet[1]'),
        ({'content.a': {'$bitsAnySet': 2**63}}, 'content.a.$bitsAnySet'),
        ({'content.a': {'$options': 'i'}}, 'content.a.$options'),
        ({'content.a': {'$regex': 'a', '$options': 'g'}}, 'content.a.$regex.$options'),
        ({'content.a': {'$regex': re.compile('a', re.I), '$options': 'm'}}, 'content.a.$regex'),
        ({'content.a': {'$regex': '('}}, 'content.a.$regex'),
        ({'content.a': {'$regex': 'a\0'}}, 'content.a.$regex'),
        ({'content.a': {'$glob': 5}}, 'content.a.$glob'),
        ({'content.a': {'$glob': '*' * 10_001}}, 'content.a.$glob'),
        ({'content.a': {'$near': 1}}, 'content.a.$near'),
        ({'$where': 'true'}, '$where'),
        ({'$gt': 1}, '$gt'),
        ({'content.a': {'$and': [{}]}}, 'content.a.$and'),
        ({'$and': []}, '$and'),
        ({'$or': {}}, '$or'),
        ({'$nor': ['a']}, '$nor[0]'),
        ({'content' + '.a' * 51: 1}, ('content' + '.a' * 51)),
        (NEST, '$nor' + '[0].$nor' * 100),
        (CYCLE, '$and' + '[0].$and' * 100),
    ],
)
def test_a_query_without_meaning_is_refused_before_any_record_is_seen(query: Any, path: str) -> None:
    with pytest.raises(QueryError) as caught:
        reference.count([], {'$and': [query]} if query is None else query)
    assert caught.value.path == ('$and[0]' if query is None else path[:200])


@pytest.mark.parametrize('query', [{'statred': 1}, {'label': {'$gr': 1}}, {'$xor': []}])
def test_unknown_names_are_key_errors_too(query: Any) -> None:
    with pytest.raises(UnknownNameError):
        reference.find([], query)


def test_a_record_without_meaning_is_refused() -> None:
    with pytest.raises(RecordError):
        reference.matches({'msg_id': 'm', 'started': 5}, {})


# --- order

ASCENDING: list[Any] = [
    None, NAN, -INF, -1, 0.5, 2**53, float(2**53 + 2), INF, '', 'B', 'a', 'ab', '\uffff', '\U0001f600',
    {}, {'b': 1}, {'b': 1, 'c': 1}, {'c': 1}, {'a': 'x'}, [], [1], [1, 2], [2], b'', b'b', b'aa', False, True, NOON,
]  # fmt: skip

SCALARS = [value for value in ASCENDING if not isinstance(value, list)]


def test_the_order_of_values() -> None:
    keys = [order(value) for value in ASCENDING]
    assert all(a < b for a, b in pairwise(keys))


def by_content(contents: list[Any], sort: Any) -> list[Any]:
    """The indexes of the contents, sorted."""
    records = [{'msg_id': str(i), 'content': content} for i, content in enumerate(contents)]
    return [int(record['msg_id']) for record in reference.find(records, sort=sort, keys=())]


@pytest.mark.parametrize(
    ('contents', 'sort', 'answer'),
    [
        ([{'a': value} for value in reversed(SCALARS)], 'content.a', list(reversed(range(len(SCALARS))))),
        ([{'a': 2}, {'a': [1, 9]}, {'a': 3}], [('content.a', 1)], [1, 0, 2]),
        ([{'a': 2}, {'a': [1, 9]}, {'a': 3}], [('content.a', -1)], [1, 2, 0]),
        ([{'a': None}, {'a': []}, {}], 'content.a', [1, 0, 2]),
        ([{'a': []}, {'a': None}, {'a': 0}], [('content.a', -1)], [2, 1, 0]),
        ([{'a': [{'b': 3}, {'b': 1}]}, {'a': {'b': 2}}, {'a': [7]}], 'content.a.b', [2, 0, 1]),
        ([{'a': [{'b': 1}, 5]}, {'a': [{'b': 0}]}], 'content.a.b', [0, 1]),
        ([{'a': [{'b': 2}, {'b': 0}]}, {'a': [{'b': 1}]}], 'content.a.0.b', [1, 0]),
        ([{'a': 1, 'b': 1}, {'a': 0, 'b': 1}, {'a': 1, 'b': 2}], [('content.b', -1), ('content.a', 1)], [2, 1, 0]),
        ([{'a': 1}, {'a': 1.0}, {'a': 0}], 'content.a', [2, 0, 1]),
        (
            [{'a': [{'b': 1, 'c': 5}, {'b': 2, 'c': 0}]}, {'a': {'b': 1, 'c': 3}}],
            [('content.a.b', 1), ('content.a.c', 1)],
            [1, 0],
        ),
        (
            [{'a': [{'b': 1, 'c': 5}, {'b': 2, 'c': 0}]}, {'a': {'b': 1, 'c': 3}}],
            [('content.a.c', 1), ('content.a.b', -1)],
            [0, 1],
        ),
        (
            [{'a': [{'b': 1}, {'b': 1, 'c': [4, 9]}]}, {'a': {'b': 1, 'c': 7}}],
            [('content.a.b', 1), ('content.a.c', -1)],
            [0, 1],
        ),
    ],
)
def test_sorting(contents: list[Any], sort: Any, answer: list[int]) -> None:
    assert by_content(contents, sort) == answer


@pytest.mark.parametrize(
    'options',
    [
        {'sort': 5}, {'sort': [('label', 0)]}, {'sort': [('label', True)]}, {'sort': 'buffers'},
        {'sort': 'queue.x'}, {'sort': 'nope'}, {'limit': -1}, {'limit': True}, {'limit': 1.0}, {'skip': None},
        {'keys': 5}, {'keys': b'label'}, {'keys': ['label', 5]}, {'keys': 'nope'}, {'keys': 'queue.x'},
        {'keys': 'header..a'}, {'keys': ['header', 'header.a']}, {'keys': ['header.a', 'header']},
        {'keys': ['header.a.b', 'header.a']},
    ],
)  # fmt: skip
def test_options_without_meaning_are_refused(options: Any) -> None:
    with pytest.raises(QueryError):
        reference.find([], **options)


def test_limit_and_skip() -> None:
    records = [{'msg_id': str(i)} for i in range(5)]
    assert [r['msg_id'] for r in reference.find(records, keys=(), limit=2, skip=1)] == ['1', '2']
    assert len(reference.find(records, limit=0, skip=3)) == 2
    assert reference.count(records, limit=3, skip=3) == 2
    assert reference.find_one(records, {'msg_id': {'$gt': '2'}}, ()) == {'msg_id': '3'}
    assert reference.find_one(records, {'msg_id': 'x'}) is None


# --- keys


HEADER = {'c': 1, 'a': [{'b': 1, 'd': 2}, 5, [{'b': 3}], {'d': 4}], 'e': 'x'}


@pytest.mark.parametrize(
    ('keys', 'answer'),
    [
        ([], {}),
        ('label', {'label': 'x'}),
        (iter(['label', 'complete', 'label', 'msg_id']), {'label': 'x', 'complete': None}),
        (['pyout', 'started'], {'pyout': None, 'started': None}),
        ('header.e', {'header': {'e': 'x'}}),
        (['header.e', 'label', 'header.c'], {'header': {'c': 1, 'e': 'x'}, 'label': 'x'}),
        ('header.a.b', {'header': {'a': [{'b': 1}, [{'b': 3}], {}]}}),
        ('header.c.x', {'header': {}}),
        ('header.nope', {'header': {}}),
        ('content.a', {'content': None}),
    ],
)
def test_keys(keys: Any, answer: dict[str, Any]) -> None:
    (found,) = reference.find([{'msg_id': 'm', 'label': 'x', 'header': HEADER}], keys=keys)
    assert list(found.items()) == [('msg_id', 'm'), *answer.items()]
    assert repr(found.get('header')) == repr(answer.get('header')), 'fields stand in the order of the document'


def test_no_keys_give_all_but_buffers() -> None:
    (found,) = reference.find([{'msg_id': 'm', 'buffers': [b'x']}])
    assert found['label'] is None
    assert 'buffers' not in found
    assert next(iter(found)) == 'msg_id'


def test_answers_share_nothing_with_the_records() -> None:
    record: dict[str, Any] = {'msg_id': 'm', 'content': {'a': [1]}}
    reference.find([record])[0]['content']['a'].append(2)
    assert record['content'] == {'a': [1]}


def test_distinct() -> None:
    contents = [{'a': 1}, {'a': [1.0, 2, [3]]}, {}, {'a': None}, {'a': True}, {'a': [{'b': 1}]}, {'a': []}]
    records = [{'msg_id': str(i), 'content': content} for i, content in enumerate(contents)]
    assert repr(reference.distinct(records, 'content.a')) == "[1, 2, [3], None, True, {'b': 1}]"
    assert reference.distinct(records, 'content.a.b') == [1]
    assert reference.distinct(records, 'label') == []
    assert reference.distinct(records, 'msg_id', {'content.a': 1}) == ['0', '1']
    with pytest.raises(QueryError):
        reference.distinct(records, 'buffers')


def test_a_table_of_ones_own() -> None:
    table = Table('notes', {'id': STRING, 'text': STRING}, key='id', aliases={'body': 'text'})
    notes = [{'id': 'a', 'body': 'x'}, {'id': 'b'}]
    assert reference.find(notes, {'text': 'x'}, 'body', table=table) == [{'id': 'a', 'body': 'x'}]
    assert reference.count(notes, {'text': None}, table=table) == 1
