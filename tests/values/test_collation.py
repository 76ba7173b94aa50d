"""Collations: the order of texts is ICU's, every comparison of a query follows it, and what is not supported is refused.

The orders were recorded from ICU 72 (locale en), of whose algorithm and data MongoDB's collations are made.
"""
# ruff: noqa: RUF001 - letters of several alphabets that look alike are the point

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import filled

import mqsql
from mqsql import compiler, reference
from mqsql.errors import QueryError
from mqsql.storage import Store
from mqsql.values import decomposed
from mqsql.values.collation import Collation, read_collation

# fmt: off
IN_ORDER: list[str | list[str]] = [
    ['', '\0'], '\t', '\n', ' ', '_', '-', ',', '.', '(', '@', '/', '%', '`', '+', '~', '😀', '$', '€', '0', '09', '1', '①',
    '½', '10', '1a', '2', '２', '²', '٣', '3.10', '3.9', '9', 'a', 'A', 'á', 'Á', 'à', 'å', 'ä', 'Ä', 'a010', 'a1', 'a10', 'a9',
    ['ab', 'a\0b'], 'aB', 'Ab', 'AB', 'áb', 'ae', 'AE', 'aé', 'æ', 'Æ', 'af', 'b', 'B', 'co op', 'co_op', 'co-op', 'CO-OP',
    'coop', 'cote', 'coté', 'côte', 'côté', 'd', 'đ', 'ð', ['e\u0301', 'é'], 'fi', 'ﬁ', 'fj', 'ł', 'll', ['l·l', 'ŀl'], 'lz',
    'o', 'ø', 'oz', 'ss', 'SS', 'ß', 'ẞ', 'st', 'task 10', 'task 9', 'task_10', 'task_9', 'task-10', 'task-9', 'tm', 'TM',
    '™', 'z', 'α', 'σ', 'ς', 'ω', 'Ω', 'е', 'ё', 'ж', 'и', 'И', 'й', 'к', '字', '漢',
]
NUMBERS_IN_ORDER: list[str | list[str]] = [
    ' ', '$', '0', '1', '1a', ['2', '２'], '٣', '3.9', '3.10', ['9', '09'], '10', '①', '½', '²', 'a', 'A', 'a1', 'a9',
    ['a10', 'a010'], 'ab', 'task 9', 'task 10', 'task_9', 'task_10', 'task-9', 'task-10', 'z',
]
SAME_BUT_FOR_CASE = [
    ['', '\0'], ['1', '①'], ['2', '²', '２'], ['a', 'A'], ['á', 'Á'], ['ab', 'aB', 'AB', 'a\0b'], ['ae', 'AE'], ['æ', 'Æ'],
    ['co-op', 'CO-OP'], ['e\u0301', 'é', 'É'], ['fi', 'ﬁ'], ['l·l', 'ŀl'], ['ss', 'SS'], ['ß', 'ẞ'], ['™', 'tm'], ['σ', 'ς'],
    ['Ω', 'ω'], ['и', 'И'], ['й', 'Й'],
]
SAME_LETTERS = [
    ['a', 'Á', 'å'], ['ab', 'Áb'], ['aé', 'æ', 'AE'], ['cote', 'côté'], ['đ', 'd', 'ð'], ['l·l', 'll', 'ŀl'], ['ø', 'O'],
    ['ss', 'ß', 'ẞ'], ['ё', 'е'],
]
# fmt: on


def keys(entry: str | Sequence[str], collation: Collation) -> set[bytes]:
    return set(map(collation.key, [entry] if isinstance(entry, str) else entry))


@pytest.mark.parametrize(('texts', 'numeric'), [(IN_ORDER, False), (NUMBERS_IN_ORDER, True)])
def test_texts_are_in_the_order_of_icu(texts: list[str | list[str]], numeric: bool) -> None:
    found = [keys(entry, Collation(3, numeric)) for entry in texts]
    assert [len(same) for same in found] == [1] * len(texts)
    assert all(max(a) < max(b) for a, b in pairwise(found))


