"""Comparison, boolean and conditional operators, and variables as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlglot import exp

from mqsql.compiler.lower.expressions.comparison import COMPARISONS, compare
from mqsql.compiler.lower.expressions.context import Lower, Lowering
from mqsql.compiler.lower.expressions.operands import (
    Absent,
    Choice,
    NotLoweredError,
    Operand,
    Scalar,
    Type,
    boolean,
    inverse,
    truth,
)
from mqsql.compiler.lower.sql import and_, case, number, or_
from mqsql.functions.expressions.tree import Expression

Operands = Mapping[str, Expression]


def _comparison(operator: str, lowering: Lowering, operands: Operands) -> Operand:
    left, right = lowering.compared(lowering.all(operands))
    return compare(operator, left, right)


def _cmp(lowering: Lowering, operands: Operands) -> Operand:
    left, right = lowering.compared(lowering.all(operands))
    below, equal = (lowering.decided(compare(operator, left, right)) for operator in ('$lt', '$eq'))
    made = case((below, number(-1)), (equal, number(0)), default=number(1))
    return Scalar(Type.NUMBER, made, bound=1)


def _and(lowering: Lowering, operands: Operands) -> Operand:
    return _joined([lowering.truth(operand) for operand in lowering.all(operands)], every=True)


def _or(lowering: Lowering, operands: Operands) -> Operand:
    return _joined([lowering.truth(operand) for operand in lowering.all(operands)], every=False)


def _joined(conditions: list[Scalar], *, every: bool) -> Scalar:
    partial = any(condition.partial for condition in conditions)
    parts = [truth(condition) if partial else condition.sql for condition in conditions]
    return boolean(and_(parts) if every else or_(parts), partial=partial)


def _not(lowering: Lowering, operands: Operands) -> Operand:
    (operand,) = lowering.all(operands)
    return inverse(lowering.truth(operand))


def _if_null(lowering: Lowering, operands: Operands) -> Operand:
    *first, last = lowering.all(operands)
    branches: list[tuple[exp.Expr, Operand]] = []
    for operand in first:
        if isinstance(operand, Absent):
            continue
        if isinstance(operand, Scalar):
            if operand.absent is None:
                return _choice(branches, operand)
            present: Operand = operand.present()
        else:
            present = operand
        branches.append((lowering.is_present(operand), present))
    return _choice(branches, last)


def _choice(branches: list[tuple[exp.Expr, Operand]], otherwise: Operand) -> Operand:
    return Choice(tuple(branches), otherwise) if branches else otherwise


def _cond(lowering: Lowering, operands: Operands) -> Operand:
    test = lowering.decided(lowering.truth(lowering.lower(operands['.if'])))
    then, otherwise = lowering.lower(operands['.then']), lowering.lower(operands['.else'])
    return _choice([(test, then)], otherwise)


def _switch(lowering: Lowering, operands: Operands) -> Operand:
    """The operands are a case, its value, the next case, and so on; a default comes last."""
    lowered = lowering.all(operands)
    tests = [lowering.decided(lowering.truth(test)) for test, _ in zip(lowered[::2], lowered[1::2], strict=False)]
    branches = list(zip(tests, lowered[1::2], strict=True))
    if len(lowered) % 2:
        return _choice(branches, lowered[-1])
    lowering.guard(or_([test.copy() for test in tests]))  # or else the interpreter says that no branch holds
    return _choice(branches[:-1], branches[-1][1])


def _let(lowering: Lowering, operands: Operands) -> Operand:
    variables = {step.removeprefix('.vars.'): lowering.lower(tree) for step, tree in operands.items() if step != '.in'}
    if 'CURRENT' in variables:
        raise NotLoweredError
    return lowering.bind(variables).lower(operands['.in'])


CONDITIONS: dict[str, Lower] = {
    **{operator: partial(_comparison, operator) for operator in COMPARISONS},
    '$cmp': _cmp,
    '$and': _and,
    '$or': _or,
    '$not': _not,
    '$ifNull': _if_null,
    '$cond': _cond,
    '$switch': _switch,
    '$let': _let,
}
