"""Operators on types, and on arrays as wholes, as SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from sqlglot import exp

from mqsql.compiler.dialect.json import JsonType
from mqsql.compiler.dialect.words import Words
from mqsql.compiler.lower.expressions.comparison import UNKNOWN, spread
from mqsql.compiler.lower.expressions.context import Lower, Lowering
from mqsql.compiler.lower.expressions.operands import (
    INT32,
    Absent,
    Choice,
    Json,
    NotLoweredError,
    Operand,
    Scalar,
    Type,
    boolean,
    choose,
    constant,
    fails,
)
from mqsql.compiler.lower.sql import case, is_null, nested, number, param, text
from mqsql.functions.expressions.tree import Expression, Parameter

Operands = Mapping[str, Expression]


def _tested(test: Callable[[Operand], Scalar]) -> Lower:
    """An operator that gives a boolean for an operand of any type."""

    def of(operand: Operand) -> Scalar:
        return spread(operand, of) if isinstance(operand, Choice) else test(operand)

    def lower(lowering: Lowering, operands: Operands) -> Operand:
        (operand,) = lowering.all(operands)
        return of(operand)

    return lower


def _is_array(operand: Operand) -> Scalar:
    return boolean(operand.is_array()) if isinstance(operand, Json) else constant(False)


def _is_number(operand: Operand) -> Scalar:
    match operand:
        case Json():
            return choose(
                (operand.is_number(), constant(True)),
                (operand.is_odd_number(), constant(True)),
                otherwise=constant(False),
            )
        case Scalar(type=Type.NUMBER, absent=None):
            return constant(True)
        case Scalar(type=Type.NUMBER):
            return boolean(exp.Is(this=exp.Paren(this=operand.sql), expression=exp.Not(this=exp.null())))
    return constant(False)


_NAMES = {Type.STRING: 'string', Type.BOOLEAN: 'bool', Type.DATE: 'date'}


def _type(lowering: Lowering, operands: Operands) -> Operand:
    (operand,) = lowering.all(operands)
    return Scalar(Type.STRING, _type_name(lowering, operand))


def _type_name(lowering: Lowering, operand: Operand) -> exp.Expr:
    match operand:
        case Choice(branches):
            *first, last = lowering.each(operand, _type_name)
            return case(*zip((condition.copy() for condition, _ in branches), first, strict=True), default=last)
        case Absent(what):
            return text(what.value)
        case Scalar():
            name = _number_type(lowering, operand.sql) if operand.type is Type.NUMBER else text(_NAMES[operand.type])
            return case((is_null(operand.sql), text(operand.absent.value)), default=name) if operand.absent else name
        case Json():
            return _json_type(lowering, operand)


def _number_type(lowering: Lowering, value: exp.Expr) -> exp.Expr:
    short = exp.Between(this=nested(value.copy()), low=number(-INT32), high=number(INT32 - 1))
    real = fails(lowering.words.is_integer(value))
    return case((real, text('double')), (short, text('int')), default=text('long'))


def _json_type(lowering: Lowering, value: Json) -> exp.Expr:
    lowering.guard(exp.Not(this=exp.Paren(this=value.is_odd_number())))
    return case(
        (value.is_number(), _number_type(lowering, value.number().sql)),
        (value.is_string(), text('string')),
        (value.type_is(JsonType.BOOLEAN), text('bool')),
        (value.is_null(), text('null')),
        (value.is_array(), text('array')),
        (value.is_missing(), text('missing')),
        (value.is_date(), text('date')),
        (value.is_tagged('$binary'), text('binData')),
        default=text('object'),
    )


# --- arrays


def _array(lowering: Lowering, operand: Operand) -> Json:
    """An array that the document has; one that a path makes of the elements of another is the interpreter's."""
    if not isinstance(operand, Json):
        raise NotLoweredError
    lowering.guard(operand.type_is(JsonType.ARRAY))
    return operand


def _size(lowering: Lowering, operands: Operands) -> Operand:
    (operand,) = lowering.all(operands)
    array = _array(lowering, operand)
    return Scalar(Type.NUMBER, array.words.array_length(array.ref), bound=INT32)


_LISTS = {'numbers': Type.NUMBER, 'strings': Type.STRING, 'dates': Type.DATE}


def _in(lowering: Lowering, operands: Operands) -> Operand:
    value, array = operands.values()
    lowered = lowering.lower(value)
    if not isinstance(array, Parameter) or array.type not in _LISTS or (lowering.collated and array.type == 'strings'):
        raise NotLoweredError
    return _listed(lowering.words, array.param, _LISTS[array.type], lowered)


def _listed(words: Words, listed: str, type_: Type, value: Operand) -> Scalar:
    """The value is one of those of a type in a list."""
    match value:
        case Choice():
            return spread(value, partial(_listed, words, listed, type_))
        case Scalar(type=found) if found is type_:
            operands = param(listed)
            if type_ is Type.NUMBER:
                operands = words.number_operand(operands, integral=False)
            return boolean(words.in_list(value.sql, operands, nested=False))
        case Json() if type_ is Type.NUMBER:
            inside = boolean(words.compare_number(value.ref, partial(_within, words), param(listed)))
            unknown = (value.is_odd_number(), UNKNOWN)
            return choose((value.is_number(), inside), unknown, otherwise=constant(False))
        case Json() if type_ is Type.STRING:
            inside = _listed(words, listed, type_, value.string().present())
            return choose((value.is_string(), inside), otherwise=constant(False))
        case Json():
            inside = _listed(words, listed, type_, value.date().present())
            return choose((value.is_date(), boolean(inside.sql, partial=True)), otherwise=constant(False))
    return constant(False)


def _within(words: Words, value: exp.Expr, listed: exp.Expr) -> exp.Expr:
    return words.in_list(value, listed, nested=False)


TYPES: dict[str, Lower] = {
    '$type': _type,
    '$isNumber': _tested(_is_number),
    '$isArray': _tested(_is_array),
    '$size': _size,
    '$in': _in,
}
