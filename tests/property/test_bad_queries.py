"""Whatever is given for a query, keys, sort, limit or skip: rows, or the package's own error, the same from both sides.

Nothing else leaves the package, nothing is injected, and an error can be printed and says where.
"""

import re
from typing import Any

import pytest
from garbage import GARBAGE, INJECTIONS, NAMES, cyclic, nested
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import holding, outcome
from tables import TABLE, collections, places

import mqsql
from mqsql import reference
from mqsql.errors import MqsqlError, QueryError
from mqsql.schema import Record
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.places import Place
from mqsql.testing.drawing.queries import Query, query

pytestmark = pytest.mark.usefixtures('local_zone')


def spoiled(d: Draws, value: Any) -> Any:
    """The same with one thing inside replaced by garbage, or one name by another."""
    if isinstance(value, dict) and value and not d.once_in(4):
        chosen = d.pick(list(value))
        # Only if it is alone: two mistakes may be met in either order.
        renamed = d.pick(NAMES) if len(value) == 1 and d.once_in(3) else chosen
        if renamed == '$expr' != chosen and not isinstance(value[chosen], str):
            renamed = chosen
        return {renamed if k == chosen else k: spoiled(d, v) if k == renamed == chosen else v for k, v in value.items()}
    if isinstance(value, list) and value and not d.once_in(3):
        at = d.pick(range(len(value)))
        return [spoiled(d, v) if i == at else v for i, v in enumerate(value)]
    return d.pick(GARBAGE)


@st.composite
def spoiled_queries(draw: st.DrawFn) -> tuple[list[Record], list[Query]]:
    collection = draw(collections(least=1, most=4))
    d, known = Draws(draw), places(collection)
    return collection, d.several(1, 10, lambda: spoiled(d, query(d, known)))


@settings(max_examples=settings().max_examples * 2)
@given(spoiled_queries())
def test_a_spoiled_query_is_refused_by_both_or_answered_alike(drawn: tuple[list[Record], list[Query]]) -> None:
    collection, queries = drawn
    with holding(collection) as store:
        for one in queries:
            assert outcome(store.find, one) == outcome(reference.find, collection, one, table=TABLE)
        assert store.count() == len(collection)


@st.composite
def odd_options(draw: st.DrawFn) -> tuple[list[Record], dict[str, Any]]:
    d = Draws(draw)
    # Of two mistakes in one dict, either may be met first.
    odd, key = (
        d.pick([one for one in (*NAMES, *GARBAGE) if not isinstance(one, dict) or len(one) < 2]),
        d.pick(['label', 'msg_id', 'buffers', 'complete', *NAMES]),
    )
    keys = d.pick([odd, key, [key], ['label', odd], [key, 'content.a'], {key: 1}])
    sort = d.pick([
        odd, key, [key], [(key, 1)], [('label', odd)], {key: 1}, ((key, 1),), [[key, -1], ['started', 1]], (key, -1),
        ['label', key], {'label': odd}, [('$natural', odd)], {'label': -1, key: 1}.items(), [{key: 1}, 'label'],
    ])  # fmt: skip
    projection = d.pick([odd, [odd], [key], {key: odd}, {key: 1}, {'label': odd}, ['label', key]])
    collation = d.pick(
        [odd, {'locale': odd}, {'locale': 'en', 'strength': odd}, {'locale': 'en', 'numericOrdering': odd}]
    )
    option = d.pick([
        {'keys': keys}, {'sort': sort}, {'limit': odd}, {'skip': odd}, {'projection': projection}, {'collation': collation},
    ])  # fmt: skip
    return [{'msg_id': 'm0', 'label': 'a', 'content': {'a': 1}}, {'msg_id': 'm1'}], option


@settings(max_examples=settings().max_examples * 3)
@given(odd_options())
def test_odd_options_are_refused_by_both_or_taken_alike(drawn: tuple[list[Record], dict[str, Any]]) -> None:
    collection, options = drawn
    with holding(collection) as store:
        assert outcome(store.find, {}, **options) == outcome(reference.find, collection, {}, **options, table=TABLE)
        assert store.count() == len(collection)


# --- one by one


def refusals(query: Any) -> list[QueryError]:
    """What the compiler and the reference say to a bad query."""
    said = []
    for ask in (mqsql.compile, lambda query: reference.find([], query)):
        with pytest.raises(QueryError) as caught:
            ask(query)
        said.append(caught.value)
    return said


