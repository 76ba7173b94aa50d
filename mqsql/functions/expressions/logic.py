"""Comparison, boolean and conditional operators, and variables."""

from collections.abc import Callable
from functools import partial
from typing import Any

from mqsql.errors import shown
from mqsql.functions.expressions.core import Built, Here, Operator, Variables, constant
from mqsql.functions.expressions.operands import build_fields, comparing, fields, positional
from mqsql.functions.expressions.values import ExpressionError, is_nullish, is_true


def _compares(holds: Callable[[int], bool]) -> Operator:
    return comparing(positional, lambda here, left, right: holds(here.compare(left, right)), 2)


# --- what is not always evaluated


def _operands(here: Here, operand: Any) -> list[Built]:
    listed = operand if isinstance(operand, list) else [operand]
    return [here.inside(f'[{i}]').build(item) for i, item in enumerate(listed)]


def _and(here: Here, operand: Any) -> Built:
    parts = _operands(here, operand)
    if any(part.constant and not is_true(part.run({})) for part in parts):
        return constant(False)  # whatever the others are, and without asking them, as in MongoDB
    return here.made(lambda v: all(is_true(part.run(v)) for part in parts), parts)


def _or(here: Here, operand: Any) -> Built:
    parts = _operands(here, operand)
    if any(part.constant and is_true(part.run({})) for part in parts):
        return constant(True)
    return here.made(lambda v: any(is_true(part.run(v)) for part in parts), parts)


def _if_null(here: Here, operand: Any) -> Built:
    if not isinstance(operand, list) or len(operand) < 2:
        raise here.error(f'takes a list of 2 operands or more, not {shown(operand)}')
    parts = _operands(here, operand)

    def run(variables: Variables) -> Any:
        for part in parts:
            if not is_nullish(value := part.run(variables)):
                return value
        return value

    return here.made(run, parts)


def _cond(here: Here, operand: Any) -> Built:
    if isinstance(operand, list):
        if len(operand) != 3:
            raise here.error(f'takes 3 operands, not {len(operand)}')
        operand = dict(zip(('if', 'then', 'else'), operand, strict=True))
    parts = build_fields(here, operand, 'if then else')
    test, then, otherwise = parts['if'], parts['then'], parts['else']
    if test.constant:
        return then if is_true(test.run({})) else otherwise
    steps = 1 + test.steps + then.steps + otherwise.steps
    return Built(lambda v: then.run(v) if is_true(test.run(v)) else otherwise.run(v), steps=steps)


def _switch(here: Here, operand: Any) -> Built:
    given = fields(here, operand, 'branches', 'default')
    branches = given['branches']
    if not isinstance(branches, list) or not branches:
        raise here.error(f'takes a non-empty list of branches, not {shown(branches)}')
    cases: list[tuple[Built, Built]] = []
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
    return here.made(partial(_first_that_holds, cases), [part for case in cases for part in case])


def _first_that_holds(cases: list[tuple[Built, Built]], variables: Variables) -> Any:
    for test, value in cases:
        if is_true(test.run(variables)):
            return value.run(variables)
    raise ExpressionError('no branch holds, and there is no default')


# --- variables


def _let(here: Here, operand: Any) -> Built:
    given = fields(here, operand, 'vars in')
    if not isinstance(given['vars'], dict):
        raise here.error(f'takes a dict of variables, not {shown(given["vars"])}')
    names = [check_name(here, name) for name in given['vars']]
    parts = {name: here.inside(f'.vars.{name}').build(given['vars'][name]) for name in names}
    body = here.inside('.in', *names).build(given['in'])
    return here.made(
        lambda v: body.run({**v, **{name: part.run(v) for name, part in parts.items()}}), [*parts.values(), body]
    )


def check_name(here: Here, name: Any) -> str:
    """The name of a user's variable: it begins with a small letter (or any beyond ASCII), or is CURRENT, where paths begin."""
    plain = isinstance(name, str) and name and (name[0].islower() or not name[0].isascii())
    if name != 'CURRENT' and not (plain and all(c.isalnum() or c == '_' or not c.isascii() for c in name)):
        raise here.error(f'a variable is named by letters, digits and _, a small letter first, not {shown(name)}')
    return str(name)


def _literal(here: Here, operand: Any) -> Built:
    return constant(operand)


LOGIC: dict[str, Operator] = {
    '$eq': _compares(lambda order: order == 0),
    '$ne': _compares(lambda order: order != 0),
    '$gt': _compares(lambda order: order > 0),
    '$gte': _compares(lambda order: order >= 0),
    '$lt': _compares(lambda order: order < 0),
    '$lte': _compares(lambda order: order <= 0),
    '$cmp': comparing(positional, Here.compare, 2),
    '$and': Operator(_and),
    '$or': Operator(_or),
    '$not': positional(lambda value: not is_true(value), 1),
    '$ifNull': Operator(_if_null),
    '$cond': Operator(_cond),
    '$switch': Operator(_switch),
    '$let': Operator(_let),
    '$literal': Operator(_literal),
}
