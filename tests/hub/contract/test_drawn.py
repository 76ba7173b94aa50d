"""Drawn queries find in a hub's database what the reference finds in the same records."""

from functools import cache
from typing import Any

import pytest
from places import places
from queries import query
from rounds import RandomDraws
from stores import outcome
from strategies import collection
from tables import TABLE

from contract.conftest import Maker
from mqsql import reference
from mqsql.schema import TASKS, Record

pytestmark = pytest.mark.usefixtures('local_zone')

ROUNDS, QUERIES = 8, 20
VALUES = 60
"""Of each strategy, from which those of the records are picked."""


@cache
def drawn(number: int) -> tuple[list[Record], list[dict[str, Any]]]:
    """Records of tasks, and queries for them."""
    d = RandomDraws(number, VALUES)
    others = TABLE.columns.keys() - TASKS.columns.keys()
    records = [{key: value for key, value in record.items() if key not in others} for record in collection(d, 6, 12)]
    known = places(records)
    return records, [query(d, known) for _ in range(QUERIES)]


@pytest.mark.parametrize('number', range(ROUNDS))
def test_drawn_queries_find_what_the_reference_finds(make: Maker, number: int) -> None:
    db = make()
    records, queries = drawn(number)
    for record in records:
        db.add_record(record['msg_id'], record)
    assert outcome(db.find_records, {}, TASKS.default_keys) == outcome(reference.find, records, {}, TASKS.default_keys)
    for asked in queries:
        assert outcome(db.find_records, asked, []) == outcome(reference.find, records, asked, []), asked
        assert outcome(db.find_records, asked) == outcome(reference.find, records, asked, TASKS.all_keys), asked


def test_the_queries_were_telling() -> None:
    valid = telling = 0
    for records, queries in map(drawn, range(ROUNDS)):
        for asked in queries:
            answer = outcome(reference.find, records, asked, [])
            valid += not answer.startswith('raises')
            telling += not answer.startswith('raises') and 0 < len(answer.splitlines()) < len(records)
    assert valid >= 0.9 * ROUNDS * QUERIES
    assert telling >= 0.25 * valid
