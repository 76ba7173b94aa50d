"""Walks through queries and values: the tests in a query, the values at a path, all values replaced."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VALUE, PATTERN = 'value', 'pattern'
"""In place of an operator: a value, or a pattern, that a key is to be equal to or to match."""

LOGICAL = ('$and', '$or', '$nor')
NESTING = ('$not', '$elemMatch')
LISTS = ('$in', '$nin', '$all')


@dataclass(frozen=True)
class Leaf:
    """A test in a query."""

    path: str
    operator: str
    operand: Any

    @property
    def operands(self) -> list[Any]:
        """The values that are compared with."""
        is_list = self.operator in LISTS and isinstance(self.operand, list)
        return self.operand if is_list else [self.operand]

    @property
    def has_null(self) -> bool:
        """Whether a null is compared with."""
        return self.operator != '$exists' and any(one is None for one in self.operands)

    @property
    def is_pattern(self) -> bool:
        """Whether the operand is, or holds, a compiled pattern."""
        parts = self.operand if isinstance(self.operand, list) else [self.operand]
        return any(isinstance(part, re.Pattern) for part in parts)


def is_operators(operand: Any) -> bool:
    """Whether it is a dict of operators."""
    return (
        isinstance(operand, Mapping) and bool(operand) and next(iter(operand)).startswith('$') and '$ref' not in operand
    )


def leaves(query: Any, prefix: str = '') -> Iterator[Leaf]:
    """The tests in a query, logical operators among them, which have no path; what has no meaning is left out."""
    for key, operand in query.items() if isinstance(query, dict) else ():
        if key in LOGICAL:
            yield Leaf('', key, ...)
            for part in operand if isinstance(operand, list) else ():
                yield from leaves(part, prefix)
        elif key.startswith('$') and key not in ('$ref', '$id'):
            yield Leaf('', key, operand)
        else:
            yield from _of_field(f'{prefix}{key}', operand)


def _of_field(path: str, operand: Any) -> Iterator[Leaf]:
    if not is_operators(operand):
        yield Leaf(path, PATTERN if isinstance(operand, re.Pattern) else VALUE, operand)
        return
    for operator, inner in operand.items():
        if operator == '$elemMatch':
            yield Leaf(path, operator, ...)
            yield from (_of_field(path, inner) if is_operators(inner) else leaves(inner, f'{path}.'))
        elif operator == '$not':
            yield Leaf(path, operator, ...)
            yield from _of_field(path, inner)
        else:
            yield Leaf(path, operator, inner)
            if operator == '$all':
                for part in inner if isinstance(inner, list) else ():
                    if is_operators(part):
                        yield from _of_field(path, part)


def at(value: Any, steps: list[str]) -> Iterator[Any]:
    """The values at a path, those in arrays one by one; `...` where there is nothing."""
    if not steps:
        yield value
    elif isinstance(value, dict):
        yield from at(value[steps[0]], steps[1:]) if steps[0] in value else [...]
    elif isinstance(value, list):
        index = int(steps[0]) if steps[0].isdecimal() else len(value)
        found = [one for part in value[index : index + 1] for one in at(part, steps[1:])]
        found += [one for part in value if isinstance(part, dict) for one in at(part, steps)]
        yield from [one for one in found if one is not ...] or [...]
    else:
        yield ...


def meets_value(value: Any, steps: list[str]) -> bool:
    """Whether a path goes on where a value has nothing inside."""
    if isinstance(value, dict):
        return bool(steps) and steps[0] in value and meets_value(value[steps[0]], steps[1:])
    return bool(steps) and value is not None and not isinstance(value, list)


def inside(value: Any) -> Iterator[Any]:
    """The value and all values in it."""
    yield value
    if isinstance(value, dict):
        for part in value.values():
            yield from inside(part)
    elif isinstance(value, list):
        for part in value:
            yield from inside(part)


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with all that is neither an object nor an array in it changed."""
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [mapped(part, change) for part in value]
    return change(value)
