"""Comparison of operands in BSON's order, across types:

missing < null < numbers < strings < objects < arrays < binary < booleans < dates
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from mqsql.compiler.dialect.expression_words import Compare
from mqsql.compiler.dialect.json import JsonType
from mqsql.compiler.lower.expressions.operands import (
    Absent,
    Choice,
    Json,
    Nothing,
    Operand,
    Scalar,
    Type,
    boolean,
    choose,
    constant,
    inverse,
    known,
)
from mqsql.compiler.lower.sql import Condition, and_, case, is_not_null, is_null, nested, number, or_


@dataclass(frozen=True)
class Comparison:
    """An operator: in SQL, and whether it holds where the left operand is below the right one, equal to it or above."""

    sql: type[exp.Binary]
    below: bool
    equal: bool
    above: bool


COMPARISONS = {
    '$eq': Comparison(exp.EQ, False, True, False),
    '$ne': Comparison(exp.NEQ, True, False, True),
    '$gt': Comparison(exp.GT, False, False, True),
    '$gte': Comparison(exp.GTE, False, True, True),
    '$lt': Comparison(exp.LT, True, False, False),
    '$lte': Comparison(exp.LTE, True, True, False),
}
MIRRORED = {'$gt': '$lt', '$gte': '$lte', '$lt': '$gt', '$lte': '$gte', '$eq': '$eq', '$ne': '$ne'}
"""The operator that says the same of the operands in the other order."""

OPPOSITE = {'$gt': '$lte', '$gte': '$lt', '$lt': '$gte', '$lte': '$gt', '$eq': '$ne', '$ne': '$eq'}

_RANKS = {Type.NUMBER: 2, Type.STRING: 3, Type.BOOLEAN: 7, Type.DATE: 8}
_NOTHING = {Nothing.MISSING: 0, Nothing.NULL: 1}

UNKNOWN = boolean(exp.null(), partial=True)
"""What SQL does not know, so that the interpreter is asked."""


def compare(operator: str, left: Operand, right: Operand) -> Scalar:
    """A comparison as a boolean."""
    if isinstance(left, Choice):
        return spread(left, lambda chosen: compare(operator, chosen, right))
    if isinstance(right, Choice):
        return spread(right, lambda chosen: compare(operator, left, chosen))
    if _WEIGHTS[type(left)] < _WEIGHTS[type(right)]:
        return compare(MIRRORED[operator], right, left)
    match left, right:
        case Json(), Json():
            return _compare_values(operator, left, right)
        case Json(), Scalar():
            return _compare_value(operator, left, right)
        case Json(), Absent(what):
            return _compare_to_nothing(operator, left, what)
        case Scalar(), Scalar():
            return _compare_scalars(operator, left, right)
        case Scalar(), Absent(what):
            return _if_absent(left, lambda: _ordered(operator, left, what), constant(COMPARISONS[operator].above))
        case Absent(what), Absent(other):
            return _by_rank(operator, _NOTHING[what] - _NOTHING[other])
    raise AssertionError(left, right)


_WEIGHTS = {Absent: 0, Scalar: 1, Json: 2}


def spread(choice: Choice, make: Callable[[Operand], Scalar]) -> Scalar:
    """A boolean of each of the operands to choose from."""
    branches = [(condition, make(chosen)) for condition, chosen in choice.branches]
    return choose(*((condition.copy(), value) for condition, value in branches), otherwise=make(choice.otherwise))


def _by_rank(operator: str, difference: int) -> Scalar:
    comparison = COMPARISONS[operator]
    return constant(comparison.below if difference < 0 else comparison.above if difference > 0 else comparison.equal)


def _ordered(operator: str, absent: Scalar, what: Nothing) -> Scalar:
    assert absent.absent is not None
    return _by_rank(operator, _NOTHING[absent.absent] - _NOTHING[what])


def _if_absent(scalar: Scalar, absent: Callable[[], Scalar], present: Scalar) -> Scalar:
    """The one where the scalar is absent, the other where it is not."""
    if scalar.absent is None:
        return present
    nothing = absent()
    if nothing == present:
        return present
    if {nothing.made, present.made} == {exp.true(), exp.false()}:
        return boolean(is_null(scalar.sql) if nothing.made == exp.true() else is_not_null(scalar.sql))
    return choose((is_null(scalar.sql), nothing), otherwise=present)


# --- scalars


def _apply(operator: str, left: Scalar, right: Scalar) -> Condition:
    return COMPARISONS[operator].sql(this=_operand(left), expression=_operand(right))


def _operand(scalar: Scalar) -> exp.Expr:
    """A value to compare; of a condition it is 0 or 1."""
    return nested(known(scalar.sql) if scalar.type is Type.BOOLEAN and scalar.absent is None else scalar.sql)


def _compare_scalars(operator: str, left: Scalar, right: Scalar) -> Scalar:
    if left.type is not right.type:
        present = _by_rank(operator, _RANKS[left.type] - _RANKS[right.type])
        return _among_absent(operator, left, right, present)
    if left.absent and right.absent and left.absent is right.absent:
        return _compare_alike(operator, left, right)
    if left.absent and right.absent:
        return _among_absent(operator, left, right, boolean(_apply(operator, left, right)))
    # Of one NULL the comparison is NULL, which is false.
    comparison = COMPARISONS[operator]
    holds = (left.absent and comparison.below) or (right.absent and comparison.above)
    return (
        inverse(boolean(_apply(OPPOSITE[operator], left, right))) if holds else boolean(_apply(operator, left, right))
    )


def _compare_alike(operator: str, left: Scalar, right: Scalar) -> Scalar:
    """The comparison of two values that can be absent alike."""
    match operator:
        case '$eq':
            return boolean(exp.NullSafeEQ(this=_operand(left), expression=_operand(right)))
        case '$ne':
            return boolean(exp.NullSafeNEQ(this=_operand(left), expression=_operand(right)))
        case '$gt':
            higher = and_([is_null(_operand(right)), is_not_null(_operand(left))])
            return boolean(or_([_apply(operator, left, right), higher]))
        case '$gte':
            return boolean(or_([_apply(operator, left, right), is_null(_operand(right))]))
    return _compare_alike(MIRRORED[operator], right, left)


def _among_absent(operator: str, left: Scalar, right: Scalar, present: Scalar) -> Scalar:
    """The comparison where the one, the other or both may be absent, `present` where none is."""
    comparison = COMPARISONS[operator]

    def without_left() -> Scalar:
        return _if_absent(right, lambda: _both(operator, left, right), constant(comparison.below))

    return _if_absent(left, without_left, _if_absent(right, lambda: constant(comparison.above), present))


def _both(operator: str, left: Scalar, right: Scalar) -> Scalar:
    assert left.absent is not None
    assert right.absent is not None
    return _by_rank(operator, _NOTHING[left.absent] - _NOTHING[right.absent])


# --- values of documents


def _compare_to_nothing(operator: str, left: Json, what: Nothing) -> Scalar:
    comparison = COMPARISONS[operator]
    equal, below, above = map(constant, (comparison.equal, comparison.below, comparison.above))
    if what is Nothing.MISSING:
        return choose((left.is_missing(), equal), otherwise=above)
    return choose((left.is_null(), equal), (left.is_missing(), below), otherwise=above)


def _compare_value(operator: str, left: Json, right: Scalar) -> Scalar:
    present = _compare_present(operator, left, right.present())
    if right.absent is None:
        return present
    return choose((is_null(right.sql), _compare_to_nothing(operator, left, right.absent)), otherwise=present)


def _compare_present(operator: str, left: Json, right: Scalar) -> Scalar:
    """The comparison of a value with one that is there: by value within its type, by type else."""
    if operator == '$ne':
        return inverse(
            _compare_present('$eq', left, right)
        )  # databases compare JSON for equality, see `Encoding.NUMBER`
    below, above = constant(COMPARISONS[operator].below), constant(COMPARISONS[operator].above)
    match right.type:
        case Type.NUMBER:
            same = boolean(_compare_number(operator, left, right))
            lower = [] if below == above else [(left.is_absent(), below)]
            return choose((left.is_number(), same), *lower, (left.is_odd_number(), UNKNOWN), otherwise=above)
        case Type.STRING:
            same = boolean(_apply(operator, left.string(), right))
            numbers = or_([left.is_number(), left.is_absent(), left.is_odd_number()])
            lower = [] if below == above else [(numbers, below)]
            return choose((left.is_string(), same), *lower, otherwise=above)
        case Type.BOOLEAN:
            same = boolean(left.words.order_boolean(left.ref, _comparing(operator), _operand(right)))
            higher = [] if below == above else [(left.is_date(), above)]
            return choose((left.type_is(JsonType.BOOLEAN), same), *higher, otherwise=below)
        case Type.DATE:
            # Of a date that another program wrote in another form, the comparison is NULL.
            same = boolean(_apply(operator, left.date(), right), partial=True)
            return choose((left.is_date(), same), otherwise=below)


def _compare_number(operator: str, left: Json, right: Scalar) -> Condition:
    if right.operand is None or operator != '$eq':
        return _apply(operator, left.number(), right)
    return left.words.compare_number(left.ref, _comparing(operator), right.operand.copy())


def _comparing(operator: str) -> Compare:
    return lambda left, right: COMPARISONS[operator].sql(this=nested(left), expression=right)


def _compare_values(operator: str, left: Json, right: Json) -> Scalar:
    numbers = and_([left.is_number(), right.is_number()])
    strings = and_([left.is_string(), right.is_string()])
    ranks = COMPARISONS[operator].sql(this=_rank(left), expression=_rank(right))
    return choose(
        (numbers, boolean(_apply(operator, left.number(), right.number()))),
        (strings, boolean(_apply(operator, left.string(), right.string()))),
        otherwise=boolean(ranks, partial=True),
    )


def _rank(value: Json) -> exp.Expr:
    """The place of a type among others, of a value that is neither an object nor an array; of these it is NULL."""
    ranks = [
        (value.is_null(), number(1)),
        (value.is_number(), number(2)),
        (value.is_string(), number(3)),
        (value.is_boolean(False), number(7)),
        (value.is_boolean(True), number(8)),
        (value.is_missing(), number(0)),
    ]
    return case(*ranks)
