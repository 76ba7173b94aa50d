"""The first records by a limit: against the reference, where a few records count as many and a head has but some of them.

A statement reads a head of the table, or of the index of a sort, before it uses an index that leads to the records; see
`led_records`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mqsql
from mqsql import reference
from mqsql.compiler.dialects.sqlite import led_records
from mqsql.schema import ANY, BOOLEAN, NUMBER, STRING, TIMESTAMP, Record, Table

START = datetime(2026, 1, 1, tzinfo=UTC)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    'text': st.sampled_from('abcé\U0001f600'),
    'number': st.sampled_from([-1, 1, 2, 2.5, 10**17, float('nan'), float('inf')]),
    'moment': st.integers(0, 5).map(lambda seconds: START + timedelta(seconds=seconds)),
    'flag': st.booleans(),
    'any': st.sampled_from(['x', 'y', 1, 2.5, True, [1, 2], {'x': 1}]),
    'record': st.sampled_from('abc'),
}
"""What the columns have, besides nothing; one has the name of a column of the statements, and no index."""

INDEXES = tuple(mqsql.Index((column,)) for column in ('text', 'number', 'moment', 'flag', 'any'))
TABLE = Table(
    'found',  # a name of the statements, too
    {
        'key': STRING,
        'text': STRING,
        'number': NUMBER,
        'moment': TIMESTAMP,
        'flag': BOOLEAN,
        'any': ANY,
        'record': STRING,
    },
    'key',
    indexes=(*INDEXES, mqsql.Index(('text', 'moment'), (1, -1))),
)

SEEN = {'answers': 0, 'with a head': 0, 'telling': 0}

pytestmark = pytest.mark.usefixtures('short_heads')


@pytest.fixture(scope='module')
def short_heads() -> Iterator[None]:
    """Two records are many, and a head has three."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(led_records, 'FEW', 2)
        patch.setattr(led_records, 'HEAD', 3)
        yield


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Records with many equal values, and some without one."""
    columns = {column: st.none() | values for column, values in VALUES.items()}
    drawn = draw(st.lists(st.fixed_dictionaries(columns), min_size=8, max_size=25))
    return [{'key': f'k{i * 7 % 26:02}', **record} for i, record in enumerate(drawn)]


@st.composite
def condition(draw: st.DrawFn) -> dict[str, Any]:
    """A test of a column."""
    column = draw(st.sampled_from([*VALUES]))
    operator = draw(st.sampled_from(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in']))
    value = draw(VALUES[column])
    return {column: {operator: [value, draw(VALUES[column])] if operator == '$in' else value}}


queries = condition() | st.builds(
    lambda connective, parts: {connective: parts},
    st.sampled_from(['$and', '$or']),
    st.lists(condition(), min_size=1, max_size=3),
)
sorts = st.none() | st.lists(
    st.tuples(st.sampled_from(['key', *VALUES]), st.sampled_from([1, -1])), min_size=1, max_size=2
)
windows = st.fixed_dictionaries({'limit': st.integers(1, 6), 'skip': st.sampled_from([0, 0, 1, 3])})


@settings(max_examples=settings().max_examples * 2)
@given(
    records(),
    st.sets(st.integers(0, 24), max_size=5),
    st.lists(st.tuples(queries, sorts, windows), min_size=1, max_size=8),
)
def test_the_first_records_are_those_of_the_reference(
    drawn: list[Record], dropped: set[int], asked: list[tuple[dict[str, Any], Any, Any]]
) -> None:
    kept = [record for i, record in enumerate(drawn) if i not in dropped]
    with mqsql.open(':memory:', table=TABLE) as store:
        store.add_records(drawn)
        for record in drawn:
            if record not in kept:
                store.drop_record(record['key'])
        for query, sort, window in asked:
            expected = list(reference.find(kept, query, ['key', 'any'], sort=sort, table=TABLE, **window))
            assert list(store.find(query, ['key', 'any'], sort=sort, **window)) == expected
            SEEN['answers'] += 1
            has_head = '~head' in store.explain(query, ['key', 'any'], sort=sort, **window).sql
            SEEN['with a head'] += has_head
            SEEN['telling'] += has_head and 0 < len(expected) < len(kept)


def test_there_were_heads() -> None:
    if SEEN['answers'] < 300:
        pytest.skip('judges the queries of the test before, which were too few')
    assert SEEN['with a head'] >= 0.25 * SEEN['answers']
    assert SEEN['telling'] >= 0.3 * SEEN['with a head']
