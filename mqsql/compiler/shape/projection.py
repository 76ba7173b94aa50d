"""Makes the records that a projection asks for of the records that a statement selects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mqsql import limits
from mqsql.compiler.tree.projection import FirstMatch, Flag, Leaf, Projection, Slice, Tree
from mqsql.compiler.tree.select import Fields
from mqsql.functions.expressions import Expression
from mqsql.functions.expressions.values import MISSING
from mqsql.limits import budget
from mqsql.schema import Record
from mqsql.values.extent import check_computed

REMOVED = object()  # a value of which nothing stays


@dataclass(frozen=True)
class ProjectionShaper:
    """Makes the records of a projection, of what the statement returns."""

    projection: Projection

    @limits.within_python
    def record(self, record: Record, hidden: Record, positions: Sequence[Any]) -> Record:
        """The record that is asked for of one with all of its columns, of the columns that only expressions read, and of
        the positions of elements that `computed` columns give.
        """
        wanted = self.projection
        cut = _Cut(wanted.inclusive, positions, hidden)
        budget.begin()
        try:
            return {name: cut.column(record.get(name), wanted.tree.get(name)) for name in wanted.returned}
        finally:
            budget.end()


def kept_fields(node: Tree | Leaf | None) -> Fields:
    """The fields that are needed of an object of which an inclusion keeps the node; None for all."""
    if not isinstance(node, dict) or computes(node):
        return None
    return {name: kept_fields(inner) for name, inner in node.items()}


def computes(node: Tree | Leaf | None) -> bool:
    """Whether an expression gives it, or something in it."""
    return isinstance(node, Expression) or (isinstance(node, dict) and any(map(computes, node.values())))


def _unsliced(tree: Tree) -> Tree:
    """The tree for an array that is directly in another: $slice does not reach into it."""
    return {
        name: _unsliced(node) if isinstance(node, dict) else Flag.KEEP if isinstance(node, Slice) else node
        for name, node in tree.items()
    }


@dataclass(frozen=True)
class _Cut:
    """Cuts one record's values down."""

    inclusive: bool
    positions: Sequence[Any]
    record: Record

    def column(self, value: Any, node: Tree | Leaf | None) -> Any:
        """The value of a column; None where nothing stays. A column without a node was asked for as it is."""
        if node is None:
            return value
        cut = self._field(value, node)
        if computes(node):
            cut = self._with_computed(cut, node)
        return None if cut is REMOVED else cut

    def _with_computed(self, value: Any, node: Tree | Leaf | None) -> Any:
        """The value with what expressions give; an object takes the place of what a computed field goes into."""
        if isinstance(node, Expression):
            given = node.value(self.record)
            return REMOVED if given is MISSING else check_computed(given)
        assert isinstance(node, dict)
        if isinstance(value, list):
            return [self._with_computed(item, node) for item in value]
        fields = dict(value) if isinstance(value, dict) else {}
        for name, inner in node.items():
            if computes(inner):
                fields[name] = self._with_computed(fields.get(name), inner)
        return {name: field for name, field in fields.items() if field is not REMOVED}

    def _field(self, value: Any, node: Tree | Leaf | None) -> Any:
        match node:
            case None:
                return REMOVED if self.inclusive else value
            case Flag.KEEP:
                return value
            case Flag.DROP | Expression():
                return REMOVED
            case Slice():
                return node.of(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else value
            case FirstMatch():
                at = self.positions[node.position]  # None behind an array
                return REMOVED if at is None or value is None else value[at : at + 1]
        return self._inside(value, node)

    def _inside(self, value: Any, tree: Tree) -> Any:
        if isinstance(value, list):
            cut = [self._inside(item, _unsliced(tree) if isinstance(item, list) else tree) for item in value]
            return [item for item in cut if item is not REMOVED]
        if not isinstance(value, dict):
            return ({} if computes(tree) else REMOVED) if self.inclusive else value
        fields = ((k, self._field(v, tree.get(k))) for k, v in value.items())
        return {k: v for k, v in fields if v is not REMOVED}
