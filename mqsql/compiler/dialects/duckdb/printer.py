"""Prints statements for DuckDB; see `sqlite.printer` for why sqlglot's own printer for DuckDB is not used."""

from __future__ import annotations

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generator import Generator

from mqsql import limits
from mqsql.compiler.dialect import quoted_name
from mqsql.compiler.dialects.duckdb.keywords import KEYWORDS


class DuckDBPrinter(Generator):
    """Prints for DuckDB, and checks the deadline meanwhile."""

    STRUCT_DELIMITER = ('(', ')')  # also of unions

    def __init__(self) -> None:
        super().__init__(dialect=DuckDB, normalize_functions=False, unsupported_level=ErrorLevel.RAISE)

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        """A call of a function."""
        limits.check()
        return super().anonymous_sql(expression)

    def datatype_sql(self, expression: exp.DataType) -> str:
        """The type of a cast."""
        if expression.is_type(exp.DType.ARRAY):
            return f'{self.expressions(expression, flat=True)}[]'
        return super().datatype_sql(expression)

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """The place of a parameter."""
        return f'${expression.name}'

    def identifier_sql(self, expression: exp.Identifier) -> str:
        """The name of a table or column, quoted where it must be."""
        return quoted_name(expression, KEYWORDS) or super().identifier_sql(expression)

    def lambda_sql(self, expression: exp.Lambda, arrow_sep: str = '->', wrap: bool = True) -> str:
        """A function of one value; the other arguments are sqlglot's."""
        return f'LAMBDA {self.expressions(expression, flat=True)} : {self.sql(expression, "this")}'

    def ordered_sql(self, expression: exp.Ordered) -> str:
        """A term of an ORDER BY; where NULLs come by default is a setting of the connection."""
        nulls = 'FIRST' if expression.args.get('nulls_first') else 'LAST'
        return f'{self.sql(expression, "this")}{" DESC" if expression.args.get("desc") else ""} NULLS {nulls}'
