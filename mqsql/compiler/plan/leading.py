"""Whether records are found best by an index on columns, and sorted afterwards."""

from collections.abc import Iterator

from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import (
    MATCH_ALL,
    MATCH_NONE,
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
)
from mqsql.compiler.tree.select import Select
from mqsql.schema import Table

_VALUES = ('$eq', '$in')
"""The operators that give the places of some values in an index."""

_SEEKS = (*_VALUES, '$gt', '$gte', '$lt', '$lte', '$glob')
"""The operators that may give a range of an index."""


def is_led(select: Select) -> bool:
    """Whether an index leads to the records of a SELECT, or holds all that it asks for.

    A database that has to keep the order of insertion prefers to read the whole table in this order, however few records match.
    With a limit it does so for ranges; values it looks up.
    """
    table, predicate = select.table, select.predicate
    if select.sort or not table.indexes or predicate in (MATCH_ALL, MATCH_NONE):
        return False
    if select.limited:
        return _leads(predicate, table) and not _leads(predicate, table, _VALUES)
    return _leads(predicate, table) or _is_covered(select)


def _leads(predicate: Predicate, table: Table, operators: tuple[str, ...] = _SEEKS) -> bool:
    match predicate:
        case Leaf(field):
            first = {index.paths[0] for index in table.indexes if index.first_path is None}
            key = (field.column, field.steps)
            seeks = predicate.operator in operators and predicate.form is not OperandType.FUNCTION
            seeks |= operators is _SEEKS and predicate.form is OperandType.PREFIX
            return seeks and not predicate.collation and (key in first or key == (table.key, ()))
        case And(children):
            # An index on paths gives its records in the order of insertion.
            by_path = any(isinstance(child, IndexScan) for child in children)
            return not by_path and any(_leads(child, table, operators) for child in children)
        case Or(children):
            return bool(children) and all(
                isinstance(child, IndexScan) or _leads(child, table, operators) for child in children
            )
    return False


def _is_covered(select: Select) -> bool:
    """Whether one index on columns has all columns that are asked for and tested."""
    asked = {part.column for part in select.parts} | set(_columns(select.predicate))
    held = (set(index.columns) for index in select.table.indexes if index.first_path is None)
    return not select.computed and any(asked <= columns for columns in held)


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
