"""The size of an SQL condition, with its limit."""

from __future__ import annotations

from mqsql import limits
from mqsql.errors import QueryError

MAX_PARTS = 10_000
"""Tests, and steps of paths, in a condition. This many take a second to compile, and SQLite needs 70 MB to prepare them."""


SHALLOW = 40
"""A condition with no more parts cannot be too deep for SQLite."""


class Size:
    """Counts the parts of a condition while it is made, and ends that at the limit."""

    def __init__(self) -> None:
        self.parts = self.aliases = 0

    def add(self, parts: int = 1) -> None:
        """Count more parts; QueryError beyond the limit."""
        self.parts += parts
        limits.check()
        if self.parts > MAX_PARTS:
            raise QueryError(
                f'the query is too large: its SQL has more than {MAX_PARTS:,} tests and steps of paths '
                '(a path into documents takes several of each); put many values of one field into one $in, or ask in parts'
            )

    def of_another(self) -> Size:
        """This size, for another condition of the same statement, whose tables are numbered from 1."""
        self.aliases = 0
        return self

    def alias(self) -> str:
        """The name of the next table."""
        self.add()
        self.aliases += 1
        return f'e{self.aliases}'
