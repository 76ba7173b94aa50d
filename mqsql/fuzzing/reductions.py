"""Simpler queries and simpler values: what can be left out of one, or come in its place."""

from collections.abc import Iterator
from typing import Any

from mqsql.fuzzing.steps import Query
from mqsql.fuzzing.walking import LISTS, LOGICAL, is_operators

SIMPLE = [1, 'a']
"""In place of an object or array."""


def reduced_queries(query: Query) -> Iterator[Query]:
    """Queries with less in them."""
    if query:
        yield {}
    if len(query) > 1:
        yield from ({key: operand} for key, operand in query.items())
        yield from ({k: v for k, v in query.items() if k != key} for key in query)
    for key, operand in query.items():
        if key in LOGICAL:
            yield from (part for part in operand if len(query) == 1)
        for simpler in _reduced_operands(key, operand):
            yield {name: simpler if name == key else value for name, value in query.items()}


def _reduced_operands(key: str, operand: Any) -> Iterator[Any]:
    if key in LOGICAL:
        yield from _shorter(operand)
        for i, part in enumerate(operand):
            yield from ([*operand[:i], simpler, *operand[i + 1 :]] for simpler in reduced_queries(part))
    elif key.startswith('$'):
        yield from reduced_values(operand)
    elif is_operators(operand):
        yield from _reduced_operators(operand)
    else:
        yield from reduced_values(operand)


def _reduced_operators(operators: dict[str, Any]) -> Iterator[Any]:
    if len(operators) > 1:
        yield from ({k: v for k, v in operators.items() if k != name} for name in operators)
    for name, operand in operators.items():
        if len(operators) == 1:
            yield from _in_place_of(name, operand)
        for simpler in _reduced_operand(name, operand):
            yield {k: simpler if k == name else v for k, v in operators.items()}


def _in_place_of(name: str, operand: Any) -> Iterator[Any]:
    """What may come in place of an operator: what it is made of."""
    if name in LISTS:
        yield from operand
    elif name in ('$eq', '$not', '$ne', '$gt', '$gte', '$lt', '$lte', '$elemMatch'):
        yield operand
        if name in ('$gte', '$lte'):
            yield {name[:-1]: operand}


def _reduced_operand(name: str, operand: Any) -> Iterator[Any]:
    if name == '$not' and is_operators(operand):
        yield from _reduced_operators(operand)
    elif name == '$elemMatch':
        yield from _reduced_operators(operand) if is_operators(operand) else reduced_queries(operand)
    elif name in LISTS:
        yield from _shorter(operand)
        yield from ([*operand[:i], s, *operand[i + 1 :]] for i, one in enumerate(operand) for s in reduced_values(one))
    else:
        yield from reduced_values(operand)


def _shorter(items: list[Any]) -> Iterator[list[Any]]:
    if len(items) > 1:
        yield from ([item] for item in items)
    yield from (items[:i] + items[i + 1 :] for i in range(len(items)))


def reduced_values(value: Any) -> Iterator[Any]:
    """Values with less in them."""
    match value:
        case dict():
            yield from SIMPLE
            yield from ({k: v for k, v in value.items() if k != name} for name in value)
            yield from ({**value, name: simpler} for name, part in value.items() for simpler in reduced_values(part))
        case list():
            yield from SIMPLE
            yield from _shorter(value)
            yield from ([*value[:i], s, *value[i + 1 :]] for i, one in enumerate(value) for s in reduced_values(one))
        case str():
            if len(value) > 1:
                yield 'a'
                yield value[1:]
                yield value[:-1]
        case bool() | None:
            yield 1
        case int() | float():
            if value not in (0, 1):
                yield 1
