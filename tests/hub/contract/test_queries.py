"""Which records a query finds, with which keys, in which order; and what is refused, in which words."""

import copy
import fnmatch
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hub_kinds import Kind, Urls
from ipyparallel.util import extract_dates
from odd_values import Hostile
from systems import in_zone, needs_tzset

from mqsql.errors import QueryError
from mqsql.schema import TASKS
from mqsql.testing.drawing.queries import OPERATORS, operators_in

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)

LABELS: list[Any] = ['a', 'b', 'a/1', '[x]', None, 7, ['run', 3], {'run': 1}]


def filled(i: int) -> dict[str, Any]:
    """The record of a number from 0 to 7."""
    times = {'submitted': NOON + i * SECOND, 'started': None if i == 7 else NOON + i * MILLISECOND}
    return {
        **times,
        'completed': NOON + i * SECOND if i % 2 == 0 else None,
        'client_uuid': 'one' if i < 4 else 'two',
        'engine_uuid': [None, 'e0', 'e1'][i % 3],
        'label': LABELS[i],
        'header': {'date': times['submitted'], 'msg_type': 'apply_request', 'n': i},
        'content': {
            'n': i,
            'half': i / 2,
            'tags': ['x', 'y', i][: i % 4],
            'steps': [{'k': i, 'v': j} for j in range(i)],
        },
        'metadata': {} if i else {'a.b': 1},
        'result_content': {'status': 'ok'} if i % 2 == 0 else None,
        'execute_input': f'f({i})',
        'execute_result': {'n': i},
        'error': {'ename': 'E'} if i == 3 else None,
        'stdout': f'line {i}\nend' if i < 6 else '',
        'buffers': [b'x'] * i,
        'result_buffers': [b'%d' % i] if i % 2 == 0 else None,
    }


@pytest.fixture(scope='module')
def eight(kind: Kind, tmp_path_factory: pytest.TempPathFactory, mongo_urls: Urls) -> Iterator[Any]:
    """A database with eight records, named m0 to m7, that no test changes."""
    with kind.history(tmp_path_factory.mktemp('eight'), mongo_urls) as made, closing(made.make()) as db:
        for i in range(8):
            db.add_record(f'm{i}', {'msg_id': f'm{i}', **filled(i)})
        yield db


def numbers(records: list[dict[str, Any]]) -> str:
    """Which records these are, sorted."""
    return ''.join(sorted(record['msg_id'][1:] for record in records))


ALL = '01234567'
LINE_3 = {'$regex': '^LINE 3$', '$options': 'im'}

