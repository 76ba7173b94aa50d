"""Forms of pymongo work; what is refused says what to write instead."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from store_files import with_indexes

import mqsql
from mqsql import reference
from mqsql.schema import Record
from mqsql.storage import Store

RECORDS: list[Record] = [
    {'msg_id': 'm1', 'label': 'b', 'queue': 'x', 'content': {'n': 2, 'grades': [{'g': 1}, {'g': 9}]}},
    {'msg_id': 'm2', 'label': 'a', 'queue': 'x', 'content': {'n': 1}},
    {'msg_id': 'm3', 'label': 'a', 'queue': 'y', 'content': {'n': 3}},
]


@pytest.fixture(autouse=True)
def filled(store: Store) -> None:
    """Three records."""
    for record in RECORDS:
        store.add_record(record['msg_id'], record)


def answers(store: Store, *args: Any, **options: Any) -> list[Record]:
    """What the store and the reference find, which must be the same, and what `compile` and `explain` take too."""
    found = list(store.find(*args, **options))
    assert found == reference.find(RECORDS, *args, **options)
    assert mqsql.compile(*(args or ({},) if 'filter' not in options else args), **options).sql
    store.explain(*args, **options)
    assert store.find_one(*args, **options) == (found[0] if found else None)
    return found


def order(store: Store, sort: Callable[[], Any]) -> str:
    """In which order the records come."""
    found = [record['msg_id'] for record in store.find({}, [], sort=sort())]
    assert found == [record['msg_id'] for record in reference.find(RECORDS, {}, [], sort=sort())]
    return ''.join(found).replace('m', '')


# --- sort and index


@pytest.mark.parametrize(
    ('sort', 'expected'),
    [
        (lambda: 'label', '231'),
        (lambda: ('label', -1), '123'),
        (lambda: ['label', -1], '123'),
        (lambda: ('label', -1.0), '123'),
        (lambda: ['label', 'content.n'], '231'),
        (lambda: ('label', 'content.n'), '231'),
        (lambda: [('label', 1), ('content.n', -1)], '321'),
        (lambda: [['label', 1], ['content.n', -1]], '321'),
        (lambda: (('label', 1), ('content.n', -1)), '321'),
        (lambda: [('queue', -1), 'label'], '321'),
        (lambda: ['queue', ('content.n', -1)], '123'),
        (lambda: {'label': -1}, '123'),
        (lambda: {'label': 1, 'content.n': -1}, '321'),
        (lambda: OrderedDict(label=1, queue=-1), '321'),
        (lambda: {'label': 1, 'content.n': -1}.items(), '321'),
        (lambda: iter([('label', 1), ('content.n', -1)]), '321'),
        (lambda: (key for key in ('label', 'content.n')), '231'),
        (lambda: [{'label': 1}, {'content.n': -1}], '321'),
        (lambda: [('$natural', 1)], '123'),
        (lambda: [('$natural', -1)], '321'),
        (lambda: {'$natural': -1}, '321'),
        (lambda: '$natural', '123'),
        (list, '123'),
        (dict, '123'),
        (lambda: None, '123'),
    ],
)
@with_indexes
def test_sort_takes_every_form_of_pymongo(store: Store, sort: Callable[[], Any], expected: str) -> None:
    assert order(store, sort) == expected
    store.create_index([('label', 1), ('content.n', -1)])
    assert order(store, sort) == expected


def test_natural_order_goes_with_limit_and_skip(store: Store) -> None:
    last = answers(store, {}, [], sort=[('$natural', -1)], limit=1, skip=1)
    assert last == [{'msg_id': 'm2'}]


@pytest.mark.parametrize(
    'keys',
    ['label', ('label', -1), ['label', 'content.n'], {'label': -1, 'content.n': 1}, [('label', 1), 'queue'],
     {'label': 1}.items(), (('label', 1.0),), [{'label': 1}]],
)  # fmt: skip
@with_indexes
def test_an_index_takes_the_forms_of_sort(store: Store, keys: Any) -> None:
    name = store.create_index(keys)
    assert name in store.list_indexes()
    store.drop_index(keys)
    assert name not in store.list_indexes()


@pytest.mark.parametrize(
    ('sort', 'message'),
    [
        ({'label': 'asc'}, "the direction of 'label' (str) is 1 or -1, not 'asc' (str)"),
        ({'label': 2}, "the direction of 'label' (str) is 1 or -1, not 2 (int)"),
        ([('label', True)], "the direction of 'label' (str) is 1 or -1, not True (bool)"),
        (('label', None), "the direction of 'label' (str) is 1 or -1, not None (NoneType)"),
        ([5], 'takes keys and pairs of (key, 1 or -1), not 5 (int)'),
        ([('label', 1, 2)], "takes keys and pairs of (key, 1 or -1), not ['label', 1, 2] (list)"),
        (5, 'takes a key, a list of (key, 1 or -1) or a dict, not 5 (int)'),
        ([(5, 1)], 'a key is text, not 5 (int)'),
    ],
)
def test_a_sort_that_stays_refused_says_what_it_takes(store: Store, sort: Any, message: str) -> None:
    with pytest.raises(mqsql.QueryError, match=re.escape(f'sort: {message}')):
        mqsql.compile({}, sort=sort)
    for ask in (store.find, lambda query, **options: reference.find([], query, **options)):
        with pytest.raises(mqsql.QueryError, match='sort: '):
            ask({}, sort=sort)
    with pytest.raises(mqsql.QueryError, match=re.escape(f'index: {message}')):
        store.create_index(sort)


@pytest.mark.parametrize('sort', [[('$natural', 1), 'label'], ['label'] * 33], ids=str)
def test_natural_order_is_not_combined_and_keys_have_a_limit(store: Store, sort: Any) -> None:
    for ask in (lambda: store.find({}, sort=sort), lambda: reference.find([], {}, sort=sort)):
        with pytest.raises(mqsql.QueryError, match=r'^sort: '):
            ask()


# --- projection and filter


@pytest.mark.parametrize(
    ('args', 'options'),
    [
        (({}, {'label': 1}), {}),
        (({},), {'projection': {'label': 1}}),
        (({},), {'projection': ['label']}),
        (({},), {'projection': ('label',)}),
        (({},), {'projection': {'label': 1}.keys()}),
        (({},), {'projection': {'label': True}}),
        (({}, OrderedDict(label=1)), {}),
        (({},), {'keys': {'label': 1}}),
        (({}, ['label']), {}),
        ((), {'filter': {}, 'projection': ['label']}),
        ((None, None), {'filter': {}, 'projection': {'label': 1}}),
    ],
)
def test_a_projection_is_taken_where_pymongo_takes_one(store: Store, args: Any, options: Any) -> None:
    found = answers(store, *args, **options)
    assert found == [{'msg_id': f'm{i}', 'label': label} for i, label in ((1, 'b'), (2, 'a'), (3, 'a'))]


def test_a_projection_leaves_out_and_an_empty_one_is_none(store: Store) -> None:
    assert all('label' not in record for record in answers(store, {}, {'label': 0}))
    assert answers(store, {}, {}) == answers(store, {})
    assert answers(store, {}, projection={}) == answers(store, {})
    assert answers(store, {}, projection=[]) == [{'msg_id': 'm1'}, {'msg_id': 'm2'}, {'msg_id': 'm3'}]


def test_keys_and_projection_are_not_given_together(store: Store) -> None:
    for keys in (['label'], {'label': 1}):
        for ask in (
            store.find,
            store.find_one,
            store.explain,
            mqsql.compile,
            lambda *a, **o: reference.find([], *a, **o),
        ):
            with pytest.raises(mqsql.QueryError, match='projection: give keys or projection, not both'):
                ask({}, keys, projection={'label': 1})


def test_the_query_may_be_called_filter_everywhere(store: Store) -> None:
    query = {'label': 'a'}
    assert answers(store, filter=query, sort='content.n') == answers(store, query, sort={'content.n': 1})
    assert store.find_one(filter=query) == store.find_one(query)
    assert store.count(filter=query) == reference.count(RECORDS, filter=query) == 2
    assert store.distinct('content.n', filter=query) == reference.distinct(RECORDS, 'content.n', filter=query) == [1, 3]
    assert store.explain(filter=query) == store.explain(query)
    assert mqsql.compile(filter=query).sql == mqsql.compile(query).sql
    for ask in (store.find, store.count, store.explain, store.find_one, store.drop_matching_records, mqsql.compile):
        with pytest.raises(mqsql.QueryError, match='two names of one argument'):
            ask(query, filter=query)
    store.drop_matching_records(filter=query)
    assert store.count() == 1


def test_a_text_is_the_key_of_the_record_to_find(store: Store) -> None:
    found = store.find_one('m2', ['label'])
    assert found == {'msg_id': 'm2', 'label': 'a'}
    assert store.find_one('m9') is None
    with pytest.raises(mqsql.QueryError, match=r'json\.loads\(text\)'):
        store.find_one('{"label": "a"}')


# --- what is called otherwise


@pytest.mark.parametrize('method', ['find', 'find_one', 'count', 'distinct', 'explain'])
@pytest.mark.parametrize(
    'option', ['batch_size', 'hint', 'max_time_ms', 'session', 'comment', 'allow_disk_use', 'no_such']
)
def test_an_option_that_is_not_there_names_the_method(store: Store, method: str, option: str) -> None:
    args = ['label'] if method == 'distinct' else []
    expected = f"^{method}\\(\\) got an unexpected keyword argument '{option}'" + ('$' if option == 'no_such' else '; ')
    with pytest.raises(TypeError, match=expected):
        getattr(store, method)(*args, **{option: 1})


@pytest.mark.parametrize('option', ['unique', 'name', 'background', 'sparse', 'expireAfterSeconds', 'no_such'])
def test_an_option_of_an_index_that_is_not_there(store: Store, option: str) -> None:
    expected = f"got an unexpected keyword argument '{option}'" + ('$' if option == 'no_such' else '; ')
    options: Any = {option: 1}
    with pytest.raises(TypeError, match=expected):
        store.create_index('label', **options)


@pytest.mark.parametrize(
    ('name', 'instead'),
    [
        ('count', r'store\.count\(query\)'),
        ('rewind', r'store\.find\(…\)'),
        ('max_time_ms', 'query_timeout'),
    ],
)
def test_an_answer_says_what_a_method_is_called_here(store: Store, name: str, instead: str) -> None:
    found: Any = store.find({})
    with pytest.raises(AttributeError, match=f"the answer of find has no attribute '{name}'; write .*{instead}"):
        getattr(found, name)
    assert len(list(found)) == 3
    found.close()
    found.close()
    assert list(found) == []
    assert not hasattr(found, 'no_such')


@pytest.mark.parametrize(
    ('name', 'instead'),
    [('count_documents', 'count(query)'), ('insert_one', 'add_record(key, record)'), ('update_one', 'update_record(key'),
     ('delete_many', 'drop_matching_records(query)'), ('aggregate', 'find(query'), ('index_information', 'list_indexes()')],
)  # fmt: skip
def test_a_store_says_what_a_method_is_called_here(store: Store, name: str, instead: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"a store has no attribute '{name}'; write {instead}")):
        getattr(store, name)
    assert not hasattr(store, 'no_such')


# --- queries that are none


SAID: list[tuple[Any, str]] = [
    ({'$set': {'label': 'a'}}, '$set is an update operator'),
    ({'label': {'$set': 1}}, 'label.$set: $set is an update operator'),
    ({'content.n': {'$inc': 1}}, 'update_record(key, changes)'),
    ({'$push': {'content.list': 1}}, 'is an update operator'),
    ({'$match': {'label': 'a'}}, '$match is a stage of a pipeline'),
    ({'$group': {'_id': '$label'}}, 'is a stage of a pipeline'),
    ({'label': {'$lookup': {}}}, 'is a stage of a pipeline'),
    ({'$project': {'label': 1}}, 'write projection=…'),
    ({'$sort': {'label': 1}}, 'write sort=…'),
    ({'$limit': 1}, 'write limit=…'),
    ({'$where': 'this.a'}, '$expr compares keys'),
    ({'$text': {'$search': 'a'}}, '$regex and $glob'),
    ({'label': {'$like': 'a%'}}, '$regex and $glob'),
    ({'content.n': {'$between': [1, 2]}}, '$gte and $lt'),
    ({'$gt': 5}, "{'key': {'$gt': …}}"),
    ({'label': {'$or': []}}, 'write it where a key would be'),
    ({'_id': 'm1'}, "the key of a record is 'msg_id' here"),
    ({'label': {'$GT': 'a'}}, "did you mean '$gt'?"),
    ([{'$match': {'label': 'a'}}], 'what its $match takes is a query'),
    (json.dumps({'label': 'a'}), 'json.loads(text)'),
]  # fmt: skip


@pytest.mark.parametrize(('query', 'said'), SAID, ids=[str(query) for query, _ in SAID])
def test_what_is_no_query_is_refused_by_what_it_is(store: Store, query: Any, said: str) -> None:
    for ask in (
        store.find,
        store.count,
        mqsql.compile,
        lambda query: reference.find([], query),
        store.drop_matching_records,
    ):
        with pytest.raises(mqsql.QueryError, match=re.escape(said)):
            ask(query)


@pytest.mark.parametrize('name', ['$foo', '$zz', '$exclude', '$is', '$x'])
def test_no_silly_name_is_suggested(name: str) -> None:
    with pytest.raises(mqsql.UnknownNameError) as refused:
        mqsql.compile({'label': {name: 1}})
    assert 'did you mean' not in str(refused.value)


def test_the_positional_operator_names_elem_match(store: Store) -> None:
    for ask in (store.find, mqsql.compile, lambda query, **o: reference.find([], query, **o)):
        with pytest.raises(mqsql.QueryError, match=r"'grades': \{'\$elemMatch'"):
            ask({}, projection={'content.grades.$': 1})
    query: Mapping[str, Any] = {'content.grades': {'$elemMatch': {'g': 9}}}
    found = answers(store, query, projection=query)
    assert found == [{'msg_id': 'm1', 'content': {'grades': [{'g': 9}]}}]


def test_a_time_on_a_text_column_tells_how_it_may_have_come_there(store: Store) -> None:
    # As hubs read {'queue': '2026-01-01T10:00:00'}.
    for ask in (store.count, lambda query: reference.find([], query)):
        with pytest.raises(mqsql.QueryError, match=r'a decoder of JSON made a time of your text, .* \$regex'):
            ask({'queue': datetime(2026, 1, 1, 10, tzinfo=UTC)})