@pytest.mark.parametrize(('groups', 'strength'), [(SAME_BUT_FOR_CASE, 2), (SAME_LETTERS, 1)])
def test_a_lower_strength_holds_more_texts_equal(groups: list[list[str]], strength: int) -> None:
    found = [keys(group, Collation(strength, False)) for group in groups]
    assert [len(same) for same in found] == [1] * len(groups)
    assert len(set.union(*found)) == len(groups)


def test_what_is_not_listed_has_the_place_of_its_kind() -> None:
    whole, letters = Collation(3, False), Collation(1, False)
    assert whole.key('a') < whole.key('a\u030d') < whole.key('a\u030e') < whole.key('b')
    assert len({letters.key(text) for text in ('a', 'a\u030d', 'a\u030e')}) == 1
    assert whole.key('☃') < whole.key('฿') < whole.key('0')  # a currency's sign comes behind other signs


def test_numbers_of_any_length_compare_by_value() -> None:
    numeric = Collation(1, True)
    long = '9' * 254
    assert numeric.key(f'a{"0" * 300}7') == numeric.key('a7') < numeric.key(f'a{long}') < numeric.key(f'a{long}1')


def test_every_character_has_a_place() -> None:
    for collation in (Collation(3, False), Collation(3, True)):
        assert all(isinstance(collation.key(chr(point)), bytes) for point in range(0, 0x110000, 7))
    assert Collation(1, False).key('\ud800') != Collation(1, False).key('\ud801')


# --- the option


@pytest.mark.parametrize('collation', [None, {'locale': 'simple'}])
def test_no_collation_is_the_plain_statement(collation: Any) -> None:
    query = {'label': 'a', 'content.a': {'$in': ['a', {'b': 'c'}]}}
    assert compiler.compile(query, sort='label', collation=collation) == compiler.compile(query, sort='label')
    assert compiler.compile_count(query, collation=collation) == compiler.compile_count(query)


@pytest.mark.parametrize(
    ('given', 'read'),
    [
        ({'locale': 'en'}, Collation(3, False)),
        ({'locale': 'en_US', 'strength': 2.0}, Collation(2, False)),
        ({'locale': 'en', 'strength': 1, 'numericOrdering': True}, Collation(1, True)),
    ],
)
def test_a_collation_is_read(given: Any, read: Collation) -> None:
    assert read_collation(given) == read


@pytest.mark.parametrize(
    ('collation', 'words'),
    [
        (5, ['collation', '5']),
        ({}, ['collation.locale', 'None']),
        ({'strength': 2}, ['collation.locale']),
        ({'locale': 'de'}, ['collation.locale', 'de']),
        ({'locale': ['en']}, ['collation.locale']),
        ({'locale': 'simple', 'strength': 1}, ['collation.locale', 'simple']),
        ({'locale': 'en', 'strength': 4}, ['collation.strength', '4']),
        ({'locale': 'en', 'strength': True}, ['collation.strength', 'True']),
        ({'locale': 'en', 'strength': '2'}, ['collation.strength', "'2'"]),
        ({'locale': 'en', 'numericOrdering': 1}, ['collation.numericOrdering', '1']),
        ({'locale': 'en', 'caseLevel': True}, ['collation', 'caseLevel', 'True']),
        ({'locale': 'en', 'alternate': 'shifted'}, ['collation', 'alternate', 'shifted']),
        ({'locale': 'en', 7: 7}, ['collation', '7']),
    ],
)
def test_what_is_not_supported_is_named(collation: Any, words: list[str]) -> None:
    with pytest.raises(QueryError) as caught:
        compiler.compile({}, collation=collation)
    path, *others = words
    assert caught.value.path == path
    assert all(word in str(caught.value) for word in others)
    with pytest.raises(QueryError):
        reference.find([], collation=collation)
    for compile in (compiler.compile_count, compiler.compile_delete):
        with pytest.raises(QueryError, match='collation'):
            compile({}, collation=collation)
    with pytest.raises(QueryError, match='collation'):
        compiler.compile_distinct('label', collation=collation)