FOUND: list[tuple[dict[str, Any], str]] = [
    ({}, ALL),
    # a value
    ({'msg_id': 'm3'}, '3'),
    ({'engine_uuid': 'e0'}, '147'),
    ({'engine_uuid': None}, '036'),
    ({'label': 7}, '5'),
    ({'label': 7.0}, '5'),
    ({'label': {'run': 1}}, '7'),
    ({'label': ['run', 3]}, '6'),
    ({'label': 'run'}, '6'),
    ({'label': None}, '4'),
    ({'content.half': 2}, '4'),
    ({'content.tags': 'y'}, '2367'),
    ({'content.tags.0': 'x'}, '123567'),
    ({'content.steps.v': 6}, '7'),
    ({'metadata': {}}, '1234567'),
    ({'metadata': {'a.b': 1}}, '0'),
    ({'header': {'date': NOON + SECOND, 'msg_type': 'apply_request', 'n': 1}}, '1'),
    ({'header': {'n': 1, 'date': NOON + SECOND, 'msg_type': 'apply_request'}}, ''),
    ({'header': {'n': 1}}, ''),
    ({'content.missing': None}, ALL),
    ({'submitted': NOON + SECOND}, '1'),
    ({'submitted': (NOON + SECOND).astimezone(timezone(timedelta(hours=-9)))}, '1'),
    ({'submitted': '2026-03-01T13:00:01+01:00'}, '1'),
    ({'submitted': '2026-03-01 12:00:01'}, '1'),
    ({'header.date': NOON + 2 * SECOND}, '2'),
    # several keys
    ({'engine_uuid': 'e0', 'completed': None}, '17'),
    ({'completed': None, 'engine_uuid': 'e0'}, '17'),
    ({'client_uuid': 'one', 'submitted': {'$gte': NOON + 2 * SECOND}}, '23'),
    ({'submitted': {'$gte': NOON + 2 * SECOND}, 'client_uuid': 'one'}, '23'),
    ({'engine_uuid': None, 'completed': {'$ne': None}}, '06'),
    ({'engine_uuid': {'$ne': None}, 'completed': None, 'label': {'$ne': 7}}, '17'),
    ({'submitted': {'$gt': NOON, '$lt': NOON + 3 * SECOND}}, '12'),
    # aliases
    ({'complete': None}, '1357'),
    ({'complete': {'$ne': None}}, '0246'),
    ({'pyin': 'f(2)'}, '2'),
    ({'pyout.n': {'$gt': 5}}, '67'),
    ({'pyerr.ename': 'E'}, '3'),
    # order
    ({'submitted': {'$eq': NOON}}, '0'),
    ({'submitted': {'$gt': NOON + 5 * SECOND}}, '67'),
    ({'submitted': {'$gte': NOON + 5 * SECOND}}, '567'),
    ({'submitted': {'$ge': NOON + 5 * SECOND}}, '67'),
    ({'submitted': {'$lt': NOON + 2 * SECOND}}, '01'),
    ({'submitted': {'$lte': NOON + 2 * SECOND}}, '012'),
    ({'submitted': {'$le': NOON + 2 * SECOND}}, '01'),
    ({'started': {'$lt': NOON + 2 * MILLISECOND}}, '01'),
    ({'started': {'$lte': NOON + 2 * MILLISECOND}}, '012'),
    ({'started': NOON + 2 * MILLISECOND}, '2'),
    ({'started': {'$gte': NOON}}, '0123456'),
    ({'started': {'$not': {'$gte': NOON}}}, '7'),
    ({'content.n': {'$gt': 2.5, '$lte': 4}}, '34'),
    ({'label': {'$gt': 'a'}}, '126'),
    ({'label': {'$gt': 6}}, '5'),
    ({'content.steps.k': {'$gte': 6}}, '67'),
    ({'client_uuid': {'$gt': 'one'}}, '4567'),
    # lists
    ({'msg_id': {'$in': ['m1', 'm5', 'absent']}}, '15'),
    ({'msg_id': {'$in': []}}, ''),
    ({'msg_id': {'$nin': []}}, ALL),
    ({'msg_id': {'$nin': ['m1', 'm5', 'absent']}}, '023467'),
    ({'engine_uuid': {'$in': [None, 'e1']}}, '02356'),
    ({'engine_uuid': {'$nin': [None, 'e1']}}, '147'),
    ({'engine_uuid': {'$ne': 'e0'}}, '02356'),
    ({'engine_uuid': {'$ne': None}}, '12457'),
    ({'label': {'$in': [7, 'a', None, ['run', 3], {'run': 1}]}}, '04567'),
    ({'label': {'$ne': 7}}, '0123467'),
    ({'content.tags': {'$all': ['x', 'y']}}, '2367'),
    ({'content.tags': {'$all': ['y', 3]}}, '3'),
    ({'content.tags': {'$size': 3}}, '37'),
    ({'content.tags': []}, '04'),
    ({'content.steps': {'$elemMatch': {'k': 5, 'v': {'$gt': 3}}}}, '5'),
    ({'content.tags': {'$elemMatch': {'$gt': 2, '$lt': 5}}}, '3'),
    ({'content.n': {'$mod': [3, 1]}}, '147'),
    ({'content.n': {'$bitsAllSet': 6}}, '67'),
    ({'content.n': {'$bitsAnySet': [1, 2]}}, '234567'),
    ({'content.n': {'$bitsAllClear': 6}}, '01'),
    ({'content.n': {'$bitsAnyClear': 6}}, '012345'),
    # kinds and presence
    ({'label': {'$exists': True}}, '0123567'),
    ({'label': {'$exists': False}}, '4'),
    ({'error': {'$exists': 1}}, '3'),
    ({'error.ename': {'$exists': True}}, '3'),
    ({'label': {'$type': 'string'}}, '01236'),
    ({'label': {'$type': ['int', 'object']}}, '567'),
    ({'label': {'$type': 'array'}}, '6'),
    ({'submitted': {'$type': 'date'}}, ALL),
    ({'buffers': {'$size': 2}}, '2'),
    ({'result_buffers': None}, '1357'),
    # texts
    ({'label': {'$glob': 'a*'}}, '02'),
    ({'label': {'$glob': '[!a]*'}}, '136'),
    ({'label': {'$glob': '[[]?[]]'}}, '3'),
    ({'stdout': {'$regex': r'line [0-2]\n'}}, '012'),
    ({'stdout': LINE_3}, '3'),
    ({'stdout': {'$regex': '^END', '$options': 'im'}}, '012345'),
    ({'execute_input': {'$not': {'$regex': r'\([0-4]\)'}}}, '567'),
    # logic
    ({'$or': [{'label': 7}, {'stdout': LINE_3}]}, '35'),
    ({'$and': [{'completed': None}, {'client_uuid': 'two'}]}, '57'),
    ({'$nor': [{'completed': None}, {'client_uuid': 'two'}]}, '02'),
    ({'client_uuid': 'two', '$or': [{'completed': None}, {'content.n': 4}]}, '457'),
    ({'label': {'$not': {'$type': 'string'}}}, '457'),
    ({'$expr': {'$gt': ['$content.half', 2]}}, '567'),
    ({'$expr': {'$lt': ['$started', '$submitted']}}, '1234567'),
    ({'$jsonSchema': {'properties': {'label': {'bsonType': 'int'}}, 'required': ['label']}}, '5'),
    ({'$comment': 'of the nightly report', 'label': 7}, '5'),
]


