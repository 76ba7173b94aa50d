"""Operators on strings as SQL.

A string is stored with some characters as pairs (see `values.codec`), which stay pairs when it is joined or changed in case.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from sqlglot import exp

from mqsql.compiler.lower.expressions.context import Lower, Lowering
from mqsql.compiler.lower.expressions.operands import Nothing, NotLoweredError, Operand, Scalar, Type
from mqsql.compiler.lower.sql import func, is_not_null, nested, number, text
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
    """Only ASCII letters have another case; of what is absent it is the empty string."""

    def lower(lowering: Lowering, operands: Operands) -> Operand:
        (operand,) = lowering.all(operands)
        value = lowering.string(operand)
        made = lowering.words.in_case(value.sql, function)
        return Scalar(Type.STRING, func('coalesce', made, text('')) if value.absent else made)

    return lower


def _required(lowering: Lowering, operands: Operands) -> Scalar:
    """The only operand, which must be a string."""
    (operand,) = lowering.all(operands)
    value = lowering.string(operand)
    if value.absent:
        lowering.guard(is_not_null(nested(value.sql)))
    return value


def _length(lowering: Lowering, operands: Operands) -> Operand:
    value = _required(lowering, operands)
    return Scalar(Type.NUMBER, lowering.words.length(value.sql), bound=MOST_CHARACTERS)


def _bytes(lowering: Lowering, operands: Operands) -> Operand:
    """Each pair has four bytes more than its character."""
    value, words = _required(lowering, operands), lowering.words
    pairs = exp.Sub(this=words.stored_length(value.sql), expression=words.length(value.sql))
    further = exp.Mul(this=number(4), expression=nested(pairs))
    return Scalar(Type.NUMBER, exp.Sub(this=words.byte_length(value.sql), expression=further), bound=MOST_CHARACTERS)


STRINGS: dict[str, Lower] = {
    '$concat': _concat,
    '$toLower': _in_case('lower'),
    '$toUpper': _in_case('upper'),
    '$strLenCP': _length,
    '$strLenBytes': _bytes,
}
