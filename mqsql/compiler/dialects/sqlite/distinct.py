"""SELECT DISTINCT of a column that is the first key of an index."""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.lower.sql import alias, column, identifier, is_not_null, ordered, select
from mqsql.compiler.tree.select import SelectDistinct

VALUE = 'value'


def select_distinct(wanted: SelectDistinct) -> exp.Select:
    """The different values of the column, NULL left out, in the order of the first record with each.

    SQLite goes from one value in the index to the next, where its statistics say that values repeat, and looks up the first
    record of each.
    """
    table, name = wanted.table, wanted.part.column
    stored, rows = column(name, table.name), exp.Table(this=identifier(table.name))
    values = select([alias(stored, VALUE)], [rows], is_not_null(stored.copy()))
    values.set('distinct', exp.Distinct())
    given = exp.Subquery(this=values, alias=exp.TableAlias(this=exp.to_identifier('o')))
    of_value = exp.EQ(this=stored.copy(), expression=exp.column(VALUE, 'o'))
    first = select([exp.Min(this=exp.column('rowid'))], [rows.copy()], of_value)
    found = select([exp.column(VALUE, 'o')], [given])
    found.set('order', exp.Order(expressions=[ordered(exp.Subquery(this=first), False)]))
    return found
