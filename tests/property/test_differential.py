"""The compiler against the reference: the same collection and the same query give the same rows, or the same error.

Two programs that share only the schema and the errors answer; a mistake must be made twice to go unseen.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from stores import holding, outcome
from tables import TABLE, drawn, finds
from tally import TALLY

from mqsql import reference
from mqsql.schema import Record
from mqsql.testing.drawing.operands import somewhere
from mqsql.testing.drawing.projections import projection
from mqsql.testing.drawing.queries import OPERATORS, operators_in, query

pytestmark = pytest.mark.usefixtures('local_zone')

Find = tuple[dict[str, Any], dict[str, Any]]


def count(query: dict[str, Any], records: int, answer: str) -> None:
    """Note in the tally what a query without options has shown."""
    TALLY.queries += 1
    if not answer.startswith('raises'):
        TALLY.valid += 1
        TALLY.telling += 0 < len(answer.splitlines()) < records
        TALLY.operators.update(set(operators_in(query)))


@settings(max_examples=settings().max_examples * 3)
@given(finds())
def test_rows_from_sql_are_the_rows_of_the_reference(drawn: tuple[list[Record], list[Find]]) -> None:
    collection, calls = drawn
    with holding(collection) as store:
        for query, options in calls:
            expected = outcome(reference.find, collection, query, **options, table=TABLE)
            assert outcome(store.find, query, **options) == expected
            if not options:
                count(query, len(collection), expected)


Ask = tuple[dict[str, Any], Any]


@given(drawn(lambda d, known: (query(d, known), projection(d, known))))
def test_projections_give_the_same(drawn: tuple[list[Record], list[Ask]]) -> None:
    collection, asked = drawn
    with holding(collection) as store:
        for one, wanted in asked:
            for test in ({}, one):
                expected = outcome(reference.find, collection, test, projection=wanted, table=TABLE)
                assert outcome(store.find, test, projection=wanted) == expected


@given(drawn(lambda d, known: (query(d, known), somewhere(d, known).key)))
def test_distinct_values_are_the_same(drawn: tuple[list[Record], list[Ask]]) -> None:
    collection, asked = drawn
    with holding(collection) as store:
        for one, key in asked:
            for test in ({}, one):
                found = outcome(store.distinct, key, test)
                expected = outcome(reference.distinct, collection, key, test, table=TABLE)
                assert sorted(found.split('\n')) == sorted(expected.split('\n'))  # they come in no certain order


@given(drawn(lambda d, known: (query(d, known), {'limit': d.pick([None, 0, 1, 2]), 'skip': d.pick([0, 1, 9])})))
def test_counts_and_first_records_are_the_same(drawn: tuple[list[Record], list[Ask]]) -> None:
    collection, asked = drawn
    with holding(collection) as store:
        for one, window in asked:
            assert store.count(one, **window) == reference.count(collection, one, **window, table=TABLE)
            assert outcome(store.find_one, one) == outcome(reference.find_one, collection, one, table=TABLE)


def test_the_queries_were_telling() -> None:
    if TALLY.queries < 1000:
        pytest.skip('judges the queries of the first test, which were too few')
    assert TALLY.valid >= 0.95 * TALLY.queries
    assert TALLY.telling >= 0.3 * TALLY.valid
    assert set(TALLY.operators) == set(OPERATORS)
    assert TALLY.operators.most_common()[-1][1] >= TALLY.valid / 400
