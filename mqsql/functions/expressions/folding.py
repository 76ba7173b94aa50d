"""Computes the constant parts of an expression, as MongoDB does before it looks at a record.

So what is wrong with constants is found while a query is parsed; QueryError names it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mqsql.functions.expressions.core import ExprContext
from mqsql.functions.expressions.tree import Array, Call, Expression, Literal, Object, Variable
from mqsql.functions.expressions.values import MISSING, is_nullish

Checks = Mapping[str, Callable[[Any], Any]]
"""How operands are read, by name; they raise ExpressionError."""


def fold(context: ExprContext, tree: Expression) -> Expression:
    """The tree with its constant parts computed."""
    match tree:
        case Call():
            return _fold_call(context.at(f'.{tree.operator}'), tree)
        case Array(items):
            array = Array(tuple(fold(context.at(f'[{i}]'), item) for i, item in enumerate(items)))
            return _computed(context, array, array.items)
        case Object(fields):
            made = Object(tuple((name, fold(context.at(f'.{name}'), part)) for name, part in fields))
            return _computed(context, made, (part for _, part in made.fields))
        case Variable('REMOVE'):
            return Literal(MISSING)
    return tree


def _fold_call(context: ExprContext, call: Call) -> Expression:
    special = context.operators[call.operator].fold
    return computed(context, fold_operands(context, call)) if special is None else special(context, call)


def _computed(context: ExprContext, tree: Expression, parts: Iterable[Expression]) -> Expression:
    constant = all(isinstance(part, Literal) for part in parts)
    return Literal(context.compile(tree).run({})) if constant else tree


def fold_operands(context: ExprContext, call: Call) -> Call:
    """The call with its operands folded; the context is inside it, as in all functions on calls here."""
    folded = tuple((step, fold(context.at(step), part)) for step, part in call.operands)
    return Call(call.operator, folded, call.variables)


def computed(context: ExprContext, call: Call) -> Expression:
    """The call, or its value if all of its operands are constant."""
    constant = all(isinstance(part, Literal) for _, part in call.operands)
    return Literal(context.call(call).run({})) if constant else call


def constant_operand(call: Call, name: str) -> Literal | None:
    """The operand of a name, where there is one that is constant."""
    return next((part for step, part in call.operands if step == f'.{name}' and isinstance(part, Literal)), None)


def check_operands(context: ExprContext, call: Call, checks: Checks) -> None:
    """QueryError for a constant operand that cannot be read; null is allowed for any."""
    for name, read in checks.items():
        operand = constant_operand(call, name)
        if operand is not None and not is_nullish(operand.value):
            _check(context.at(f'.{name}'), read, operand.value)


def _check(context: ExprContext, read: Callable[[Any], Any], value: Any) -> None:
    context.located(lambda variables: read(value))({})
