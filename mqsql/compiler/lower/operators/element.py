"""The SQL of $exists, $type and $size."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mqsql.compiler.dialect.json import NUMBERS, JsonType
from mqsql.compiler.lower.sql import Condition, number, or_, param
from mqsql.compiler.lower.values import ColumnValue, JsonValue, Value
from mqsql.compiler.tree.params import OperandType
from mqsql.values.codec import NUMBER_TAG


def lower_exists(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of $exists: a NULL column and a path without a value are missing."""
    return value.exists()


def _int32(value: JsonValue) -> Condition:
    return exp.Between(this=value.words.integer(value.ref), low=number(-(2**31)), high=number(2**31 - 1))


_TYPE_TESTS: dict[OperandType, Callable[[JsonValue], Condition]] = {
    OperandType.STRING: lambda v: v.is_type(JsonType.STRING),
    OperandType.OBJECT: lambda v: v.is_object(),
    OperandType.ARRAY: lambda v: v.is_type(JsonType.ARRAY),
    OperandType.BOOLEAN: lambda v: v.is_type(JsonType.BOOLEAN),
    OperandType.NULL: lambda v: v.is_type(JsonType.NULL),
    OperandType.DATE: lambda v: v.tagged('$date'),
    OperandType.BINARY: lambda v: v.tagged('$binary'),
    OperandType.INT: lambda v: v.of_type((JsonType.INTEGER,), _int32(v)),
    # An integer's text begins with a digit or "-n", see values.numbers.number_text.
    OperandType.LONG: lambda v: or_(
        [
            v.of_type((JsonType.INTEGER,), exp.Not(this=_int32(v))),
            v.starts(NUMBER_TAG, '0-9'),
            v.starts(NUMBER_TAG + '-n'),
        ]
    ),
    OperandType.DOUBLE: lambda v: or_(
        [v.is_type(JsonType.REAL), v.starts(NUMBER_TAG, 'NI'), v.starts(NUMBER_TAG + '-I')],
    ),
    OperandType.NUMBER: lambda v: or_([v.is_type(*NUMBERS), v.starts(NUMBER_TAG)]),
}


_NUMBER_TYPES = (OperandType.INT, OperandType.LONG, OperandType.DOUBLE, OperandType.NUMBER)


def lower_type(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of one type."""
    if isinstance(value, JsonValue):
        return _TYPE_TESTS[form](value)
    if form in _NUMBER_TYPES:
        return value.words.number_type(value.text(), form)
    return exp.GT(this=array_length(value), expression=number(0)) if form is OperandType.BINARY else value.exists()


def lower_size(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    """SQL of $size."""
    same = exp.EQ(this=array_length(value), expression=param(params[0]))
    return value.when_array(same) if isinstance(value, JsonValue) else same


def array_length(value: Value) -> exp.Expr:
    """The number of elements of an array, or of the buffers of a column."""
    if isinstance(value, ColumnValue):
        return value.words.buffer_count(value.text())
    return value.words.array_length(value.ref)
