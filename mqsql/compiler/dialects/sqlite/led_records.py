"""SELECT of records that an index on columns leads to, in the order of insertion.

To save a sort, SQLite reads the whole table in the order of its rowids, though an index would lead to a few records. So these
are found first, by whatever is best for that alone, and sorted afterwards.
"""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.lower.predicate import lower
from mqsql.compiler.lower.sql import identifier, number, ordered, select
from mqsql.compiler.tree.select import Select


def select_led(wanted: Select, outputs: list[exp.Expr], dialect: Dialect) -> exp.Query:
    """SELECT of the records that match. Small ones are sorted themselves; of others the rowids, as if they were a list."""
    table = wanted.table
    rowid, rows = exp.column('rowid'), exp.Table(this=identifier(table.name))
    where = lower(wanted.predicate, table, dialect)
    if _are_small(wanted):
        statement = select(outputs, [rows], where)
        # No index has a sum in order.
        position: exp.Expr = exp.Add(this=rowid, expression=number(0))
    else:
        found = exp.Subquery(this=select([rowid], [rows], where))
        statement = select(outputs, [rows.copy()], exp.In(this=rowid.copy(), query=found))
        position = rowid.copy()
    statement.set('order', exp.Order(expressions=[ordered(position, False)]))
    return statement


def _are_small(wanted: Select) -> bool:
    """Whether all that is asked for is the key or in an index, which holds small values."""
    table = wanted.table
    small = {(table.key, ())}.union(*(index.paths for index in table.indexes if index.first_path is None))
    return not wanted.computed and small.issuperset(wanted.parts)
