"""SELECT of records that an index on columns leads to, in the order of insertion.

To save a sort, SQLite reads the whole table in the order of its rowids, though an index would lead to a few records. So these
are found first, by whatever is best for that alone, and sorted afterwards.

Where only the first of them are wanted, either way may be a thousand times slower than the other: a range may have most records
of the table, or the last ones alone. So a few records are read in order, which is enough if many match, and then the index is
used. This takes little longer than the better way does.
"""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.lower.predicate import lower
from mqsql.compiler.lower.sql import Condition, and_, case, func, identifier, number, ordered, select
from mqsql.compiler.tree.select import Select

HEAD = 1_000
"""Records that are read in order before an index is used."""


def select_led(wanted: Select, outputs: list[exp.Expr], most: exp.Expr | None, dialect: Dialect) -> exp.Query:
    """SELECT of the records that match, or of the first `most`.

    Small records are sorted themselves; of others the rowids, as if they were a list.
    """
    where = lower(wanted.predicate, wanted.table, dialect)
    if most is not None:
        return _first(wanted, outputs, where, most)
    if _are_small(wanted):
        return _in_order(select(outputs, [_rows(wanted)], where), _unindexed_rowid())
    return _of_rowids(wanted, outputs, select([_rowid()], [_rows(wanted)], where))


def _first(wanted: Select, outputs: list[exp.Expr], where: Condition, most: exp.Expr) -> exp.Select:
    """SELECT of the first records: those of the head are enough, or the index gives all."""
    # No table that the statement reads has this name, which begins with that of a table.
    head = exp.Table(this=identifier(f'{wanted.table.name}~head'))
    found = exp.Subquery(this=select([exp.Count(this=exp.Star())], [head]))
    missing = case((exp.LT(this=found, expression=most.copy()), most.copy()), default=number(0))
    by_index = _cut(_in_order(select([_rowid()], [_rows(wanted)], where), _unindexed_rowid()), missing)
    rowids = exp.Union(
        this=select([exp.Star()], [head.copy()]),
        expression=select([exp.Star()], [exp.Subquery(this=by_index)]),
        distinct=False,
    )
    statement = _of_rowids(wanted, outputs, rowids)
    alias = exp.TableAlias(this=head.this.copy())
    return statement.with_(alias, as_=_head(wanted, where, most), materialized=True, copy=False)


def _head(wanted: Select, where: Condition, most: exp.Expr) -> exp.Select:
    """SELECT of the rowids of the records that match among the first ones of the table."""
    first = exp.Subquery(this=select([func('min', _rowid())], [_rows(wanted)]))
    is_near = exp.LT(this=_rowid(), expression=exp.Add(this=first, expression=number(HEAD)))
    return _cut(_in_order(select([_rowid()], [_rows(wanted)], and_([is_near, where.copy()])), _rowid()), most.copy())


def _of_rowids(wanted: Select, outputs: list[exp.Expr], rowids: exp.Query) -> exp.Select:
    found = exp.In(this=_rowid(), query=exp.Subquery(this=rowids))
    return _in_order(select(outputs, [_rows(wanted)], found), _rowid())


def _in_order(statement: exp.Select, position: exp.Expr) -> exp.Select:
    statement.set('order', exp.Order(expressions=[ordered(position, False)]))
    return statement


def _cut(statement: exp.Select, most: exp.Expr) -> exp.Select:
    statement.set('limit', exp.Limit(expression=most))
    return statement


def _rows(wanted: Select) -> exp.Table:
    return exp.Table(this=identifier(wanted.table.name))


def _rowid() -> exp.Expr:
    return exp.column('rowid')


def _unindexed_rowid() -> exp.Expr:
    """The same as a sum, which no index has in order."""
    return exp.Add(this=_rowid(), expression=number(0))


def _are_small(wanted: Select) -> bool:
    """Whether all that is asked for is the key or in an index, which holds small values."""
    table = wanted.table
    small = {(table.key, ())}.union(*(index.paths for index in table.indexes if index.first_path is None))
    return not wanted.computed and small.issuperset(wanted.parts)
