"""SQLite's words of expressions.

Its numbers are MongoDB's: integers of 64 bits, whose sums, differences and products become floats beyond that, and floats.
"""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import ExpressionWords
from mqsql.compiler.dialect.json import JsonRef
from mqsql.compiler.lower.sql import Condition, func, nested, number, text

_FORMATS = {'year': '%Y', 'month': '%m', 'dayOfMonth': '%d', 'dayOfYear': '%j'}


class SQLiteExpressionWords(ExpressionWords):
    """See ExpressionWords."""

    evaluates = True

    def scalar(self, ref: JsonRef) -> exp.Expr:
        """See Words."""
        raise NotImplementedError

    # --- numbers

    def number(self, ref: JsonRef) -> exp.Expr:
        """See ExpressionWords."""
        return self.scalar(ref)

    def number_column(self, stored: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return stored

    def number_operand(self, operand: exp.Expr, *, integral: bool) -> exp.Expr:
        """See ExpressionWords."""
        return operand

    def is_integer(self, value: exp.Expr) -> Condition:
        """See ExpressionWords."""
        return exp.EQ(this=func('typeof', value), expression=text('integer'))

    def calculate(self, operator: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return operator(this=nested(left), expression=nested(right))

    def ratio(self, dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return exp.Div(this=self.to_float(dividend), expression=nested(divisor), typed=True, safe=True)

    def remainder(self, dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return exp.Mod(this=nested(dividend), expression=nested(divisor))

    def whole_quotient(self, dividend: exp.Expr, divisor: int) -> exp.Expr:
        """See ExpressionWords. The quotient of integers is one."""
        return exp.Div(this=nested(dividend), expression=number(divisor), typed=True, safe=True)

    def to_float(self, value: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return exp.Cast(this=value, to=exp.DataType.build('REAL'))

    def absolute(self, value: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return func('abs', value)

    def cut(self, value: exp.Expr, how: str) -> exp.Expr:
        """See ExpressionWords."""
        return func(how, value)

    # --- dates

    def microseconds(self, stored: exp.Expr) -> exp.Expr:
        """See ExpressionWords: that is what the column stores."""
        return stored

    def date(self, ref: JsonRef) -> exp.Expr:
        """See ExpressionWords."""
        seconds = func('unixepoch', func('substr', self.scalar(ref), number(1), number(19)))
        fraction = func('substr', self.scalar(ref), number(21), number(6))
        whole = exp.Mul(this=seconds, expression=number(1_000_000))
        return exp.Add(this=whole, expression=exp.Cast(this=fraction, to=exp.DataType.build('INT')))

    def calendar(self, seconds: exp.Expr, part: str) -> exp.Expr:
        """See ExpressionWords."""
        shown = func('strftime', text(_FORMATS[part]), seconds, text('unixepoch'))
        return exp.Cast(this=shown, to=exp.DataType.build('INT'))

    def start(self, seconds: exp.Expr, unit: str) -> exp.Expr:
        """See ExpressionWords."""
        return func('unixepoch', seconds, text('unixepoch'), text(f'start of {unit}'))

    # --- strings

    def in_case(self, stored: exp.Expr, case: str) -> exp.Expr:
        """See ExpressionWords. SQLite's functions change ASCII letters only."""
        return func(case, stored)

    def byte_length(self, stored: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return self.whole_quotient(func('length', func('hex', stored)), 2)

    def stored_length(self, stored: exp.Expr) -> exp.Expr:
        """See ExpressionWords."""
        return func('length', stored)
