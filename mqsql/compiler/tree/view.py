"""The rows of an index on paths, when records are read from them in place of the table.

An index has two tables of rows: one for the records that have one scalar at each of its keys, which it orders, and one for the
others, which are multikey.
"""

from dataclasses import dataclass
from typing import TypeAlias

from mqsql.compiler.tree.predicate import Leaf
from mqsql.schema import Index
from mqsql.schema.indexes import Path


@dataclass(frozen=True, slots=True)
class ScalarView:
    """The rows of records with one scalar at each key of the index."""

    index: Index

    def answers(self, key: Path | None, test: Leaf) -> bool:
        """Whether the rows tell if the test, which is on this key, holds."""
        return key in self.index.paths


@dataclass(frozen=True, slots=True)
class MultikeyView:
    """The rows of the other records. With an `entry`, an equality on the first path, each record is read at the one row that
    has this value.
    """

    index: Index
    entry: Leaf | None = None

    def answers(self, key: Path | None, test: Leaf) -> bool:
        """Whether the rows tell if the test, which is on this key, holds."""
        if self.entry and (test == self.entry or (not test.field.steps and key in self.index.paths)):
            return True
        return key == self.index.first_path


View: TypeAlias = ScalarView | MultikeyView
