"""Collations of the compiler against those of the reference: the same rows, counts, values and order."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import holding, outcome
from tables import SCOPE, TABLE
from tally import Tally

from mqsql import reference
from mqsql.schema import Record
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.queries import operators_in
from mqsql.testing.drawing.words import Asked, asked

pytestmark = pytest.mark.usefixtures('local_zone')

Drawn = tuple[list[Record], list[Asked]]

SEEN = Tally()


@st.composite
def drawn_words(draw: st.DrawFn) -> Drawn:
    """What `asked` gives."""
    return asked(Draws(draw), SCOPE)


@settings(max_examples=settings().max_examples * 2)
@given(drawn_words())
def test_the_reference_gives_the_same(drawn: Drawn) -> None:
    records, calls = drawn
    with holding(records) as store:
        for one, key, options, wanted in calls:
            collated = {'collation': options['collation']}
            expected = outcome(reference.find, records, one, **collated, table=TABLE)
            assert outcome(store.find, one, **collated) == expected
            assert outcome(store.find, one, **options) == outcome(reference.find, records, one, **options, table=TABLE)
            assert outcome(store.count, one, **collated) == outcome(
                reference.count, records, one, **collated, table=TABLE
            )
            cut = {'projection': wanted, **collated}
            assert outcome(store.find, {}, **cut) == outcome(reference.find, records, {}, **cut, table=TABLE)
            for test in ({}, one):
                values = outcome(reference.distinct, records, key, test, **collated, table=TABLE)
                assert outcome(store.distinct, key, test, **collated) == values
            note(one, expected, outcome(store.find, one), len(records))


def note(one: dict[str, Any], collated: str, plain: str, records: int) -> None:
    """Keep the count; telling are those that select some but not all, and others than without the collation."""
    SEEN.queries += 1
    SEEN.valid += 0 < len(collated.splitlines()) < records
    SEEN.telling += collated != plain
    SEEN.operators.update(set(operators_in(one)))


@given(drawn_words())
def test_a_query_and_its_negation_partition_the_records(drawn: Drawn) -> None:
    records, calls = drawn
    with holding(records) as store:
        for one, _, options, _ in calls:
            collated: Any = {'collation': options['collation']}
            both = [*store.find(one, [], **collated), *store.find({'$nor': [one]}, [], **collated)]
            assert sorted(row[TABLE.key] for row in both) == sorted(row[TABLE.key] for row in records)


def test_the_queries_were_telling() -> None:
    if SEEN.queries < 500:
        pytest.skip('judges the queries of the first test, which were too few')
    assert SEEN.valid >= 0.3 * SEEN.queries
    assert SEEN.telling >= 0.03 * SEEN.queries
    assert {'$eq', '$in', '$gt', '$lte', '$all', '$elemMatch', '$expr', '$jsonSchema', '$regex'} <= set(SEEN.operators)
