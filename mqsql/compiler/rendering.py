"""From a statement's tree to its text, kept by shape: the trees are hashable and hold no values."""

from __future__ import annotations

from typing import NamedTuple

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.lower.statements import lower_statement
from mqsql.compiler.plan import plan, scanned_indexes
from mqsql.compiler.tree.select import Statement, without_indexes
from mqsql.kept import Kept

_PER_CHARACTER = 6  # bytes that a statement and the trees that it is kept by take for each character of its text


class Rendered(NamedTuple):
    """The text of a statement, the functions that it calls, which must be registered on the connection, the names of the
    indexes on paths that it reads, and its parameters.
    """

    sql: str
    functions: frozenset[str]
    indexes: tuple[str, ...]
    params: frozenset[str]


_RENDERED: Kept[tuple[Statement, Dialect], Rendered] = Kept(16_000_000)


def render(statement: Statement, dialect: Dialect) -> Rendered:
    """Plan, lower and print a statement, or give the text that is kept of its shape."""
    return _RENDERED.get((statement, dialect), _render)


def _render(key: tuple[Statement, Dialect]) -> tuple[Rendered, int]:
    statement, dialect = key
    if dialect.path_indexes is None:
        statement = without_indexes(statement)
    planned = plan(statement)
    sql, called, params = dialect.render(lower_statement(planned, dialect))
    functions = frozenset(name for name in called if name.startswith('mqsql_'))
    indexes = tuple(dict.fromkeys(index.name for index in scanned_indexes(planned)))
    return Rendered(sql, functions, indexes, params), _PER_CHARACTER * len(sql)
