"""From a statement's tree to its text, kept by shape: the trees are hashable and hold no values."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlglot import exp

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
    tree = lower_statement(planned, dialect)
    functions, params = _names(tree)
    sql = dialect.render(tree)
    indexes = tuple(dict.fromkeys(index.name for index in scanned_indexes(planned)))
    return Rendered(sql, functions, indexes, params), _PER_CHARACTER * len(sql)


def _names(tree: exp.Expr) -> tuple[frozenset[str], frozenset[str]]:
    """The names of our functions and of the parameters in a tree; `find_all` twice would take as long as lowering."""
    functions: set[str] = set()
    params: set[str] = set()
    left: list[Any] = [tree]
    while left:
        node = left.pop()
        kind = type(node)
        if kind is list:
            left += node
        elif kind not in _LEAVES and (args := getattr(node, 'args', None)):
            if kind is exp.Placeholder:
                params.add(node.name)
            elif kind is exp.Anonymous:
                functions.add(node.name)
            left += args.values()
    return frozenset(name for name in functions if name.startswith('mqsql_')), frozenset(params)


_LEAVES = frozenset({str, bool, int, type(None)})
"""Types of most of what a node has besides nodes and lists."""
