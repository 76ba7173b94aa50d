"""How deep a query may be nested; one that is deeper, or contains itself, is a QueryError everywhere."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import mqsql
from mqsql import QueryError, reference
from mqsql.storage import Store


@pytest.fixture(params=[':memory:', 'dict:'])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with mqsql.open(request.param) as store:
        inner: Any = {'x': 1}
        for _ in range(20):
            inner = {'b': [inner]}
        store.add_record('deep', {'content': {'a': [inner]}, 'label': 'run'})
        store.add_record('flat', {'content': {'a': [{'x': 1}]}})
        yield store


def around(levels: int, start: Any, wrap: Callable[[Any], Any]) -> Any:
    for _ in range(levels):
        start = wrap(start)
    return start


def matching(levels: int, key: str = 'b') -> Any:
    return {'content.a': {'$elemMatch': around(levels, {'x': 1}, lambda query: {key: {'$elemMatch': query}})}}


def conditions(levels: int) -> Any:
    return around(
        levels, '$label', lambda inner: {'$cond': {'if': {'$eq': ['$label', 'run']}, 'then': inner, 'else': 0}}
    )


def test_twenty_elem_match_within_each_other(store: Store) -> None:
    assert [record['msg_id'] for record in store.find(matching(20))] == ['deep']


def test_elem_match_on_paths_within_each_other_stay_small() -> None:
    sizes = [len(mqsql.compile(matching(levels, 'b.c')).sql) for levels in (5, 10, 20)]
    assert sizes[2] < 3 * sizes[1] < 9 * sizes[0]


def test_elem_match_on_paths_within_each_other_find_as_the_reference_does() -> None:
    record = {'msg_id': 'm', 'content': {'a': [{'b': {'c': [{'b': [{'c': [{'x': 1}]}, 3]}, 4]}}]}}
    with mqsql.open(':memory:') as store:
        store.add_record('m', {'content': record['content']})
        for levels in range(4):
            query = matching(levels, 'b.c')
            assert store.count(query) == reference.count([record], query) == (levels == 2)


def test_fifty_cond_within_each_other(store: Store) -> None:
    query = {'$expr': {'$eq': [conditions(50), 'run']}}
    assert [record['msg_id'] for record in store.find(query)] == ['deep']


def cyclic_dict() -> Any:
    query: dict[str, Any] = {}
    query['$nor'] = [query]
    return query


def cyclic_list() -> list[Any]:
    values: list[Any] = []
    values.append(values)
    return values


TOO_DEEP = {
    'elem match': matching(2_000),
    'nor': around(2_000, {'label': 'x'}, lambda query: {'$nor': [query]}),
    'not': {'label': around(2_000, {'$gt': 'x'}, lambda test: {'$not': test})},
    'cond': {'$expr': conditions(2_000)},
    'abs': {'$expr': around(2_000, '$label', lambda inner: {'$abs': inner})},
    'list': {'$expr': around(2_000, 1, lambda inner: [inner])},
    'value': {'content.a': around(2_000, 1, lambda inner: [inner])},
    'values': {'content.a': {'$in': [around(2_000, 1, lambda inner: {'a': inner})]}},
    'schema': {'$jsonSchema': around(2_000, {}, lambda schema: {'not': schema})},
    'itself': cyclic_dict(),
    'a value that holds itself': {'content.a': {'$all': [cyclic_list()]}},
    'an expression that holds itself': {'$expr': cyclic_list()},
}


@pytest.mark.parametrize('name', TOO_DEEP)
def test_what_is_deeper_is_refused(store: Store, name: str) -> None:
    with pytest.raises(QueryError, match='nested'):
        store.count(TOO_DEEP[name])


def test_a_projection_that_is_deeper_is_refused(store: Store) -> None:
    for projection in ({'content': around(2_000, 1, lambda inner: {'a': inner})}, {'x': conditions(2_000)}):
        with pytest.raises(QueryError, match=r'nested|steps'):
            list(store.find({}, projection=projection))


def at_depth(frames: int, call: Callable[[], Any]) -> Any:
    return call() if frames == 0 else at_depth(frames - 1, call)


def frames_used() -> int:
    frame, count = sys._getframe(), 0
    while frame := frame.f_back:  # type: ignore[assignment]
        count += 1
    return count


@pytest.mark.parametrize('name', [*TOO_DEEP, 'allowed'])
def test_a_caller_that_has_nearly_used_up_the_recursion_limit(store: Store, name: str) -> None:
    query = TOO_DEEP.get(name, {'$expr': conditions(50)})
    with pytest.raises(QueryError, match='nested'):
        at_depth(sys.getrecursionlimit() - frames_used() - 100, lambda: store.count(query))


@pytest.mark.parametrize('wrapped', [['$$value'], {'a': '$$value'}])
def test_a_value_that_an_expression_nests_too_deep(store: Store, wrapped: Any) -> None:
    made = {'$reduce': {'input': {'$range': [{'$size': '$content.a'}, 3_000]}, 'initialValue': [], 'in': wrapped}}
    for test in (
        {'$eq': [1, made]},
        {'$in': [made, [[1]]]},
        {'$setEquals': [[made], [made]]},
        {'$gt': [{'$max': [made, 1]}, 1]},
    ):
        with pytest.raises(QueryError, match='nested'):
            store.count({'$expr': test})
