"""Lowers an expression to a condition, as far as SQL is exact; where it is not, for an expression or for a record, the
interpreter is asked: a function of the connection.
"""

from mqsql.compiler.lower.expressions.arithmetic import ARITHMETIC
from mqsql.compiler.lower.expressions.conditions import CONDITIONS
from mqsql.compiler.lower.expressions.context import Lower, Lowering
from mqsql.compiler.lower.expressions.dates import DATES
from mqsql.compiler.lower.expressions.operands import NotLoweredError, truth
from mqsql.compiler.lower.expressions.strings import STRINGS
from mqsql.compiler.lower.expressions.types import TYPES
from mqsql.compiler.lower.sql import Condition, and_, case, column, func, param
from mqsql.compiler.tree.predicate import ExprMatch
from mqsql.schema import Table

LOWERED: dict[str, Lower] = {**CONDITIONS, **ARITHMETIC, **DATES, **STRINGS, **TYPES}
"""The operators that SQL has, at least for some operands."""


def lower_expression(match: ExprMatch, table: Table) -> Condition:
    """The expression is true of the record."""
    try:
        lowering = Lowering(table, LOWERED, match.collated)
        condition = lowering.truth(lowering.lower(match.tree))
    except NotLoweredError:
        return interpreted(match, table)
    if not lowering.guards:
        return func('coalesce', condition.sql, interpreted(match, table)) if condition.partial else condition.sql
    made = truth(condition)
    return func('coalesce', case((and_(lowering.guards), made)), interpreted(match, table))


def interpreted(match: ExprMatch, table: Table) -> Condition:
    """The condition by the function of the connection."""
    return func('mqsql_expr', param(match.param), *(column(name, table.name) for name in match.columns))
