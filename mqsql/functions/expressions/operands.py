"""How the operands of an operator are read: by position or by name."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from mqsql.errors import did_you_mean, short_repr
from mqsql.functions.expressions.core import Compiled, ExprContext, Operator, Run, Variables
from mqsql.functions.expressions.values import is_nullish


def eager(function: Callable[..., Any], least: int, most: int | None = None) -> Operator:
    """An operator on a list of operands; a single one may be given without the list."""
    return _on_list(lambda parts: lambda v: function(*[part.run(v) for part in parts]), least, most)


def lazy(function: Callable[[Iterator[Any]], Any], least: int, most: int | None = None) -> Operator:
    """As `positional`; the function takes the values one by one, and what it does not take is not evaluated."""
    return _on_list(lambda parts: lambda v: function(part.run(v) for part in parts), least, most)


def _on_list(runs: Callable[[list[Compiled]], Run], least: int, most: int | None) -> Operator:
    top = least if most is None else most

    def build(here: ExprContext, operand: Any) -> Compiled:
        listed = isinstance(operand, list)
        operands = operand if listed else [operand]
        if not least <= len(operands) <= top:
            raise here.error(f'takes {_counted(least, top)}, not {len(operands)}')
        parts = [here.inside(f'[{i}]' if listed else '').build(item) for i, item in enumerate(operands)]
        return here.combine(runs(parts), parts)

    return Operator(build)


def comparing(read: Callable[..., Operator], function: Callable[..., Any], *counts: int) -> Operator:
    """An operator whose operands are read so; the function is first given the place, which compares values."""
    return Operator(lambda here, operand: read(partial(function, here), *counts).build(here, operand))


MANY = 2**31


def _counted(least: int, most: int) -> str:
    if most == MANY:
        return f'{least} operands or more'
    return f'{least} operand{"s" * (least != 1)}' if least == most else f'{least} to {most} operands'


def fields(here: ExprContext, operand: Any, required: str, optional: str = '') -> dict[str, Any]:
    """The named operands of an operator, checked for their names."""
    if not isinstance(operand, dict):
        raise here.error(f'takes a dict of {required or optional}, not {short_repr(operand)}')
    names = [*required.split(), *optional.split()]
    if unknown_names := [name for name in operand if name not in names]:
        raise here.error(did_you_mean('operand', unknown_names[0], names))
    if lacking := [name for name in required.split() if name not in operand]:
        raise here.error(f'lacks the operand {lacking[0]!r}')
    return operand


GetArg = Callable[..., Any]
"""Evaluates the operand of a name; the second argument is the default."""

Checks = Mapping[str, Callable[[Any], Any]]


def named(
    function: Callable[[GetArg], Any], required: str, optional: str = '', checks: Checks | None = None
) -> Operator:
    """An operator on named operands, which the function asks for; `checks` find what is wrong with constant ones,
    whatever the others are.
    """
    checked = checks or {}

    def build(here: ExprContext, operand: Any) -> Compiled:
        parts = build_fields(here, operand, required, optional)
        for name in parts.keys() & checked.keys():
            read_constant(here.inside(f'.{name}'), parts[name], checked[name])

        def run(variables: Variables) -> Any:
            return function(lambda name, default=None: parts[name].run(variables) if name in parts else default)

        return here.combine(run, list(parts.values()))

    return Operator(build)


def build_fields(here: ExprContext, operand: Any, required: str, optional: str = '') -> dict[str, Compiled]:
    """The named operands, each built."""
    given = fields(here, operand, required, optional)
    return {name: here.inside(f'.{name}').build(item) for name, item in given.items()}


def read_constant(here: ExprContext, part: Compiled, read: Callable[[Any], Any]) -> None:
    """The QueryError for a constant operand that cannot be read; null is allowed for any."""
    if part.constant and here.fold_constants and not is_nullish(value := part.run({})):
        here.combine(lambda variables: read(value), [])
