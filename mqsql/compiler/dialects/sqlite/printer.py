"""Prints statements for SQLite.

sqlglot's own printer for SQLite changes between minor versions, so this one says itself how SQLite's operators look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generator import Generator

from mqsql import limits
from mqsql.compiler.dialect import quoted_name
from mqsql.compiler.dialects.sqlite.keywords import KEYWORDS


def _operator(sign: str) -> Callable[[Generator, exp.Binary], str]:
    return lambda printer, expression: printer.binary(expression, sign)


class SQLitePrinter(Generator):
    """Prints for SQLite, and checks the deadline meanwhile: a large statement takes a second."""

    TRANSFORMS: ClassVar = {
        **Generator.TRANSFORMS,
        exp.JSONExtract: _operator('->'),
        exp.JSONExtractScalar: _operator('->>'),
        exp.NullSafeEQ: _operator('IS'),
        exp.NullSafeNEQ: _operator('IS NOT'),
    }
    TYPE_MAPPING: ClassVar = {**Generator.TYPE_MAPPING, exp.DataType.Type.INT: 'INTEGER'}

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
