"""Any columns in SQLite: text is stored as TEXT, every other value as a BLOB of JSON.

In SQLite's order all BLOBs come after all TEXT: the strings and the other values are one range of an index each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from mqsql.compiler.dialect import AnyColumns
from mqsql.compiler.dialect.json import JsonRef
from mqsql.compiler.dialects.sqlite.words import listed
from mqsql.compiler.lower.sql import (
    Condition,
    case,
    func,
    is_null,
    number,
    text,
)
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import Leaf
from mqsql.values.bson_order import NULL_RANK, STRING_RANK

STRINGS_ONLY = frozenset({'$eq', '$in', '$lt', '$lte'})
"""With a string as operand they match no BLOB."""

UPWARDS = frozenset({'$gt', '$gte'})
"""They match all BLOBs."""


def is_other(stored: exp.Expr) -> Condition:
    """The value of a column is not text."""
    return exp.GTE(this=stored, expression=exp.HexString(this=''))


def among_others(stored: exp.Expr) -> Condition:
    """The same, with a hint that few records match, which makes SQLite use an index."""
    return func('likelihood', is_other(stored), exp.Literal.number('0.0001'))


def _is_text(stored: exp.Expr) -> Condition:
    return exp.EQ(this=func('typeof', stored), expression=text('text'))


class SQLiteAnyColumns(AnyColumns):
    """See AnyColumns."""

    def is_other(self, stored: exp.Expr) -> Condition:
        """See AnyColumns."""
        return is_other(stored)

    def among_others(self, stored: exp.Expr) -> Condition:
        """See AnyColumns."""
        return among_others(stored)

    def bounds_of_strings(self, tests: Sequence[Leaf], stored: Callable[[], exp.Expr]) -> list[Condition]:
        """See AnyColumns. A bound is the end of a range of the column's index."""
        operators = {test.operator for test in tests}
        if operators & STRINGS_ONLY or any(test.form is OperandType.PREFIX for test in tests):
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