DEPTHS = {
    '$and': nested(10_000, lambda inner: {'$and': [inner]}, {}),
    '$nor': nested(10_000, lambda inner: {'$nor': [inner]}, {}),
    '$not': {'content.a': nested(10_000, lambda inner: {'$not': inner}, {'$gt': 1})},
    '$elemMatch': {'content.a': nested(10_000, lambda inner: {'$elemMatch': inner}, {'$gt': 1})},
    'a document': {'content': nested(10_000, lambda inner: {'a': inner}, 1)},
    'an array': {'content.a': {'$in': [nested(10_000, lambda inner: [inner], 1)]}},
    'a path': {'content' + '.a' * 10_000: 1},
    'a cycle': cyclic()[0],
    'a cycle in a value': {'content.a': cyclic()[1]},
}


@pytest.mark.parametrize('query', DEPTHS.values(), ids=DEPTHS.keys())
def test_depth_without_end_is_refused(query: Query) -> None:
    for error in refusals(query):
        assert len(str(error)) < 1000


BAD = [
    ({'statred': 1}, "'started'"),
    ({'started': {'$gtt': 1}}, "'$gt'"),
    ({'started': {'$gte': 5}}, 'started.$gte'),
    ({'started': 'yesterday'}, 'started'),
    ({'queue': {'$in': ['a', 5]}}, 'queue.$in[1]'),
    ({'queue.x': 1}, 'queue'),
    ({'buffers': {'$gt': []}}, 'buffers'),
    ({'$or': [{}, {'started': {'$gte': 5}}]}, '$or[1].started.$gte'),
    ({'$and': []}, '$and'),
    ({'$or': {}}, '$or'),
    ({'content.a': {'$not': 5}}, 'content.a.$not'),
    ({'content.a': {'$not': {'$size': -1}}}, 'content.a.$not.$size'),
    ({'content.a': {'$mod': [0, 1]}}, 'content.a.$mod'),
    ({'content.a': {'$mod': [float('nan'), 1]}}, 'content.a.$mod'),
    ({'content.a': {'$type': 'strnig'}}, 'content.a.$type'),
    ({'content.a': {'$regex': '('}}, 'content.a.$regex'),
    ({'content.a': {'$regex': 'a', '$options': 'q'}}, '$options'),
    ({'content.a': {'$options': 'i'}}, '$options'),
    ({'content.a': {'$in': 'abc'}}, 'content.a.$in'),
    ({'content.a': {'$in': [{'$regex': 'a'}]}}, 'content.a.$in'),
    ({'content.a': {'$gt': re.compile('a')}}, 'content.a.$gt'),
    ({'content.a': {'$elemMatch': 5}}, 'content.a.$elemMatch'),
    ({'content.a': {'$bitsAllSet': -1}}, 'content.a.$bitsAllSet'),
    ({'content.a': {'$gt': 1, 'b': 2}}, 'content.a'),
    ({'content.a': object()}, 'content.a'),
    ({'$where': 'true'}, '$where'),
    ({'$text': {'$search': 'a'}}, '$text'),
    ({'content.a': {'$near': [0, 0]}}, '$near'),
]


@pytest.mark.parametrize(('query', 'sign'), BAD, ids=[str(query) for query, _ in BAD])
def test_a_bad_query_is_refused_with_its_place(query: Query, sign: str) -> None:
    for error in refusals(query):
        assert sign in str(error)


def message(query: Any) -> str:
    """What the compiler says to a query, if it refuses it."""
    try:
        return mqsql.compile(query).sql
    except MqsqlError as e:
        return str(e)


@pytest.mark.parametrize('garbage', [*GARBAGE, *NAMES], ids=lambda value: type(value).__name__)
def test_a_message_can_be_printed(garbage: Any) -> None:
    for one in (garbage, {'started': garbage}, {'content.a': {'$size': garbage}}, {'$or': [garbage]}):
        assert message(one).encode()
        assert message(one).isprintable()


@pytest.mark.parametrize('text', INJECTIONS)
def test_sql_in_names_and_values_is_only_text(text: str) -> None:
    content = {text: text, 'a': [text]}
    collection: list[Record] = [{'msg_id': text, 'content': content, 'label': text}, {'msg_id': 'm1', 'label': 'a'}]
    where: list[Place] = [place for place in places(collection) if text in place.values]
    with holding(collection) as store:
        for place in where:
            for test in (text, {'$in': [text]}, {'$glob': text}, {'$regex': re.escape(text)}):
                found = outcome(store.find, {place.key: test}, [place.key])
                assert found == outcome(reference.find, collection, {place.key: test}, [place.key], table=TABLE)
                assert len(found.splitlines()) == 1
        assert store.count() == len(collection)
