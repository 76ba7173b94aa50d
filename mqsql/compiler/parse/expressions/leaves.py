"""Expressions as predicates of fields, where they say the same: a typed column compared with a constant, and what is made of
such by $and, $or and $not. So an index of the column is used.

An expression also compares values of different types, and what is missing is less than all of them.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.operators.comparison import READ_ORDER, equal, read_in
from mqsql.compiler.tree.predicate import MATCH_ALL, MATCH_NONE, Field, Not, Predicate, all_of, any_of
from mqsql.functions.expressions.tree import Call, Expression, FieldPath, Literal
from mqsql.functions.expressions.values import MISSING
from mqsql.schema import STRING, TIMESTAMP, ColumnType
from mqsql.values.canonical import type_bracket

ExprPredicate = Callable[[Expression], Predicate]

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

BRACKETS: dict[ColumnType, tuple[str, type]] = {STRING: ('string', str), TIMESTAMP: ('date', datetime)}
ORDER = ('null', 'number', 'string', 'object', 'array', 'binary', 'boolean', 'date')


def as_predicate(place: ParseContext, tree: Expression) -> Predicate | None:
    """The predicate of fields that says what an expression does, if there is one."""
    match tree:
        case Call('$and' | '$or' as operator, operands):
            parts = [as_predicate(place, part) for _, part in operands]
            found = [part for part in parts if part is not None]
            if len(found) < len(parts):
                return None
            return all_of(found) if operator == '$and' else any_of(found)
        case Call('$not', ((_, part),)):
            inner = as_predicate(place, part)
            return None if inner is None else Not(inner)
        case Call('$in', ((_, FieldPath(str(column), ())), (_, Literal(list() as values)))):
            return _one_of(place, column, values)
        case Call(operator, ((_, FieldPath(str(column), ())), (_, Literal(value)))) if operator in HOLDS:
            return _comparison(place, operator, column, value)
        case Call(operator, ((_, Literal(value)), (_, FieldPath(str(column), ())))) if operator in HOLDS:
            return _comparison(place, MIRRORED[operator], column, value)
    return None


def _comparison(place: ParseContext, operator: str, column: str, value: Any) -> Predicate | None:
    kind = place.table.columns[column]
    if kind not in BRACKETS or (kind is STRING and place.collation):
        return None
    context = place.at('', Field(column, kind))
    bracket, _ = BRACKETS[kind]
    missing, present = partial(equal, context, None), lambda: Not(equal(context, None))
    less, same, greater = HOLDS[operator]
    if value is MISSING or type_bracket(value) != bracket:
        above = value is MISSING or ORDER.index(bracket) > ORDER.index(type_bracket(value))
        return _by_presence(missing, present, same if value is MISSING else less, greater if above else less)
    inside = equal(context, value) if operator in ('$eq', '$ne') else READ_ORDER[operator](context, value)
    if operator == '$ne':
        return Not(inside)
    return any_of([missing(), inside]) if less else inside


def _by_presence(
    missing: Callable[[], Predicate], present: Callable[[], Predicate], if_missing: bool, if_present: bool
) -> Predicate:
    if if_missing:
        return MATCH_ALL if if_present else missing()
    return present() if if_present else MATCH_NONE


def _one_of(place: ParseContext, column: str, values: list[Any]) -> Predicate | None:
    kind = place.table.columns[column]
    if kind not in BRACKETS or (kind is STRING and place.collation):
        return None
    _, wanted = BRACKETS[kind]
    return read_in(place.at('', Field(column, kind)), [value for value in values if type(value) is wanted])
