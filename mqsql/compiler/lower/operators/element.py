"""The SQL of $exists, $type and $size."""

from collections.abc import Callable

from sqlglot import exp

from mqsql.compiler.lower.number_columns import NUMBER_TYPE_TESTS, in_int32
from mqsql.compiler.lower.operators.comparison import NUMBER_TYPES
from mqsql.compiler.lower.sql import Condition, Value, func, is_not_null, number, one_of, or_, param, text
from mqsql.values.codec import NUMBER_TAG


def lower_exists(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of $exists: a NULL column and a path without a value are missing."""
    return is_not_null(value.type or value.sql)


def _number_glob(pattern: str) -> Callable[[Value], Condition]:
    return lambda value: value.of_type(('object',), exp.Glob(this=value.sql, expression=text(NUMBER_TAG + pattern)))


_TYPE_TESTS: dict[str, Callable[[Value], Condition]] = {
    'string': lambda v: one_of(v.json_type, ('text',)),
    'object': lambda v: v.is_object(),
    'array': lambda v: one_of(v.json_type, ('array',)),
    'bool': lambda v: one_of(v.json_type, ('true', 'false')),
    'null': lambda v: one_of(v.json_type, ('null',)),
    'date': lambda v: v.tagged('$date'),
    'binData': lambda v: v.tagged('$binary'),
    'int': lambda v: v.of_type(('integer',), in_int32(v.sql)),
    # An integer's text begins with a digit or "-n", see schema.codec.number_text.
    'long': lambda v: or_(
        [v.of_type(('integer',), exp.Not(this=in_int32(v.sql))), _number_glob('[0-9]*')(v), _number_glob('-n*')(v)]
    ),
    'double': lambda v: or_([one_of(v.json_type, ('real',)), _number_glob('[NI]*')(v), _number_glob('-I*')(v)]),
    'number': lambda v: or_([one_of(v.json_type, NUMBER_TYPES), _number_glob('*')(v)]),
}


def lower_type(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of one type."""
    if value.type is not None:
        return _TYPE_TESTS[form](value)
    if form in NUMBER_TYPE_TESTS:
        return NUMBER_TYPE_TESTS[form](value.sql)
    there = is_not_null(value.sql)
    return exp.GT(this=func('json_array_length', value.sql), expression=number(0)) if form == 'binData' else there


def lower_size(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of $size; a Buffers column holds the JSON array of its rows' ids."""
    same = exp.EQ(this=func('json_array_length', value.sql), expression=param(params[0]))
    return value.when_array(same) if value.type is not None else same