def test_statements_of_different_collations_are_different() -> None:
    collations = [
        None,
        *({'locale': 'en', 'strength': n, 'numericOrdering': b} for n in (1, 2, 3) for b in (True, False)),
    ]
    for query in ({'label': 'a'}, {'content': {'a': 'b'}}, {'content.a': {'$gt': 'b'}}):
        assert len({compiler.compile(query, collation=c).sql for c in collations}) == len(collations)
    for sort in ('label', 'content.a'):
        assert len({compiler.compile({}, sort=sort, collation=c).sql for c in collations}) == len(collations)


def test_what_holds_no_text_is_compared_as_without() -> None:
    english = {'locale': 'en'}
    query = {'content.a': {'$gt': 5}, 'started': {'$exists': True}, 'content.b': {'$in': [None, True]}, 'label': None}
    assert compiler.compile(query, sort='started', collation=english) == compiler.compile(query, sort='started')


# --- queries

ENGLISH = {'locale': 'en', 'strength': 2}
NUMBERED = {'locale': 'en', 'strength': 2, 'numericOrdering': True}
RECORDS: list[dict[str, Any]] = [
    {'msg_id': '1', 'label': 'Train', 'content': {'w': 'b10', 'tags': ['X', 'y'], 'o': {'k': 'V'}}},
    {'msg_id': '2', 'label': 'train', 'content': {'w': 'B9', 'tags': ['x', 'Y', ['Z']], 'o': {'K': 'v'}}},
    {'msg_id': '3', 'label': 'test', 'content': {'w': 'b9', 'tags': [{'t': 'Q'}], 'o': {'k': 'v'}}},
    {'msg_id': '4', 'content': {'w': 5}},
]


@pytest.fixture(params=[':memory:', 'dict:'])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with filled(RECORDS, request.param) as opened:
        yield opened


@pytest.mark.parametrize(
    ('query', 'answer'),
    [
        ({'label': 'TRAIN'}, '12'),
        ({'label': {'$ne': 'TRAIN'}}, '34'),
        ({'label': {'$in': ['TEST', 'x']}}, '3'),
        ({'label': {'$nin': ['TEST', 'TRAIN']}}, '4'),
        ({'label': {'$gt': 'TEST'}}, '12'),
        ({'label': {'$lte': 'TEST'}}, '3'),
        ({'label': {'$not': {'$eq': 'TRAIN'}}}, '34'),
        ({'content.w': 'b9'}, '23'),
        ({'content.w': {'$gte': 'B9'}}, '23'),
        ({'content.w': {'$gt': 4}}, '4'),
        ({'content.tags': 'X'}, '12'),
        ({'content.tags': {'$all': ['x', 'y']}}, '12'),
        ({'content.tags': {'$elemMatch': {'$gt': 'X', '$lt': 'Z'}}}, '12'),
        ({'content.tags': {'$elemMatch': {'t': 'q'}}}, '3'),
        ({'content.tags': ['x', 'y']}, '1'),
        ({'content.tags': ['z']}, '2'),
        ({'content.tags': {'$in': [{'t': 'q'}]}}, '3'),
        ({'content.o': {'k': 'V'}}, '13'),
        ({'content.o': {'$gte': {'k': 'V'}}}, '13'),
        ({'$expr': {'$eq': ['$label', 'TRAIN']}}, '12'),
        ({'$expr': {'$in': ['Y', {'$ifNull': ['$content.tags', []]}]}}, '12'),
        ({'$expr': {'$eq': [{'$max': ['$label', 'TEST']}, 'TEST']}}, '34'),
        # what compares by code point all the same
        ({'label': {'$regex': 'TRAIN'}}, ''),
        ({'label': {'$glob': 'T*'}}, '1'),
        ({'label': {'$in': ['TEST', 'x']}, 'content.W': 'b9'}, ''),
        ({'$jsonSchema': {'properties': {'label': {'enum': ['TRAIN', 'test']}}, 'required': ['label']}}, '3'),
    ],
)
def test_texts_compare_by_the_collation(store: Store, query: dict[str, Any], answer: str) -> None:
    assert [record['msg_id'] for record in store.find(query, [], collation=ENGLISH)] == list(answer)
    assert store.count(query, collation=ENGLISH) == len(answer)
    first = store.find_one(query, [], collation=ENGLISH)
    assert (first or {}).get('msg_id') == (answer[0] if answer else None)


