"""The SQL of $mod and the bitwise operators."""

from __future__ import annotations

from functools import partial

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import Compare, Test
from mqsql.compiler.lower.operators.comparison import Lower
from mqsql.compiler.lower.sql import Condition, number, or_, param
from mqsql.compiler.lower.values import JsonValue, Value
from mqsql.compiler.tree.params import OperandType


def lower_mod(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of $mod, over the numbers that 64 bits hold."""
    divisor, remainder = map(param, params)

    def leaves(whole: exp.Expr) -> Condition:
        return exp.EQ(this=exp.Mod(this=whole, expression=divisor), expression=remainder)

    return _whole(value, leaves, False)


def _whole(value: Value, test: Test, exact: bool) -> Condition:
    if isinstance(value, JsonValue):
        return value.words.test_whole(value.ref, test, exact)
    return value.words.test_whole_column(value.text, test, exact)


# --- bits

BITS: dict[str, Compare] = {
    '$bitsAllSet': lambda found, wanted: exp.EQ(this=found, expression=wanted),
    '$bitsAnySet': lambda found, wanted: exp.NEQ(this=found, expression=number(0)),
    '$bitsAllClear': lambda found, wanted: exp.EQ(this=found, expression=number(0)),
    '$bitsAnyClear': lambda found, wanted: exp.NEQ(this=found, expression=wanted),
}


def _lower_bits(operator: str, value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """Whole numbers that 64 bits hold, by `&`; binary by a function of the connection."""
    mask, positions, count = map(param, params)
    compare, words = BITS[operator], value.words

    def have(whole: exp.Expr) -> Condition:
        return compare(exp.Paren(this=exp.BitwiseAnd(this=whole, expression=mask)), mask.copy())

    numbers = _whole(value, have, True)
    if not isinstance(value, JsonValue):
        return numbers
    binary = value.tagged('$binary', compare(words.call('mqsql_bits', value.text(), positions), count))
    return or_([numbers, binary])


LOWER_BITS: dict[str, Lower] = {name: partial(_lower_bits, name) for name in BITS}
