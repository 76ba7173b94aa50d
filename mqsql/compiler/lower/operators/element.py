"""The SQL of $exists, $type and $size."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mqsql.compiler.dialect import NUMBERS, JsonType
from mqsql.compiler.lower.sql import Condition, number, or_, param
from mqsql.compiler.lower.values import ColumnValue, JsonValue, Value
from mqsql.values.codec import NUMBER_TAG


def lower_exists(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of $exists: a NULL column and a path without a value are missing."""
    return value.exists()


def _int32(value: JsonValue) -> Condition:
    return exp.Between(this=value.words.integer(value.ref), low=number(-(2**31)), high=number(2**31 - 1))


_TYPE_TESTS: dict[str, Callable[[JsonValue], Condition]] = {
    'string': lambda v: v.is_type(JsonType.STRING),
    'object': lambda v: v.is_object(),
    'array': lambda v: v.is_type(JsonType.ARRAY),
    'bool': lambda v: v.is_type(JsonType.BOOLEAN),
    'null': lambda v: v.is_type(JsonType.NULL),
    'date': lambda v: v.tagged('$date'),
    'binData': lambda v: v.tagged('$binary'),
    'int': lambda v: v.of_type((JsonType.INTEGER,), _int32(v)),
    # An integer's text begins with a digit or "-n", see values.numbers.number_text.
    'long': lambda v: or_(
        [
            v.of_type((JsonType.INTEGER,), exp.Not(this=_int32(v))),
            v.starts(NUMBER_TAG, '0-9'),
            v.starts(NUMBER_TAG + '-n'),
        ]
    ),
    'double': lambda v: or_(
        [v.is_type(JsonType.REAL), v.starts(NUMBER_TAG, 'NI'), v.starts(NUMBER_TAG + '-I')],
    ),
    'number': lambda v: or_([v.is_type(*NUMBERS), v.starts(NUMBER_TAG)]),
}


def lower_type(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of one type."""
    if isinstance(value, JsonValue):
        return _TYPE_TESTS[form](value)
    if form in ('int', 'long', 'double', 'number'):
        return value.words.number_type(value.text(), form)
    return exp.GT(this=_length(value), expression=number(0)) if form == 'binData' else value.exists()


def lower_size(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of $size."""
    same = exp.EQ(this=_length(value), expression=param(params[0]))
    return value.when_array(same) if isinstance(value, JsonValue) else same


def _length(value: Value) -> exp.Expr:
    if isinstance(value, ColumnValue):
        return value.words.buffer_count(value.text())
    return value.words.array_length(value.ref)
