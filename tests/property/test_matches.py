"""`matches` agrees with the store of dicts, where the records' fields mean the same without a table."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from stores import filled, outcome
from tables import SCOPE, TABLE, drawn

import mqsql
from mqsql.schema import BUFFERS, Record
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.places import Place, columns
from mqsql.testing.drawing.queries import Query, query

pytestmark = pytest.mark.usefixtures('local_zone')

MIXED = {column for column, kind in TABLE.columns.items() if kind.mixed}


def query_on_mixed(d: Draws, known: list[Place]) -> Query:
    """A query on columns of mixed types: what a typed column compares with is converted first, or refused."""
    places = [place for place in known if place.kind.mixed] or [place for place in columns(SCOPE) if place.kind.mixed]
    return query(d, places)


def names_in(query: object) -> Iterator[str]:
    """Every key and text of a query, as far as its first dot."""
    if isinstance(query, str):
        yield query.lstrip('$').partition('.')[0]
    parts = [*query, *query.values()] if isinstance(query, dict) else query if isinstance(query, list) else []
    for part in parts:
        yield from names_in(part)


def is_on_mixed(query: Query) -> bool:
    """Whether a query names no typed column and no alias."""
    return not {*TABLE.columns, *TABLE.aliases}.difference(MIXED).intersection(names_in(query))


def as_document(record: Record) -> dict[str, Any]:
    """The record without what is missing: None is null in a document."""
    return {key: value for key, value in record.items() if value is not None}


@given(drawn(query_on_mixed))
def test_documents_match_as_records_do(drawn: tuple[list[Record], list[Query]]) -> None:
    collection, queries = drawn
    buffers = {column for column, kind in TABLE.columns.items() if kind is BUFFERS}
    records = [{key: value for key, value in record.items() if key not in buffers} for record in collection]
    with filled(records, 'dict:', table=TABLE) as store:
        documents = [as_document(record) for record in store.find()]
        for one in filter(is_on_mixed, queries):
            expected = outcome(lambda one=one: [as_document(record) for record in store.find(one)])
            assert outcome(lambda one=one: list(filter(mqsql.matcher(one), documents))) == expected
