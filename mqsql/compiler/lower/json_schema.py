"""The SQL of the tests that only schemas make."""

from collections.abc import Callable

from sqlglot import exp

from mqsql.compiler.lower.operators.comparison import listed_in
from mqsql.compiler.lower.operators.patterns import characters
from mqsql.compiler.lower.sql import Condition, Value, func, param, subquery, table_function

Compare = type[exp.Binary]
Lower = Callable[[Value, str, tuple[str, ...]], Condition]


def _limited(measure: Callable[[Value], exp.Expr], compare: Compare) -> Lower:
    return lambda value, form, params: compare(this=measure(value), expression=param(params[0]))


def _length(value: Value) -> exp.Expr:
    return func('length', characters(value.sql))


def _items(value: Value) -> exp.Expr:
    return func('json_array_length', value.sql)


def _properties(value: Value) -> exp.Expr:
    return subquery([exp.Count(this=exp.Star())], [table_function('json_each', [value.sql])])


def _enum(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    return value.of_type((form,), listed_in(func('mqsql_unordered_key', value.sql), param(params[0])))


def _unique(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    return func('mqsql_unique', value.sql)


def _multiple(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    return func('mqsql_multiple', value.sql, param(params[0]))


def _name_found(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    return func('mqsql_regex', param(params[0]), param(params[1]), func('mqsql_name', value.sql))


def _name_listed(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    # Within an $elemMatch an array counts as an object whose names are its positions.
    return listed_in(exp.Cast(this=value.sql, to=exp.DataType.build('TEXT')), param(params[0]))


SCHEMA_TESTS: dict[str, Lower] = {
    'minLength': _limited(_length, exp.GTE),
    'maxLength': _limited(_length, exp.LTE),
    'minItems': _limited(_items, exp.GTE),
    'maxItems': _limited(_items, exp.LTE),
    'minProperties': _limited(_properties, exp.GTE),
    'maxProperties': _limited(_properties, exp.LTE),
    'enum': _enum,
    'uniqueItems': _unique,
    'multipleOf': _multiple,
    'patternProperties': _name_found,
    'properties': _name_listed,
}
"""By keyword. All but enum are used only where the type of the value is known."""
