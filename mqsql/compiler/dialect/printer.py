"""What the printers of all databases share: what a statement needs is noted while it is printed."""

from __future__ import annotations

from typing import NamedTuple

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.generator import Generator

from mqsql import limits


class Printed(NamedTuple):
    """The text of a statement, and the names of the functions that it calls and of its parameters."""

    sql: str
    functions: frozenset[str]
    params: frozenset[str]


class Printer(Generator):
    """Prints one statement, and checks the deadline meanwhile: a large statement takes a second."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect=dialect, normalize_functions=False, unsupported_level=ErrorLevel.RAISE)
        self._functions: set[str] = set()
        self._params: set[str] = set()

    def print(self, statement: exp.Expr) -> Printed:
        """The statement's text, and what it needs; the statement may be changed."""
        sql = self.generate(statement, copy=False)
        return Printed(sql, frozenset(self._functions), frozenset(self._params))

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        """A call of a function."""
        limits.check()
        self._functions.add(expression.this)
        return super().anonymous_sql(expression)

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """The place of a parameter."""
        limits.check()
        self._params.add(expression.this)
        return super().placeholder_sql(expression)
