"""Collations of the compiler against those of the reference: the same rows, counts, values and order.

The texts are made of what both know to the last: ASCII, and letters with the usual accents.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from drawing import somewhere
from draws import Draws
from finds import find_options
from hypothesis import given, settings
from hypothesis import strategies as st
from places import places
from projections import projection
from queries import operators_in, query
from stores import filled, outcome
from tally import Tally

from mqsql import reference
from mqsql.schema import TASKS, Record

pytestmark = pytest.mark.usefixtures('local_zone')

WORDS = ['', ' ', *'a A á Á b B ab aB a_b A_B a-b a.b a10 a09 a9 A9 10 9 é e\u0301 E a\0b ß SS æ Æ ae'.split()]
LETTERS = frozenset(''.join(WORDS) + 'BEÄ')
COLLATIONS = [
    {'locale': 'en', 'strength': strength, 'numericOrdering': numeric}
    for strength in (2, 1, 3)
    for numeric in (False, True)
]
UNCOLLATED = {'$regex', '$options', '$glob', '$type', '$jsonSchema', '$comment'}
"""Operators whose texts are not compared."""

SEEN = Tally()


def value(d: Draws, depth: int = 2) -> Any:
    """A word, or what holds words; now and then a number."""
    form = d.pick(range(8)) if depth else 0
    if form < 4:
        return d.pick(WORDS)
    if form == 4:
        return d.pick([1, 2.5, None])
    inner = d.several(0, 3, lambda: value(d, depth - 1))
    return inner if form < 7 else dict(zip('ab', inner, strict=False))


def record(d: Draws, i: int) -> Record:
    """A record of few columns and few paths."""
    content = {name: value(d) for name in 'ab' if not d.once_in(6)}
    return {TASKS.key: f'm{i}', 'label': d.pick([*WORDS, None]), 'content': content}


def texts(value: Any) -> Iterator[str]:
    """The texts that a query compares with."""
    match value:
        case str():
            yield value
        case bytes():
            yield value.decode('latin-1')
        case list():
            yield from (text for item in value for text in texts(item))
        case dict():
            inner = [item for name, item in value.items() if name not in UNCOLLATED]
            yield from (text for item in inner for text in texts(item))


def is_worded(query: Any) -> bool:
    """Whether its texts are made as the words are, or are paths of an expression."""
    return all(text.startswith('$') or LETTERS.issuperset(text) for text in texts(query))


Drawn = tuple[list[Record], list[tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]]]


@st.composite
def asked(draw: st.DrawFn) -> Drawn:
    """A collection of words; queries for it, each with a key, options and a projection."""
    d = Draws(draw)
    records = [record(d, i) for i in range(d.pick([4, 5, 6, 7, 8]))]
    known = places(records)

    def one() -> tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]:
        options = find_options(d, known) | {'collation': d.pick(COLLATIONS)}
        return query(d, known), somewhere(d, known).key, options, projection(d, known)

    drawn = d.several(1, 6, one)
    return records, [each for each in drawn if is_worded(each[0]) and is_worded(each[3])]


@settings(max_examples=settings().max_examples * 2)
@given(asked())
def test_the_reference_gives_the_same(drawn: Drawn) -> None:
    records, calls = drawn
    with filled(records) as store:
        for one, key, options, wanted in calls:
            collated = {'collation': options['collation']}
            expected = outcome(reference.find, records, one, **collated)
            assert outcome(store.find, one, **collated) == expected
            assert outcome(store.find, one, **options) == outcome(reference.find, records, one, **options)
            assert outcome(store.count, one, **collated) == outcome(reference.count, records, one, **collated)
            cut = {'projection': wanted, **collated}
            assert outcome(store.find, {}, **cut) == outcome(reference.find, records, {}, **cut)
            for test in ({}, one):
                values = outcome(reference.distinct, records, key, test, **collated)
                assert outcome(store.distinct, key, test, **collated) == values
            note(one, expected, outcome(store.find, one), len(records))


def note(one: dict[str, Any], collated: str, plain: str, records: int) -> None:
    """Keep the count; telling are those that select some but not all, and others than without the collation."""
    SEEN.queries += 1
    SEEN.valid += 0 < len(collated.splitlines()) < records
    SEEN.telling += collated != plain
    SEEN.operators.update(set(operators_in(one)))


@given(asked())
def test_a_query_and_its_negation_partition_the_records(drawn: Drawn) -> None:
    records, calls = drawn
    with filled(records) as store:
        for one, _, options, _ in calls:
            collated: Any = {'collation': options['collation']}
            both = [*store.find(one, [], **collated), *store.find({'$nor': [one]}, [], **collated)]
            assert sorted(row[TASKS.key] for row in both) == sorted(row[TASKS.key] for row in records)


def test_the_queries_were_telling() -> None:
    if SEEN.queries < 500:
        pytest.skip('judges the queries of the first test, which were too few')
    assert SEEN.valid >= 0.3 * SEEN.queries
    assert SEEN.telling >= 0.03 * SEEN.queries
    assert {'$eq', '$in', '$gt', '$lte', '$all', '$elemMatch', '$expr', '$jsonSchema', '$regex'} <= set(SEEN.operators)
