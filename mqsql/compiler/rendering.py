"""From a statement's tree to its text, kept by shape: the trees are hashable and hold no values.

Many queries ask for the same keys in the same order, so the text around their conditions is kept, too.
"""

from __future__ import annotations

from typing import NamedTuple

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialect.printer import Printed
from mqsql.compiler.lower.predicate import BLANK
from mqsql.compiler.lower.statements import lower_condition, lower_statement
from mqsql.compiler.plan import plan, scanned_indexes
from mqsql.compiler.tree.select import Statement, framed, tests_once, without_indexes
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
    sql, called, params = _print(planned, dialect)
    functions = frozenset(name for name in called if name.startswith('mqsql_'))
    indexes = tuple(dict.fromkeys(index.name for index in scanned_indexes(planned)))
    return Rendered(sql, functions, indexes, params), _PER_CHARACTER * len(sql)


def _print(planned: Statement, dialect: Dialect) -> Printed:
    """Print a statement: one that tests its predicate once in its frame, which is kept, as others have the same."""
    if not tests_once(planned):
        return dialect.render(lower_statement(planned, dialect))
    start, end, functions, params = _FRAMES.get((framed(planned), dialect), _frame)
    condition = dialect.render(lower_condition(planned, dialect))
    return Printed(f'{start}{condition.sql}{end}', functions | condition.functions, params | condition.params)


class _Frame(NamedTuple):
    """The text of a statement before and after its condition, and what this text needs."""

    start: str
    end: str
    functions: frozenset[str]
    params: frozenset[str]


_FRAMES: Kept[tuple[Statement, Dialect], _Frame] = Kept(4_000_000)


def _frame(key: tuple[Statement, Dialect]) -> tuple[_Frame, int]:
    sql, functions, params = key[1].render(lower_statement(*key))
    start, end = sql.split(BLANK)
    return _Frame(start, end, functions, params), _PER_CHARACTER * len(sql)
