"""Comparison, boolean and conditional operators, and variables."""

from collections.abc import Callable
from functools import partial
from typing import Any

from mqsql.errors import short_repr
from mqsql.functions.expressions.core import Compiled, ExprContext, Operator, Variables, constant
from mqsql.functions.expressions.operands import build_fields, comparing, eager, fields
from mqsql.functions.expressions.values import ExpressionError, is_nullish, is_true


def _compares(holds: Callable[[int], bool]) -> Operator:
    return comparing(eager, lambda here, left, right: holds(here.compare(left, right)), 2)


# --- what is not always evaluated


def _operands(here: ExprContext, operand: Any) -> list[Compiled]:
    listed = operand if isinstance(operand, list) else [operand]
    return [here.inside(f'[{i}]').build(item) for i, item in enumerate(listed)]


def _and(here: ExprContext, operand: Any) -> Compiled:
    parts = _operands(here, operand)
    if any(part.constant and not is_true(part.run({})) for part in parts):
        return constant(False)  # whatever the others are, and without asking them, as in MongoDB
    return here.combine(lambda v: all(is_true(part.run(v)) for part in parts), parts)


def _or(here: ExprContext, operand: Any) -> Compiled:
    parts = _operands(here, operand)
    if any(part.constant and is_true(part.run({})) for part in parts):
        return constant(True)
    return here.combine(lambda v: any(is_true(part.run(v)) for part in parts), parts)


def _if_null(here: ExprContext, operand: Any) -> Compiled:
    if not isinstance(operand, list) or len(operand) < 2:
        raise here.error(f'takes a list of 2 operands or more, not {short_repr(operand)}')
    parts = _operands(here, operand)

    def run(variables: Variables) -> Any:
        for part in parts:
            if not is_nullish(value := part.run(variables)):
                return value
        return value

    return here.combine(run, parts)


def _cond(here: ExprContext, operand: Any) -> Compiled:
    if isinstance(operand, list):
        if len(operand) != 3:
            raise here.error(f'takes 3 operands, not {len(operand)}')
        operand = dict(zip(('if', 'then', 'else'), operand, strict=True))
    parts = build_fields(here, operand, 'if then else')
    test, then, otherwise = parts['if'], parts['then'], parts['else']
    if test.constant:
        return then if is_true(test.run({})) else otherwise
    steps = 1 + test.steps + then.steps + otherwise.steps
    return Compiled(lambda v: then.run(v) if is_true(test.run(v)) else otherwise.run(v), steps=steps)


def _switch(here: ExprContext, operand: Any) -> Compiled:
    given = fields(here, operand, 'branches', 'default')
    branches = given['branches']
    if not isinstance(branches, list) or not branches:
        raise here.error(f'takes a non-empty list of branches, not {short_repr(branches)}')
    cases: list[tuple[Compiled, Compiled]] = []
    reached = True
    for i, branch in enumerate(branches):
        place = here.inside(f'.branches[{i}]').if_reached(reached)
        parts = fields(place, branch, 'case then')
        test = place.inside('.case').build(parts['case'])
        holds = is_true(test.run({})) if test.constant else None
        value = place.inside('.then').if_reached(holds is not False).build(parts['then'])
        if reached and holds is not False:
            cases.append((test, value))
        reached = reached and not holds
    if 'default' in given:
        default = here.inside('.default').build(given['default'])
        cases += [(constant(True), default)] * reached
    return here.combine(partial(_first_that_holds, cases), [part for case in cases for part in case])


def _first_that_holds(cases: list[tuple[Compiled, Compiled]], variables: Variables) -> Any:
    for test, value in cases:
        if is_true(test.run(variables)):
            return value.run(variables)
    raise ExpressionError('no branch holds, and there is no default')


# --- variables


def _let(here: ExprContext, operand: Any) -> Compiled:
    given = fields(here, operand, 'vars in')
    if not isinstance(given['vars'], dict):
        raise here.error(f'takes a dict of variables, not {short_repr(given["vars"])}')
    names = [check_name(here, name) for name in given['vars']]
    parts = {name: here.inside(f'.vars.{name}').build(given['vars'][name]) for name in names}
    body = here.inside('.in', *names).build(given['in'])
    return here.combine(
        lambda v: body.run({**v, **{name: part.run(v) for name, part in parts.items()}}), [*parts.values(), body]
    )


def check_name(here: ExprContext, name: Any) -> str:
    """The name of a user's variable: it begins with a small letter (or any beyond ASCII), or is CURRENT, where paths begin."""
    plain = isinstance(name, str) and name and (name[0].islower() or not name[0].isascii())
    if name != 'CURRENT' and not (plain and all(c.isalnum() or c == '_' or not c.isascii() for c in name)):
        raise here.error(f'a variable is named by letters, digits and _, a small letter first, not {short_repr(name)}')
    return str(name)


def _literal(here: ExprContext, operand: Any) -> Compiled:
    return constant(operand)


LOGIC: dict[str, Operator] = {
    '$eq': _compares(lambda order: order == 0),
    '$ne': _compares(lambda order: order != 0),
    '$gt': _compares(lambda order: order > 0),
    '$gte': _compares(lambda order: order >= 0),
    '$lt': _compares(lambda order: order < 0),
    '$lte': _compares(lambda order: order <= 0),
    '$cmp': comparing(eager, ExprContext.compare, 2),
    '$and': Operator(_and),
    '$or': Operator(_or),
    '$not': eager(lambda value: not is_true(value), 1),
    '$ifNull': Operator(_if_null),
    '$cond': Operator(_cond),
    '$switch': Operator(_switch),
    '$let': Operator(_let),
    '$literal': Operator(_literal),
}
