"""Joins many equalities of one field into one test of a list."""

from collections.abc import Callable

from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import Leaf, Predicate

_NULL = OperandType.NULL
SEVERAL = 20
"""More equalities of one field than this become one test of a list; each would test every value of a path."""


def alike(children: list[Predicate], merged: Callable[[list[Leaf]], list[Predicate]]) -> list[Predicate]:
    """The predicates, with many equalities of one field and one form of value replaced by those that `merged` makes of them."""
    if len(children) <= SEVERAL:
        return children
    groups: dict[object, list[Leaf]] = {}
    for child in children:
        if isinstance(child, Leaf) and child.operator == '$eq' and child.form is not _NULL:
            groups.setdefault((child.field, child.form, child.collation), []).append(child)
    several = [group for group in groups.values() if len(group) > SEVERAL]
    gone = {id(test) for group in several for test in group}
    rest = [child for child in children if id(child) not in gone]
    return [*(test for group in several for test in merged(group)), *rest]
