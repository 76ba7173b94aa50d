"""Expressions as predicates of fields, where they say the same: a typed column compared with a constant, and what is made of
such by $and, $or and $not. So an index of the column is used.

An expression also compares values of different types, and what is missing is less than all of them.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.operators.comparison import PARSE_ORDER, equal, parse_in
from mqsql.compiler.tree.predicate import MATCH_ALL, MATCH_NONE, Field, Not, Predicate, all_of, any_of
from mqsql.functions.expressions.tree import Array, Call, Expression, FieldPath, Literal, Object
from mqsql.functions.expressions.values import MISSING
from mqsql.schema import BOOLEAN, NUMBER, STRING, TIMESTAMP, ColumnType, Table
from mqsql.values.canonical import is_nan, type_bracket

MIRRORED = {'$gt': '$lt', '$gte': '$lte', '$lt': '$gt', '$lte': '$gte', '$eq': '$eq', '$ne': '$ne'}
"""The operator that says the same of the operands in the other order."""

HOLDS = {
    '$eq': (False, True, False),
    '$ne': (True, False, True),
    '$gt': (False, False, True),
    '$gte': (False, True, True),
    '$lt': (True, False, False),
    '$lte': (True, True, False),
}
"""Whether an operator holds where the left operand is less, equal, greater."""

BRACKETS: dict[ColumnType, tuple[str, tuple[type, ...]]] = {
    STRING: ('string', (str,)),
    NUMBER: ('number', (int, float)),
    BOOLEAN: ('boolean', (bool,)),
    TIMESTAMP: ('date', (datetime,)),
}
"""The type of the values of a column, in BSON and in Python."""

ORDER = ('null', 'number', 'string', 'object', 'array', 'binary', 'boolean', 'date')


Make = Callable[[], Predicate]
"""Makes a predicate; its operands are bound only then."""


def as_predicate(place: ParseContext, tree: Expression) -> Make | None:
    """The predicate of fields that says what an expression does, if there is one."""
    match tree:
        case Call('$and' | '$or' as operator, operands):
            made = [as_predicate(place, part) for _, part in operands]
            found = [make for make in made if make is not None]
            join = all_of if operator == '$and' else any_of
            return (lambda: join([make() for make in found])) if len(found) == len(made) else None
        case Call('$not', ((_, part),)):
            inner = as_predicate(place, part)
            return inner and (lambda: Not(inner()))
        case Call('$in', ((_, FieldPath(str(column), ())), (_, Literal(list() as values)))):
            return _one_of(place, column, values)
        case Call(operator, ((_, FieldPath(str(column), ())), (_, Literal(value)))) if operator in HOLDS:
            return _comparison(place, operator, column, value)
        case Call(operator, ((_, Literal(value)), (_, FieldPath(str(column), ())))) if operator in HOLDS:
            return _comparison(place, MIRRORED[operator], column, value)
    return None


def equality(place: ParseContext, tree: Expression) -> Make | None:
    """For a path that an index begins with, a predicate that holds wherever the expression is true.

    An expression equals the value itself, a field also an array that holds it.
    """
    match tree:
        case Call('$eq', ((_, FieldPath(str(column), steps)), (_, Literal(value)))):
            return _equality(place, column, steps, value)
        case Call('$eq', ((_, Literal(value)), (_, FieldPath(str(column), steps)))):
            return _equality(place, column, steps, value)
    return None


def _equality(place: ParseContext, column: str, steps: tuple[str, ...], value: Any) -> Make | None:
    kind = place.table.columns[column]
    if value is MISSING or not kind.mixed or not _is_indexed(place.table, column, steps):
        return None
    return lambda: equal(place.at('', Field(column, kind, steps)), value)


def _is_indexed(table: Table, column: str, steps: tuple[str, ...]) -> bool:
    return any(index.paths[0] == (column, steps) for index in table.indexes)


# --- a typed column


def _comparison(place: ParseContext, operator: str, column: str, value: Any) -> Make | None:
    kind = place.table.columns[column]
    if kind not in BRACKETS or (kind is STRING and place.collation) or is_nan(value):
        return None
    return lambda: _compared(place.at('', Field(column, kind)), operator, value)


def _compared(context: ParseContext, operator: str, value: Any) -> Predicate:
    bracket, _ = BRACKETS[context.field.kind]
    less, same, greater = HOLDS[operator]
    if value is MISSING or type_bracket(value) != bracket:
        above = value is MISSING or ORDER.index(bracket) > ORDER.index(type_bracket(value))
        return _by_presence(context, same if value is MISSING else less, greater if above else less)
    inside = _equals(context, value) if operator in ('$eq', '$ne') else PARSE_ORDER[operator](context, value)
    if operator == '$ne':
        return Not(inside)
    if not less:
        return inside
    lower = [equal(context, math.nan)] if context.field.kind is NUMBER else []
    return any_of([equal(context, None), *lower, inside])


def _equals(context: ParseContext, value: Any) -> Predicate:
    """Equality. By that of the key itself MongoDB finds a record without a sort, which it may refuse; not by an expression."""
    is_key = context.field.column == context.table.key
    return parse_in(context, [value]) if is_key else equal(context, value)


def _by_presence(context: ParseContext, if_missing: bool, if_present: bool) -> Predicate:
    if if_missing:
        return MATCH_ALL if if_present else equal(context, None)
    return Not(equal(context, None)) if if_present else MATCH_NONE


def _one_of(place: ParseContext, column: str, values: list[Any]) -> Make | None:
    kind = place.table.columns[column]
    if kind not in BRACKETS or (kind is STRING and place.collation):
        return None
    _, wanted = BRACKETS[kind]
    return lambda: parse_in(place.at('', Field(column, kind)), [value for value in values if type(value) in wanted])


# --- parts that have a value

VALUED = frozenset('$eq $ne $gt $gte $lt $lte $cmp $and $or $not $cond $ifNull $let $type $isNumber $isArray'.split())
"""Operators that have a value for all operands."""

OF_DATES = frozenset(
    '$subtract $year $month $dayOfMonth $dayOfYear $dayOfWeek $hour $minute $second $millisecond'.split()
)
"""Operators that have a value for dates, and for what is null or missing."""


def has_value(tree: Expression, table: Table) -> bool:
    """Whether evaluation never ends with an error."""
    match tree:
        case Call(operator, operands) if operator in VALUED:
            return all(has_value(part, table) for _, part in operands)
        case Call(operator, operands) if operator in OF_DATES:
            return all(_is_date(part, table) for _, part in operands)
        case Array(items):
            return all(has_value(item, table) for item in items)
        case Object(fields):
            return all(has_value(part, table) for _, part in fields)
    return not isinstance(tree, Call)


def _is_date(tree: Expression, table: Table) -> bool:
    match tree:
        case FieldPath(str(column), ()):
            return table.columns[column] is TIMESTAMP
        case Literal(value):
            return isinstance(value, datetime)
    return False
