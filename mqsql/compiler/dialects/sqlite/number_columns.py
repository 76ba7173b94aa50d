"""SQL over Number columns, which store numbers as they are and NaN as text: in SQLite's order it is above all numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from mqsql.compiler.lower.sql import Condition, and_, func, is_not_null, number, or_, text
from mqsql.values.codec import NAN


def is_not_nan(stored: exp.Expr) -> Condition:
    """The value of a Number column is not NaN, as the end of a range of the column's index; NULL where there is none."""
    return exp.LT(this=stored, expression=text(''))


def among_nans(stored: exp.Expr) -> Condition:
    """The value of a Number column is NaN, with a hint for SQLite that few are, which makes it use an index."""
    not_below = exp.GTE(this=stored, expression=text(''))
    return func('likelihood', not_below, exp.Literal.number('0.0001'))


def _in_int32(stored: exp.Expr) -> Condition:
    """An integer fits in 32 bits."""
    return exp.Between(this=stored, low=number(-(2**31)), high=number(2**31 - 1))


def _is_integer(stored: exp.Expr) -> Condition:
    return exp.EQ(this=func('typeof', stored), expression=text('integer'))


def _is_double(stored: exp.Expr) -> Condition:
    real = exp.EQ(this=func('typeof', stored), expression=text('real'))
    return or_([real, exp.EQ(this=stored.copy(), expression=text(NAN))])


TYPE_TESTS: Mapping[str, Callable[[exp.Expr], Condition]] = {
    'int': lambda stored: and_([_is_integer(stored), _in_int32(stored.copy())]),
    'long': lambda stored: and_([_is_integer(stored), exp.Not(this=_in_int32(stored.copy()))]),
    'double': _is_double,
    'number': is_not_null,
}
"""The tests of $type, by its name."""
