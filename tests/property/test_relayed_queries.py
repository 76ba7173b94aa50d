"""What is relayed to a MongoDB server says what the query says, and is BSON; no server is needed to see it."""

from typing import Any

import pytest
from bson import decode, encode
from hypothesis import given, settings
from mongo_comparisons import in_milliseconds
from stores import outcome
from tables import TABLE, drawn

import mqsql
from mqsql import reference
from mqsql.errors import RecordError, UnsupportedError
from mqsql.schema import TIMESTAMP, Record
from mqsql.storage.mongodb.documents import ID, MICROSECONDS, to_fields
from mqsql.storage.mongodb.queries import translate
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.places import Place
from mqsql.testing.drawing.queries import Query, query
from mqsql.values.plain import read_plain

pytestmark = pytest.mark.usefixtures('local_zone')


def as_document(given: Record) -> dict[str, Any]:
    """A record as it is stored, but for the times inside values, which are whole."""
    fields, microseconds = to_fields(TABLE.normalize(given))
    times = {column: in_milliseconds(fields[column]) for column in fields if TABLE.columns[column] is TIMESTAMP}
    return {ID: given[TABLE.key], **fields, **times, MICROSECONDS: microseconds}


def is_storable(given: Record) -> bool:
    """Whether BSON holds all of it."""
    try:
        return bool(to_fields(TABLE.normalize(given)))
    except RecordError:
        return False


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
    collection = list(filter(is_storable, collection))
    documents = list(map(as_document, collection))
    for one in queries:
        expected = outcome(reference.find, collection, one, [], table=TABLE)
        if expected.startswith('raises'):
            continue
        try:
            said = translate(read_plain(one), TABLE)
        except UnsupportedError:
            continue
        decode(encode({'filter': said}))
        assert '\n'.join(repr({TABLE.key: found[ID]}) for found in filter(mqsql.matcher(said), documents)) == expected
