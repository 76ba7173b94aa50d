"""The stores: what is put in comes out, whichever is behind."""

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from store_files import FULL, NOON, blob_count, fill

import mqsql
from mqsql.errors import DuplicateRecordError, MissingRecordError, QueryError, RecordError, StorageError
from mqsql.schema import TASKS
from mqsql.storage import Store

# --- by key


def test_a_record_comes_back_exactly(store: Store) -> None:
    store.add_record('m', FULL)
    found = store.get_record('m')
    assert found == dict.fromkeys(TASKS.all_keys) | FULL | {'msg_id': 'm'}
    assert list(found) == list(TASKS.all_keys)
    assert list(map(type, found['header']['n'])) == [int, float, bool, type(None), int, float, bytes]


def test_text_that_is_no_unicode_and_long_integers_come_back(store: Store) -> None:
    odd = {'client_uuid': '\ud800', 'label': 2**80, 'content': {'\udfff': ['\ud800', -(2**80)], '$ref': 'a'}}
    store.add_record('m', odd)
    assert store.get_record('m') == dict.fromkeys(TASKS.all_keys) | odd | {'msg_id': 'm'}


def test_an_empty_record_has_every_key(store: Store) -> None:
    store.add_record('m', {})
    assert store.get_record('m') == dict.fromkeys(TASKS.all_keys) | {'msg_id': 'm'}


def test_a_record_may_name_itself_but_no_other(store: Store) -> None:
    store.add_record('m', {'msg_id': 'm'})
    store.add_record('n', {'msg_id': None})
    with pytest.raises(RecordError, match='msg_id: names another record'):
        store.add_record('o', {'msg_id': 'm'})
    assert sorted(store.get_history()) == ['m', 'n']


def test_a_second_record_of_a_key_is_refused(store: Store) -> None:
    store.add_record('m', {'label': 'first', 'buffers': [b'kept']})
    with pytest.raises(DuplicateRecordError, match='already a record'):
        store.add_record('m', {'label': 'second', 'buffers': [b'lost']})
    assert store.get_record('m')['label'] == 'first'
    assert store.get_record('m')['buffers'] == [b'kept']


@pytest.mark.parametrize('msg_id', ['absent', '', b'absent', 5, None, ['m'], '\0'])
def test_an_absent_record_is_a_key_error(store: Store, msg_id: Any) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.get_record(msg_id),
        lambda: store.update_record(msg_id, {'label': 'x'}),
        lambda: store.update_record(msg_id, {}),
        lambda: store.drop_record(msg_id),
    ]
    for call in calls:
        with pytest.raises(MissingRecordError, match='there is no record with msg_id'):
            call()
        assert issubclass(MissingRecordError, KeyError)


def test_update_changes_only_what_is_given(store: Store) -> None:
    store.add_record('m', FULL)
    store.update_record('m', {'complete': NOON, 'label': None, 'result_buffers': [b'r'], 'msg_id': 'm'})
    expected = FULL | {'msg_id': 'm', 'completed': NOON, 'label': None, 'result_buffers': [b'r']}
    assert store.get_record('m') == dict.fromkeys(TASKS.all_keys) | expected
    store.update_record('m', {})
    assert store.get_record('m')['completed'] == NOON


def test_update_never_changes_the_key(store: Store) -> None:
    store.add_record('m', {})
    for other in ('n', None):
        with pytest.raises(RecordError, match='the key of a record never changes'):
            store.update_record('m', {'msg_id': other, 'label': 'x'})
    assert store.get_record('m')['label'] is None


def test_nothing_is_written_of_a_record_that_cannot_be_stored(store: Store) -> None:
    store.add_record('m', {'label': 'kept'})
    bad = {'label': 'new', 'content': {'a': [object()]}}
    with pytest.raises(RecordError, match=r'content\.a\[0\]'):
        store.add_record('n', bad)
    with pytest.raises(RecordError, match=r'content\.a\[0\]'):
        store.update_record('m', bad)
    with pytest.raises(RecordError, match="did you mean 'label'"):
        store.update_record('m', {'lable': 'x'})
    assert store.get_history() == ['m']
    assert store.get_record('m')['label'] == 'kept'


def test_records_are_copies(store: Store) -> None:
    record = copy.deepcopy(FULL)
    store.add_record('m', record)
    record['header']['n'].clear()
    store.get_record('m')['header'].clear()
    store.find_records({})[0]['header'].clear()
    assert store.get_record('m')['header'] == FULL['header']


