"""Prints statements for SQLite.

sqlglot's own printer for SQLite changes between minor versions, so this one says itself how SQLite's operators look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generator import Generator

from mqsql.compiler.dialect import quoted_name
from mqsql.compiler.dialect.printer import Printer
from mqsql.compiler.dialects.sqlite.keywords import KEYWORDS


def _operator(sign: str) -> Callable[[Generator, exp.Binary], str]:
    return lambda printer, expression: printer.binary(expression, sign)


_SQLITE = SQLite()


class SQLitePrinter(Printer):
    """Prints for SQLite."""

    TRANSFORMS: ClassVar = {
        **Generator.TRANSFORMS,
        exp.JSONExtract: _operator('->'),
        exp.JSONExtractScalar: _operator('->>'),
        exp.NullSafeEQ: _operator('IS'),
        exp.NullSafeNEQ: _operator('IS NOT'),
    }
    TYPE_MAPPING: ClassVar = {**Generator.TYPE_MAPPING, exp.DataType.Type.INT: 'INTEGER'}

    def __init__(self) -> None:
        super().__init__(_SQLITE)

    def identifier_sql(self, expression: exp.Identifier) -> str:
        """The name of a table or column, quoted where it must be."""
        return quoted_name(expression, KEYWORDS)
