"""Rewrites statements before they are lowered: chooses their indexes, and drops sorts that have nothing to sort.

A plan has the values of no query, so it is kept with the text of the statement.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from mqsql.compiler.plan.conjuncts import conjuncts
from mqsql.compiler.plan.indexes import choose_indexes, multikey_view, scans, sorting_index
from mqsql.compiler.plan.leading import lead
from mqsql.compiler.plan.ranges import without_nan
from mqsql.compiler.tree.predicate import MATCH_ALL, Leaf, Predicate
from mqsql.compiler.tree.select import (
    CountRecords,
    Delete,
    IndexOrder,
    Select,
    SelectDistinct,
    SelectPositions,
    Statement,
)
from mqsql.compiler.tree.view import ScalarView
from mqsql.schema import Index, Table


def plan(statement: Statement) -> Statement:
    """The statement, with its indexes chosen."""
    match statement:
        case Select():
            return _plan_select(statement)
        case SelectDistinct():
            return _plan_distinct(statement)
        case CountRecords() | Delete() | SelectPositions():
            return replace(statement, predicate=choose_indexes(statement.predicate, statement.table))


def scanned_indexes(planned: Statement) -> Iterator[Index]:
    """The indexes on paths that a planned statement reads, each as often as it does."""
    order = planned.index_order if isinstance(planned, Select) else None
    if order is None:
        return scans(planned.predicate)
    return chain([order.scalar.index], scans(order.of_scalar), scans(order.of_multikey))


def _plan_select(select: Select) -> Select:
    table, predicate = select.table, select.predicate
    alone = _of_one_key(table, predicate)
    sort = () if alone else without_nan(select.sort, predicate)
    index = sorting_index(table, predicate, sort)
    if index is None:
        chosen = choose_indexes(predicate, table)
        return replace(select, sort=sort, predicate=chosen, lead=None if alone else lead(select, chosen))
    scalar, multikey = ScalarView(index), multikey_view(index, predicate, sort)
    order = IndexOrder(
        scalar, choose_indexes(predicate, table, scalar), multikey, choose_indexes(predicate, table, multikey)
    )
    return replace(select, sort=sort, index_order=order)


def _plan_distinct(select: SelectDistinct) -> Statement:
    """All values of the column where no index has them in order: to compare them in the database is slower."""
    key = (select.part.column, select.part.steps)
    of_all = select.predicate == MATCH_ALL and any(index.paths[0] == key for index in select.table.indexes)
    if of_all and not select.part.steps and key[0] != select.table.key:
        return select
    return _plan_select(Select(select.table, (select.part,), (), select.predicate))


def _of_one_key(table: Table, predicate: Predicate) -> bool:
    """Whether the table's key has one value, so that there is nothing to sort; SQLite itself would not say so by every plan."""
    tests = [part for part in conjuncts(predicate) if isinstance(part, Leaf) and part.operator == '$eq']
    return any(test.field.column == table.key and not test.collation for test in tests)
