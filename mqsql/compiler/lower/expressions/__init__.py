"""Lowers an expression to a condition, as far as SQL is exact; where it is not, for an expression or for a record, the
interpreter is asked: a function of the connection.
"""

from __future__ import annotations

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialect.expression_words import Lacking
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


def lower_expression(match: ExprMatch, table: Table, dialect: Dialect) -> Condition:
    """The expression is true of the record."""
    if not dialect.words.evaluates:
        return interpreted(match, table, dialect)
    lowering = Lowering(table, dialect, LOWERED, match.collated)
    try:
        condition = lowering.truth(lowering.lower(match.tree))
    except (NotLoweredError, Lacking):
        return interpreted(match, table, dialect)
    if not lowering.guards and not condition.partial:
        return condition.sql
    made = truth(condition)
    exact = case((and_(lowering.guards), made)) if lowering.guards else made
    return func('coalesce', exact, interpreted(match, table, dialect))


def interpreted(match: ExprMatch, table: Table, dialect: Dialect) -> Condition:
    """The condition by the function of the connection."""
    words = dialect.words
    columns = [words.argument(table.columns[name], column(name, table.name)) for name in match.columns]
    return words.call('mqsql_expr', param(match.param), *columns)
