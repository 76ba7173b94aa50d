"""What is relayed to a MongoDB server says what the query says, and is BSON; no server is needed to see it."""

from typing import Any

import pytest
from bson import decode, encode
from draws import Draws
from finds import drawn
from hypothesis import given, settings
from places import Place
from queries import Query, query
from stores import outcome
from tables import TABLE

from mqsql import reference
from mqsql.errors import UnsupportedError
from mqsql.schema import Record
from mqsql.storage.mongodb.documents import ID, MICROSECONDS
from mqsql.storage.mongodb.queries import translate
from mqsql.values.plain import read_plain

pytestmark = pytest.mark.usefixtures('local_zone')


def as_of_records(said: Any) -> Any:
    """A translated query without what it says of the fields that only documents have."""
    if isinstance(said, dict):
        return {key: as_of_records(part) for key, part in said.items() if key not in (ID, MICROSECONDS) or part != {}}
    return [as_of_records(part) for part in said] if isinstance(said, list) else said


def one_or_more(d: Draws, known: list[Place]) -> Query:
    """A query, one in four with operators, keys or names twice."""
    one = query(d, known)
    if not d.once_in(4):
        return one
    other = query(d, known)
    return {**one, **{TABLE_ALIASES.get(key, key): part for key, part in other.items()}}


TABLE_ALIASES = {column: alias for alias, column in TABLE.aliases.items()}


@settings(max_examples=settings().max_examples * 2)
@given(drawn(one_or_more))
def test_a_translated_query_finds_the_same(drawn: tuple[list[Record], list[Query]]) -> None:
    collection, queries = drawn
    for one in queries:
        expected = outcome(reference.find, collection, one, [], table=TABLE)
        if expected.startswith('raises'):
            continue
        try:
            said = translate(read_plain(one), TABLE)
        except UnsupportedError:
            continue
        decode(encode({'filter': said}))
        assert outcome(reference.find, collection, as_of_records(said), [], table=TABLE) == expected
