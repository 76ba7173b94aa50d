"""What holds of all queries, with no second opinion: negation, algebra, shape, windows, indexes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from stores import holding, ids, outcome
from tables import TABLE, collections, drawn, finds

import mqsql
from mqsql.errors import QueryError
from mqsql.schema import BUFFERS, Record
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.finds import find_options
from mqsql.testing.drawing.operands import operand, somewhere
from mqsql.testing.drawing.queries import Query, conditions, member, query

pytestmark = pytest.mark.usefixtures('local_zone')

Drawn = tuple[list[Record], list[Any]]


# --- negation and algebra


@given(drawn(query))
def test_a_query_and_its_negation_partition_the_records(drawn: Drawn) -> None:
    collection, queries = drawn
    with holding(collection) as store:
        for one in queries:
            both = ids(store, one) + ids(store, {'$nor': [one]})
            assert sorted(both) == sorted(ids(store, {}))


@given(drawn(lambda d, known: (query(d, known), query(d, known))))
def test_de_morgan(drawn: Drawn) -> None:
    collection, pairs = drawn
    with holding(collection) as store:
        for a, b in pairs:
            neither = [{'$nor': [a]}, {'$nor': [b]}]
            assert ids(store, {'$nor': [a, b]}) == ids(store, {'$and': neither})
            assert ids(store, {'$nor': neither}) == ids(store, {'$and': [a, b]})
            assert ids(store, {'$nor': [{'$and': [a, b]}]}) == ids(store, {'$or': neither})


def on_one_key(d: Draws, known: Any) -> tuple[str, Any]:
    place = somewhere(d, known)
    return place.key, conditions(d, place)


@given(drawn(on_one_key))
def test_not_is_the_negation_of_what_it_holds(drawn: Drawn) -> None:
    collection, tests = drawn
    with holding(collection) as store:
        for key, test in tests:
            assert ids(store, {key: {'$not': test}}) == ids(store, {'$nor': [{key: test}]})


def key_and_members(d: Draws, known: Any) -> tuple[str, list[Any]]:
    place = somewhere(d, known)
    return place.key, d.several(1, 4, lambda: member(d, place))


def equal(key: str, value: Any) -> Query:
    return {key: {'$eq': value}} if isinstance(value, dict) else {key: value}


@given(drawn(key_and_members))
def test_in_is_an_or_of_equalities(drawn: Drawn) -> None:
    collection, lists = drawn
    with holding(collection) as store:
        for key, values in lists:
            alternatives = {'$or': [equal(key, value) for value in values]}
            assert ids(store, {key: {'$in': values}}) == ids(store, alternatives)
            assert ids(store, {key: {'$nin': values}}) == ids(store, {'$nor': [alternatives]})


# --- order and windows


@contextmanager
def refused_sorts() -> Iterator[None]:
    """Lets a sort be refused for what a record holds: parallel arrays, or a step that is ambiguous."""
    try:
        yield
    except QueryError as e:
        if not str(e).startswith('sort: '):
            raise


@given(finds())
def test_a_window_is_a_slice_of_all_rows(drawn: Drawn) -> None:
    collection, calls = drawn
    with holding(collection) as store:
        for one, options in calls:
            limit, skip = options.pop('limit', None) or None, options.pop('skip', 0)
            with refused_sorts():
                rows = [repr(row) for row in store.find(one, **options)]
                window = [repr(row) for row in store.find(one, **options, limit=limit, skip=skip)]
                assert window == rows[skip : skip + limit if limit else None]
                assert store.count(one) == len(rows)


@given(finds())
def test_keys_and_sort_change_no_choice(drawn: Drawn) -> None:
    collection, calls = drawn
    with holding(collection) as store:
        for one, options in calls:
            with refused_sorts():
                chosen = [row['msg_id'] for row in store.find(one, options.get('keys'), sort=options.get('sort'))]
                assert sorted(chosen) == sorted(ids(store, one))


@given(drawn(lambda d, known: (query(d, known), find_options(d, known))))
def test_indexes_change_nothing(drawn: Drawn) -> None:
    collection, calls = drawn
    bare = replace(TABLE, indexes=())
    with holding(collection) as indexed, holding(collection, table=bare) as plain:
        for one, options in calls:
            options.pop('keys', None)
            assert outcome(indexed.find, one, **options) == outcome(plain.find, one, **options)


@given(drawn(lambda d, known: (query(d, known), find_options(d, known))))
def test_statistics_change_nothing(drawn: Drawn) -> None:
    collection, calls = drawn
    with holding(collection) as store, holding(collection) as analyzed:
        assert isinstance(analyzed, SqliteStore)
        with analyzed.using() as connection:
            connection.execute('ANALYZE')
        for one, options in calls:
            assert outcome(analyzed.find, one, **options) == outcome(store.find, one, **options)


def between(d: Draws, known: Any) -> Query:
    place = somewhere(d, known)
    if place.kind is BUFFERS:
        return {place.key: None}
    return {place.key: {'$gte': operand(d, place), d.pick(['$lt', '$lte']): operand(d, place)}}


@given(drawn(between), collections())
def test_records_outside_a_range_change_nothing_inside(drawn: Drawn, others: list[Record]) -> None:
    collection, ranges = drawn
    added = [{**record, 'msg_id': f'other {i}'} for i, record in enumerate(others)]
    for one in ranges:
        with holding(collection) as store, holding(added) as apart:
            inside, to_keep_out = ids(store, one), ids(apart, one)
            for record in added:
                if record['msg_id'] not in to_keep_out:
                    store.add_record(record['msg_id'], record)
            assert ids(store, one) == inside


@given(drawn(query), collections())
def test_other_records_change_nothing(drawn: Drawn, others: list[Record]) -> None:
    collection, queries = drawn
    known = {record['msg_id'] for record in collection}
    added = [{**record, 'msg_id': f'other {i}'} for i, record in enumerate(others)]
    with holding(collection) as alone, holding([*added, *collection]) as among:
        for one in queries:
            assert ids(alone, one) == [msg_id for msg_id in ids(among, one) if msg_id in known]


# --- shape

COMPARING = ['$eq', '$ne', '$gt', '$gte', '$ge', '$lt', '$lte', '$le']


def comparison(d: Draws, known: Any) -> Query:
    place = somewhere(d, known)
    if place.kind is BUFFERS:
        return {place.key: None}
    value = operand(d, place)
    return {place.key: d.pick([{d.pick(COMPARING): value}, {d.pick(['$in', '$nin']): [value]}])}


def other(value: Any, numbers: Iterator[int]) -> Any:
    """A value of the same bracket, and the same nesting, that occurs nowhere else."""
    match value:
        case None | bool():
            return value
        case int() | float():
            return type(value)(770_000 + next(numbers))
        case datetime():
            return datetime(1977, 7, 7) + timedelta(seconds=next(numbers))
        case str() | bytes():
            return _other_text(value, f'Xyz{next(numbers)}', numbers)
        case list():
            return [other(v, numbers) for v in value]
        case dict():
            return {f'Key{next(numbers)}': other(v, numbers) for v in value.values()}
    return value


def _other_text(value: str | bytes, text: str, numbers: Iterator[int]) -> str | bytes:
    try:
        return str(other(datetime.fromisoformat(str(value)), numbers))
    except ValueError:
        return text if isinstance(value, str) else text.encode()


def with_others(test: Query, numbers: Iterator[int]) -> Query:
    """The same comparisons with other operands."""
    return {
        key: {name: other(value, numbers) for name, value in operators.items()} if operators else operators
        for key, operators in test.items()
    }


@given(drawn(comparison))
def test_the_sql_depends_on_the_shape_of_a_query_alone(drawn: Drawn) -> None:
    for test in drawn[1]:
        numbers = count()
        first, second = (mqsql.compile(with_others(test, numbers), table=TABLE).sql for _ in range(2))
        assert first == second
        assert not [sign for sign in ('Xyz', '7700', 'Key', '1977') if sign in first]
