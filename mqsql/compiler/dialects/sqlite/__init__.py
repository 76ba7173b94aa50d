"""SQLite as a dialect."""

from sqlglot import exp
from sqlglot.generators.sqlite import SQLiteGenerator

from mqsql import limits
from mqsql.compiler.dialect import Dialect


class SQLitePrinter(SQLiteGenerator):
    """Prints for SQLite, and checks the deadline meanwhile: a large statement takes a second."""

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        """A call of a function."""
        limits.check()
        return super().anonymous_sql(expression)

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """The place of a parameter."""
        limits.check()
        return super().placeholder_sql(expression)

    def intdiv_sql(self, expression: exp.IntDiv) -> str:
        """The quotient of two integers, which SQLite's operator cuts to one."""
        return self.binary(expression, '/')


SQLITE = Dialect('sqlite', SQLitePrinter)
