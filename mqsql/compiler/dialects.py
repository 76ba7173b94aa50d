"""What differs by database: how a statement is printed. Imports sqlglot only.

A dialect is a row of DIALECTS. The JSON vocabulary of `sql` and `paths` is SQLite's; a dialect with another one brings its
own, and names in `absent` the operators that it cannot say, which then raise UnsupportedError.
"""

from dataclasses import dataclass

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.sqlite import SQLite


@dataclass(frozen=True)
class Dialect:
    """A database's way to print a statement; `absent` are the operators it has no words for."""

    name: str
    printer: type[SQLite]
    absent: frozenset[str] = frozenset()

    def render(self, statement: exp.Expr) -> str:
        """The statement's text, its parameters as :name."""
        printer = self.printer().generator(
            normalize_functions=False, unsupported_level=ErrorLevel.RAISE, comments=False
        )
        return printer.generate(statement, copy=False)


DIALECTS = {'sqlite': Dialect('sqlite', SQLite)}
"""Dialects by name."""
