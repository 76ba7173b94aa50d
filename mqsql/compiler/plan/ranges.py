"""Ranges of Number columns."""

from dataclasses import replace

from mqsql.compiler.tree.predicate import Leaf, Predicate


def without_nan_guards(children: list[Predicate]) -> list[Predicate]:
    """The conjuncts; one that keeps NaN out of a range need not do so if another limits the same column from above.

    Of two upper limits a database might take the wrong one for the end of its index's range.
    """
    limited = {
        child.field
        for child in children
        if isinstance(child, Leaf) and child.operator in ('$lt', '$lte') and child.form == 'column'
    }
    return [
        replace(child, form='column')
        if isinstance(child, Leaf) and child.form == 'not nan' and child.field in limited
        else child
        for child in children
    ]
