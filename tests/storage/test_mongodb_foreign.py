"""Collections that other programs wrote: ipyparallel's own class, and whatever stores values that no column holds."""

import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, decode, encode
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from hub_shipped import records
from hub_shipped_mongo import COLLECTION as SHIPPED
from hub_shipped_mongo import kept, write_collection
from mongo_servers import Place
from mongo_stores import COLLECTION, client_of, opened
from store_files import NOON

import mqsql
from mqsql.errors import DamagedValueError, DamagedValueWarning, DuplicateRecordError, StorageError
from mqsql.schema import TASKS
from mqsql.storage import Store
from mqsql.storage.mongodb.documents import read_fields


@pytest.fixture
def documents(mongo: Place) -> Iterator[Any]:
    """The collection of a store, as another program sees it."""
    with client_of(mongo) as client:
        yield client[mongo.database][COLLECTION]


@pytest.fixture
def store(mongo: Place) -> Iterator[Store]:
    """A store whose collection is filled by another program."""
    with opened(mongo) as made:
        yield made


# --- ipyparallel's own class


@pytest.fixture
def shipped(mongo: Place) -> Iterator[Store]:
    """A collection which that class wrote in two sessions."""
    with mqsql.open(write_collection(mongo.url, 2, mongo.database)) as made:
        yield made


def expected(session: int, key: str) -> dict[str, Any]:
    """A record as that class keeps it."""
    made: dict[str, Any] = kept({'msg_id': key} | records(session)[key])
    return made


def without_empty(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value not in (None, '', {}, [])}


def test_what_the_shipped_class_wrote_is_read_as_it_is(shipped: Store) -> None:
    assert set(shipped.keys()) == {'done0', 'pending0', 'shared', 'done1', 'pending1'}
    for session in (0, 1):
        for key in (f'done{session}', f'pending{session}'):
            found = shipped.get_record(key)
            assert list(found) == list(TASKS.all_keys)
            assert without_empty(found) == without_empty(expected(session, key))
    assert shipped.get_record('done0')['buffers'] == [b'\0\xff', b'', b'x' * 100_000]
    assert shipped.get_record('done0')['completed'] == kept(records(0)['done0']['completed'])


def test_what_the_shipped_class_wrote_is_found(shipped: Store) -> None:
    done = {'done0', 'done1'}
    assert set(shipped.keys({'completed': {'$ne': None}})) == done
    assert set(shipped.keys({'complete': {'$gt': datetime(2026, 1, 1, tzinfo=UTC)}})) == done
    assert set(shipped.keys({'msg_id': {'$glob': 'done*'}, 'content.ü': 1.5})) == done
    assert set(shipped.keys({'buffers': {'$size': 3}})) == done
    assert set(shipped.keys({'completed': None, 'stdout': {'$glob': 'session*'}})) == {'shared'}
    assert shipped.distinct('label') == ['l']
    assert shipped.count() == 5
    history = shipped.get_history()
    assert len(history) == 5


def test_what_the_shipped_class_wrote_is_changed_and_dropped(shipped: Store, mongo: Place) -> None:
    shipped.update_record('done0', {'stdout': 'more', 'started': NOON.replace(microsecond=7)})
    assert shipped.get_record('done0')['started'] == NOON.replace(microsecond=7)
    assert shipped.get_record('done0')['buffers'] == [b'\0\xff', b'', b'x' * 100_000]
    shipped.update_record('done0', {'buffers': [], 'result_buffers': None, 'label': None})
    assert shipped.get_record('done0')['buffers'] == []
    with pytest.raises(DuplicateRecordError):
        shipped.add_record('done1', {})
    shipped.drop_record('done1')
    shipped.drop_matching_records({'msg_id': {'$glob': 'pending*'}})
    assert set(shipped.keys()) == {'done0', 'shared'}
    shipped.add_record('new', {'buffers': [b'x']})
    with client_of(mongo) as client:
        collection = client[mongo.database][SHIPPED]
        assert {type(one['_id']) for one in collection.find()} == {ObjectId, str}
        assert collection.index_information()['msg_id_1']['unique']


def test_two_records_with_one_key_are_a_storage_error(mongo: Place, documents: Any) -> None:
    documents.insert_many([{'msg_id': 'twice'}, {'msg_id': 'twice'}])
    with pytest.raises(StorageError, match='two records have the same key'):
        opened(mongo)
    with opened(mongo, readonly=True) as store:
        assert store.keys() == ['twice', 'twice']


# --- values that no column holds

