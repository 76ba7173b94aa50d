"""Prints statements for SQLite."""

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generators.sqlite import SQLiteGenerator

from mqsql import limits
from mqsql.compiler.dialect import quoted_name
from mqsql.compiler.dialects.sqlite.keywords import KEYWORDS


class SQLitePrinter(SQLiteGenerator):
    """Prints for SQLite, and checks the deadline meanwhile: a large statement takes a second."""

    def __init__(self) -> None:
        super().__init__(dialect=SQLite, normalize_functions=False, unsupported_level=ErrorLevel.RAISE)

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        """A call of a function."""
        limits.check()
        return super().anonymous_sql(expression)

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """The place of a parameter."""
        limits.check()
        return super().placeholder_sql(expression)

    def identifier_sql(self, expression: exp.Identifier) -> str:
        """The name of a table or column, quoted where it must be."""
        return quoted_name(expression, KEYWORDS) or super().identifier_sql(expression)