def test_drop_record(store: Store) -> None:
    store.add_record('m', FULL)
    store.drop_record('m')
    with pytest.raises(KeyError):
        store.get_record('m')
    store.add_record('m', {})


# --- many at once


def test_records_are_added_in_their_order(store: Store) -> None:
    store.add_record('first', {'label': 0})
    added = ({'msg_id': f'm{i}', 'label': i, 'buffers': [b'%d' % i] if i % 2 else None} for i in range(50))
    assert store.add_records(added) == 50
    assert [(r['msg_id'], r['label']) for r in store.find({}, ['label'])] == [
        ('first', 0),
        *((f'm{i}', i) for i in range(50)),
    ]
    assert store.get_record('m7')['buffers'] == [b'7']
    assert store.add_records([]) == 0


def test_a_record_added_with_others_comes_back_exactly(store: Store) -> None:
    store.add_records([FULL | {'msg_id': 'm'}, {'msg_id': 'n'}, {'msg_id': 'o\0', 'complete': NOON}])
    assert store.get_record('m') == dict.fromkeys(TASKS.all_keys) | FULL | {'msg_id': 'm'}
    assert store.get_record('n') == dict.fromkeys(TASKS.all_keys) | {'msg_id': 'n'}
    assert store.get_record('o\0')['completed'] == NOON


@pytest.mark.parametrize(
    ('records', 'said'),
    [
        ([{'msg_id': 'a'}, {'msg_id': 'b'}, {'msg_id': 'a'}], "already a record with msg_id 'a'"),
        ([{'msg_id': 'a'}, {'msg_id': 'there\0'}], 'already a record with msg_id'),
        ([{'msg_id': 'a'}, {'msg_id': 'b', 'content': {'a': [object()]}}], r'\[1\]: content\.a\[0\]'),
        ([{'msg_id': 'a'}, {'label': 'b'}], r'\[1\]: msg_id: takes text'),
        ([{'msg_id': 'a'}, {'msg_id': 'b', 'lable': 1}], r"\[1\]: .*did you mean 'label'"),
        ([{'msg_id': 'a'}, 5], r'\[1\]: a record is a dict'),
        (5, 'takes an iterable of records'),
        ('ab', 'takes an iterable of records'),
    ],
)
def test_all_records_are_added_or_none(store: Store, records: Any, said: str) -> None:
    store.add_record('there\0', {'label': 1})
    with pytest.raises(RecordError, match=said):
        store.add_records(records)
    assert store.get_history() == ['there\0']
    store.add_record('a', {})


def test_the_path_of_an_error_names_the_record(store: Store) -> None:
    with pytest.raises(RecordError) as e:
        store.add_records([{'msg_id': 'a'}, {'msg_id': 'b', 'content': {'a': [object()]}}])
    assert e.value.path == '[1].content.a[0]'


def test_an_iterator_that_fails_adds_nothing(store: Store) -> None:
    def some() -> Iterator[dict[str, Any]]:
        yield {'msg_id': 'a'}
        raise ValueError('of the caller')

    with pytest.raises(ValueError, match='of the caller'):
        store.add_records(some())
    assert store.count() == 0


# --- by query


def test_find_records_gives_whole_records_by_default(store: Store) -> None:
    store.add_record('m', FULL)
    (found,) = store.find_records({'label': ''})
    assert found == store.get_record('m')
    assert store.find_records({}, ['label']) == [{'msg_id': 'm', 'label': ''}]
    assert store.find_records({}, []) == [{'msg_id': 'm'}]


def test_find_leaves_the_buffers_out_unless_asked(store: Store) -> None:
    store.add_record('m', FULL)
    assert tuple(next(store.find())) == TASKS.default_keys
    assert next(store.find(keys='buffers')) == {'msg_id': 'm', 'buffers': FULL['buffers']}


def test_find_sorts_skips_and_limits(store: Store) -> None:
    ids = fill(store, 10)
    assert [r['msg_id'] for r in store.find(sort=[('submitted', -1)], skip=2, limit=3)] == ids[7:4:-1]
    assert [r['msg_id'] for r in store.find({'submitted': {'$gte': NOON + timedelta(seconds=8)}})] == ids[8:]


def test_count(store: Store) -> None:
    fill(store, 5)
    assert store.count() == 5
    assert store.count({'submitted': {'$lt': NOON + timedelta(seconds=2)}}) == 2


def test_drop_matching_records(store: Store) -> None:
    ids = fill(store, 6)
    store.drop_matching_records({'msg_id': {'$in': map(str, ids[:4])}})
    assert store.get_history() == ids[4:]
    store.drop_matching_records({})
    assert store.count() == 0


