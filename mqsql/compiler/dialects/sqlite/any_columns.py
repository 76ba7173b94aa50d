"""Any columns in SQLite: text is stored as TEXT, every other value as a BLOB of JSON.

In SQLite's order all BLOBs come after all TEXT: the strings and the other values are one range of an index each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from mqsql.compiler.dialect import AnyColumns, Dialect, JsonRef
from mqsql.compiler.dialects.sqlite.number_columns import among_nans
from mqsql.compiler.dialects.sqlite.words import listed
from mqsql.compiler.lower.order import order, sort_key
from mqsql.compiler.lower.predicate import lower
from mqsql.compiler.lower.sql import (
    Condition,
    and_,
    case,
    column,
    func,
    identifier,
    is_null,
    number,
    or_,
    ordered,
    select,
    text,
)
from mqsql.compiler.tree.predicate import MATCH_ALL, Leaf
from mqsql.compiler.tree.select import Select, SortKey, is_any, is_number
from mqsql.schema import Table
from mqsql.values.bson_order import NULL_RANK, STRING_RANK

STRINGS_ONLY = frozenset({'$eq', '$in', '$lt', '$lte'})
"""With a string as operand they match no BLOB."""

UPWARDS = frozenset({'$gt', '$gte'})
"""They match all BLOBs."""


def is_other(stored: exp.Expr) -> Condition:
    """The value of a column is not text."""
    return exp.GTE(this=stored, expression=exp.HexString(this=''))


def _is_text(stored: exp.Expr) -> Condition:
    return exp.EQ(this=func('typeof', stored), expression=text('text'))


class SQLiteAnyColumns(AnyColumns):
    """See AnyColumns."""

    def is_other(self, stored: exp.Expr) -> Condition:
        """See AnyColumns."""
        return is_other(stored)

    def among_others(self, stored: exp.Expr) -> Condition:
        """See AnyColumns. The hint makes SQLite use an index."""
        return func('likelihood', is_other(stored), exp.Literal.number('0.0001'))

    def bounds_of_strings(self, tests: Sequence[Leaf], stored: Callable[[], exp.Expr]) -> list[Condition]:
        """See AnyColumns. A bound is the end of a range of the column's index."""
        operators = {test.operator for test in tests}
        if operators & STRINGS_ONLY:
            return []
        below_others = exp.LT(this=stored(), expression=exp.HexString(this=''))
        return [below_others if operators & UPWARDS else _is_text(stored())]

    def opened(self, stored: Callable[[], exp.Expr]) -> JsonRef:
        """See AnyColumns: as the only element of a JSON array."""
        return JsonRef(lambda: listed(stored())).index('0')

    def as_json(self, stored: Callable[[], exp.Expr]) -> exp.Expr:
        """See AnyColumns."""
        other = exp.Cast(this=stored(), to=exp.DataType.build('TEXT'))
        return case((_is_text(stored()), func('json_quote', stored())), default=other)

    def sort_terms(self, stored: Callable[[], exp.Expr], spec: exp.Expr) -> list[exp.Expr]:
        """See AnyColumns: rank and value, as in `functions.sort_rank`; only values that are not text need functions."""
        json = exp.Cast(this=stored(), to=exp.DataType.build('TEXT'))
        rank, value = (func(function, json.copy(), spec.copy()) for function in ('mqsql_sort_rank', 'mqsql_sort_value'))
        known = (_is_text(stored()), number(STRING_RANK)), (is_null(stored()), number(NULL_RANK))
        return [case(*known, default=rank), case((is_other(stored()), value), default=stored())]

    def select_first(self, wanted: Select, outputs: list[exp.Expr], most: exp.Expr, dialect: Dialect) -> exp.Select:
        """See AnyColumns. They are among the first ones of those that an index has in order, and all others."""
        table, sort = wanted.table, wanted.sort
        odd = [key for key in sort if is_any(table, key) or is_number(table, key)]
        rowid, rows = exp.column('rowid'), exp.Table(this=identifier(table.name))
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
        in_order.set('limit', exp.Limit(expression=most))
        first = select([exp.Star()], [exp.Subquery(this=in_order)])
        is_odd = or_([self._is_odd(table, key) for key in odd])
        others = select([rowid.copy()], [rows.copy()], and_([is_odd, *(term.copy() for term in matching)]))
        union = exp.Union(this=first, expression=others, distinct=False)
        statement = select(outputs, [rows.copy()], exp.In(this=rowid.copy(), query=exp.Subquery(this=union)))
        statement.set('order', order(table, sort, dialect))
        return statement

    def _is_odd(self, table: Table, key: SortKey) -> Condition:
        stored = column(key.column, table.name)
        return among_nans(stored) if is_number(table, key) else self.among_others(stored)


def _is_in_order(table: Table, key: SortKey) -> Condition:
    kind = func('typeof', column(key.column, table.name))
    return exp.NEQ(this=kind, expression=text('text' if is_number(table, key) else 'blob'))
