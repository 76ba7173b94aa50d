"""The depth of an SQL condition as DuckDB counts it; DuckDB reads at most 1,000 levels, and loops in one another slowly."""

from __future__ import annotations

from sqlglot import exp

from mqsql.errors import QueryError

MAX_DEPTH = 500
MAX_LOOPS = 10
"""Each level of loops in one another doubles the time to plan."""


def check_depth(condition: exp.Expr) -> None:
    """QueryError if a condition has too many levels, or too many levels of loops."""
    depth, loops = _levels(condition)
    if depth > MAX_DEPTH or loops > MAX_LOOPS:
        raise QueryError(
            f'the query is nested too deeply: its SQL has more than the {MAX_DEPTH:,} levels that DuckDB reads, or the '
            f'{MAX_LOOPS} levels of loops that it plans in time; an $elemMatch in another takes one'
        )


def _levels(node: exp.Expr) -> tuple[int, int]:
    depth = loops = 0
    for part in node.iter_expressions():
        inside, in_loops = _levels(part)
        depth, loops = max(depth, inside), max(loops, in_loops)
    return depth + 1, loops + isinstance(node, exp.Lambda)
