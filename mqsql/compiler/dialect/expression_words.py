"""The words of expressions. Where one is Lacking, the interpreter evaluates the expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from mqsql.compiler.dialect.json import JsonRef


class Lacking(Exception):  # noqa: N818
    """A dialect does not say a word, which the message describes."""


Test: TypeAlias = 'Callable[[exp.Expr], exp.Expr]'
Compare: TypeAlias = 'Callable[[exp.Expr, exp.Expr], exp.Expr]'


class ExpressionWords:
    """The words of expressions. Where one is Lacking, the interpreter evaluates the expression.

    A date is the number of its microseconds since 1970, seconds are counted likewise.
    """

    evaluates = False
    """Whether these words are said at all, those of Words included that are given operands as they are."""

    # --- numbers

    def number(self, ref: JsonRef) -> exp.Expr:
        """A JSON number as a number that keeps its type; other values give anything."""
        raise Lacking('a JSON value as a number')

    def number_column(self, stored: exp.Expr) -> exp.Expr:
        """The value of a Number column as such a number; NaN gives anything."""
        raise Lacking('a number')

    def number_operand(self, operand: exp.Expr, *, integral: bool) -> exp.Expr:
        """A number that is a parameter as such a number; `integral` says that it is an integer of 64 bits."""
        raise Lacking('a number as a parameter')

    def is_integer(self, value: exp.Expr) -> exp.Expr:
        """A number is an integer, not a float."""
        raise Lacking('the type of a number')

    def calculate(self, operator: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """A sum, difference or product; of integers it is a float if 64 bits do not hold it."""
        raise Lacking('a sum of numbers')

    def ratio(self, dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
        """The quotient of two numbers as floats."""
        raise Lacking('a quotient of numbers')

    def remainder(self, dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
        """The remainder of two integers, with the sign of the dividend."""
        raise Lacking('a remainder')

    def whole_quotient(self, dividend: exp.Expr, divisor: int) -> exp.Expr:
        """The quotient of two integers that are not negative, cut to an integer."""
        raise Lacking('a quotient of integers')

    def to_float(self, value: exp.Expr) -> exp.Expr:
        """A number as the nearest float."""
        raise Lacking('a number as a float')

    def absolute(self, value: exp.Expr) -> exp.Expr:
        """The absolute value of a number other than the lowest integer of 64 bits."""
        raise Lacking('an absolute value')

    def cut(self, value: exp.Expr, how: str) -> exp.Expr:
        """The integral number next to a number: 'floor', 'ceil' or 'trunc'. It has the type of the number."""
        raise Lacking('an integral number')

    # --- dates

    def microseconds(self, stored: exp.Expr) -> exp.Expr:
        """The value of a Timestamp column as a date."""
        raise Lacking('a timestamp as a number')

    def date(self, ref: JsonRef) -> exp.Expr:
        """The date of the text under a tag; NULL for other texts."""
        raise Lacking('a date in JSON')

    def calendar(self, seconds: exp.Expr, part: str) -> exp.Expr:
        """The year, month, dayOfMonth or dayOfYear of a time."""
        raise Lacking('a part of a date')

    def start(self, seconds: exp.Expr, unit: str) -> exp.Expr:
        """The seconds of the beginning of the month or year of a time."""
        raise Lacking('the beginning of a month')

    # --- strings

    def in_case(self, stored: exp.Expr, case: str) -> exp.Expr:
        """A stored string in 'lower' or 'upper' case, where only ASCII letters have both."""
        raise Lacking('the case of letters')

    def byte_length(self, stored: exp.Expr) -> exp.Expr:
        """The number of bytes of a stored string, as it is stored."""
        raise Lacking('the length of a text in bytes')

    def stored_length(self, stored: exp.Expr) -> exp.Expr:
        """The number of characters of a stored string, as it is stored."""
        raise Lacking('the length of a text')
