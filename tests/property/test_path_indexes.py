"""Indexes on paths change no answer, whatever they are on, whatever is written, and whoever writes it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import holding, outcome
from tables import TABLE, collections, places

from mqsql.errors import MqsqlError
from mqsql.functions.sort_rank import place_of
from mqsql.schema import BUFFERS, DOCUMENT, Record
from mqsql.storage import Store
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.finds import find_options, resolved
from mqsql.testing.drawing.operands import operand, somewhere
from mqsql.testing.drawing.places import Place
from mqsql.testing.drawing.queries import conditions, query
from mqsql.testing.drawing.values import ALL
from mqsql.values.bson_order import bson_key
from mqsql.values.canonical import coerce_value

pytestmark = pytest.mark.usefixtures('local_zone')

Keys = list[tuple[str, int]]
Find = tuple[dict[str, Any], dict[str, Any]]

SEEN: Counter[str] = Counter()

# --- indexes to draw, and what they could help


def key_place(d: Draws, known: list[Place]) -> Place:
    """A path into a Document that the collection has, if it has one; now and then a column or a path that few records have."""
    place = somewhere(d, known)
    if can_be_indexed(place) and (place.kind.mixed or d.once_in(6)):
        return place
    possible = [place for place in known if can_be_indexed(place)]
    return d.pick([place for place in possible if place.kind.mixed] or possible)


def can_be_indexed(place: Place) -> bool:
    _, *steps = place.key.split('.')
    return place.kind is not BUFFERS and all(steps) and (bool(steps) or place.kind is not DOCUMENT)


def index_places(d: Draws, known: list[Place]) -> list[Place]:
    """The keys of an index: one or some, none of them twice."""
    drawn = d.several(1, 1 if d.once_in(2) else 3, lambda: key_place(d, known))
    return list({resolved(place.key, TABLE): place for place in drawn}.values())


def directions(d: Draws, places: list[Place]) -> Keys:
    return [(place.key, d.pick([1, -1])) for place in places]


def helped(d: Draws, known: list[Place], keys: list[Place]) -> Find:
    """A query on the first of the keys, one of them in any way, and a sort by some that follow."""
    equal = d.pick(range(len(keys) + 1))
    tests = [(place.key, {'$eq': operand(d, place)}) for place in keys[:equal]]
    if equal < len(keys) and d.once_in(2):
        tests.append((keys[equal].key, conditions(d, keys[equal])))
    if d.once_in(4):
        place = somewhere(d, known)
        tests.append((place.key, conditions(d, place)))
    rest = keys[equal:] if d.once_in(2) else keys[equal : equal + 1]
    sort = directions(d, rest) if d.once_in(2) else []
    if not tests and not sort:
        tests.append((keys[0].key, conditions(d, keys[0])))
    window = {'limit': d.pick([0, 1, 2]), 'skip': d.pick([0, 1])} if d.once_in(3) else {}
    return {'$and': [{key: test} for key, test in tests]} if tests else {}, {
        **({'sort': sort} if sort else {}),
        **window,
    }


@st.composite
def indexed(draw: st.DrawFn) -> tuple[list[Record], list[Keys], list[Find]]:
    """A collection, indexes for it, and calls of find, most of which one of the indexes may help."""
    collection = draw(collections(least=3))
    d, known = Draws(draw), places(collection)
    indexes = d.several(1, 3, lambda: index_places(d, known))
    calls = d.several(1, 6, lambda: helped(d, known, d.pick(indexes)))
    calls += d.several(0, 2, lambda: (query(d, known), find_options(d, known)))
    return collection, [directions(d, keys) for keys in indexes], calls


def make(store: Store, indexes: list[Keys]) -> set[str]:
    return {store.create_index(keys) for keys in indexes}


@given(indexed())
def test_answers_stay_as_they_are(drawn: tuple[list[Record], list[Keys], list[Find]]) -> None:
    collection, indexes, calls = drawn
    with holding(collection) as plain, holding(collection) as before, holding([]) as after:
        names = make(before, indexes)
        assert make(after, indexes) == names
        for record in collection:  # the one index is filled when it is made, the other by what is written
            after.add_record(record['msg_id'], record)
        for test, options in calls:
            expected = outcome(plain.find, test, **options)
            assert outcome(before.find, test, **options) == expected
            assert outcome(after.find, test, **options) == expected
            assert outcome(before.count, test) == outcome(plain.count, test)
            SEEN.update(uses(before, names, test, options))


def test_the_indexes_were_used() -> None:
    if SEEN['calls'] < 500:
        pytest.skip('judges the calls of the first test, which were too few')
    assert SEEN['valid'] > 0.3 * SEEN['calls']
    assert SEEN['indexed'] > 0.5 * SEEN['valid']
    assert SEEN['in order'] > 0.1 * SEEN['valid']


def uses(store: Store, names: set[str], test: dict[str, Any], options: dict[str, Any]) -> Iterator[str]:
    """What to count of a call."""
    yield 'calls'
    try:
        short_repr = store.explain(test, sort=options.get('sort'))
    except MqsqlError:
        return
    yield 'valid'
    if names.intersection(short_repr.indexes):
        yield 'indexed'
    if 'UNION ALL SELECT msg_id' in short_repr.sql:
        yield 'in order'


@settings(max_examples=settings().max_examples // 2)
@given(indexed())
def test_updates_and_deletions_are_followed(drawn: tuple[list[Record], list[Keys], list[Find]]) -> None:
    collection, indexes, calls = drawn
    with holding(collection) as plain, holding(collection) as changed:
        make(changed, indexes)
        for store in (plain, changed):
            rotated = [*collection[1:], *collection[:1]]
            for record, other in zip(collection, rotated, strict=True):
                store.update_record(record['msg_id'], {k: v for k, v in other.items() if k != 'msg_id'})
            if collection:
                store.drop_record(collection[-1]['msg_id'])
        for test, options in calls:
            assert outcome(changed.find, test, **options) == outcome(plain.find, test, **options)
        for store in (plain, changed):
            store.drop_matching_records(calls[0][0])
        assert outcome(changed.find) == outcome(plain.find)


# --- names and values that are odd

ODD_STEPS = ['a/b', 'a~b', '~', '/', 'a~multikey', 'values', "it's", '"', '~inserted', '$desc', '\0', '\ud800']


odd_keys = st.tuples(st.sampled_from(ODD_STEPS).map('content.{}'.format), st.sampled_from([1, -1]))


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(odd_keys, min_size=1, max_size=3, unique_by=lambda key: key[0]))
def test_any_path_has_an_index_that_is_found_again(keys: Keys) -> None:
    content = {key.removeprefix('content.'): 5 for key, _ in keys}
    with holding([{'msg_id': 'm', 'content': content}, {'msg_id': 'n'}]) as store:
        name = store.create_index(keys)
        store.create_index('content.a')
        assert store.list_indexes()[name] == tuple(keys)
        test = {key: 5 for key, _ in keys}
        assert [record['msg_id'] for record in store.find(test, [])] == ['m']
        assert name in store.explain(test).indexes
        store.drop_index(name)
        assert name not in store.list_indexes()
        assert store.count(test) == 1


canonical = ALL.any_value.map(coerce_value)


@given(canonical, canonical)
def test_what_merges_with_an_index_orders_as_values_do(one: Any, other: Any) -> None:
    keys = [bson_key(value) for value in (one, other)]
    places = [place_of(key) for key in keys]
    ranks, stored = zip(*places, strict=True)
    if ranks[0] != ranks[1]:
        assert (ranks[0] < ranks[1]) == (keys[0] < keys[1])
    else:
        assert (stored[0] == stored[1]) == (keys[0] == keys[1])
        assert stored[0] is None or (stored[0] < stored[1]) == (keys[0] < keys[1])
