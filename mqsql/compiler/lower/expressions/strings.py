"""Operators on strings as SQL.

A string is stored with some characters as pairs (see `values.codec`), which stay pairs when it is joined or changed in case.
"""

from collections.abc import Mapping
from functools import reduce

from sqlglot import exp

from mqsql.compiler.lower.expressions.arithmetic import nested
from mqsql.compiler.lower.expressions.context import Lower, Lowering
from mqsql.compiler.lower.expressions.operands import Nothing, NotLoweredError, Operand, Scalar, Type
from mqsql.compiler.lower.sql import func, is_not_null, number, text
from mqsql.functions.expressions.tree import Expression

Operands = Mapping[str, Expression]

MOST_CHARACTERS = 2**31


def _concat(lowering: Lowering, operands: Operands) -> Operand:
    parts = [lowering.string(operand) for operand in lowering.all(operands)]
    if not parts:
        raise NotLoweredError
    made = reduce(
        lambda left, right: exp.DPipe(this=left, expression=nested(right.sql)), parts[1:], nested(parts[0].sql)
    )
    return Scalar(Type.STRING, made, Nothing.NULL if any(part.absent for part in parts) else None)


def _in_case(function: str) -> Lower:
    """Only ASCII letters have another case, in SQLite as in MongoDB; of what is absent it is the empty string."""

    def lower(lowering: Lowering, operands: Operands) -> Operand:
        (operand,) = lowering.all(operands)
        value = lowering.string(operand)
        made = func(function, value.sql)
        return Scalar(Type.STRING, func('coalesce', made, text('')) if value.absent else made)

    return lower


def _required(lowering: Lowering, operands: Operands) -> Scalar:
    """The only operand, which must be a string."""
    (operand,) = lowering.all(operands)
    value = lowering.string(operand)
    if value.absent:
        lowering.guard(is_not_null(nested(value.sql)))
    return value


def _without_leads(value: Scalar) -> exp.Expr:
    """The string without the first characters of pairs, so that each pair is one character."""
    control = func('replace', value.sql, func('char', number(1)), text(''))
    return func('replace', control, func('char', number(0xD7FF)), text(''))


def _length(lowering: Lowering, operands: Operands) -> Operand:
    value = _required(lowering, operands)
    return Scalar(Type.NUMBER, func('length', _without_leads(value)), bound=MOST_CHARACTERS)


def _bytes(lowering: Lowering, operands: Operands) -> Operand:
    """Each pair has four bytes more than its character."""
    value = _required(lowering, operands)
    stored = func('length', exp.Cast(this=value.sql, to=exp.DataType.build('BLOB')))
    pairs = exp.Paren(this=exp.Sub(this=func('length', value.sql), expression=func('length', _without_leads(value))))
    made = exp.Sub(this=stored, expression=exp.Mul(this=number(4), expression=pairs))
    return Scalar(Type.NUMBER, made, bound=MOST_CHARACTERS)


STRINGS: dict[str, Lower] = {
    '$concat': _concat,
    '$toLower': _in_case('lower'),
    '$toUpper': _in_case('upper'),
    '$strLenCP': _length,
    '$strLenBytes': _bytes,
}
