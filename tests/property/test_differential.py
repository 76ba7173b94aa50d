"""The compiler against the reference: the same collection and the same query give the same rows, or the same error.

Two programs that share only the schema and the errors answer; a mistake must be made twice to go unseen.
"""

from typing import Any

import pytest
from finds import finds
from hypothesis import given, settings
from queries import OPERATORS, operators_in
from stores import filled, outcome
from tally import TALLY

from mqsql import reference
from mqsql.schema import Record

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
    with filled(collection) as store:
        for query, options in calls:
            expected = outcome(reference.find, collection, query, **options)
            assert outcome(store.find, query, **options) == expected
            if not options:
                count(query, len(collection), expected)


def test_the_queries_were_telling() -> None:
    if not TALLY.queries:
        pytest.skip('judges the test above, which did not run')
    assert TALLY.valid >= 0.95 * TALLY.queries
    assert TALLY.telling >= 0.3 * TALLY.valid
    assert set(TALLY.operators) == set(OPERATORS)
    assert TALLY.operators.most_common()[-1][1] >= TALLY.valid / 400
