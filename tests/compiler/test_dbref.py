"""A DBRef, the object by which MongoDB's drivers name another, is a value in a query although its keys begin with $."""

from collections.abc import Iterator
from typing import Any

import pytest
from stores import filled

import mqsql
from mqsql import QueryError, reference
from mqsql.errors import UnknownNameError
from mqsql.storage import Store

REF = {'$ref': 'users', '$id': 1}
FULL = {**REF, '$db': 'other'}
RECORDS: list[dict[str, Any]] = [
    {'msg_id': 'ref', 'content': {'a': REF, 'list': [REF, {'$ref': 'users', '$id': 2}]}},
    {'msg_id': 'full', 'content': {'a': FULL, 'list': [FULL, {'x': 1}]}},
    {'msg_id': 'turned', 'content': {'a': {'$id': 1, '$ref': 'users'}, 'list': [{'$id': 'B', '$ref': 'USERS'}]}},
    {'msg_id': 'none', 'content': {'a': 1, 'list': [1]}},
]


@pytest.fixture(scope='module')
def store() -> Iterator[Store]:
    with filled(RECORDS) as opened:
        yield opened


def test_it_comes_back_as_it_was(store: Store) -> None:
    assert [record['content'] for record in store.find({}, 'content')] == [record['content'] for record in RECORDS]


@pytest.mark.parametrize(
    ('query', 'keys'),
    [
        ({'content.a': REF}, ['ref']),
        ({'content.a': FULL}, ['full']),
        ({'content.a': {'$id': 1, '$ref': 'users'}}, ['turned']),
        ({'content.a': {**REF, 'more': 1}}, []),
        ({'content.a': {'$gt': 0, **REF}}, []),
        ({'content.a': {'$eq': REF}}, ['ref']),
        ({'content.a': {'$not': {'$eq': REF}}}, ['full', 'turned', 'none']),
        ({'content.a': {'$in': [REF, 1]}}, ['ref', 'none']),
        ({'content.a': {'$nin': [REF, FULL]}}, ['turned', 'none']),
        ({'content.list': REF}, ['ref']),
        ({'content.list': {'$all': [REF]}}, ['ref']),
        ({'content.a.$id': 1}, ['ref', 'full', 'turned']),
        # in an element, the names are fields; some of them are enough
        ({'content.list': {'$elemMatch': REF}}, ['ref', 'full']),
        ({'content.list': {'$elemMatch': {'$id': 2}}}, ['ref']),
        ({'content.list': {'$elemMatch': {'$db': 'other', '$ref': 'users'}}}, ['full']),
        ({'content.list': {'$elemMatch': {'$or': [{'$id': 2}, {'x': 1}]}}}, ['ref', 'full']),
        ({'content.list': {'$elemMatch': {'$id': {'$gt': 1}}}}, []),
        ({'content.list': {'$elemMatch': {'x': 1, '$id': None}}}, ['full']),
    ],
)
def test_what_is_found(store: Store, query: Any, keys: list[str]) -> None:
    assert [record['msg_id'] for record in store.find(query, [])] == keys
    assert [record['msg_id'] for record in RECORDS if reference.matches(record, query)] == keys


def test_the_collation_is_for_the_id_alone(store: Store) -> None:
    english = {'locale': 'en', 'strength': 2}
    for query, keys in [({'$id': 'b'}, ['turned']), ({'$ref': 'Users'}, [])]:
        asked = {'content.list': {'$elemMatch': query}}
        assert [record['msg_id'] for record in store.find(asked, [], collation=english)] == keys
        assert [record['msg_id'] for record in reference.find(RECORDS, asked, [], collation=english)] == keys


def test_the_first_element_that_matches_is_kept(store: Store) -> None:
    wanted = {'content.list': {'$elemMatch': {'$id': 1}}}
    kept = [record['content'].get('list') for record in store.find({}, projection=wanted)]
    assert kept == [[REF], [FULL], None, None]
    assert kept == [record['content'].get('list') for record in reference.find(RECORDS, projection=wanted)]


@pytest.mark.parametrize(
    'query',
    [
        {'content.a': {'$ref': 'users'}},
        {'content.a': {'$id': 1}},
        {'content.a': {'$not': REF}},
        {'content.a': {'$in': [{'$id': 1}]}},
        {'$id': 1},
        {'$ref': 'users', '$id': 1},
    ],
)
def test_what_is_none(query: Any) -> None:
    with pytest.raises(QueryError) as refusal:
        mqsql.compile(query)
    with pytest.raises(QueryError) as other:
        reference.find([], query)
    assert isinstance(refusal.value, UnknownNameError) == isinstance(other.value, UnknownNameError)


@pytest.mark.parametrize(
    ('projection', 'content'),
    [
        ({'content.a.$id': 1}, {'a': {'$id': 1}}),
        ({'content.a': {'$id': True}}, {'a': {'$id': 1}}),
        ({'content': {'a': {'$db': 1, '$ref': 1}}}, {'a': {'$ref': 'users', '$db': 'other'}}),
        ({'content.list.$id': 1}, {'list': [{'$id': 1}, {}]}),
        ({'content.list': 0, 'content.a.$id': 0}, {'a': {'$ref': 'users', '$db': 'other'}}),
        ({'content.a.$id': '$content.a.$db'}, {'a': {'$id': 'other'}}),
        ({'content': {'n': {'$add': ['$content.a.$id', 1]}}}, {'n': 2}),
    ],
)
def test_its_fields_can_be_named_in_a_projection(store: Store, projection: Any, content: Any) -> None:
    (found,) = store.find({'msg_id': 'full'}, projection=projection)
    (expected,) = reference.find(RECORDS, {'msg_id': 'full'}, projection=projection)
    assert repr(found['content']) == repr(expected['content']) == repr(content)


@pytest.mark.parametrize(
    'projection', [{'content.a.$idea': 1}, {'content.a': {'$idea': 1}}, {'content.a': {'$id': 1, '$sum': 1}}]
)
def test_other_names_with_a_dollar_cannot(projection: Any) -> None:
    for find in (mqsql.compile, lambda query, projection: reference.find([], query, projection=projection)):
        with pytest.raises(QueryError):
            find({}, projection=projection)
