"""A compiled query needs no driver of ours: the standard library's sqlite3 runs it on the file that a store wrote."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from stores import holding, outcome
from tables import TABLE, finds

import mqsql
from mqsql import reference
from mqsql.compiler import FUNCTIONS
from mqsql.schema import Record

pytestmark = pytest.mark.usefixtures('local_zone')


def find(connection: sqlite3.Connection, query: dict[str, Any], options: dict[str, Any]) -> list[Record]:
    compiled = mqsql.compile(query, **options, table=TABLE)
    return [compiled.record(row) for row in connection.execute(compiled.sql, dict(compiled.params))]


@settings(max_examples=settings().max_examples // 2)
@given(finds())
def test_the_standard_library_gives_the_rows_of_the_reference(drawn: tuple[list[Record], list[Any]]) -> None:
    collection, calls = drawn
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'tasks.db'
        with holding(collection, str(path)):
            pass
        with closing(sqlite3.connect(path)) as connection:
            for name, arguments, function in FUNCTIONS:
                connection.create_function(name, arguments, function, deterministic=True)
            for query, options in calls:
                assert outcome(find, connection, query, options) == outcome(
                    reference.find, collection, query, **options, table=TABLE
                )
