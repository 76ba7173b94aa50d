"""What leads to records by an index on columns, where they are best found so and sorted afterwards."""

from collections.abc import Iterator, Set

from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import (
    AllElements,
    And,
    Conditional,
    CountMatching,
    Each,
    ElemMatch,
    ExprMatch,
    IndexScan,
    InView,
    Leaf,
    Not,
    Or,
    Predicate,
    all_of,
    is_constant,
)
from mqsql.compiler.tree.select import Select, is_any

_VALUES = ('$eq', '$in')
"""The operators that give the places of some values in an index."""

_SEEKS = (*_VALUES, '$gt', '$gte', '$lt', '$lte', '$glob')
"""The operators that may give a range of an index."""

Keys = Set[tuple[str, tuple[str, ...]]]
"""Columns, each with the steps of a path in it."""


def lead(select: Select, predicate: Predicate) -> Predicate | None:
    """What an index answers of the predicate of a SELECT, which has its indexes, where the records are best found by that, or
    one index has all that is asked for.

    A database that has to keep an order prefers to read the whole table, or an index, in this order, however few records match.
    With a limit it does so until it has enough, but that it looks up the values of a column in the order of insertion.
    """
    table = select.table
    if not table.indexes or is_constant(predicate) or (select.sort and not select.limited):
        return None
    first = {(table.key, ()), *[index.paths[0] for index in table.column_indexes]}
    if select.sort:
        return _lead_of_sort(select, predicate, first)
    leading = _leading(predicate, first)
    if select.limited:
        return None if isinstance(leading, Leaf) and leading.operator in _VALUES else leading
    return leading or (predicate if _is_covered(select, predicate) else None)


def _lead_of_sort(select: Select, predicate: Predicate, first: Keys) -> Predicate | None:
    """The same of the first records by a sort that an index has in order; None where an index has these records in order."""
    key = (select.sort[0].column, select.sort[0].steps)
    if key not in first or select.sort[0].collation or is_any(select.table, select.sort[0]):
        return None
    sorting = {index.paths[0] for index in select.table.column_indexes if key in index.paths}
    return None if _leading(predicate, sorting) else _leading(predicate, first)


def _leading(predicate: Predicate, first: Keys) -> Predicate | None:
    """What of a predicate is answered by an index that begins with one of these keys."""
    match predicate:
        case Leaf(field):
            seeks = predicate.operator in _SEEKS and predicate.form is not OperandType.FUNCTION
            seeks |= predicate.form is OperandType.PREFIX
            return predicate if seeks and not predicate.collation and (field.column, field.steps) in first else None
        case And(children):
            # An index on paths gives its records in the order of insertion.
            by_path = any(isinstance(child, IndexScan) for child in children)
            leading = [found for child in children if (found := _leading(child, first))]
            return None if by_path or not leading else all_of(leading)
        case Or(children):
            leads = [isinstance(child, IndexScan) or _leading(child, first) for child in children]
            return predicate if children and all(leads) else None
    return None


def _is_covered(select: Select, predicate: Predicate) -> bool:
    """Whether one index on columns has all columns that are asked for and tested."""
    asked = {part.column for part in select.parts} | set(_columns(predicate))
    return not select.computed and any(asked.issubset(index.columns) for index in select.table.column_indexes)


def _columns(predicate: Predicate) -> Iterator[str | None]:
    """The columns that are tested; None for the elements of one of them."""
    match predicate:
        case Leaf(field):
            yield field.column
        case Each(test) | InView(test) | Not(test):
            yield from _columns(test)
        case And(parts) | Or(parts) | CountMatching(parts) | IndexScan(_, parts):
            for part in parts:
                yield from _columns(part)
        case Conditional(test, then, otherwise):
            for part in (test, then, otherwise):
                yield from _columns(part)
        case ElemMatch(field) | AllElements(field):
            yield field.column
        case ExprMatch():
            yield from predicate.columns
