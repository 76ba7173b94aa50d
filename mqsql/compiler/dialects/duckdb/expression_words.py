"""DuckDB's words of expressions: differences of times, and what is made of these.

It has no others. A sum of integers that 64 bits do not hold is an error, and the case of letters is that of Unicode.
"""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import ExpressionWords
from mqsql.compiler.lower.sql import func, nested, number, own_name


class DuckDBExpressionWords(ExpressionWords):
    """See ExpressionWords."""

    evaluates = True

    def number_operand(self, operand: exp.Expr, *, integral: bool) -> exp.Expr:
        """See ExpressionWords: one of the parts by which a number is bound."""
        part = exp.Dot(this=operand, expression=own_name('i' if integral else 'd'))
        return exp.Cast(this=part, to=exp.DataType.build('BIGINT' if integral else 'DOUBLE'))

    def whole_quotient(self, dividend: exp.Expr, divisor: int) -> exp.Expr:
        """See ExpressionWords."""
        return exp.IntDiv(this=nested(dividend), expression=number(divisor))

    def microseconds(self, stored: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return func('epoch_us', stored)
