"""The depth of an SQL condition as SQLite counts it; SQLite reads at most 1,000 levels.

SQLite counts the levels of an expression, those of the subqueries in it included, and then, while it resolves the names of a
subquery, adds the levels of that one's expressions to those of the expressions around it.
"""

from sqlglot import exp

MAX_DEPTH = 1_000

_NO_LEVEL = (exp.Paren, exp.If, exp.Subquery, exp.Where, exp.From, exp.Join, exp.Table, exp.Select, exp.Union)


def depth(condition: exp.Expr) -> int:
    """The levels that SQLite counts for a condition."""
    return sum(_levels(condition))


def _levels(node: exp.Expr) -> tuple[int, int]:
    """The levels of an expression, and the most that subqueries in it add to them."""
    height = added = 0
    for part in node.iter_expressions():
        inside, further = _levels(part)
        if isinstance(part, exp.Query) and not isinstance(part, exp.Subquery):
            further += inside
        height, added = max(height, inside), max(added, further)
    return height + (not isinstance(node, _NO_LEVEL)), added
