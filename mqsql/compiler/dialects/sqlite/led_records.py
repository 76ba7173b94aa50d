"""SELECT of records that an index on columns leads to, in the order of insertion.

To save a sort, SQLite reads the whole table in the order of its rowids, though an index would lead to a few records. So these
are found first, by whatever is best for that alone, and sorted afterwards.

Where only the first of them are wanted, in this order or by a sort that another index has in order, either way may be a
thousand times slower than the other: a range may have most records of the table, or the last ones alone. So a few records are
read in order, the head, which is enough if many match, and then the index is used. This takes little longer than the better
way alone.
"""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.lower.order import order
from mqsql.compiler.lower.predicate import lower
from mqsql.compiler.lower.sql import (
    Condition,
    alias,
    and_,
    case,
    column,
    func,
    identifier,
    limited,
    named_table,
    negate,
    number,
    ordered,
    own_column,
    own_name,
    select,
)
from mqsql.compiler.tree.select import Select

FEW = 1_000
"""Records that are sorted in no more time than it takes to read a head."""
HEAD = 1_000
"""Records of a head, about."""


def select_led(wanted: Select, outputs: list[exp.Expr], most: exp.Expr | None, dialect: Dialect) -> exp.Query:
    """SELECT of the records that match, or of the first `most`.

    Small records are sorted themselves; of others the rowids, as if they were a list.
    """
    where = lower(wanted.predicate, wanted.table, dialect)
    if most is not None:
        return _first(wanted, outputs, where, most, dialect)
    if _are_small(wanted):
        return _by(_unindexed_rowid(), select(outputs, [_rows(wanted)], where))
    return _of_rowids(wanted, outputs, select([_rowid()], [_rows(wanted)], where), dialect)


def _first(wanted: Select, outputs: list[exp.Expr], where: Condition, most: exp.Expr, dialect: Dialect) -> exp.Select:
    """SELECT of the first records: those of the head are enough, or the index gives all."""
    head = exp.Table(this=_name(wanted, 'head'))
    enough = exp.GTE(this=_number_of(head), expression=most.copy())
    rest = limited(_by_index(wanted, where.copy(), dialect), case((enough, number(0)), default=most.copy()))
    rowids = exp.Union(
        this=select([exp.Star()], [head.copy()]),
        expression=select([exp.Star()], [exp.Subquery(this=rest)]),
        distinct=False,
    )
    matching = _joined(wanted, _head(wanted, dialect), where)
    # The rowids of the first of two tables: SQLite reads them in order, and stops when it has enough.
    matching = _in_order(wanted, matching, dialect) if wanted.sort else _by(_record(wanted), matching)
    statement, name = _of_rowids(wanted, outputs, rowids, dialect), exp.TableAlias(this=_name(wanted, 'head'))
    return statement.with_(name, as_=limited(matching, most.copy()), materialized=True, copy=False)


def _head(wanted: Select, dialect: Dialect) -> exp.Select:
    """SELECT of the rowids of the first records, whether they match or not; of none if the index leads to a few records."""
    assert wanted.lead is not None
    led = limited(select([number(1)], [_rows(wanted)], lower(wanted.lead, wanted.table, dialect)), number(FEW))
    many = exp.EQ(this=_number_of(exp.Subquery(this=led)), expression=number(FEW))
    before = _before_value(wanted, many) if wanted.sort else _before_rowid(wanted, many)
    return select([alias(_rowid(), 'record')], [_rows(wanted)], before)


def _before_rowid(wanted: Select, many: Condition) -> Condition:
    first = exp.Subquery(this=select([func('min', _rowid())], [_rows(wanted)]))
    end = exp.Add(this=first, expression=number(HEAD))
    return exp.LT(this=_rowid(), expression=case((many, end)))


def _before_value(wanted: Select, many: Condition) -> Condition:
    """Of records with the same value, of which there may be very many, none is of the head, or all.

    NULL comes first in an ascending order, and is before no value; so there is no head then.
    """
    key, descending = column(wanted.sort[0].column, wanted.table.name), wanted.sort[0].descending
    end = exp.Subquery(this=_nth(wanted, key, HEAD))
    if descending:
        return exp.GT(this=key, expression=case((many, end)))
    is_value = negate(exp.Is(this=exp.Subquery(this=_nth(wanted, key, 0)), expression=exp.null()))
    return exp.LT(this=key, expression=case((and_([many, is_value]), end)))


def _nth(wanted: Select, key: exp.Expr, position: int) -> exp.Select:
    """SELECT of the value that an index has at a position, from 0 on."""
    statement = limited(select([key.copy()], [_rows(wanted)]), number(1))
    statement.set('order', exp.Order(expressions=[ordered(key.copy(), wanted.sort[0].descending)]))
    statement.set('offset', exp.Offset(expression=number(position)))
    return statement


def _by_index(wanted: Select, where: Condition, dialect: Dialect) -> exp.Select:
    """SELECT of the rowids of the records that match, in order.

    They are sorted: no index has a sum in order, and one that has the sort in order is not used for the outer of two tables.
    """
    if not wanted.sort:
        return _by(_unindexed_rowid(), select([_rowid()], [_rows(wanted)], where))
    found = select([alias(_rowid(), 'record')], [_rows(wanted)], where)
    return _in_order(wanted, _joined(wanted, found), dialect)


def _joined(wanted: Select, records: exp.Select, where: Condition | None = None) -> exp.Select:
    """SELECT of the rowids of some records that match; SQLite looks at these first."""
    found = exp.Subquery(this=records, alias=exp.TableAlias(this=_name(wanted, 'found')))
    is_one = exp.EQ(this=_rowid(), expression=_record(wanted))
    statement = select([_rowid()], [found, _rows(wanted)], is_one if where is None else and_([is_one, where]))
    statement.args['joins'][0].set('kind', 'CROSS')
    return statement


def _record(wanted: Select) -> exp.Expr:
    """The rowid of one of those of `_joined`."""
    return exp.Column(this=own_name('record'), table=_name(wanted, 'found'))


def _number_of(rows: exp.Expr) -> exp.Expr:
    return exp.Subquery(this=select([exp.Count(this=exp.Star())], [rows]))


def _of_rowids(wanted: Select, outputs: list[exp.Expr], rowids: exp.Query, dialect: Dialect) -> exp.Select:
    found = exp.In(this=_rowid(), query=exp.Subquery(this=rowids))
    return _in_order(wanted, select(outputs, [_rows(wanted)], found), dialect)


def _in_order(wanted: Select, statement: exp.Select, dialect: Dialect) -> exp.Select:
    statement.set('order', order(wanted.table, wanted.sort, dialect))
    return statement


def _by(position: exp.Expr, statement: exp.Select) -> exp.Select:
    statement.set('order', exp.Order(expressions=[ordered(position, False)]))
    return statement


def _name(wanted: Select, what: str) -> exp.Identifier:
    """A name that no table has which the statement reads, as it begins with that of one."""
    return identifier(f'{wanted.table.name}~{what}')


def _rows(wanted: Select) -> exp.Table:
    return named_table(wanted.table.name)


def _rowid() -> exp.Expr:
    return own_column('rowid')


def _unindexed_rowid() -> exp.Expr:
    """The same as a sum, which no index has in order."""
    return exp.Add(this=_rowid(), expression=number(0))


def _are_small(wanted: Select) -> bool:
    """Whether all that is asked for is the key or in an index, which holds small values."""
    table = wanted.table
    small = {(table.key, ())}.union(*[index.paths for index in table.column_indexes])
    return not wanted.computed and small.issuperset(wanted.parts)