@pytest.mark.parametrize(('query', 'found'), FOUND, ids=lambda value: str(value)[:60])
def test_which_records_a_query_finds(eight: Any, query: dict[str, Any], found: str) -> None:
    before = copy.deepcopy(query)
    assert numbers(eight.find_records(query, [])) == found
    assert numbers(eight.find_records({'$nor': [query]}, [])) == ''.join(i for i in ALL if i not in found)
    assert numbers(eight.find_records(MappingProxyType(query))) == found
    assert query == before


def test_every_operator_takes_part() -> None:
    assert {name for query, _ in FOUND for name in operators_in(query)} == set(OPERATORS)


def test_a_naive_time_is_local(eight: Any) -> None:
    one = NOON + SECOND
    for query in (one.astimezone().replace(tzinfo=None), {'$in': [one.astimezone().replace(tzinfo=None)]}):
        assert numbers(eight.find_records({'submitted': query})) == '1'


@needs_tzset
def test_a_text_without_a_zone_is_in_utc_for_a_hub_too(db: Any) -> None:
    """The hub makes a datetime of it before the database sees it."""
    with in_zone('CET-1CEST,M3.5.0,M10.5.0/3'), warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # that the text has no zone
        db.add_record('m', {'submitted': NOON, 'header': {'date': NOON}})
        for text in ('2026-03-01T12:00:00', '2026-03-01T12:00:00Z', '2026-03-01T13:00:00+01:00'):
            query = extract_dates({'$and': [{'submitted': {'$in': [text]}}, {'header.date': text}]})
            assert [r['msg_id'] for r in db.find_records(query)] == ['m']
            assert db.find_records(extract_dates({'$expr': {'$eq': ['$submitted', {'$toDate': text}]}}), []) == [
                {'msg_id': 'm'}
            ]
        assert db.find_records({'submitted': datetime(2026, 3, 1, 13)}, []) == [{'msg_id': 'm'}]


