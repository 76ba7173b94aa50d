"""What is stored in a collection of MongoDB: values come back as they were, or are refused before anything is written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mongo_servers import Place
from mongo_stores import COLLECTION, Commands, client_of, heard, opened
from store_files import NOON

import mqsql
from mqsql.errors import RecordError, StorageError
from mqsql.schema import STRING, Table
from mqsql.storage.mongodb.documents import MAX_LEVELS, Document
from mqsql.storage.mongodb.store import MongoStore

EXACT = NOON + timedelta(microseconds=123_456)
LATER = NOON + timedelta(days=1, microseconds=7)


@pytest.fixture
def store(mongo: Place) -> Iterator[MongoStore]:
    """An empty store on each kind of server."""
    with opened(mongo) as opened_store:
        yield opened_store


@pytest.fixture
def documents(mongo: Place) -> Iterator[Any]:
    """The collection of the store, as another program sees it."""
    with client_of(mongo) as client:
        yield client[mongo.database][COLLECTION]


# --- times


def test_times_have_their_microseconds_at_every_depth(store: MongoStore) -> None:
    content: dict[str, Any] = {'t': EXACT, 'list': [NOON, [LATER, {'x.y': EXACT, '$z': [EXACT]}]], 'no': NOON}
    store.add_record('m', {'started': EXACT, 'submitted': NOON, 'content': content, 'label': EXACT, 'header': [EXACT]})
    found = store.get_record('m')
    assert found['content'] == content
    assert [found[key] for key in ('started', 'submitted', 'label', 'header')] == [EXACT, NOON, EXACT, [EXACT]]
    (part,) = store.find({}, ['content.t', 'content.no'])
    assert part['content'] == {'t': EXACT, 'no': NOON}
    (computed,) = store.find({}, projection={'at': '$content.t', 'many': {'$slice': ['$content.list', 1]}})
    assert (computed['at'], computed['many']) == (EXACT, [NOON])


def test_an_update_of_a_part_leaves_the_other_times(store: MongoStore) -> None:
    store.add_record('m', {'started': EXACT, 'content': {'a': [EXACT, NOON]}, 'header': {'date': EXACT}})
    store.update_record('m', {'content': {'a': [LATER]}})
    store.update_record('m', {'completed': LATER, 'stdout': 'line'})
    found = store.get_record('m')
    assert (found['started'], found['completed'], found['header']) == (EXACT, LATER, {'date': EXACT})
    assert found['content'] == {'a': [LATER]}


@pytest.mark.parametrize('value', [None, NOON, {'a': NOON}, {'a': {'b': 1}}, [], 'text', {'a': [NOON]}])
def test_no_microseconds_are_left_of_a_replaced_value(store: MongoStore, documents: Any, value: Any) -> None:
    store.add_record('m', {'label': {'a': [EXACT]}, 'started': EXACT})
    store.update_record('m', {'label': value, 'started': None})
    assert store.get_record('m')['label'] == value
    assert not documents.find_one({'msg_id': 'm'}).get('microseconds')


def test_times_before_1970_and_at_the_ends_come_back(store: MongoStore) -> None:
    times = [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
    ]
    for number, time in enumerate(times):
        store.add_record(str(number), {'started': time, 'content': [time]})
        assert store.get_record(str(number))['started'] == time
        assert store.get_record(str(number))['content'] == [time]


STALE: list[Any] = [
    {'content': 5, 'started': 'x'},
    {'content': [[123_456, 'a', 'b'], [1], [], 5, [7, 'c', 99], ['x', 'd'], [123_456, 0]]},
    {'content': [[999_999, 'd'], [None, 'd']], 'started': [[1, 'a']]},
    {'content': {'a': 1}, 'started': -1},
    5,
    [],
    'text',
]


@pytest.mark.parametrize('microseconds', STALE, ids=str)
def test_microseconds_that_are_none_of_a_value_change_nothing(
    store: MongoStore, documents: Any, microseconds: Any
) -> None:
    value = {'a': 1, 'c': [1], 'd': NOON}
    documents.insert_one({'msg_id': 'm', 'content': value, 'started': NOON, 'microseconds': microseconds})
    found = store.get_record('m')
    assert (found['content'], found['started']) == (value, NOON)


def test_microseconds_of_a_time_that_another_program_changed_are_not_its_own(store: MongoStore, documents: Any) -> None:
    store.add_record('m', {'started': EXACT, 'content': {'a': EXACT, 'b': EXACT}})
    changed = NOON + timedelta(milliseconds=5)
    documents.update_one({'msg_id': 'm'}, {'$set': {'started': changed, 'content.a': changed}})
    found = store.get_record('m')
    assert (found['started'], found['content']) == (changed, {'a': changed, 'b': EXACT})


# --- names and values

ODD: dict[str, Any] = {
    'names': {'a.b': {'$x': {'': 1, '.': 2, '$': 3, 'a b': 4, '0': 5}}, '$y.z': [{'$w': 1}]},
    'an id': {'$id': 1, '$db': 'x'},
    'a schema': {'items': {'$ref': '#/of a schema'}},
    'a DBRef with others': {'$ref': 'c', '$db': 'd', 'b': 1, 'a': EXACT},
    'text with NUL': {'a': 'x\0y', 'b': ['\0']},
    'integers': [2**63 - 1, -(2**63), 2**31, -(2**31) - 1, 2**53 + 1],
    'floats': [float('inf'), float('-inf'), -0.0, 1.0, 5e-324, 1.7976931348623157e308],
    'nothing': [{}, [], [[]], {'a': {}}, None, {'a': None}],
    'bytes': [b'', b'\0\xff', {'a': b'x'}],
    'a long name': {'n' * 100_000: 1},
}


@pytest.mark.parametrize('value', ODD.values(), ids=ODD.keys())
def test_odd_values_come_back_after_adding_and_after_a_change(store: MongoStore, value: Any) -> None:
    store.add_record('m', {'content': value})
    store.add_record('n', {'content': {'before': 1}})
    store.update_record('n', {'content': value, 'label': value})
    for key in 'mn':
        found = store.get_record(key)['content']
        assert repr(found) == repr(value)
    assert repr(store.get_record('n')['label']) == repr(value)


def test_documents_that_mongodb_takes_for_dbrefs_come_back(secantus: Place) -> None:
    value = {'a': [{'$ref': 'c', '$id': EXACT, '$db': 'd', 'x': {'$ref': 'e', '$id': 0}}], 'b': {'$ref': 'c', '$id': 0}}
    with opened(secantus) as store:
        store.add_record('m', {'content': value})
        store.add_record('n', {})
        store.update_record('n', {'content': value})
        assert [repr(store.get_record(key)['content']) for key in 'mn'] == [repr(value)] * 2
        assert store.keys({'content.b': {'$eq': {'$ref': 'c', '$id': 0}}}) == ['m', 'n']


def test_nan_comes_back(store: MongoStore) -> None:
    store.add_record('m', {'content': [float('nan')]})
    assert repr(store.get_record('m')['content']) == '[nan]'


@pytest.mark.parametrize('key', ['', 'a\0b', 'k' * 10_000, '$a.b', '_id'])
def test_any_text_is_a_key(store: MongoStore, key: str) -> None:
    store.add_record(key, {'stdout': 'x', 'buffers': [b'1']})
    store.update_record(key, {'stdout': 'y'})
    assert (store.get_record(key)['msg_id'], store.get_record(key)['stdout']) == (key, 'y')
    assert store.keys({'msg_id': key}) == [key]
    store.drop_record(key)
    assert store.count() == 0


def nested(levels: int) -> Any:
    """A dict with so many levels."""
    value: Any = {}
    for _ in range(levels - 1):
        value = {'a': value}
    return value


REFUSED = {
    'a long integer': ({'content': {'a': [0, 2**63]}}, 'content.a[1]', 'at most 64 bits'),
    'no Unicode': ({'content': {'a': '\ud800'}}, 'content.a', 'lone surrogates'),
    'no Unicode in a column': ({'stdout': 'x\udfff'}, 'stdout', 'lone surrogates'),
    'no Unicode in a name': ({'content': {'\ud800': 1}}, 'content', 'lone surrogates'),
    'NUL in a name': ({'content': [{'a\0b': 1}]}, 'content[0]', 'whose name has NUL'),
    'a late $ref': ({'label': {'a': {'b': 1, '$ref': 'x'}}}, 'label.a', r'\$ref, \$id and \$db come first'),
    'a $ref that is no text': ({'label': {'a': {'$ref': 1, '$id': 1}}}, 'label.a', 'is a DBRef in MongoDB'),
    'a DBRef to nothing': ({'label': {'a': {'$ref': 'x', '$id': None}}}, 'label.a', 'is a DBRef in MongoDB'),
    'depth': ({'content': nested(MAX_LEVELS + 1)}, 'content' + '.a' * MAX_LEVELS, '99 levels'),
    'depth of lists': ({'label': [[nested(MAX_LEVELS - 1)]]}, 'label[0][0]', '99 levels'),
}


@pytest.mark.parametrize(('changes', 'path', 'said'), REFUSED.values(), ids=REFUSED.keys())
def test_what_bson_cannot_hold_is_refused_with_its_place_and_nothing_is_sent(
    mongo: Place, changes: Document, path: str, said: str
) -> None:
    with heard(mongo, commands := Commands()) as store:
        store.add_record('there', {'label': 'kept', 'buffers': [b'kept']})
        commands.clear()
        changes = {**changes, 'buffers': [b'x'], 'started': NOON}
        for call in (
            lambda: store.add_record('m', changes),
            lambda: store.update_record('there', changes),
            lambda: store.add_records([{'msg_id': 'n'}, {'msg_id': 'm', **changes}]),
        ):
            with pytest.raises(RecordError, match=said) as refused:
                call()
            assert refused.value.path.removeprefix('[1].').startswith(path[:100])
        assert commands.sent == []
        assert store.keys() == ['there']


def test_a_key_that_bson_cannot_hold_is_that_of_no_record(store: MongoStore) -> None:
    with pytest.raises(RecordError, match=r'msg_id: .*lone surrogates'):
        store.add_record('\ud800', {})
    for call in (store.get_record, store.drop_record, lambda key: store.update_record(key, {'stdout': 'x'})):
        with pytest.raises(mqsql.MissingRecordError):
            call('\ud800')


def test_as_many_levels_as_mongodb_takes_come_back(store: MongoStore) -> None:
    deep = nested(MAX_LEVELS)
    store.add_record('m', {'content': deep})
    store.update_record('m', {'label': deep})
    found = store.get_record('m')
    assert found['content'] == found['label'] == deep


def test_what_is_missing_has_no_field(store: MongoStore, documents: Any) -> None:
    store.add_record('m', {'label': None, 'queue': 'q', 'stdout': 'x'})
    store.update_record('m', {'stdout': None})
    assert set(documents.find_one({})) == {'_id', 'msg_id', 'queue'}
    assert store.get_record('m')['stdout'] is None


# --- large records

MANY = 'x' * (17 * 2**20)


@pytest.mark.parametrize(
    'records', [{'stdout': MANY}, {'content': {'a': MANY}, 'stdout': 'x'}], ids=['text', 'document']
)
def test_a_record_beyond_16_mib_is_refused_and_leaves_nothing(mongo: Place, records: Document) -> None:
    column = next(iter(records))
    with opened(mongo, busy_timeout=60) as store, client_of(mongo) as client:
        store.add_record('there', {'buffers': [b'kept'], 'stdout': 'y'})
        buffered = {**records, 'buffers': [b'lost']}
        for path, call in (
            (column, lambda: store.add_record('m', buffered)),
            (column, lambda: store.update_record('there', buffered)),
            (
                f'[1].{column}',
                lambda: store.add_records([{'msg_id': 'n', 'buffers': [b'x']}, {'msg_id': 'm', **buffered}]),
            ),
        ):
            with pytest.raises(RecordError, match='at most 16 MiB') as refused:
                call()
            assert refused.value.path == path
        assert store.keys() == ['there']
        assert list(store.get_record('there')['buffers']) == [b'kept']
        assert client[mongo.database][f'{COLLECTION}_buffers'].count_documents({}) == 1


def test_a_record_that_grows_beyond_16_mib_is_refused_and_stays(mongo: Place) -> None:
    with opened(mongo, busy_timeout=60) as store:
        store.add_record('m', {'stdout': 'x' * (9 * 2**20)})
        with pytest.raises(RecordError, match='stderr: MongoDB stores records of at most 16 MiB'):
            store.update_record('m', {'stderr': 'x' * (9 * 2**20), 'label': 'y'})
        assert (store.get_record('m')['stderr'], store.get_record('m')['label']) == (None, None)


# --- the table


@pytest.mark.parametrize('name', ['_id', 'microseconds'])
def test_a_table_with_a_column_of_mongodbs_own_is_refused(secantus: Place, name: str) -> None:
    table = Table('things', {'key': STRING, name: STRING}, 'key')
    with pytest.raises(StorageError, match=f'has a column {name!r}'):
        opened(secantus, table=table)


def test_a_table_whose_key_is_mongodbs_own(store: MongoStore, mongo: Place) -> None:
    table = Table('things', {'_id': STRING, 'name': STRING}, '_id')
    with opened(mongo, table=table) as things:
        things.add_record('a', {'name': 'x'})
        things.update_record('a', {'name': 'y'})
        assert things.find_one('a') == {'_id': 'a', 'name': 'y'}
        with pytest.raises(mqsql.DuplicateRecordError):
            things.add_record('a', {})