@pytest.mark.parametrize(
    ('sort', 'collation', 'answer'),
    [
        ('content.w', None, '4213'),
        ('content.w', ENGLISH, '4123'),
        ('content.w', NUMBERED, '4231'),
        ([('label', -1)], ENGLISH, '1234'),
        ([('label', -1), ('content.w', 1)], NUMBERED, '2134'),
    ],
)
def test_sorting(store: Store, sort: Any, collation: Any, answer: str) -> None:
    assert [record['msg_id'] for record in store.find({}, [], sort=sort, collation=collation)] == list(answer)


@pytest.mark.parametrize('url', [':memory:', 'dict:'])
@pytest.mark.parametrize('numeric', [False, True])
def test_signs_beyond_ascii_come_before_digits(url: str, numeric: bool) -> None:
    texts = [' ', ';', '¿', '⸙', '`', '→', '☃', '😀', '$', '€', '9', 'a', 'z', 'я', 'א', '日']
    collation = {'locale': 'en', 'numericOrdering': numeric}
    with mqsql.open(url) as store:
        store.add_records({'msg_id': f'{i}', 'label': text} for i, text in enumerate(reversed(texts)))
        found = [record['label'] for record in store.find({}, ['label'], sort='label', collation=collation)]
        assert found == texts
        assert store.count({'label': {'$gte': '9'}}, collation=collation) == 6


def test_distinct_values_are_each_the_first_of_the_equal_ones(store: Store) -> None:
    assert store.distinct('label', collation=ENGLISH) == ['Train', 'test']
    assert store.distinct('content.tags', {'label': 'TRAIN'}, collation=ENGLISH) == ['X', 'y', ['Z']]


def test_a_projected_element_is_found_by_the_collation(store: Store) -> None:
    first = store.find_one(
        {'msg_id': '1'}, projection={'content.tags': {'$elemMatch': {'$eq': 'Y'}}}, collation=ENGLISH
    )
    assert first == {'msg_id': '1', 'content': {'tags': ['y']}}


def test_what_a_projection_computes_compares_by_it() -> None:
    asked: Any = {
        'projection': {'content': {'x': {'$eq': ['$label', 'A']}}},
        'collation': {'locale': 'en', 'strength': 2},
    }
    with filled(records := [{'msg_id': 'm', 'label': 'a'}]) as store:
        (found,) = store.find({}, **asked)
    assert [found] == reference.find(records, **asked)
    assert found['content'] == {'x': True}


def test_a_schema_compares_without_it() -> None:
    query: Any = {'$jsonSchema': {'properties': {'label': {'enum': ['A']}}}}
    with filled(records := [{'msg_id': 'm', 'label': 'a'}]) as store:
        assert not store.count(query, collation={'locale': 'en', 'strength': 2})
    assert not reference.count(records, query, collation={'locale': 'en', 'strength': 2})


def test_an_index_in_plain_order_is_left_alone() -> None:
    with mqsql.open(':memory:') as store:
        for record in RECORDS:
            store.add_record(record['msg_id'], record)
        store.create_index('content.w')
        text, number = {'content.w': 'B9'}, {'content.w': {'$gt': 4}}
        assert [record['msg_id'] for record in store.find(text, [], collation=ENGLISH)] == ['2', '3']
        assert [record['msg_id'] for record in store.find(number, [], collation=ENGLISH)] == ['4']
        ordered = store.find({}, [], sort='content.w', collation=NUMBERED)
        assert [record['msg_id'] for record in ordered] == ['4', '2', '3', '1']


@given(st.text(st.sampled_from('aé\u0301\u0316\u0345\u0f71\u0f73\u0344한ß\ud800'), max_size=80))
def test_letters_and_accents_of_long_texts_come_apart_as_unicode_says(text: str) -> None:
    expected = unicodedata.normalize('NFD', text)
    for piece in (1, 7, 1_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decomposed, 'PIECE', piece)
            assert decomposed.decomposed(text) == expected
