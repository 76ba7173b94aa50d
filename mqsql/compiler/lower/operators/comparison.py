"""The SQL of equality and order: $eq $gt $gte $lt $lte $in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import Compare
from mqsql.compiler.dialect.json import JsonType
from mqsql.compiler.lower.collation import as_key, as_text
from mqsql.compiler.lower.sql import Condition, and_, func, number, or_, param, text
from mqsql.compiler.lower.values import ColumnValue, JsonValue, Value, in_list
from mqsql.compiler.tree.params import OperandType
from mqsql.compiler.tree.predicate import Leaf
from mqsql.values.codec import DATE_LENGTH, DATE_TAG, NUMBER_TAG

ORDERS: dict[str, type[exp.Binary]] = {'$gt': exp.GT, '$gte': exp.GTE, '$lt': exp.LT, '$lte': exp.LTE}

Params = tuple[str, ...]


def _equals(left: exp.Expr, right: exp.Expr) -> Condition:
    return exp.EQ(this=left, expression=right)


def lower_eq(value: Value, form: OperandType, params: Params) -> Condition:
    """SQL of an equality."""
    return value.is_null() if form is OperandType.NULL else _lower_same(value, form, params, _equals)


def lower_in(value: Value, form: OperandType, params: Params) -> Condition:
    """SQL of the membership in a list."""
    return _lower_same(value, form, params, in_list(value))


def _lower_same(value: Value, form: OperandType, params: Params, compare: Compare) -> Condition:
    operand = param(params[0])
    match form:
        case OperandType.COLUMN:
            assert isinstance(value, ColumnValue)
            return value.compare(compare, operand)
        case OperandType.STRING:
            return value.of_type((JsonType.STRING,), compare(as_text(value), operand))
        case OperandType.OBJECT | OperandType.ARRAY:
            return value.of_type((JsonType(form),), compare(as_key(value), operand))
    assert isinstance(value, JsonValue)
    match form:
        case OperandType.NUMBER:
            return value.words.compare_number(value.ref, compare, operand)
        case OperandType.BOOLEAN:
            return value.words.equal_boolean(value.ref, compare, operand)
        case _:  # tagged
            return value.of_type((JsonType.OBJECT,), compare(value.text(), operand))


def lower_order(operator: str, value: Value, form: OperandType, params: Params) -> Condition:
    """SQL of an order test."""
    order, operand = ORDERS[operator], param(params[0])

    def compare(left: exp.Expr, right: exp.Expr) -> Condition:
        return order(this=left, expression=right)

    match form:
        case OperandType.COLUMN:
            assert isinstance(value, ColumnValue)
            return value.compare(compare, operand)
        case OperandType.NOT_NAN:
            assert isinstance(value, ColumnValue)
            return and_([value.compare(compare, operand), value.words.is_not_nan(value.text())])
        case OperandType.STRING:
            return value.of_type((JsonType.STRING,), compare(as_text(value), operand))
        case OperandType.ARRAY:
            return value.of_type((JsonType.ARRAY,), compare(as_key(value), operand))
    assert isinstance(value, JsonValue)
    match form:
        case OperandType.NUMBER:
            return _lower_number_order(operator, value, compare, params)
        case OperandType.BOOLEAN:
            return value.words.order_boolean(value.ref, compare, operand)
        case OperandType.DATE:
            return value.tagged('$date', compare(value.text(), operand))
        case OperandType.OBJECT:
            return value.is_object(compare(as_key(value), operand))
        case _:  # binary
            return value.tagged('$binary', compare(as_key(value), operand))


def order_date(test: Leaf, date: exp.Expr) -> Condition:
    """The text of a date, or NULL, compares with the operand of the test, of which that is a part."""
    operand = func('substr', param(test.params[0]), number(1 + len(DATE_TAG)), number(DATE_LENGTH))
    return ORDERS[test.operator](this=date, expression=operand)


def _lower_number_order(operator: str, value: JsonValue, compare: Compare, params: Params) -> Condition:
    plain = value.words.compare_number(value.ref, compare, param(params[0]))
    # The tagged numbers, NaN excepted, lie between these two texts.
    end: Condition = (
        exp.LT(this=value.text(), expression=text(NUMBER_TAG + 'N'))
        if operator in ('$gt', '$gte')
        else exp.GT(this=value.text(), expression=text(NUMBER_TAG))
    )
    tagged = value.of_type((JsonType.OBJECT,), and_([compare(value.text(), param(params[1])), end]))
    return or_([plain, tagged])


Lower = Callable[[Value, OperandType, Params], Condition]

LOWER_ORDER: dict[str, Lower] = {name: partial(lower_order, name) for name in ORDERS}