def test_globs_are_those_of_fnmatch(eight: Any) -> None:
    texts = [label for label in LABELS if isinstance(label, str)]
    for pattern in ('[!a]*', '[^a]*', '*/?', '?', '[[]*', '*[]]', '', '*', 'A', '[a-b]', '[]x[]*', 'a/[0-9]'):
        expected = [text for text in texts if fnmatch.fnmatchcase(text, pattern)]
        query = {'$and': [{'label': {'$glob': pattern}}, {'label': {'$not': {'$type': 'array'}}}]}
        assert sorted(r['label'] for r in eight.find_records(query, ['label'])) == sorted(expected)


# --- lists of any length


@pytest.mark.parametrize('count', [999, 1000, 1200, 50_000])
def test_lists_of_any_length(eight: Any, count: int) -> None:
    ids = [f'm{i}' for i in range(5, count)]
    assert numbers(eight.find_records({'msg_id': {'$in': ids}})) == '567'
    assert numbers(eight.find_records({'msg_id': {'$nin': ids}})) == '01234'
    labels = {'label': {'$in': [*range(count), 'a']}, 'completed': {'$ne': None}}
    assert numbers(eight.find_records(labels, ['label'])) == '06'


def test_a_query_may_hold_iterators(eight: Any) -> None:
    assert eight.find_records({'label': {'$in': iter([7, 8])}}, iter(['queue'])) == [{'msg_id': 'm5', 'queue': None}]
    assert numbers(eight.find_records({'msg_id': {'$in': map('m{}'.format, (1, 2))}, 'label': {'$ne': 'b'}})) == '2'


# --- keys


KEYS: list[tuple[Any, list[str]]] = [
    ([], ['msg_id']),
    (['msg_id'], ['msg_id']),
    (['label', 'started'], ['msg_id', 'label', 'started']),
    (('label',), ['msg_id', 'label']),
    ('label', ['msg_id', 'label']),
    ({'label': 1, 'queue': True}, ['msg_id', 'label', 'queue']),
    (['complete', 'pyin'], ['msg_id', 'complete', 'pyin']),
    (['label', 'label', 'buffers'], ['msg_id', 'label', 'buffers']),
    (None, list(TASKS.all_keys)),
    (list(TASKS.columns), list(TASKS.all_keys)),
]


@pytest.mark.parametrize(('keys', 'names'), KEYS, ids=range(len(KEYS)))
def test_records_have_the_keys_that_are_asked_for(eight: Any, keys: Any, names: list[str]) -> None:
    before = copy.deepcopy(keys)
    record = dict.fromkeys(TASKS.columns) | {'msg_id': 'm4'} | filled(4)
    record |= {alias: record[column] for alias, column in TASKS.aliases.items()}
    (found,) = eight.find_records({'msg_id': 'm4'}, keys)
    assert found == {name: record[name] for name in names}
    assert keys == before
    # The hub takes the buffers away.
    assert (found.pop('buffers', None) is None) == ('buffers' not in names)


def test_parts_of_documents_can_be_asked_for(eight: Any) -> None:
    assert eight.find_records({'msg_id': 'm2'}, ['content.n', 'header.date']) == [
        {'msg_id': 'm2', 'content': {'n': 2}, 'header': {'date': NOON + 2 * SECOND}}
    ]
    assert eight.find_records({'msg_id': 'm2'}, 'content.steps.v') == [
        {'msg_id': 'm2', 'content': {'steps': [{'v': 0}, {'v': 1}]}}
    ]


def test_records_come_in_the_order_in_which_they_were_added(kind: Kind, db: Any) -> None:
    order = sorted if kind.mongodb else list
    for i in (3, 1, 2, 0):
        db.add_record(f'm{i}', {'label': i, 'submitted': NOON + i * SECOND})
    db.update_record('m1', {'stdout': 'x' * 50_000, 'completed': NOON})
    assert order(record['label'] for record in db.find_records({})) == order([3, 1, 2, 0])
    assert order(record['msg_id'] for record in db.find_records({'label': {'$ne': 2}}, [])) == order(['m3', 'm1', 'm0'])


