"""Makes operators of functions of their operands."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mqsql.reference.expressions.core import Constant, Evaluate, Function, Operator, Reader, Variables, guard, is_null
from mqsql.reference.values import MISSING


def function(call: Function, least: int = 1, most: int | None = 1, *, nullable: bool = True) -> Operator:
    """An operator that evaluates its arguments, given as a list or alone, and applies `call` to them.

    If `nullable`, it is null where an argument is null or missing. `most` None is any number.
    """

    def read(operand: Any, reader: Reader) -> Evaluate:
        parts = arguments(operand, reader, least, most)

        def evaluate(variables: Variables) -> Any:
            values = [part(variables) for part in parts]
            return None if nullable and any(map(is_null, values)) else guard(call, reader.place, *values)

        return reader.folded(evaluate, parts)

    return read


def lazily(call: Callable[[Iterator[Any]], Any], least: int = 0, most: int | None = None) -> Operator:
    """An operator whose function takes its arguments one after the other; those that it does not ask for are not evaluated."""

    def read(operand: Any, reader: Reader) -> Evaluate:
        parts = arguments(operand, reader, least, most)
        return reader.folded(lambda variables: guard(call, reader.place, (part(variables) for part in parts)), parts)

    return read


def in_turn(check: Function, call: Function, least: int = 0, most: int | None = None) -> Operator:
    """An operator that checks each argument before the next one is evaluated, and is null at the first that is null."""

    def run(values: Iterator[Any]) -> Any:
        checked = []
        for value in values:
            if is_null(value):
                return None
            checked.append(check(value))
        return call(*checked)

    return lazily(run, least, most)


def null_first(call: Function, least: int, most: int) -> Operator:
    """An operator that is null where its first argument is, without evaluating the others."""

    def run(values: Iterator[Any]) -> Any:
        first = next(values)
        return None if is_null(first) else call(first, *values)

    return lazily(run, least, most)


def arguments(operand: Any, reader: Reader, least: int, most: int | None) -> list[Evaluate]:
    given = operand if isinstance(operand, list | tuple) else [operand]
    if len(given) < least or (most is not None and len(given) > most):
        raise reader.place.error(f'takes {_amount(least, most)}, not {len(given)}')
    return [reader.item(i).read(argument) for i, argument in enumerate(given)]


def _amount(least: int, most: int | None) -> str:
    if least == most:
        return f'{least} argument{"s" if least > 1 else ""}'
    return f'at least {least} arguments' if most is None else f'{least} to {most} arguments'


Arguments = Callable[..., Any]
"""Evaluates the argument of a name; the second argument is what it gives for one that was not given."""


def by_name(call: Callable[[Arguments], Any], needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> Operator:
    """An operator whose function asks for its arguments by name; those that it does not ask for are not evaluated."""

    return lambda operand, reader: asking(call, reader.named(operand, needed, optional), reader)


def asking(call: Callable[[Arguments], Any], parts: Mapping[str, Evaluate], reader: Reader) -> Evaluate:
    """The expression of a function that asks for these arguments."""

    def evaluate(variables: Variables) -> Any:
        def argument(name: str, default: Any = MISSING) -> Any:
            return parts[name](variables) if name in parts else default

        return guard(call, reader.place, argument)

    return reader.folded(evaluate, parts.values())


def check_constant(part: Evaluate | None, check: Function, reader: Reader) -> None:
    """Refuses, before any record is seen, a constant argument that has no meaning; null always has one."""
    if reader.folds and isinstance(part, Constant) and not is_null(part.value):
        guard(check, reader.place, part.value)
