"""Any columns in SQLite: text is stored as TEXT, every other value as a BLOB of JSON.

In SQLite's order all BLOBs come after all TEXT: the strings and the other values are one range of an index each.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlglot import exp

from mqsql.compiler.dialect import AnyColumns, Dialect, JsonRef
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
    ordered,
    select,
    text,
)
from mqsql.compiler.tree.predicate import MATCH_ALL, Leaf
from mqsql.compiler.tree.select import Select, is_any
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
        """See AnyColumns. They are among the first ones with a string or nothing, and all others."""
        table, sort = wanted.table, wanted.sort
        stored = next(partial(column, key.column, table.name) for key in sort if is_any(table, key))
        rowid, rows = exp.column('rowid'), exp.Table(this=identifier(table.name))
        matching = [] if wanted.predicate == MATCH_ALL else [lower(wanted.predicate, table, dialect)]
        no_other = exp.NEQ(this=func('typeof', stored()), expression=text('blob'))
        strings = select([rowid], [rows], and_([no_other, *matching]))
        by = [
            ordered(stored() if is_any(table, key) else sort_key(table, sort[: i + 1], dialect), key.descending)
            for i, key in enumerate(sort)
        ]
        strings.set('order', exp.Order(expressions=[*by, ordered(rowid.copy(), False)]))
        strings.set('limit', exp.Limit(expression=most))
        first = select([exp.Star()], [exp.Subquery(this=strings)])
        rest = and_([self.among_others(stored()), *(term.copy() for term in matching)])
        others = select([rowid.copy()], [rows.copy()], rest)
        union = exp.Union(this=first, expression=others, distinct=False)
        statement = select(outputs, [rows.copy()], exp.In(this=rowid.copy(), query=exp.Subquery(this=union)))
        statement.set('order', order(table, sort, dialect))
        return statement
