"""Comparison, boolean and conditional operators, and variables. Imports `core`."""

from collections.abc import Callable
from typing import Any

from mqsql.compiler.expressions.core import (
    Built,
    ExpressionError,
    Here,
    Operator,
    Variables,
    constant,
    fields,
    is_nullish,
    is_true,
    order_key,
    positional,
)
from mqsql.errors import shown


def _compare(test: Callable[[str, str], bool]) -> Operator:
    return positional(lambda left, right: test(order_key(left), order_key(right)), 2)


def _cmp(left: Any, right: Any) -> int:
    a, b = order_key(left), order_key(right)
    return (a > b) - (a < b)


# --- what is not always evaluated


def _operands(here: Here, operand: Any) -> list[Built]:
    listed = operand if isinstance(operand, list) else [operand]
    return [here.inside(f'[{i}]').build(item) for i, item in enumerate(listed)]


def _and(here: Here, operand: Any) -> Built:
    parts = _operands(here, operand)
    return here.made(lambda v: all(is_true(part.run(v)) for part in parts), parts)


def _or(here: Here, operand: Any) -> Built:
    parts = _operands(here, operand)
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
    given = fields(here, operand, 'if then else')
    test = here.inside('.if').build(given['if'])
    return _choice(here, test, (here.inside('.then'), given['then']), (here.inside('.else'), given['else']))


Branch = tuple[Here, Any]


def _choice(here: Here, test: Built, then: Branch, otherwise: Branch) -> Built:
    """One of two branches; where the test is constant, the other one is never reached."""
    if not test.constant:
        yes, no = (place.build(expression) for place, expression in (then, otherwise))
        return Built(lambda v: yes.run(v) if is_true(test.run(v)) else no.run(v))
    taken, dead = (then, otherwise) if is_true(test.run({})) else (otherwise, then)
    dead[0].unreached().build(dead[1])
    return taken[0].build(taken[1])


def _switch(here: Here, operand: Any) -> Built:
    given = fields(here, operand, 'branches', 'default')
    branches = given['branches']
    if not isinstance(branches, list) or not branches:
        raise here.error(f'takes a non-empty list of branches, not {shown(branches)}')
    places = [here.inside(f'.branches[{i}]') for i in range(len(branches))]
    checked = [fields(place, branch, 'case then') for place, branch in zip(places, branches, strict=True)]
    cases = []
    for place, branch in zip(places, checked, strict=True):
        test = place.inside('.case').build(branch['case'])
        dead = test.constant and not is_true(test.run({}))
        value = (place.unreached() if dead else place).inside('.then').build(branch['then'])
        if not dead:
            cases.append((test, value))
        if test.constant and not dead:
            here = here.unreached()
            places = [later.unreached() for later in places]
    default = here.inside('.default').build(given['default']) if 'default' in given else None

    def run(variables: Variables) -> Any:
        for test, value in cases:
            if is_true(test.run(variables)):
                return value.run(variables)
        if default is None:
            raise ExpressionError('no branch holds, and there is no default')
        return default.run(variables)

    return here.made(run, [part for case in cases for part in case] + ([default] if default else []))


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
    """The name of a user's variable: it begins with a small letter (or any beyond ASCII)."""
    plain = isinstance(name, str) and name and (name[0].islower() or not name[0].isascii())
    if not plain or not all(c.isalnum() or c == '_' or not c.isascii() for c in name):
        raise here.error(f'a variable is named by letters, digits and _, a small letter first, not {shown(name)}')
    return str(name)


def _literal(here: Here, operand: Any) -> Built:
    return constant(operand)


LOGIC: dict[str, Operator] = {
    '$eq': _compare(lambda a, b: a == b),
    '$ne': _compare(lambda a, b: a != b),
    '$gt': _compare(lambda a, b: a > b),
    '$gte': _compare(lambda a, b: a >= b),
    '$lt': _compare(lambda a, b: a < b),
    '$lte': _compare(lambda a, b: a <= b),
    '$cmp': positional(_cmp, 2),
    '$and': Operator(_and),
    '$or': Operator(_or),
    '$not': positional(lambda value: not is_true(value), 1),
    '$ifNull': Operator(_if_null),
    '$cond': Operator(_cond),
    '$switch': Operator(_switch),
    '$let': Operator(_let),
    '$literal': Operator(_literal),
}
