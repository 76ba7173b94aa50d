"""Drawn queries find in a hub's database what the reference finds in the same records."""

import re
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from hub_kinds import Kind
from stores import outcome
from tables import TABLE, collection, places

from contract.conftest import Maker
from mqsql import reference
from mqsql.schema import TASKS, Record
from mqsql.testing.drawing.queries import query
from mqsql.testing.drawing.random_draws import RandomDraws
from mqsql.values.canonical import INT64

pytestmark = pytest.mark.usefixtures('local_zone')

ROUNDS, QUERIES = 8, 20
VALUES = 60
"""Of each strategy, from which those of the records are picked."""


@cache
def drawn(number: int, bson: bool = False) -> tuple[list[Record], list[dict[str, Any]]]:
    """Records of tasks, and queries for them; if `bson`, all values are BSON's."""
    d = RandomDraws(number, VALUES)
    read = as_bson if bson else lambda value: value
    others = TABLE.columns.keys() - TASKS.columns.keys()
    records = [
        read({key: value for key, value in record.items() if key not in others}) for record in collection(d, 6, 12)
    ]
    records = list({record['msg_id']: record for record in records}.values())
    known = places(records)
    return records, [read(query(d, known)) for _ in range(QUERIES)]


def as_bson(value: Any) -> Any:
    """The value, or one near it that BSON has."""
    match value:
        case dict():
            return {as_bson(key): as_bson(part) for key, part in value.items()}
        case list():
            return [as_bson(part) for part in value]
        case str():
            return re.sub('[\0\ud800-\udfff]', 'x', value)
        case int() if value not in INT64:
            return value % 2**62
        case datetime():
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value


@pytest.mark.parametrize('number', range(ROUNDS))
def test_drawn_queries_find_what_the_reference_finds(kind: Kind, make: Maker, number: int) -> None:
    db = make()
    records, queries = drawn(number, kind.mongodb)
    for record in records:
        db.add_record(record['msg_id'], record)
    order = sorted if kind.mongodb else list

    def answers(call: Any, *args: Any) -> list[str]:
        return order(outcome(call, *args).splitlines())

    assert answers(db.find_records, {}, TASKS.default_keys) == answers(reference.find, records, {}, TASKS.default_keys)
    sure = [asked for asked in queries if not kind.deviates(asked, records)]
    assert len(sure) >= QUERIES / 2
    for asked in sure:
        assert answers(db.find_records, asked, []) == answers(reference.find, records, asked, []), asked
        assert answers(db.find_records, asked) == answers(reference.find, records, asked, TASKS.all_keys), asked


def test_the_queries_were_telling() -> None:
    valid = telling = 0
    for records, queries in map(drawn, range(ROUNDS)):
        for asked in queries:
            answer = outcome(reference.find, records, asked, [])
            valid += not answer.startswith('raises')
            telling += not answer.startswith('raises') and 0 < len(answer.splitlines()) < len(records)
    assert valid >= 0.9 * ROUNDS * QUERIES
    assert telling >= 0.25 * valid
