"""SELECT DISTINCT, in the order of the first record with each value."""

from sqlglot import exp

from mqsql.compiler.lower.order import ordered
from mqsql.compiler.lower.sql import alias, column, identifier, is_not_null, number, select
from mqsql.schema import Table

VALUE = 'value'


def distinct_of(found: exp.Select) -> exp.Select:
    """The different values, NULL left out, of a SELECT of one VALUE.

    With a limit, which is none, SQLite keeps the order of the rows that it gives. GROUP BY and the least rowid would say the
    same, but sort all rows by the values first, in three times the time.
    """
    found.set('limit', exp.Limit(expression=number(-1)))
    values = select([exp.column(VALUE)], [exp.Subquery(this=found)], is_not_null(exp.column(VALUE)))
    values.set('distinct', exp.Distinct())
    return values


def distinct_in_index(table: Table, name: str) -> exp.Select:
    """The same of a column of all records that is the first key of an index.

    SQLite goes from one value in the index to the next, where its statistics say that values repeat, and looks up the first
    record of each.
    """
    stored, rows = column(name, table.name), exp.Table(this=identifier(table.name))
    values = select([alias(stored, VALUE)], [rows], is_not_null(stored.copy()))
    values.set('distinct', exp.Distinct())
    given = exp.Subquery(this=values, alias=exp.TableAlias(this=exp.to_identifier('o')))
    of_value = exp.EQ(this=stored.copy(), expression=exp.column(VALUE, 'o'))
    first = select([exp.Min(this=exp.column('rowid'))], [rows.copy()], of_value)
    found = select([exp.column(VALUE, 'o')], [given])
    found.set('order', exp.Order(expressions=[ordered(exp.Subquery(this=first), False)]))
    return found
