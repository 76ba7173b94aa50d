"""DuckDB against the reference: a part of what `make compare` compares with --dialect duckdb."""

import pytest
from comparisons import run

pytestmark = pytest.mark.usefixtures('local_zone')

SEEDS = range(101, 105)


@pytest.mark.parametrize('number', SEEDS)
def test_duckdb_answers_as_the_reference(number: int) -> None:
    done = run(number, 'duckdb', count=150, values=40)
    assert done['compared'] >= 150
    assert done['refused'] < done['compared'] / 4
    assert done['telling'] >= done['plain'] / 10
