"""The answer of `find`: what may be asked of it before it is read, and how it is read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import mqsql
from mqsql.storage import Store


@pytest.fixture(autouse=True)
def filled(store: Store) -> None:
    """Five records."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    store.add_records(
        [
            {'msg_id': f'm{i}', 'label': 'bAcab'[i], 'submitted': start.replace(hour=i), 'content': {'n': -i}}
            for i in range(5)
        ]
    )


def ids(answer: Any) -> str:
    """Which records come, in which order."""
    return ''.join(record['msg_id'] for record in answer).replace('m', '')


def test_an_answer_is_sorted_limited_and_skipped_as_a_cursor_of_pymongo(store: Store) -> None:
    assert ids(store.find({}, ['label']).sort('msg_id', -1)) == '43210'
    assert ids(store.find({}, ['label']).sort([('label', 1), ('msg_id', -1)])) == '13402'
    assert ids(store.find().sort({'content.n': 1}).skip(1).limit(2)) == '32'
    assert ids(store.find({'label': 'b'}).sort('submitted', -1).limit(1)) == '4'
    assert ids(store.find().sort('label').collation({'locale': 'en', 'strength': 2})) == '13042'
    assert ids(store.find(limit=2).limit(0)) == '01234'
    assert ids(store.find(limit=2).limit(None).sort('msg_id').sort('msg_id', -1)) == '43210'


def test_a_call_changes_the_answer_itself(store: Store) -> None:
    found = store.find({}, [])
    assert found.limit(2) is found
    assert ids(found) == '01'
    assert ids(found) == ''


def test_a_call_asks_again(store: Store) -> None:
    found, other = store.find({}, []), store.find({}, [])
    store.drop_record('m0')
    assert ids(found.sort('msg_id')) == '1234'
    assert ids(other) == '01234'


def test_other_arguments_stay(store: Store) -> None:
    assert store.find({}, {'label': 1, 'msg_id': 0}).sort('msg_id').limit(1).to_list() == [{'label': 'b'}]
    assert store.find(filter={'msg_id': 'm3'}, keys='content.n').skip(0).to_list() == [
        {'msg_id': 'm3', 'content': {'n': -3}}
    ]


@pytest.mark.parametrize('name', ['keys', 'sort', 'projection'])
def test_an_iterator_is_read_once(store: Store, name: str) -> None:
    options: Any = {name: iter(['label'])}
    found = store.find({}, **options).skip(4).to_list()
    assert [set(record) >= {'msg_id', 'label'} for record in found] == [True]


def test_an_iterator_in_a_query_cannot_be_asked_again(store: Store) -> None:
    found = store.find({'msg_id': {'$in': iter(['m1', 'm2'])}}, [])
    with pytest.raises(mqsql.QueryError, match=r'limit: the query has an iterator.*write find\(…, limit=…\)'):
        found.limit(1)
    assert ids(found) == '12'
    assert ids(store.find({'msg_id': {'$in': range(0)}}).limit(1)) == ''


@pytest.mark.parametrize('begin', [iter, next, list, lambda found: found.close(), lambda found: found.to_list(1)])
@pytest.mark.parametrize('call', ['sort', 'limit', 'skip', 'collation'])
def test_an_answer_that_is_read_cannot_be_changed(store: Store, begin: Any, call: str) -> None:
    found = store.find()
    begun = begin(found)
    argument = {'sort': 'label', 'collation': {'locale': 'en'}}.get(call, 1)
    with pytest.raises(mqsql.QueryError, match=rf'^{call}\(\) comes before the first record is read; call find again$'):
        getattr(found, call)(argument)
    del begun


@pytest.mark.parametrize(
    ('call', 'argument', 'said'),
    [('sort', 'lable', 'label'), ('limit', -1, 'limit'), ('skip', 'x', 'skip'), ('collation', {'locale': 'xx'}, 'xx')],
)
def test_a_refused_call_changes_nothing(store: Store, call: str, argument: Any, said: str) -> None:
    found = store.find({}, [])
    with pytest.raises(mqsql.QueryError, match=said):
        getattr(found, call)(argument)
    assert ids(found) == '01234'


def test_lists(store: Store) -> None:
    found = store.find({}, [])
    assert ids(found.to_list(2)) == '01'
    assert ids(found.to_list(0)) == ''
    assert ids(found.to_list()) == '234'
    assert found.to_list() == []
    for wrong in (-1, 1.5, '2', True):
        with pytest.raises(mqsql.QueryError, match='to_list: takes a number of records'):
            found.to_list(wrong)  # type: ignore[arg-type]


def test_the_call_itself_still_finds_mistakes(store: Store) -> None:
    for options in ({'sort': 'lable'}, {'limit': -1}, {'keys': ['lable']}):
        with pytest.raises(mqsql.QueryError):
            store.find({}, **options)
    with pytest.raises(mqsql.QueryError):
        store.find({'$nope': 1})


def test_an_answer_is_an_iterator(store: Store) -> None:
    found = store.find()
    assert isinstance(found, Iterator)
    assert next(found)['msg_id'] == 'm0'
    with pytest.raises(AttributeError, match=r'write store.find\(…\), which asks again'):
        found.rewind()  # type: ignore[attr-defined]


def test_a_closed_store_ends_an_answer(store: Store) -> None:
    found = store.find()
    store.close()
    with pytest.raises(mqsql.StorageError):
        found.sort('label')
    with pytest.raises(mqsql.StorageError):
        list(found)
