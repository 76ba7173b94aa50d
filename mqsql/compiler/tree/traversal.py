"""Which values of a path an operator sees, by MongoDB's rule (src/mongo/db/matcher/path.cpp)."""

from collections.abc import Callable
from typing import NamedTuple

from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import Leaf


class LeafArrays(NamedTuple):
    """What a test sees of a path: an array at the end as its `elements` or as itself; `missing` values or none."""

    elements: bool = True
    missing: bool = False


ELEMENTS = (LeafArrays(),)
WHOLE = (LeafArrays(elements=False),)
BOTH = ELEMENTS + WHOLE
NULLS = (LeafArrays(missing=True),)


def _types(form: OperandType) -> tuple[LeafArrays, ...]:
    return BOTH if form is OperandType.ARRAY else ELEMENTS


def _values(form: OperandType) -> tuple[LeafArrays, ...]:
    return NULLS if form is OperandType.NULL else _types(form)


def _whole(form: OperandType) -> tuple[LeafArrays, ...]:
    return WHOLE


_OTHERS: dict[str, Callable[[OperandType], tuple[LeafArrays, ...]]] = {
    '$exists': _whole,
    '$type': _types,
    '$size': _whole,
}


def traversal(test: Leaf) -> tuple[LeafArrays, ...]:
    """How the test sees a path; if it sees whole arrays as well as elements, it holds if either does.

    Leaves of schemas are on strict fields only, which have one value.
    """
    return _OTHERS.get(test.operator, _values)(test.form) if test.operator.startswith('$') else ()


def key_tested(test: Leaf) -> tuple[str, tuple[str, ...]] | None:
    """The key of an index that can answer the test; None if no index can."""
    field = test.field
    # An index orders texts by code point.
    if not test.operator.startswith('$') or field.column is None or field.strict or test.collation:
        return None
    # The second table does not tell an array at a path's end from one that is an element there.
    whole = traversal(test) == WHOLE and test.operator != '$exists'
    if field.kind.mixed and (whole or not field.steps):
        return None
    return field.column, field.steps
