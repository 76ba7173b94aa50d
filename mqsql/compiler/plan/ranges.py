"""Ranges of Number columns."""

from dataclasses import replace

from mqsql.compiler.plan.conjuncts import conjuncts
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import Leaf, Predicate
from mqsql.compiler.tree.select import Sort
from mqsql.schema import NUMBER


def without_nan_guards(children: list[Predicate]) -> list[Predicate]:
    """The conjuncts; one that keeps NaN out of a range need not do so if another limits the same column from above.

    Of two upper limits a database might take the wrong one for the end of its index's range.
    """
    limited = {
        child.field
        for child in children
        if isinstance(child, Leaf) and child.operator in ('$lt', '$lte') and child.form is OperandType.COLUMN
    }
    return [
        replace(child, form=OperandType.COLUMN)
        if isinstance(child, Leaf) and child.form is OperandType.NOT_NAN and child.field in limited
        else child
        for child in children
    ]


def without_nan(sort: Sort, predicate: Predicate) -> Sort:
    """The keys of a sort, those marked that a range keeps NaN out of."""
    if not sort:
        return ()
    ranges = {
        child.field.column
        for child in conjuncts(predicate)
        if isinstance(child, Leaf) and child.field.kind is NUMBER and child.operator in ORDERS
    }
    return tuple(key._replace(no_nan=True) if key.column in ranges else key for key in sort)


ORDERS = ('$gt', '$gte', '$lt', '$lte')
"""An order test against NaN is an equality."""