# --- what is refused

REFUSED: list[tuple[Any, Any, str]] = [
    ({'statred': 1}, None, "statred: unknown key 'statred', did you mean 'started'?"),
    ({'_id': 1}, None, "_id: unknown key '_id'; the key of a record is 'msg_id' here"),
    ({'started': {'$foo': 1}}, None, "started.$foo: unknown operator '$foo'"),
    ({'$foo': [{}]}, None, "$foo: unknown operator '$foo'"),
    ({'label': {'$size': 'a'}}, None, "label.$size: takes an integer, not 'a' (str)"),
    (
        {'label': {'$regex': '('}},
        None,
        "label.$regex: the pattern '(' (str) cannot be compiled: missing closing parenthesis at position 1",
    ),
    ({'label': {'$options': 'i'}}, None, 'label.$options: is allowed only with $regex'),
    ({'label': {'$in': 5}}, None, 'label.$in: takes a list or another iterable, not 5 (int)'),
    ({'label': {'$in': [{'$gt': 5}]}}, None, "label.$in: takes values, not operators: {'$gt': 5} (dict)"),
    (
        {'started': {'$gt': [5]}},
        None,
        "started.$gt: 'started' is a Timestamp column and takes a datetime, not [5] (list)",
    ),
    ({'started': {'$gt': 5}}, None, "started.$gt: 'started' is a Timestamp column and takes a datetime, not 5 (int)"),
    (
        {'started': 'yesterday'},
        None,
        "started: 'started' is a Timestamp column and takes a datetime or ISO 8601 text, not 'yesterday' (str)",
    ),
    ({'engine_uuid': 5}, None, "engine_uuid: 'engine_uuid' is a String column and takes text, not 5 (int)"),
    (
        {'buffers': {'$gt': b'x'}},
        None,
        'buffers.$gt: buffers can be tested with None, $exists, $size and $type, not compared',
    ),
    ({'content.n': {'$mod': [0, 1]}}, None, 'content.n.$mod: the divisor cannot be 0'),
    (
        {'content.n': {'$type': 'nothing'}},
        None,
        "content.n.$type: unknown type 'nothing' (str); known are array, binData, bool, date, double, int, long, null, number, "
        'object, string and BSON numbers',
    ),
    ({'stdout': {'$gt': 'a', 'b': 1}}, None, "stdout: operators and other keys cannot be mixed: 'b' (str)"),
    ({'$or': []}, None, '$or: takes a non-empty list of queries, not [] (list)'),
    ({'$or': [{'label': 1}, {'statred': 1}]}, None, "$or[1].statred: unknown key 'statred', did you mean 'started'?"),
    ({'$expr': {'$foo': 1}}, None, "$expr: unknown expression '$foo', did you mean '$floor'?"),
    ({5: 1}, None, 'a key is text, not 5 (int)'),
    ({'label': {1, 2}}, None, 'label: mqsql has no type for {1, 2} (set); write a list: list(value)'),
    ('label', None, "a query is a dict, not 'label' (str); json.loads(text) makes one of JSON"),
    ({}, ['statred'], "keys: unknown key 'statred', did you mean 'started'?"),
    ({}, 5, 'keys: takes text or an iterable of text, not 5 (int)'),
    ({}, ['label', 5], 'keys: a key is text, not 5 (int)'),
]


@pytest.mark.parametrize(('query', 'keys', 'text'), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_is_named_in_the_same_words(eight: Any, query: Any, keys: Any, text: str) -> None:
    with pytest.raises(QueryError) as raised:
        eight.find_records(query, keys)
    assert str(raised.value) == text
    # The hub's databases raise KeyError for names that there are not.
    assert isinstance(raised.value, KeyError) == ('unknown' in text and '$type' not in text)


@pytest.mark.parametrize('query', [5, ['a'], Hostile(), {'label': Hostile()}, {b'label': 1}], ids=range(5))
def test_what_is_no_query_is_refused(eight: Any, query: Any) -> None:
    with pytest.raises(QueryError):
        eight.find_records(query)
