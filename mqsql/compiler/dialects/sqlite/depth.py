"""The depth of an SQL condition as SQLite counts it; SQLite reads at most 1,000 levels.

SQLite counts the levels of an expression, including those of its subqueries. Then, while it resolves the names of a subquery,
it adds the levels of the subquery's expressions to the levels around it.
"""

from __future__ import annotations

from sqlglot import exp

from mqsql.errors import QueryError

MAX_DEPTH = 1_000

_NO_LEVEL = (exp.Paren, exp.If, exp.Subquery, exp.Where, exp.From, exp.Join, exp.Table, exp.Select, exp.Union)


def check_depth(condition: exp.Expr) -> None:
    """QueryError if SQLite counts too many levels for a condition."""
    if sum(_levels(condition)) > MAX_DEPTH:
        raise QueryError(
            f'the query is nested too deeply: its SQL has more than the {MAX_DEPTH:,} levels that SQLite reads; '
            'an $elemMatch in another, and the items of a schema, take many'
        )


def _levels(node: exp.Expr) -> tuple[int, int]:
    """The levels of an expression, and the most that subqueries in it add to them."""
    height = added = 0
    for part in node.iter_expressions():
        inside, further = _levels(part)
        if isinstance(part, exp.Query) and not isinstance(part, exp.Subquery):
            further += inside
        height, added = max(height, inside), max(added, further)
    return height + (not isinstance(node, _NO_LEVEL)), added
