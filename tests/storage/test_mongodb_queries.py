"""Queries as a MongoDB server is told them, and that it is told nothing of those that have no meaning."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from bson import Regex, decode, encode
from garbage import GARBAGE, INJECTIONS, NAMES
from mongo_servers import Place
from mongo_stores import COLLECTION, Commands, client_of, heard
from store_files import NOON

import mqsql
from mqsql.errors import MqsqlError, QueryError, UnknownNameError, UnsupportedError
from mqsql.schema import ANY, NUMBER, STRING, TASKS, Table
from mqsql.storage.mongodb.queries import translate
from mqsql.storage.mongodb.store import MongoStore
from mqsql.values.plain import read_plain

LOCAL = datetime(2026, 3, 1, 12)
GLOB_END = r'(?![\s\S])'


def said(query: Any, table: Table = TASKS) -> dict[str, Any]:
    return translate(read_plain(query), table)


def glob(pattern: str) -> dict[str, Any]:
    return {'$regex': Regex(rf'\A{pattern}{GLOB_END}', 's')}


TRANSLATED: dict[str, tuple[Any, Any]] = {
    # aliases
    'alias': ({'complete': None}, {'completed': None}),
    'alias with a path': ({'pyout.data': 1}, {'execute_result.data': 1}),
    'alias in $or': (
        {'$or': [{'pyin': 'x'}, {'$nor': [{'pyerr.a': 1}]}]},
        {'$or': [{'execute_input': 'x'}, {'$nor': [{'error.a': 1}]}]},
    ),
    'no alias in an element': (
        {'content.a': {'$elemMatch': {'complete': 1}}},
        {'content.a': {'$elemMatch': {'complete': 1}}},
    ),
    'alias in $expr': (
        {'$expr': {'$lt': ['$submitted', '$complete']}},
        {'$expr': {'$lt': ['$submitted', '$completed']}},
    ),
    'alias under $$ROOT': (
        {'$expr': {'$eq': ['$$ROOT.pyout.a', '$$CURRENT.complete']}},
        {'$expr': {'$eq': ['$$ROOT.execute_result.a', '$$CURRENT.completed']}},
    ),
    'no alias where paths begin elsewhere': (
        {'$expr': {'$let': {'vars': {'CURRENT': '$pyout'}, 'in': {'$eq': ['$complete', '$$ROOT.complete']}}}},
        {'$expr': {'$let': {'vars': {'CURRENT': '$execute_result'}, 'in': {'$eq': ['$complete', '$$ROOT.completed']}}}},
    ),
    'nor in a filter': (
        {'$expr': {'$filter': {'input': '$pyout.a', 'as': 'CURRENT', 'cond': {'$eq': ['$complete', 1]}}}},
        {'$expr': {'$filter': {'input': '$execute_result.a', 'as': 'CURRENT', 'cond': {'$eq': ['$complete', 1]}}}},
    ),
    'a variable is no path': (
        {'$expr': {'$map': {'input': '$pyout.a', 'as': 'complete', 'in': '$$complete.pyin'}}},
        {'$expr': {'$map': {'input': '$execute_result.a', 'as': 'complete', 'in': '$$complete.pyin'}}},
    ),
    'a literal is no path': (
        {'$expr': {'$eq': ['$label', {'$literal': '$complete'}]}},
        {'$expr': {'$eq': ['$label', {'$literal': '$complete'}]}},
    ),
    'two names of one key': (
        {'complete': None, 'completed': {'$gte': NOON}},
        {'completed': None, '$and': [{'completed': {'$gte': NOON}}]},
    ),
    'two names beside $and': (
        {'$and': [{'label': 1}], 'pyin': 'a', 'execute_input': 'b'},
        {'$and': [{'label': 1}, {'execute_input': 'b'}], 'execute_input': 'a'},
    ),
    # operators that MongoDB has not
    '$ge and $le': ({'label': {'$ge': 1, '$le': 5}}, {'label': {'$gt': 1, '$lt': 5}}),
    '$gt twice': ({'label': {'$ge': 1, '$gt': 2}}, {'label': {'$gt': 1}, '$and': [{'label': {'$gt': 2}}]}),
    '$glob': ({'queue': {'$glob': 'a*b?.c'}}, {'queue': glob(r'a.*b.\.c')}),
    '$glob with a class': ({'queue': {'$glob': '[a-c][!x][]]'}}, {'queue': glob(r'[a-c][^x-x][\]-\]]')}),
    '$glob with an empty class': ({'queue': {'$glob': '[c-a]'}}, {'queue': glob('(?!)')}),
    '$glob with a newline and NUL': ({'queue': {'$glob': 'a\n\0'}}, {'queue': glob('a\\\n' + r'\x00')}),
    '$glob in $not': ({'queue': {'$not': {'$glob': 'a'}}}, {'queue': {'$not': glob('a')}}),
    '$glob in an element': (
        {'label': {'$elemMatch': {'$glob': 'a', '$ne': 'b'}}},
        {'label': {'$elemMatch': {**glob('a'), '$ne': 'b'}}},
    ),
    '$glob in an element of $all': (
        {'label': {'$all': [{'$elemMatch': {'$glob': 'a'}}]}},
        {'label': {'$all': [{'$elemMatch': glob('a')}]}},
    ),
    '$glob and $regex': (
        {'queue': {'$glob': 'a', '$regex': 'b'}},
        {'queue': {'$regex': 'b'}, '$and': [{'queue': glob('a')}]},
    ),
    '$glob before $regex with options': (
        {'queue': {'$glob': 'a', '$regex': 'b', '$options': 'i'}},
        {'queue': {'$regex': 'b', '$options': 'i'}, '$and': [{'queue': glob('a')}]},
    ),
    '$glob of bytes': ({'queue': {'$glob': b'a'}}, {'queue': glob('a')}),
    # patterns of Python
    'a pattern': ({'queue': re.compile('a', re.I | re.M)}, {'queue': Regex('a', 'im')}),
    'patterns in $in': ({'label': {'$in': [re.compile('a'), 1]}}, {'label': {'$in': [Regex('a'), 1]}}),
    'a pattern in $not': ({'label': {'$not': re.compile('a', re.S)}}, {'label': {'$not': Regex('a', 's')}}),
    'a pattern in $regex': ({'label': {'$regex': re.compile('a', re.X)}}, {'label': {'$regex': Regex('a', 'x')}}),
    'with options beside it': (
        {'label': {'$regex': re.compile('a'), '$options': 'i'}},
        {'label': {'$regex': 'a', '$options': 'i'}},
    ),
    'a pattern of an expression': (
        {'$expr': {'$regexMatch': {'input': '$queue', 'regex': re.compile('a', re.I)}}},
        {'$expr': {'$regexMatch': {'input': '$queue', 'regex': Regex('a', 'i')}}},
    ),
    # values
    'a naive time': ({'started': {'$lt': LOCAL}}, {'started': {'$lt': LOCAL.astimezone(UTC)}}),
    'a naive time in a value': ({'content.a': {'$in': [LOCAL]}}, {'content.a': {'$in': [LOCAL.astimezone(UTC)]}}),
    'a naive time in an expression': (
        {'$expr': {'$gt': ['$started', LOCAL]}},
        {'$expr': {'$gt': ['$started', LOCAL.astimezone(UTC)]}},
    ),
    'a time as text': ({'started': {'$gte': '2026-03-01T12:00:00Z'}}, {'started': {'$gte': NOON}}),
    'text that is no time of a column': ({'content.a': '2026-03-01T12:00:00Z'}, {'content.a': '2026-03-01T12:00:00Z'}),
    'an id as bytes': ({'msg_id': {'$in': [b'a', 'b']}}, {'msg_id': {'$in': ['a', 'b']}}),
    'bytes in a document': ({'content.a': b'a'}, {'content.a': b'a'}),
    'numbers of NumPy': (
        {'label': np.int64(5), 'content.a': {'$gt': np.float64(1.5)}},
        {'label': 5, 'content.a': {'$gt': 1.5}},
    ),
    'an array of NumPy': ({'content.a': {'$in': np.array([1, 2])}}, {'content.a': {'$in': [1, 2]}}),
    'a UUID': ({'client_uuid': UUID(int=1)}, {'client_uuid': str(UUID(int=1))}),
    'a long integer that is a float': ({'label': {'$lt': 2**64}}, {'label': {'$lt': 2.0**64}}),
    'buffers': (
        {'buffers': {'$in': [None]}, 'result_buffers': {'$size': 2}},
        {'buffers': {'$in': [None]}, 'result_buffers': {'$size': 2}},
    ),
    'an iterator': ({'label': {'$in': iter([1, 2])}}, {'label': {'$in': [1, 2]}}),
    '$comment': ({'$comment': 'x'}, {'$comment': 'x'}),
    # schemas
    'a schema': (
        {'$jsonSchema': {'required': ['complete'], 'properties': {'pyout': {'bsonType': 'object'}}}},
        {'$jsonSchema': {'required': ['completed'], 'properties': {'execute_result': {'bsonType': 'object'}}}},
    ),
    'a schema of two names': (
        {'$jsonSchema': {'properties': {'pyin': {'minLength': 1}, 'execute_input': {'maxLength': 5}}}},
        {'$jsonSchema': {'properties': {'execute_input': {'allOf': [{'minLength': 1}, {'maxLength': 5}]}}}},
    ),
    'a schema without more': (
        {'$jsonSchema': {'anyOf': [{'properties': {'label': {}}, 'additionalProperties': False}]}},
        {
            '$jsonSchema': {
                'anyOf': [{'properties': {'_id': {}, 'microseconds': {}, 'label': {}}, 'additionalProperties': False}]
            }
        },
    ),
    'what a schema depends on': (
        {'$jsonSchema': {'dependencies': {'complete': ['pyin'], 'label': {'required': ['pyout']}}}},
        {
            '$jsonSchema': {
                'dependencies': {
                    'completed': {'required': ['execute_input']},
                    'label': {'required': ['execute_result']},
                }
            }
        },
    ),
    'a schema of elements': (
        {'content.a': {'$elemMatch': {'$jsonSchema': {'minProperties': 1, 'required': ['complete']}}}},
        {'content.a': {'$elemMatch': {'$jsonSchema': {'minProperties': 1, 'required': ['complete']}}}},
    ),
}


@pytest.mark.parametrize(('query', 'expected'), TRANSLATED.values(), ids=TRANSLATED.keys())
def test_a_query_is_relayed_as(query: Any, expected: Any) -> None:
    found = said(query)
    assert found == expected
    assert list(found) == list(expected)
    encode(found)


UNSUPPORTED: list[tuple[Any, str]] = [
    ({'label': 2**63 + 1}, 'label'),
    ({'label': {'$in': [1, 2**100 + 1]}}, 'label.$in[1]'),
    ({'stdout': {'$gt': '\ud800'}}, 'stdout.$gt'),
    ({'queue': {'$glob': '\ud800*'}}, 'queue.$glob'),
    ({'content.\0': 1}, 'content.\0'),
    ({'content.a': {'a\0': 1}}, 'content.a'),
    ({'content.\ud800': 1}, 'content.\ud800'),
    ({'content.a': {'$elemMatch': {'\ud800': 1}}}, 'content.a.$elemMatch.\ud800'),
    ({'$or': [{'label': '\udfff'}]}, '$or[0].label'),
    ({'$comment': [re.compile('a')]}, '$comment'),
    ({'label': {'$not': {'$ge': 1, '$gt': 2}}}, 'label.$not'),
    ({'label': {'$elemMatch': {'$ge': 1, '$gt': 2}}}, 'label.$elemMatch'),
    ({'$expr': {'$eq': ['$label', 2**63 + 1]}}, '$expr.$eq[1]'),
    ({'$expr': {'$eq': ['$$ROOT', 1]}}, '$expr.$eq[0]'),
    ({'$jsonSchema': {'minProperties': 1}}, '$jsonSchema.minProperties'),
    ({'$jsonSchema': {'not': {'patternProperties': {'a': {}}}}}, '$jsonSchema.not.patternProperties'),
]


@pytest.mark.parametrize(('query', 'path'), UNSUPPORTED, ids=[str(query) for query, _ in UNSUPPORTED])
def test_what_mongodb_cannot_say_is_unsupported_with_its_place(query: Any, path: str) -> None:
    mqsql.compile(query)
    with pytest.raises(UnsupportedError, match='is not supported by MongoDB') as refused:
        said(query)
    assert refused.value.path == path


# --- with a server


@pytest.fixture
def commands() -> Commands:
    """What the store asks its server."""
    return Commands()


RECORDS: list[dict[str, Any]] = [
    {'msg_id': 'a', 'label': 'x', 'queue': 'Task', 'content': {'n': 3, 'list': [1, {'t': NOON}]}, 'completed': NOON},
    {
        'msg_id': 'b',
        'label': 'X',
        'queue': 'task\n',
        'content': {'n': 1, 'list': []},
        'started': NOON + timedelta(microseconds=1),
    },
    {'msg_id': 'c', 'label': 'é', 'content': {'n': 2}, 'started': NOON, 'buffers': [b'1', b'2']},
    {'msg_id': 'd', 'content': {'n': 10}, 'stdout': 'a.b'},
]


@pytest.fixture
def store(secantus: Place, commands: Commands) -> Iterator[MongoStore]:
    """A store with records."""
    with heard(secantus, commands) as made:
        made.add_records(RECORDS)
        commands.clear()
        yield made


Ask = Callable[[Any], object]

ASKED: dict[str, Ask] = {
    'sort by a path': lambda s: s.keys(sort=[('content.n', -1)]),
    'sort by an alias': lambda s: s.keys(sort={'complete': -1, 'msg_id': 1}),
    'sort by both names of a column': lambda s: s.keys(sort=[('complete', -1), ('completed', 1), ('msg_id', 1)]),
    'limit and skip': lambda s: s.keys(sort='content.n', skip=1, limit=2),
    'the last': lambda s: s.find_one(sort=[('msg_id', -1)], keys=['content.n']),
    'one by its key': lambda s: s.find_one('b', ['label']),
    'none': lambda s: s.find_one({'label': 'none'}),
    'keys with paths': lambda s: list(s.find({'msg_id': 'a'}, ['content.list.t', 'complete'])),
    'a key as text': lambda s: list(s.find({'msg_id': 'a'}, 'label')),
    'no keys': lambda s: list(s.find({'msg_id': 'a'}, [])),
    'a computed projection': lambda s: list(
        s.find({'msg_id': 'a'}, projection={'n': {'$add': ['$content.n', 1]}, 'pyin': 1})
    ),
    'a projection that leaves out': lambda s: list(s.find({'msg_id': 'd'}, projection={'content': 0})),
    'a projection of paths': lambda s: list(s.find({'msg_id': 'a'}, {'content.n': 1})),
    'slices of buffers': lambda s: [
        list(s.find({'msg_id': 'c'}, projection={'buffers': {'$slice': n}, 'label': 1})) for n in (0, 1, -1)
    ],
    'a list as a projection': lambda s: list(s.find({'msg_id': 'a'}, projection=['label'])),
    'count': lambda s: (
        s.count(),
        s.count({'content.n': {'$gt': 1}}),
        s.count(skip=1),
        s.count(limit=2),
        s.count(skip=9),
    ),
    'collation': lambda s: s.keys({'label': 'x'}, collation={'locale': 'en', 'strength': 2}, sort='msg_id'),
    'count by a collation': lambda s: s.count({'label': 'e'}, collation={'locale': 'en', 'strength': 1}),
    'distinct': lambda s: sorted(s.distinct('content.n')),
    'distinct of an alias': lambda s: s.distinct('complete'),
    'distinct times': lambda s: sorted(s.distinct('started')),
    'distinct of arrays': lambda s: sorted(map(str, s.distinct('content.list'))),
    'distinct DBRefs': lambda s: (
        s.update_record('d', {'metadata': {'r': [{'$ref': 'a', '$id': 1}]}}),
        s.distinct('metadata.r'),
    ),
    'a glob': lambda s: s.keys({'queue': {'$glob': '[Tt]ask'}}),
    'a glob with a newline': lambda s: s.keys({'queue': {'$glob': 'task\n'}}),
    'not': lambda s: s.keys({'queue': {'$not': {'$glob': '*sk*'}}}, sort='msg_id'),
    'a literal': lambda s: s.keys({'stdout': {'$glob': 'a.b'}}),
    'an expression': lambda s: s.keys({'$expr': {'$gt': ['$content.n', 2]}}, sort='msg_id'),
    'buffers': lambda s: (s.keys({'buffers': {'$size': 2}}), s.keys({'buffers': {'$type': 'array'}})),
    'a time as text': lambda s: s.keys({'started': '2026-03-01T12:00:00+00:00'}, sort='msg_id', limit=1) and [],
}


@pytest.mark.parametrize('name', ASKED)
def test_the_server_answers_as_other_stores_do(store: MongoStore, name: str) -> None:
    with mqsql.open(':memory:') as other:
        other.add_records(RECORDS)
        assert repr(ASKED[name](store)) == repr(ASKED[name](other))


def test_options_are_relayed(store: MongoStore, commands: Commands) -> None:
    collation = {'locale': 'en', 'strength': 2}
    store.find({'complete': None}, sort=[('pyout.a', -1)], skip=2, limit=5, collation=collation)
    (sent,) = commands.sent
    assert sent['filter'] == {'completed': None}
    assert (sent['sort'], sent['skip'], sent['limit']) == ({'execute_result.a': -1}, 2, 5)
    assert sent['collation'].items() >= collation.items()
    assert sent['projection'] == {'buffers': 0, 'result_buffers': 0}


FETCHED: list[tuple[dict[str, Any], set[str] | None]] = [
    ({'keys': ['label']}, {'label'}),
    ({'keys': 'content.a.b'}, {'content'}),
    ({'keys': []}, set()),
    ({'projection': ['pyin', 'content.a']}, {'execute_input', 'content'}),
    ({'projection': {'complete': 1, 'content.a': True}}, {'completed', 'content'}),
    ({'projection': {'buffers': 1}}, {'buffers'}),
    ({'keys': {'label': 1}}, {'label'}),
    ({'keys': {}}, None),
    ({'projection': {'label': 0}}, None),
    ({'projection': {'n': {'$add': ['$content.a', 1]}}}, None),
]


@pytest.mark.parametrize(('options', 'columns'), FETCHED, ids=[str(options) for options, _ in FETCHED])
def test_only_the_columns_that_are_needed_are_fetched(
    store: MongoStore, commands: Commands, options: dict[str, Any], columns: set[str] | None
) -> None:
    store.find(**options)
    fields = commands.sent[0]['projection']
    if columns is None:
        assert fields == {'buffers': 0, 'result_buffers': 0}
    else:
        assert fields == dict.fromkeys({'_id', 'microseconds', 'msg_id', *columns}, 1)


def test_all_of_a_record_is_asked_for_without_fields(store: MongoStore, commands: Commands) -> None:
    store.find_records({})
    assert 'projection' not in commands.sent[0]


REFUSED: list[Any] = [
    {'statred': 1},
    {'started': {'$gtt': 1}},
    {'started': 'yesterday'},
    {'queue.x': 1},
    {'buffers': [b'x']},
    {'$where': 'true'},
    {'content.a': {'$where': 'true'}},
    {'$expr': {'$function': {'body': 'x', 'args': [], 'lang': 'js'}}},
    {'$text': {'$search': 'x'}},
    {'content.a': {'$regex': '('}},
    {'$or': []},
    {'label': 2**63 + 1},
    {'_id': 'a'},
    {'microseconds': 1},
]


@pytest.mark.parametrize('query', REFUSED, ids=str)
def test_what_has_no_meaning_is_refused_as_everywhere_and_nothing_is_sent(
    store: MongoStore, commands: Commands, query: Any
) -> None:
    calls: list[Callable[[Any], object]] = [
        store.find,
        store.find_one,
        store.find_records,
        store.count,
        store.keys,
        store.explain,
        store.drop_matching_records,
        lambda query: store.distinct('label', query),
    ]
    try:
        mqsql.compile(query)
    except QueryError as error:
        expected: tuple[type[MqsqlError], str] = type(error), str(error)
    else:
        expected = UnsupportedError, ''
    for call in calls:
        with pytest.raises(expected[0]) as refused:
            call(query)
        assert expected[1] in str(refused.value)
    assert commands.sent == []


ODD_OPTIONS: list[dict[str, Any]] = [
    {'sort': 'statred'},
    {'sort': [('label', 2)]},
    {'sort': 'content.\0'},
    {'sort': 'content.$a'},
    {'limit': -1},
    {'skip': 'x'},
    {'collation': {'locale': 'xx'}},
    {'keys': ['nothing']},
    {'projection': {'label': {'$where': 1}}},
    {'keys': ['label'], 'projection': {'label': 1}},
]


@pytest.mark.parametrize('options', ODD_OPTIONS, ids=str)
def test_odd_options_are_refused_and_nothing_is_sent(
    store: MongoStore, commands: Commands, options: dict[str, Any]
) -> None:
    with pytest.raises((QueryError, UnsupportedError)):
        store.find({}, **options)
    assert commands.sent == []


def message(ask: Callable[[], object]) -> str:
    """What a call says if it is refused."""
    try:
        ask()
    except MqsqlError as error:
        return str(error)
    return ''


@pytest.mark.parametrize('garbage', [*GARBAGE, *NAMES], ids=lambda value: type(value).__name__)
def test_no_exception_of_the_driver_leaves_a_call(store: MongoStore, garbage: Any) -> None:
    for ask in (
        lambda: list(store.find(garbage)),
        lambda: store.keys({'content.a': garbage}),
        lambda: store.count({'label': {'$in': [garbage]}}),
        lambda: store.find_records({'stdout': {'$regex': garbage}}),
        lambda: list(store.find({}, garbage)),
        lambda: list(store.find(sort=garbage)),
        lambda: store.distinct(garbage),
        lambda: store.get_record(garbage),
        lambda: store.add_record(garbage, {'label': garbage}),
        lambda: store.update_record('a', {'label': garbage, 'content': {'x': garbage}}),
        lambda: store.update_record('a', garbage),
        lambda: store.drop_index(garbage),
    ):
        assert message(ask).isprintable()


@pytest.mark.parametrize('text', [*INJECTIONS, '$where', '{"$gt": ""}', '$label', '$$ROOT', "'; db.dropDatabase(); '"])
def test_text_stays_a_value(store: MongoStore, text: str) -> None:
    store.add_record(text, {'label': text, 'content': {'a': [text], 'n': text}})
    for query in (
        {'label': text},
        {'msg_id': text},
        {'content.a': text},
        {'label': {'$in': [text]}},
        {'label': {'$glob': text}},
    ):
        assert store.keys(query) == [text]
    assert store.keys({'$expr': {'$eq': ['$label', {'$literal': text}]}}) == [text]
    assert store.distinct('label', {'content.n': text}) == [text]
    store.drop_matching_records({'label': text})
    assert store.count() == len(RECORDS)


def test_explain_names_the_index_and_what_is_asked(store: MongoStore) -> None:
    said = store.explain({'label': 'x'}, limit=1)
    assert said.indexes == ('label_1',)
    assert said.sql.startswith(f'db.{COLLECTION}.find({{"label": "x"}}, {{"buffers": 0')
    assert '.limit(1)' in said.sql
    assert any('IXSCAN' in line for line in said.plan)


def test_the_key_has_an_index_already(store: MongoStore) -> None:
    before = store.list_indexes()
    assert store.create_index('msg_id') == 'msg_id_1'
    assert store.list_indexes() == before
    descending = store.create_index([('msg_id', -1)])
    assert store.list_indexes() == {**before, descending: (('msg_id', -1),)}
    store.drop_index(descending)
    assert store.list_indexes() == before


def test_an_expression_without_a_result_is_an_error_of_the_query(store: MongoStore) -> None:
    with pytest.raises(QueryError, match='the server refuses this'):
        store.find({'$expr': {'$split': ['$msg_id', {'$literal': 1}]}})


def test_indexes_come_and_go(store: MongoStore, secantus: Place) -> None:
    assert store.create_index([('content.n', 1), ('complete', -1)]) == 'content.n_1_completed_-1'
    assert store.create_index([('content.n', 1), ('complete', -1)]) == 'content.n_1_completed_-1'
    assert store.list_indexes()['content.n_1_completed_-1'] == (('content.n', 1), ('completed', -1))
    with client_of(secantus) as client:
        collection = client[secantus.database][COLLECTION]
        assert 'content.n_1_completed_-1' in collection.index_information()
        collection.create_index([('other', 1)])
    assert 'other_1' not in store.list_indexes()
    store.drop_index('content.n_1_completed_-1')
    with pytest.raises(UnknownNameError):
        store.drop_index('content.n_1_completed_-1')
    with pytest.raises(UnsupportedError, match='MongoDB'):
        store.create_index('content.\0')


def test_an_index_of_another_name_on_the_same_keys_is_enough(secantus: Place) -> None:
    table = Table(
        't', {'id': STRING, 'n': NUMBER, 'a': ANY}, 'id', indexes=(mqsql.Index(('n',)), mqsql.Index(('a', 'n')))
    )
    with client_of(secantus) as client:
        client[secantus.database][COLLECTION].create_index([('n', 1)], name='mine')
    with heard(secantus, Commands(), table=table) as store:
        assert set(client_indexes(secantus)) == {'_id_', 'mine', 'id_1', 'a_1_n_1'}
        assert store.explain({'n': 5}).indexes == ('mine',)


def client_indexes(mongo: Place) -> list[str]:
    with client_of(mongo) as client:
        return list(client[mongo.database][COLLECTION].index_information())


def test_what_is_relayed_is_bson() -> None:
    query = {'label': {'$in': [re.compile('a', re.I), NOON, b'x', None, 1.5]}, 'queue': {'$glob': '\0*'}}
    assert decode(encode(said(query)))['label']['$in'][0] == Regex('a', 'i')


# --- queries beyond 16 MiB

MANY = [f'{i:08}-{"f" * 27}' for i in range(4_000)]


def test_more_ids_than_a_message_has(store: MongoStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mqsql.storage.mongodb.parts.LARGEST', 50_000)
    store.drop_matching_records({})
    ids = [MANY[0], MANY[1_500], MANY[3_999], 'other']
    store.add_records({'msg_id': msg_id, 'label': i} for i, msg_id in enumerate(ids))
    asked = {'msg_id': {'$in': [*MANY, MANY[0]]}}
    assert sorted(record['label'] for record in store.find(asked, ['label'])) == [0, 1, 2]
    assert store.count({**asked, 'label': {'$gt': 0}}) == 2
    assert sorted(store.distinct('label', asked)) == [0, 1, 2]
    with pytest.raises(QueryError, match='16 MiB with sort and limit'):
        store.find(asked, sort='label', limit=1)
    with pytest.raises(QueryError, match='16 MiB; ask for less'):
        store.count({'msg_id': {'$nin': MANY}})
    with pytest.raises(QueryError, match='16 MiB; ask for less'):
        store.count({'label': {'$in': MANY}})
    store.drop_matching_records(asked)
    assert store.get_history() == ['other']


def test_the_history_is_in_the_order_of_microseconds(store: MongoStore) -> None:
    store.drop_matching_records({})
    for i in (3, 1, 2):
        store.add_record(f'm{i}', {'submitted': NOON + timedelta(microseconds=i)})
    store.add_record('never', {})
    assert store.get_history() == ['never', 'm1', 'm2', 'm3']
