"""The SQL of $mod and the bitwise operators."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlglot import exp

from mqsql.compiler.lower.operators.comparison import NUMBER_TYPES
from mqsql.compiler.lower.sql import Condition, Value, and_, func, number, or_, param


def _in_int64(value: Value) -> Condition:
    return exp.Between(this=value.sql, low=number(-(2**63)), high=number(2**63 - 1))


def _as_integer(value: Value) -> exp.Expr:
    return exp.Cast(this=value.sql, to=exp.DataType.build('INT'))


def lower_mod(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of $mod, over the numbers that 64 bits hold."""
    remainder = exp.Mod(this=_as_integer(value), expression=param(params[0]))
    equals = exp.EQ(this=remainder, expression=param(params[1]))
    return value.of_type(NUMBER_TYPES, and_([_in_int64(value), equals]))


# --- bits

BITS: dict[str, Callable[[exp.Expr, exp.Expr], Condition]] = {
    '$bitsAllSet': lambda found, wanted: exp.EQ(this=found, expression=wanted),
    '$bitsAnySet': lambda found, wanted: exp.NEQ(this=found, expression=number(0)),
    '$bitsAllClear': lambda found, wanted: exp.EQ(this=found, expression=number(0)),
    '$bitsAnyClear': lambda found, wanted: exp.NEQ(this=found, expression=wanted),
}


def _lower_bits(operator: str, value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """Whole numbers that 64 bits hold, by `&`; binary by a function of the connection."""
    mask, positions, count = map(param, params)
    compare = BITS[operator]
    found = exp.Paren(this=exp.BitwiseAnd(this=_as_integer(value), expression=mask))
    whole = exp.EQ(this=value.sql, expression=_as_integer(value))
    numbers = value.of_type(NUMBER_TYPES, and_([_in_int64(value), whole, compare(found, mask.copy())]))
    if form == 'column':
        return numbers
    binary = value.tagged('$binary', compare(func('mqsql_bits', value.sql, positions), count))
    return or_([numbers, binary])


LOWER_BITS: dict[str, Any] = {name: partial(_lower_bits, name) for name in BITS}
