"""Comparison, boolean and conditional operators, and variables."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mqsql.functions.expressions.core import Compiled, ExprContext, Operands, Operator, Run, Variables
from mqsql.functions.expressions.folding import computed, constant_operand, fold, fold_operands
from mqsql.functions.expressions.operands import comparing, eager, lazy
from mqsql.functions.expressions.tree import Call, Expression, Literal
from mqsql.functions.expressions.values import ExpressionError, is_nullish, is_true


def _compares(holds: Callable[[int], bool]) -> Operator:
    return comparing(eager, lambda context, left, right: holds(context.compare(left, right)))


# --- what is not always evaluated


def _and(values: Iterator[Any]) -> bool:
    return all(map(is_true, values))


def _or(values: Iterator[Any]) -> bool:
    return any(map(is_true, values))


def _deciding(truth: bool, function: Callable[[Iterator[Any]], bool]) -> Operator:
    """An operator on truths of which one that is constant decides, without evaluating the others, as in MongoDB."""

    def folded(context: ExprContext, call: Call) -> Expression:
        call = fold_operands(context, call)
        if any(isinstance(part, Literal) and is_true(part.value) is truth for _, part in call.operands):
            return Literal(truth)
        return computed(context, call)

    return Operator(lazy(function).compile, folded)


def _if_null(values: Iterator[Any]) -> Any:
    for value in values:
        if not is_nullish(value):
            return value
    return value


def _cond(context: ExprContext, operands: Operands) -> Run:
    test, then, otherwise = operands['if'], operands['then'], operands['else']
    return lambda variables: then.run(variables) if is_true(test.run(variables)) else otherwise.run(variables)


def _fold_cond(context: ExprContext, call: Call) -> Expression:
    folded = fold_operands(context, call)
    test, parts = constant_operand(folded, 'if'), dict(folded.operands)
    return folded if test is None else parts['.then' if is_true(test.value) else '.else']


def _switch(context: ExprContext, operands: Operands) -> Run:
    """The operands are a case, its value, the next case, and so on; a default comes last."""
    listed = operands.listed
    cases = list(zip(listed[::2], listed[1::2], strict=False))
    return partial(_first_that_holds, cases, operands.get('default'))


def _first_that_holds(cases: list[tuple[Compiled, Compiled]], default: Compiled | None, variables: Variables) -> Any:
    for test, value in cases:
        if is_true(test.run(variables)):
            return value.run(variables)
    if default is None:
        raise ExpressionError('no branch holds, and there is no default')
    return default.run(variables)


def _fold_switch(context: ExprContext, call: Call) -> Expression:
    """The branches that may be reached; constant parts of others are not computed, but those of the default are."""
    kept: list[tuple[str, Expression]] = []
    reached = True
    for (case, test), (then, value) in zip(call.operands[::2], call.operands[1::2], strict=False):
        if not reached:
            break
        test = fold(context.at(case), test)
        holds = is_true(test.value) if isinstance(test, Literal) else None
        if holds is not False:
            kept += [(case, test), (then, fold(context.at(then), value))]
        reached = not holds
    if len(call.operands) % 2:
        step, default = call.operands[-1]
        default = fold(context.at(step), default)
        kept += [(step, default)] * reached
    return computed(context, Call(call.operator, tuple(kept)))


# --- variables


def _let(context: ExprContext, operands: Operands) -> Run:
    body = operands['in']
    parts = list(zip(operands.variables, operands.listed, strict=False))
    return lambda v: body.run({**v, **{name: part.run(v) for name, part in parts}})


LOGIC: dict[str, Operator] = {
    '$eq': _compares(lambda order: order == 0),
    '$ne': _compares(lambda order: order != 0),
    '$gt': _compares(lambda order: order > 0),
    '$gte': _compares(lambda order: order >= 0),
    '$lt': _compares(lambda order: order < 0),
    '$lte': _compares(lambda order: order <= 0),
    '$cmp': comparing(eager, ExprContext.compare),
    '$and': _deciding(False, _and),
    '$or': _deciding(True, _or),
    '$not': eager(lambda value: not is_true(value)),
    '$ifNull': lazy(_if_null),
    '$cond': Operator(_cond, _fold_cond),
    '$switch': Operator(_switch, _fold_switch),
    '$let': Operator(_let),
}
