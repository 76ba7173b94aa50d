"""SELECT DISTINCT of a column that is the first key of an index."""

from __future__ import annotations

from sqlglot import exp

from mqsql.compiler.lower.sql import column, is_not_null, named_table, select
from mqsql.compiler.tree.select import SelectDistinct


def select_distinct(wanted: SelectDistinct) -> exp.Select:
    """The different values of the column, NULL left out.

    SQLite goes from one value in the index to the next, where its statistics say that values repeat.
    """
    table, name = wanted.table, wanted.part.column
    stored, rows = column(name, table.name), named_table(table.name)
    values = select([stored], [rows], is_not_null(stored.copy()))
    values.set('distinct', exp.Distinct())
    return values