FOREIGN = {
    'ObjectId': ObjectId('0' * 24),
    'Decimal128': Decimal128('1.5'),
    'Regex': Regex('a', 'i'),
    'Timestamp': Timestamp(1, 2),
    'MinKey': MinKey(),
    'MaxKey': MaxKey(),
}
BEYOND = {'a date beyond the year 9999': DatetimeMS(2**60), 'a date before the year 1': DatetimeMS(-(2**60))}
"""These neither server of ours takes."""


@pytest.mark.parametrize('value', [*FOREIGN.values(), *BEYOND.values()], ids=[*FOREIGN, *BEYOND])
def test_each_foreign_value_is_told(value: Any) -> None:
    told: list[tuple[object, str, str]] = []
    sent = encode({'msg_id': 'm', 'content': {'a': [value]}, 'label': value, 'stdout': 'x'})
    document: dict[str, Any] = decode(
        sent, CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
    )
    found = read_fields(document, TASKS, ('msg_id', 'content', 'label', 'stdout'), lambda *what: told.append(what))
    assert found == {'msg_id': 'm', 'content': None, 'label': None, 'stdout': 'x'}
    assert [(key, column) for key, column, _ in told] == [('m', 'content'), ('m', 'label')]


@pytest.mark.parametrize('value', FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_value_costs_only_itself(store: Store, documents: Any, value: Any) -> None:
    documents.insert_many(
        [
            {'msg_id': 'm', 'content': {'a': [value]}, 'label': value, 'header': {'a': 1}, 'stdout': 'x'},
            {'msg_id': 'n', 'content': {'a': 1}},
        ]
    )
    with pytest.warns(DamagedValueWarning) as told:
        found = store.find_records({})
    assert [{key: part for key, part in one.items() if part is not None} for one in found] == [
        {'msg_id': 'm', 'header': {'a': 1}, 'stdout': 'x'},
        {'msg_id': 'n', 'content': {'a': 1}},
    ]
    said = sorted(str(one.message) for one in told)
    assert len(said) == 2
    for column, sentence in zip(('content', 'label'), said, strict=True):
        assert f"the {column} of the record 'm' is not what a column of" in sentence
    assert store.distinct('header.a') == [1]
    with pytest.raises(DamagedValueError, match='label has a value that another program stored'):
        store.distinct('label')
    store.update_record('m', {'content': {'b': 2}, 'label': None})
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert store.get_record('m')['content'] == {'b': 2}
    store.drop_record('m')


READ_AS: dict[str, tuple[Any, Any]] = {
    'Int64': (Int64(5), 5),
    'Code': (Code('x'), 'x'),
    'Binary': (Binary(b'x', 5), b'x'),
    'UUID': (Binary.from_uuid(uuid.UUID(int=1)), uuid.UUID(int=1).bytes),
}


@pytest.mark.parametrize(('value', 'read'), READ_AS.values(), ids=READ_AS.keys())
def test_other_types_are_read_as_those_that_they_are_like(store: Store, documents: Any, value: Any, read: Any) -> None:
    documents.insert_one({'msg_id': 'm', 'content': {'a': value}})
    found = store.get_record('m')['content']['a']
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize('column', ['started', 'stdout', 'content', 'label'])
def test_a_value_of_another_columns_type_costs_only_itself(store: Store, documents: Any, column: str) -> None:
    wrong = {'started': {'a': 1}, 'stdout': 5, 'content': 'text', 'label': ObjectId()}
    documents.insert_one({'msg_id': 'm', column: wrong[column], 'queue': 'q'})
    with pytest.warns(DamagedValueWarning, match=f"the {column} of the record 'm'"):
        found = store.get_record('m')
    assert (found[column], found['queue']) == (None, 'q')


def test_fields_that_are_no_columns_are_left_as_they_are(store: Store, documents: Any) -> None:
    documents.insert_one({'msg_id': 'm', 'extra': {'a': ObjectId()}, 'label': 'x'})
    assert store.find_one('m')['label'] == 'x'  # type: ignore[index]
    store.update_record('m', {'label': 'y'})
    assert documents.find_one()['extra'].keys() == {'a'}


def test_a_record_without_a_key_is_found_but_has_none(store: Store, documents: Any) -> None:
    documents.insert_one({'label': 'x'})
    documents.insert_one({'msg_id': 5, 'label': 'y'})
    with pytest.warns(DamagedValueWarning, match='the msg_id of the record 5'):
        assert sorted(one['label'] for one in store.find()) == ['x', 'y']
    assert store.keys() == []
    store.drop_matching_records({'label': {'$in': ['x', 'y']}})
    assert store.count() == 0
