"""Prints statements for DuckDB.

sqlglot's own printer for DuckDB changes between minor versions, so this one says itself how DuckDB's words look.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from mqsql.compiler.dialect import quoted_name
from mqsql.compiler.dialect.printer import Printer
from mqsql.compiler.dialects.duckdb.keywords import KEYWORDS

_PLAIN = Dialect()


class DuckDBPrinter(Printer):
    """Prints for DuckDB."""

    NAMED_PLACEHOLDER_TOKEN = '$'
    STRUCT_DELIMITER = ('(', ')')  # also of unions

    def __init__(self) -> None:
        super().__init__(_PLAIN)

    def datatype_sql(self, expression: exp.DataType) -> str:
        """The type of a cast."""
        if expression.this.name == 'ARRAY':  # its class has another name before sqlglot 30
            return f'{self.expressions(expression, flat=True)}[]'
        return super().datatype_sql(expression)

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
        return quoted_name(expression, KEYWORDS)

    def ordered_sql(self, expression: exp.Ordered) -> str:
        """A term of an ORDER BY; where NULLs come by default is a setting of the connection."""
        nulls = 'FIRST' if expression.args.get('nulls_first') else 'LAST'
        return f'{self.sql(expression, "this")}{" DESC" if expression.args.get("desc") else ""} NULLS {nulls}'
