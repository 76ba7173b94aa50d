"""Limits on the cost of a query: statements, expressions and caches are bounded, each with an error that names the limit."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

import mqsql
from mqsql import QueryError, StorageError, compiler, limits, reference
from mqsql.compiler.rendering import _RENDERED
from mqsql.kept import Kept
from mqsql.limits.budget import MAX_BYTES, MAX_STEPS
from mqsql.storage import Store

DEEP = 'content' + '.a' * 49


@pytest.fixture(params=[':memory:', 'dict:'])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with mqsql.open(request.param) as store:
        store.add_record('m', {'label': 'run', 'content': {'a': 1, 'b': ['0', '1', '2'], 's': 'x' * 1_000}})
        store.add_record('n', {'label': 'other', 'content': {'a': [1, 2, 30], 'b': [str(i) for i in range(600)]}})
        yield store


# --- statements


@pytest.mark.parametrize('count', [19, 20, 21, 22, 500])
def test_all_of_many_values_finds_what_it_finds_of_few(store: Store, count: int) -> None:
    values = [str(i) for i in range(count)]
    assert [r['msg_id'] for r in store.find({'content.b': {'$all': values}})] == ['n']
    assert store.count({'content.b': {'$all': [*values, 'none']}}) == 0
    assert store.count({'content.b': {'$not': {'$all': [*values, 'none']}}}) == 2


def test_all_of_values_of_several_types(store: Store) -> None:
    mixed: list[Any] = [*range(30), *(str(i) for i in range(30)), None, True, [1], {'a': 1}, 2.5]
    store.add_record('mixed', {'content': {'c': mixed}})
    assert store.count({'content.c': {'$all': mixed}}) == 1
    for other in (31, '31', [2], {'a': 2}, False):
        assert store.count({'content.c': {'$all': [*mixed, other]}}) == 0


@pytest.mark.parametrize('count', [2, 21, 300])
def test_or_of_many_equalities_finds_what_in_finds(store: Store, count: int) -> None:
    for key in ('content.a', 'content.b', 'label'):
        for values in ([*map(str, range(count - 1)), 'run'], [*range(count)][::-1]):
            if key != 'label' or isinstance(values[0], str):
                alternatives = [{key: value} for value in values]
                found = [r['msg_id'] for r in store.find({key: {'$in': values}})]
                assert [r['msg_id'] for r in store.find({'$or': alternatives})] == found
                assert store.count({'$nor': alternatives}) == 2 - len(found)


def test_many_values_of_one_path_are_one_walk() -> None:
    few, many = (mqsql.compile({DEEP: {'$all': [str(i) for i in range(n)]}}) for n in (30, 5_000))
    assert few.sql == many.sql
    assert len(mqsql.compile({'$or': [{'content.a': i} for i in range(20_000)]}).sql) < 2_000


@pytest.mark.parametrize(
    'query',
    [
        {'$or': [{f'content.a{i}': i} for i in range(5_000)]},
        {'$and': [{DEEP: {'$ne': i}} for i in range(500)]},
        {'content.a': {'$elemMatch': {'$or': [{f'b{i}': i} for i in range(5_000)]}}},
        {
            '$jsonSchema': {
                'properties': {'content': {'anyOf': [{'properties': {'a': {'minimum': i}}} for i in range(5_000)]}}
            }
        },
    ],
)
def test_a_query_that_is_too_large_is_refused(query: Any) -> None:
    with pytest.raises(QueryError, match=r'too large.*10,000.*\$in'):
        mqsql.compile(query)


def test_sorting_by_more_keys_than_mongodb_takes(store: Store) -> None:
    assert len(list(store.find({}, sort=[(f'content.k{i}', 1) for i in range(32)]))) == 2
    with pytest.raises(QueryError, match='at most 32 keys'):
        store.find({}, sort=[(f'content.k{i}', 1) for i in range(33)])


def test_more_elem_match_in_a_projection_than_sqlite_has_columns() -> None:
    with pytest.raises(QueryError, match=r'at most 1,000 \$elemMatch'):
        mqsql.compile({}, projection={f'content.a{i}': {'$elemMatch': {'b': 1}} for i in range(1_001)})


@pytest.mark.parametrize(
    'query',
    [
        {'$or': [{f'content.b{i}': i} for i in range(1_000)]},
        {'msg_id': {'$in': [str(i) for i in range(100_000)]}},
        {'$expr': {'$in': ['$label', [str(i) for i in range(100_000)]]}},
        {'$jsonSchema': {'properties': {'content': {'properties': {f'b{i}': {'minimum': 1} for i in range(1_000)}}}}},
    ],
)
def test_the_deadline_holds_while_a_query_is_compiled(query: Any) -> None:
    with limits.deadline(1e-9), pytest.raises(StorageError, match='query_timeout'):
        mqsql.compile(query)


@pytest.mark.parametrize(
    'query', [{'content.b': {'$all': [str(i) for i in range(100)]}}, {'$expr': {'$gt': ['$content.a', 0]}}, {}]
)
def test_the_deadline_holds_while_the_reference_looks_at_records(query: Any) -> None:
    records = [{'msg_id': str(i), 'content': {'a': i}} for i in range(10)]
    with limits.deadline(1e-9), pytest.raises(StorageError, match='query_timeout'):
        reference.find(records, query)


# --- expressions

NUMBERS = {'$range': ['$content.a', 1_000_000]}

TOO_MUCH = {
    'arrays of arrays': {'$map': {'input': NUMBERS, 'as': 'x', 'in': NUMBERS}},
    'many arrays': [NUMBERS] * 50,
    'text that doubles': {
        '$reduce': {
            'input': {'$range': [0, 60]},
            'initialValue': '$content.s',
            'in': {'$concat': ['$$value', '$$value']},
        }
    },
    'an array that doubles': {
        '$reduce': {
            'input': {'$range': [0, 60]},
            'initialValue': '$content.b',
            'in': {'$concatArrays': ['$$value', '$$value']},
        }
    },
    'a text replaced': {
        '$reduce': {
            'input': {'$range': [0, 60]},
            'initialValue': '$content.s',
            'in': {'$replaceAll': {'input': '$$value', 'find': 'x', 'replacement': 'xxxx'}},
        }
    },
    'a value compared that holds itself often': {
        '$eq': [
            1,
            {'$reduce': {'input': {'$range': [0, 60]}, 'initialValue': ['$label'], 'in': ['$$value', '$$value']}},
        ]
    },
    'objects': {'$map': {'input': NUMBERS, 'in': {'$objectToArray': {'a': 1, 'b': '$$this', 'c': {'d': ['$$this']}}}}},
}


@pytest.mark.parametrize('name', TOO_MUCH)
def test_an_expression_that_makes_or_does_too_much(store: Store, name: str) -> None:
    with pytest.raises(QueryError, match=r'^\$expr.*(steps|MB)'):
        store.count({'msg_id': 'm', '$expr': {'$eq': [{'$type': [TOO_MUCH[name]]}, 'array']}})


def test_what_is_computed_while_a_query_is_read_is_bounded_for_all_of_it(store: Store) -> None:
    constant = {'$eq': [{'$size': {'$range': [0, 1_000_000]}}, 1]}
    with pytest.raises(QueryError, match=r'steps|MB'):
        store.find({}, projection={f'x{i}': {'$range': [0, 1_000_000]} for i in range(50)})
    assert store.count({'$expr': constant}) == 0


def test_a_million_numbers_are_not_too_much(store: Store) -> None:
    doubled = {'$map': {'input': {'$range': [0, 1_000_000]}, 'in': {'$add': ['$$this', '$content.a']}}}
    assert store.count({'msg_id': 'm', '$expr': {'$eq': [{'$sum': doubled}, 500_000_500_000]}}) == 1


def test_each_record_has_a_budget_of_its_own(store: Store) -> None:
    for i in range(3):
        store.add_record(f'more{i}', {'content': {'a': 1}})
    numbers = {'$range': [{'$cond': [{'$isArray': '$content.a'}, 0, 0]}, 1_000_000]}
    assert store.count({'$expr': {'$eq': [{'$size': [{'$concatArrays': [numbers, numbers]}]}, 2_000_000]}}) == 5


def wrapped(times: int, inner: list[str]) -> dict[str, Any]:
    return {'$reduce': {'input': {'$range': [0, times]}, 'initialValue': '$label', 'in': inner}}


def test_a_projection_that_computes_what_has_no_end_when_written(store: Store) -> None:
    with pytest.raises(QueryError, match=r'^projection: computes more than 150 MB for the answer'):
        list(store.find({}, projection={'z': wrapped(60, ['$$value', '$$value'])}))
    with pytest.raises(QueryError, match=r'^projection: computes a value that is nested deeper than 180 levels'):
        list(store.find({}, projection={'z': wrapped(1_000, ['$$value'])}))
    assert list(store.find({'msg_id': 'm'}, projection={'z': wrapped(2, ['$$value'])})) == [
        {'msg_id': 'm', 'z': [['run']]}
    ]


@pytest.mark.parametrize('url', [':memory:', 'dict:'])
def test_what_is_computed_for_an_answer_is_bounded_where_its_time_is(url: str) -> None:
    large = {'z': {'$replaceAll': {'input': '$stdout', 'find': 'a', 'replacement': 'b' * 1_000}}}
    with mqsql.open(url, query_timeout=600) as store:
        for i in range(40):
            store.add_record(str(i), {'stdout': 'a' * 5_000})
        for find in (store.find, store.find_records):
            with pytest.raises(QueryError, match='computes more than 150 MB for the answer'):
                for _ in find({}, large):
                    pass
        assert len(list(store.find({}, projection=large, limit=10))) == 10


def test_records_of_dicts_are_made_one_by_one() -> None:
    records = [{'msg_id': str(i), 'content': {'a': i}} for i in (1, 0)]
    found = iter(reference.found(records, projection={'z': {'$divide': [1, '$content.a']}}))
    assert next(found) == {'msg_id': '1', 'z': 1.0}
    with pytest.raises(QueryError, match='zero'):
        next(found)


def test_the_deadline_holds_within_an_expression(store: Store) -> None:
    slow = {'$map': {'input': {'$range': [0, 1_000_000]}, 'in': {'$eq': ['$$this', '$content.b']}}}
    with limits.deadline(0.05), pytest.raises(StorageError, match='query_timeout'):
        store.count({'msg_id': 'm', '$expr': {'$size': [slow]}})


def test_limits_of_an_expression_are_those_that_the_message_names() -> None:
    assert (MAX_STEPS, MAX_BYTES) == (6_000_000, 150_000_000)


# --- what is kept


def test_large_statements_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_RENDERED, 'room', 1_000_000)
    before = _RENDERED.size
    for i in range(2):
        mqsql.compile({'$or': [{f'content.large{i}.{j}': j} for j in range(100)]})
    assert _RENDERED.size == before


def test_statements_are_kept_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    _RENDERED.cache_clear()
    monkeypatch.setattr(_RENDERED, 'room', 1_000_000)
    for i in range(20):
        mqsql.compile({'$or': [{f'content.kept{i}.{j}': j} for j in range(20)]})
    assert 500_000 < _RENDERED.size <= _RENDERED.room
    gc.collect()


def test_the_statements_that_are_kept_can_be_cleared() -> None:
    before = mqsql.compile({'content.cleared': 1}).sql
    _RENDERED.cache_clear()
    assert _RENDERED.size == 0
    assert mqsql.compile({'content.cleared': 1}).sql is not before


def test_a_statement_that_is_asked_for_again_is_kept() -> None:
    query = {'content.again': 1}
    assert mqsql.compile(query).sql is mqsql.compile({'content.again': 2}).sql
    assert compiler.compile_count(query).sql is compiler.compile_count(query).sql


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    kept: Kept[int, str] = Kept(40)
    made = []

    def get(key: int, size: int = 10) -> str:
        def make(key: int) -> tuple[str, int]:
            made.append(key)
            return str(key), size

        return kept.get(key, make)

    for key in (1, 2, 3, 4, 1, 5, 6, 1):
        assert get(key) == str(key)
    assert made == [1, 2, 3, 4, 5, 6]
    assert get(2) == '2'
    assert made[-1] == 2
    assert get(7, size=11) == get(7, size=11) == '7'
    assert made[-2:] == [7, 7]
    assert kept.size == 40
