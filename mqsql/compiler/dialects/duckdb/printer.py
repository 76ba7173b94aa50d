"""Prints statements for DuckDB.

sqlglot's own printer for DuckDB changes between minor versions, so this one says itself how DuckDB's words look.
"""

from __future__ import annotations

from sqlglot import ErrorLevel, exp
from sqlglot.generator import Generator

from mqsql import limits
from mqsql.compiler.dialect import quoted_name
from mqsql.compiler.dialects.duckdb.keywords import KEYWORDS


class DuckDBPrinter(Generator):
    """Prints for DuckDB, and checks the deadline meanwhile."""

    STRUCT_DELIMITER = ('(', ')')  # also of unions

    def __init__(self) -> None:
        super().__init__(normalize_functions=False, unsupported_level=ErrorLevel.RAISE)

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        """A call of a function."""
        limits.check()
        return super().anonymous_sql(expression)

    def datatype_sql(self, expression: exp.DataType) -> str:
        """The type of a cast."""
        if expression.this.name == 'ARRAY':  # its class has another name before sqlglot 30
            return f'{self.expressions(expression, flat=True)}[]'
        return super().datatype_sql(expression)

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """The place of a parameter."""
        return f'${expression.name}'

    def intdiv_sql(self, expression: exp.IntDiv) -> str:
        """A quotient of integers, rounded down; / would give a float."""
        return self.binary(expression, '//')

    def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
        """A cast, to a type that is written as it is."""
        return f'{safe_prefix or ""}CAST({self.sql(expression, "this")} AS {self.sql(expression, "to")})'

    def trycast_sql(self, expression: exp.TryCast) -> str:
        """A cast that gives NULL where it fails."""
        return self.cast_sql(expression, safe_prefix='TRY_')

    def lambda_sql(self, expression: exp.Lambda, arrow_sep: str = '->', wrap: bool = True) -> str:
        """A function of one parameter; the arrow is JSON's."""
        return f'lambda {self.expressions(expression, flat=True)}: {self.sql(expression, "this")}'

    def identifier_sql(self, expression: exp.Identifier) -> str:
        """The name of a table or column, quoted where it must be."""
        return quoted_name(expression, KEYWORDS) or super().identifier_sql(expression)

    def ordered_sql(self, expression: exp.Ordered) -> str:
        """A term of an ORDER BY; where NULLs come by default is a setting of the connection."""
        nulls = 'FIRST' if expression.args.get('nulls_first') else 'LAST'
        return f'{self.sql(expression, "this")}{" DESC" if expression.args.get("desc") else ""} NULLS {nulls}'
