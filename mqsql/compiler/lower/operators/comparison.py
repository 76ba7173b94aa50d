"""The SQL of equality and order: $eq $gt $gte $lt $lte $in."""

from collections.abc import Callable
from functools import partial

from sqlglot import exp

from mqsql.compiler.lower.collation import as_key, as_text
from mqsql.compiler.lower.number_columns import before_nan
from mqsql.compiler.lower.sql import Condition, Value, and_, func, is_null, or_, param, subquery, table_function, text
from mqsql.values.codec import NUMBER_TAG

NUMBER_TYPES = ('integer', 'real')

ORDERS: dict[str, type[exp.Binary]] = {'$gt': exp.GT, '$gte': exp.GTE, '$lt': exp.LT, '$lte': exp.LTE}

Lower = Callable[[Value, tuple[str, ...]], Condition]


Compare = Callable[[exp.Expr, exp.Expr], Condition]


def _typed(types: tuple[str, ...], compare: Compare, compared: Callable[[Value], exp.Expr] = as_text) -> Lower:
    """A comparison with one slot, of values of these JSON types."""
    return lambda value, params: value.of_type(types, compare(compared(value), param(params[0])))


def _equals(left: exp.Expr, right: exp.Expr) -> Condition:
    return exp.EQ(this=left, expression=right)


def listed_in(left: exp.Expr, right: exp.Expr) -> Condition:
    """The value is one of those in a JSON array."""
    return exp.In(this=left, query=subquery([exp.column('value')], [table_function('json_each', [right])]))


def _null(value: Value, _: tuple[str, ...]) -> Condition:
    if value.type is None:
        return is_null(value.sql)
    kind = value.type if value.there else func('coalesce', value.type, text('null'))
    return exp.EQ(this=kind, expression=text('null'))


def _boolean(compare: Compare) -> Lower:
    return lambda value, params: compare(value.json_type, param(params[0]))


def lower_eq(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of an equality."""
    return _EQ[form](value, params)


def lower_in(value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of the membership in a JSON array."""
    return _IN[form](value, params)


def _same_forms(compare: Compare) -> dict[str, Lower]:
    return {
        'column': _typed((), compare),
        'string': _typed(('text',), compare),
        'number': _typed(NUMBER_TYPES, compare),
        'boolean': _boolean(compare),
        'tagged': _typed(('object',), compare),
        'object': _typed(('object',), compare, as_key),
        'array': _typed(('array',), compare, as_key),
    }


_EQ = {**_same_forms(_equals), 'null': _null}
_IN = _same_forms(listed_in)


def lower_order(operator: str, value: Value, form: str, params: tuple[str, ...]) -> Condition:
    """SQL of an order test."""
    order = ORDERS[operator]

    def compare(left: exp.Expr, right: exp.Expr) -> Condition:
        return order(this=left, expression=right)

    match form:
        case 'column':
            return compare(value.sql, param(params[0]))
        case 'not nan':
            return and_([compare(value.sql, param(params[0])), before_nan(value.sql)])
        case 'number':
            return _lower_number_order(operator, value, params)
        case 'string':
            return value.of_type(('text',), compare(as_text(value), param(params[0])))
        case 'boolean':
            return value.of_type(('true', 'false'), compare(value.sql, param(params[0])))
        case 'date':
            return value.tagged('$date', compare(value.sql, param(params[0])))
        case 'object':
            return value.is_object(compare(as_key(value), param(params[0])))
        case 'array':
            return value.of_type(('array',), compare(as_key(value), param(params[0])))
        case _:
            return value.tagged('$binary', compare(as_key(value), param(params[0])))


def _lower_number_order(operator: str, value: Value, params: tuple[str, ...]) -> Condition:
    order = ORDERS[operator]
    plain = value.of_type(NUMBER_TYPES, order(this=value.sql, expression=param(params[0])))
    # The tagged numbers, NaN excepted, lie between these two texts.
    end: Condition = (
        exp.LT(this=value.sql, expression=text(NUMBER_TAG + 'N'))
        if operator in ('$gt', '$gte')
        else exp.GT(this=value.sql, expression=text(NUMBER_TAG))
    )
    tagged = value.of_type(('object',), and_([order(this=value.sql, expression=param(params[1])), end]))
    return or_([plain, tagged])


LOWER_ORDER = {name: partial(lower_order, name) for name in ORDERS}
