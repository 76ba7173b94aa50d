"""Operators on arrays and objects."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from mqsql.functions.expressions.core import Compiled, ExprContext, Operands, Operator, Run, Variables
from mqsql.functions.expressions.operands import comparing, eager, lazy
from mqsql.functions.expressions.values import (
    MANY,
    MISSING,
    as_null,
    copied,
    each_of,
    is_nullish,
    is_true,
    need_list,
    need_whole,
    wrong,
)
from mqsql.limits import budget

# --- elements


def _element(array: Any, position: Any) -> Any:
    if is_nullish(array) or is_nullish(position):
        return None
    items, index = need_list(array), need_whole(position, 'a position')
    return items[index] if -len(items) <= index < len(items) else MISSING


def _end(position: int) -> Operator:
    return eager(lambda array: _element(array, position))


def _slice(values: Iterator[Any]) -> Any:
    array, first = next(values), next(values)
    if is_nullish(array) or is_nullish(first):
        return None
    items, start = copied(array), need_whole(first)
    for count in values:
        return None if is_nullish(count) else _section(items, start, need_whole(count))
    return items[:start] if start >= 0 else items[start:]


def _section(items: list[Any], start: int, size: int) -> list[Any]:
    if size <= 0:
        raise wrong('a number of elements above 0', size)
    start = max(0, len(items) + start) if start < 0 else start
    return items[start : start + size]


def _concat(arrays: Iterator[Any]) -> Any:
    joined: list[Any] = []
    for array in arrays:
        if is_nullish(array):
            return None
        joined += copied(array)
    return joined


def _reverse(array: Any) -> Any:
    return None if is_nullish(array) else copied(array)[::-1]


def _range(start: Any, end: Any, step: Any = 1) -> list[int]:
    first, last, by = (need_whole(value) for value in (start, end, step))
    if by == 0:
        raise wrong('a step other than 0', step)
    numbers = range(first, last, by)
    budget.make(budget.NUMBER * len(numbers))
    budget.step(len(numbers) >> 4)
    return list(numbers)


# --- membership and sets


def _in(here: ExprContext, value: Any, array: Any) -> bool:
    return here.order_key(value) in map(here.order_key, each_of(array))


def _index(here: ExprContext, values: Iterator[Any]) -> Any:
    array = next(values)
    return None if is_nullish(array) else _position(here, need_list(array), *values)


def _position(here: ExprContext, items: list[Any], value: Any, start: Any = 0, end: Any = MANY - 1) -> int:
    key = here.order_key(value)
    budget.step(len(items))
    first, last = need_whole(start, 'a position'), need_whole(end, 'a position')
    if first < 0 or last < 0:
        raise wrong('positions of at least 0', start if first < 0 else end)
    return next((i for i in range(first, min(last, len(items))) if here.order_key(items[i]) == key), -1)


def _set(here: ExprContext, array: Any) -> set[str]:
    return set(map(here.order_key, copied(array)))


def _is_subset(here: ExprContext, part: Any, whole: Any) -> bool:
    return _set(here, part) <= _set(here, whole)


def _equal_sets(here: ExprContext, *arrays: Any) -> bool:
    sets = map(partial(_set, here), arrays)  # one at a time: what follows the first that differs is not looked at
    first = next(sets)
    return all(other == first for other in sets)


def _truths(combine: Callable[..., bool]) -> Operator:
    return eager(lambda array: combine(map(is_true, each_of(array))))


# --- with variables


def _bound(body: Compiled, variables: Variables, name: str, value: Any) -> dict[str, Any]:
    """The variables with one more, for one element of a loop."""
    budget.step(body.steps + len(variables) // 8)
    return {**variables, name: value}


def _filter(context: ExprContext, operands: Operands) -> Run:
    source, test, limit = operands['input'], operands['cond'], operands.or_null('limit')
    (name,) = operands.variables

    def run(variables: Variables) -> Any:
        array = source.run(variables)
        if is_nullish(array):
            return None
        most = limit.run(variables) if need_list(array) else None
        size = MANY if is_nullish(most) else need_whole(most)
        if size <= 0:
            raise wrong('a limit above 0', most)
        return list(islice((item for item in array if is_true(test.run(_bound(test, variables, name, item)))), size))

    return run


def _map(context: ExprContext, operands: Operands) -> Run:
    source, body = operands['input'], operands['in']
    (name,) = operands.variables

    def run(variables: Variables) -> Any:
        array = source.run(variables)
        if is_nullish(array):
            return None
        return [as_null(body.run(_bound(body, variables, name, item))) for item in copied(array)]

    return run


def _reduce(context: ExprContext, operands: Operands) -> Run:
    source, initial, body = operands['input'], operands['initialValue'], operands['in']

    def run(variables: Variables) -> Any:
        array = source.run(variables)
        if is_nullish(array):
            return None
        value = initial.run(variables)
        for item in need_list(array):
            value = body.run({**_bound(body, variables, 'value', value), 'this': item})
        return value

    return run


# --- objects


def _merge(*values: Any) -> dict[str, Any]:
    items = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    merged: dict[str, Any] = {}
    for item in items:
        if is_nullish(item):
            continue
        if not isinstance(item, dict):
            raise wrong('objects', item)
        budget.make(budget.FIELD * len(item))
        budget.step(len(item) >> 4)
        merged |= item
    return merged


def _entries(value: Any) -> Any:
    if is_nullish(value):
        return None
    if not isinstance(value, dict):
        raise wrong('an object', value)
    budget.make(budget.PAIR * len(value))
    budget.step(len(value))
    return [{'k': name, 'v': item} for name, item in value.items()]


ARRAYS: dict[str, Operator] = {
    '$size': eager(lambda array: len(need_list(array))),
    '$isArray': eager(lambda value: isinstance(value, list)),
    '$arrayElemAt': eager(_element),
    '$first': _end(0),
    '$last': _end(-1),
    '$slice': lazy(_slice),
    '$concatArrays': lazy(_concat),
    '$reverseArray': eager(_reverse),
    '$range': eager(_range),
    '$in': comparing(eager, _in),
    '$indexOfArray': comparing(lazy, _index),
    '$setIsSubset': comparing(eager, _is_subset),
    '$setEquals': comparing(eager, _equal_sets),
    '$anyElementTrue': _truths(any),
    '$allElementsTrue': _truths(all),
    '$filter': Operator(_filter),
    '$map': Operator(_map),
    '$reduce': Operator(_reduce),
    '$mergeObjects': eager(_merge),
    '$objectToArray': eager(_entries),
}
