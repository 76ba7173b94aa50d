"""Dialects of SQL: how a statement is printed for each database.

A dialect is a row of DIALECTS. The JSON vocabulary of `sql` and `paths` is SQLite's; a dialect with another one brings its
own, and names in `absent` the operators that it cannot say, which then raise UnsupportedError.
"""

from dataclasses import dataclass

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generator import Generator
from sqlglot.generators.sqlite import SQLiteGenerator

from mqsql import limits


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


@dataclass(frozen=True)
class Dialect:
    """A database's way to print a statement; `absent` are the operators it has no words for."""

    name: str
    printer: type[Generator]
    absent: frozenset[str] = frozenset()

    def render(self, statement: exp.Expr) -> str:
        """The statement's text, its parameters as :name."""
        printer = self.printer(dialect=SQLite, normalize_functions=False, unsupported_level=ErrorLevel.RAISE)
        return printer.generate(statement, copy=False)


DIALECTS = {'sqlite': Dialect('sqlite', SQLitePrinter)}
"""Dialects by name."""

KEYWORDS = frozenset(
    """
    abort action add after all alter always analyze and as asc attach autoincrement before begin between by
    cascade case cast check collate column commit conflict constraint create cross current current_date
    current_time current_timestamp database default deferrable deferred delete desc detach distinct do drop
    each else end escape except exclude exclusive exists explain fail filter first following for foreign from
    full generated glob group groups having if ignore immediate in index indexed initially inner insert
    instead intersect into is isnull join key last left like limit match materialized natural no not nothing
    notnull null nulls of offset on or order others outer over partition plan pragma preceding primary query
    raise range recursive references regexp reindex release rename replace restrict returning right rollback
    row rows savepoint select set table temp temporary then ties to transaction trigger unbounded union unique
    update using vacuum values view virtual when where window with without
    """.split()
)
"""Words that must be quoted as names (sqlite.org/lang_keywords.html)."""
