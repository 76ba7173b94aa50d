"""SELECT of the first records by columns of which an index has most values in order.

These are Any columns, whose strings it has in order, and Number columns, whose values but NaN it has.
"""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.dialects.sqlite.any_columns import among_others
from mqsql.compiler.dialects.sqlite.number_columns import among_nans
from mqsql.compiler.lower.order import order, sort_key
from mqsql.compiler.lower.predicate import lower
from mqsql.compiler.lower.sql import (
    Condition,
    and_,
    column,
    func,
    limited,
    named_table,
    or_,
    ordered,
    own_column,
    select,
    text,
)
from mqsql.compiler.tree.predicate import MATCH_ALL
from mqsql.compiler.tree.select import Select, SortKey, is_any, is_number
from mqsql.schema import Table


def select_first(wanted: Select, outputs: list[exp.Expr], most: exp.Expr, dialect: Dialect) -> exp.Select:
    """SELECT of the first records by a sort. They are among the first ones that an index has in order, and all others."""
    table, sort = wanted.table, wanted.sort
    odd = [key for key in sort if is_any(table, key) or is_number(table, key)]
    rowid, rows = own_column('rowid'), named_table(table.name)
    matching = [] if wanted.predicate == MATCH_ALL else [lower(wanted.predicate, table, dialect)]
    in_order = select([rowid], [rows], and_([*(_is_in_order(table, key) for key in odd), *matching]))
    by = [
        ordered(
            column(key.column, table.name) if key in odd else sort_key(table, sort[: i + 1], dialect),
            key.descending,
        )
        for i, key in enumerate(sort)
    ]
    in_order.set('order', exp.Order(expressions=[*by, ordered(rowid.copy(), False)]))
    first = select([exp.Star()], [exp.Subquery(this=limited(in_order, most))])
    is_odd = or_([_is_odd(table, key) for key in odd])
    others = select([rowid.copy()], [rows.copy()], and_([is_odd, *(term.copy() for term in matching)]))
    union = exp.Union(this=first, expression=others, distinct=False)
    statement = select(outputs, [rows.copy()], exp.In(this=rowid.copy(), query=exp.Subquery(this=union)))
    statement.set('order', order(table, sort, dialect))
    return statement


def _is_in_order(table: Table, key: SortKey) -> Condition:
    odd = ('text', 'blob') if is_number(table, key) else ('blob',)  # a BLOB in a Number column is of another program
    return and_([exp.NEQ(this=func('typeof', column(key.column, table.name)), expression=text(kind)) for kind in odd])


def _is_odd(table: Table, key: SortKey) -> Condition:
    stored = column(key.column, table.name)
    return among_nans(stored) if is_number(table, key) else among_others(stored)
