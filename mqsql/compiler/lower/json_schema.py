"""The SQL of the tests that only schemas make."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from mqsql.compiler.dialect.json import JsonRef, JsonType
from mqsql.compiler.lower.operators.comparison import Lower
from mqsql.compiler.lower.operators.element import array_length
from mqsql.compiler.lower.sql import Condition, param
from mqsql.compiler.lower.values import JsonValue, Value, in_list
from mqsql.compiler.tree.params import OperandType

Order = type[exp.Binary]


def _limited(measure: Callable[[Value], exp.Expr], order: Order) -> Lower:
    return lambda value, form, params: order(this=measure(value), expression=param(params[0]))


def _length(value: Value) -> exp.Expr:
    return value.words.length(value.text())


def _properties(value: Value) -> exp.Expr:
    return value.words.member_count(_json(value).ref)


def _enum(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    key = value.words.call('mqsql_unordered_key', value.text())
    return value.of_type((JsonType(form),), in_list(value)(key, param(params[0])))


def _unique(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    return value.words.call('mqsql_unique', value.text())


def _multiple(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    ref = value.ref if isinstance(value, JsonValue) else JsonRef(value.make)
    return value.words.call('mqsql_multiple', value.words.scalar(ref), param(params[0]))


def _name_found(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    options, pattern = map(param, params)
    return value.words.call('mqsql_regex', options, pattern, value.words.call('mqsql_name', value.text()))


def _name_listed(value: Value, form: OperandType, params: tuple[str, ...]) -> Condition:
    # Within an $elemMatch an array counts as an object whose names are its positions.
    name = exp.Cast(this=value.text(), to=exp.DataType.build('TEXT'))
    return in_list(value)(name, param(params[0]))


def _json(value: Value) -> JsonValue:
    assert isinstance(value, JsonValue)
    return value


SCHEMA_TESTS: dict[str, Lower] = {
    'minLength': _limited(_length, exp.GTE),
    'maxLength': _limited(_length, exp.LTE),
    'minItems': _limited(array_length, exp.GTE),
    'maxItems': _limited(array_length, exp.LTE),
    'minProperties': _limited(_properties, exp.GTE),
    'maxProperties': _limited(_properties, exp.LTE),
    'enum': _enum,
    'uniqueItems': _unique,
    'multipleOf': _multiple,
    'patternProperties': _name_found,
    'properties': _name_listed,
}
"""By keyword. All but enum are used only where the type of the value is known."""