def test_history_is_by_submission_and_those_without_come_first(store: Store) -> None:
    east = timezone(timedelta(hours=9))
    times = {'late': NOON, 'early': datetime(2026, 3, 1, 20, tzinfo=east), 'none': None, 'also none': None}
    for msg_id, submitted in times.items():
        store.add_record(msg_id, {'submitted': submitted})
    assert store.get_history() == ['none', 'also none', 'early', 'late']


def test_bad_queries_are_refused_by_the_call(store: Store) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.find({'nokey': 1}),
        lambda: store.find({}, ['nokey']),
        lambda: store.find(sort='nokey'),
        lambda: store.find(limit=-1),
        lambda: store.find_records({'label': {'$nop': 1}}),
        lambda: store.find_records(5),  # type: ignore[arg-type]
        lambda: store.count({'started': {'$gt': 5}}),
        lambda: store.explain({'nokey': 1}),
        lambda: store.drop_matching_records({'nokey': 1}),
        lambda: store.drop_matching_records(None),
    ]
    fill(store, 1)
    for call in calls:
        with pytest.raises(QueryError):
            call()
    assert store.count() == 1


def test_explain_names_the_index(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'tasks.db') as store:
        found = store.explain({'msg_id': 'm'}, ['label'])
    assert found.indexes == ('sqlite_autoindex_task_records_1',)
    assert 'm' in found.params.values()
    assert found.sql in str(found)
    assert 'SEARCH' in str(found)


def test_explain_of_dicts(tmp_path: Path) -> None:
    with mqsql.open('dict:') as store:
        assert store.explain({'msg_id': 'm'}).indexes == ()


# --- buffers


def test_buffers_are_a_list_that_is_read_when_looked_at(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
        found = store.get_record('m')['buffers']
        assert len(found) == 3
        assert found == FULL['buffers']
        assert FULL['buffers'] == found
        assert found != FULL['buffers'][:2]
        assert found == store.get_record('m')['buffers']
        assert found[1:] == FULL['buffers'][1:]
        assert found[-1] == b'last'
        assert [*found] == FULL['buffers']
        assert type(copy.deepcopy(found)) is list
        assert pickle.loads(pickle.dumps(found)) == FULL['buffers']
        assert not store.get_record('m')['result_buffers']


def test_buffers_of_one_record_serve_another(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
        store.add_record('n', store.get_record('m') | {'msg_id': 'n'})
        store.drop_record('m')
        assert store.get_record('n')['buffers'] == FULL['buffers']


@pytest.mark.parametrize('change', ['update', 'drop', 'drop matching', 'close'])
def test_buffers_that_are_gone_say_so(path: Path, change: str) -> None:
    store = mqsql.open(path)
    store.add_record('m', FULL)
    seen, unseen = store.get_record('m'), store.get_record('m')
    assert seen['buffers'][2] == b'last'
    changes: dict[str, Callable[[], None]] = {
        'update': lambda: store.update_record('m', {'buffers': [b'new', b'er', b'ones']}),
        'drop': lambda: store.drop_record('m'),
        'drop matching': lambda: store.drop_matching_records({}),
        'close': store.close,
    }
    changes[change]()
    assert seen['buffers'] == FULL['buffers']
    with pytest.raises(StorageError, match=r'gone|closed'):
        unseen['buffers'][0]
    store.close()


def test_blobs_go_with_their_records(path: Path) -> None:
    with mqsql.open(path) as store:
        store.add_record('m', FULL)
        store.add_record('n', {'buffers': [b'1', b'2'], 'result_buffers': [b'3']})
        assert blob_count(path) == 6
        store.update_record('m', {'stdout': 'more'})
        store.update_record('n', {'buffers': None, 'result_buffers': [b'4', b'5']})
        assert blob_count(path) == 5
        store.drop_matching_records({'msg_id': 'm'})
        assert blob_count(path) == 2
        store.drop_record('n')
        assert blob_count(path) == 0


@pytest.mark.parametrize(
    'url', [':memory:', 'dict:', 'tasks.db', 'duckdb:tasks.duckdb', 'parquet:tasks.parquet', 'mongodb://x/y.z']
)
@pytest.mark.parametrize('table', ['shop', {'a': 'String'}, None])
def test_a_table_that_is_none_is_named(url: str, table: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(mqsql.StorageError, match=r'table takes a mqsql\.Table, not '):
        mqsql.open(url, table=table)
    assert list(tmp_path.iterdir()) == []
