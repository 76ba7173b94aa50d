"""What a database must say of itself to be a dialect."""

from dataclasses import dataclass

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generator import Generator


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
