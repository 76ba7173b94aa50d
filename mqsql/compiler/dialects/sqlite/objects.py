"""The tables, indexes and triggers that mqsql makes in a file of SQLite."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal['table', 'index', 'trigger']
"""The type of an object, as `sqlite_schema` says it."""


class SchemaObject(NamedTuple):
    """A table, index or trigger, and the statement that creates it, empty if it is a table."""

    kind: Kind
    name: str
    sql: str
