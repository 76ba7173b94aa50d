"""How the operands of an operator are evaluated: all of them, or one after the other; by position, or by name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mqsql.functions.expressions.core import ExprContext, Operands, Operator, Run, Variables
from mqsql.functions.expressions.folding import Checks, check_operands, computed, fold_operands
from mqsql.functions.expressions.tree import Call, Expression


def eager(function: Callable[..., Any]) -> Operator:
    """An operator on a list of operands."""
    return Operator(lambda context, operands: _eagerly(function, operands))


def lazy(function: Callable[[Iterator[Any]], Any]) -> Operator:
    """The same; the function takes the values one by one, and what it does not take is not evaluated."""
    return Operator(lambda context, operands: _lazily(function, operands))


def comparing(kind: Callable[..., Operator], function: Callable[..., Any]) -> Operator:
    """An operator of this kind (`eager`, `lazy`); the function is first given the context, which compares values."""
    return Operator(lambda context, operands: kind(partial(function, context)).compile(context, operands))


def _eagerly(function: Callable[..., Any], operands: Operands) -> Run:
    parts = operands.listed
    return lambda variables: function(*[part.run(variables) for part in parts])


def _lazily(function: Callable[[Iterator[Any]], Any], operands: Operands) -> Run:
    parts = operands.listed
    return lambda variables: function(part.run(variables) for part in parts)


GetArg = Callable[..., Any]
"""Evaluates the operand of a name; the second argument is the default."""


def named(function: Callable[[GetArg], Any], checks: Checks | None = None) -> Operator:
    """An operator on named operands, which the function asks for; `checks` find what is wrong with constant ones,
    whatever the others are.
    """

    def compile(context: ExprContext, operands: Operands) -> Run:
        def run(variables: Variables) -> Any:
            return function(lambda name, default=None: operands[name].run(variables) if name in operands else default)

        return run

    return Operator(compile, partial(_fold_checked, checks) if checks else None)


def _fold_checked(checks: Checks, context: ExprContext, call: Call) -> Expression:
    folded = fold_operands(context, call)
    check_operands(context, folded, checks)
    return computed(context, folded)
