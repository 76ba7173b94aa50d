"""The nodes of a projection.

The statement selects the columns that are needed; `compiler.shape` cuts down the objects and arrays in them as the rows are
read. Only $elemMatch asks the database, for the position of the first element that matches, in a column after the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from mqsql.compiler.tree.predicate import Predicate
from mqsql.functions.expressions import Expression


class Flag(Enum):
    """What 1 and 0 say of a path."""

    KEEP = 1
    DROP = 0


@dataclass(frozen=True)
class Slice:
    """$slice: which elements of an array stay."""

    start: int | None
    count: int | None

    def of(self, array: Sequence[Any]) -> Sequence[Any]:
        """The elements that stay; a negative start counts from the end."""
        if self.count is None:
            return array[self.start :]
        start = self.start or 0
        start = max(len(array) + start, 0) if start < 0 else start
        return array[start : start + self.count]


@dataclass(frozen=True)
class FirstMatch:
    """$elemMatch: only the first matching element stays; its position comes in this column after the others."""

    position: int


Leaf: TypeAlias = Flag | Slice | FirstMatch | Expression
Tree: TypeAlias = dict[str, 'Tree | Leaf']


@dataclass(frozen=True)
class Projection:
    """What to select, and how a record is made of it.

    `columns` are selected by the name they are returned under, `hidden` for expressions only, and `computed` after them. The
    fields of `tree` are kept or dropped, as it is `inclusive` or not; the record has the names in `returned`.
    """

    columns: Mapping[str, str]
    computed: tuple[Predicate, ...]
    tree: Tree
    inclusive: bool
    returned: tuple[str, ...]
    hidden: tuple[str, ...] = ()
