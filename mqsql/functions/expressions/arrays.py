"""Operators on arrays and objects."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from mqsql.functions.expressions.core import Compiled, ExprContext, Operator, Variables
from mqsql.functions.expressions.logic import check_name
from mqsql.functions.expressions.operands import MANY, comparing, eager, fields, lazy
from mqsql.functions.expressions.values import (
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
    return eager(lambda array: _element(array, position), 1)


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
    return eager(lambda array: combine(map(is_true, each_of(array))), 1)


# --- with variables


def _bound(body: Compiled, variables: Variables, name: str, value: Any) -> dict[str, Any]:
    """The variables with one more, for one element of a loop."""
    budget.step(body.steps + len(variables) // 8)
    return {**variables, name: value}


def _filter(here: ExprContext, operand: Any) -> Compiled:
    given = fields(here, operand, 'input cond', 'as limit')
    name = check_name(here.inside('.as'), given.get('as', 'this'))
    source = here.inside('.input').build(given['input'])
    test = here.inside('.cond', name).build(given['cond'])
    limit = here.inside('.limit').build(given.get('limit'))

    def run(variables: Variables) -> Any:
        array = source.run(variables)
        if is_nullish(array):
            return None
        most = limit.run(variables) if need_list(array) else None
        size = MANY if is_nullish(most) else need_whole(most)
        if size <= 0:
            raise wrong('a limit above 0', most)
        return list(islice((item for item in array if is_true(test.run(_bound(test, variables, name, item)))), size))

    return here.combine(run, [source, limit, test])


def _map(here: ExprContext, operand: Any) -> Compiled:
    given = fields(here, operand, 'input in', 'as')
    name = check_name(here.inside('.as'), given.get('as', 'this'))
    source = here.inside('.input').build(given['input'])
    body = here.inside('.in', name).build(given['in'])

    def run(variables: Variables) -> Any:
        array = source.run(variables)
        if is_nullish(array):
            return None
        return [as_null(body.run(_bound(body, variables, name, item))) for item in copied(array)]

    return here.combine(run, [source, body])


def _reduce(here: ExprContext, operand: Any) -> Compiled:
    given = fields(here, operand, 'input initialValue in')
    source = here.inside('.input').build(given['input'])
    initial = here.inside('.initialValue').build(given['initialValue'])
    body = here.inside('.in', 'value', 'this').build(given['in'])

    def run(variables: Variables) -> Any:
        array = source.run(variables)
        if is_nullish(array):
            return None
        value = initial.run(variables)
        for item in need_list(array):
            value = body.run({**_bound(body, variables, 'value', value), 'this': item})
        return value

    return here.combine(run, [source, initial, body])


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
    '$size': eager(lambda array: len(need_list(array)), 1),
    '$isArray': eager(lambda value: isinstance(value, list), 1),
    '$arrayElemAt': eager(_element, 2),
    '$first': _end(0),
    '$last': _end(-1),
    '$slice': lazy(_slice, 2, 3),
    '$concatArrays': lazy(_concat, 0, MANY),
    '$reverseArray': eager(_reverse, 1),
    '$range': eager(_range, 2, 3),
    '$in': comparing(eager, _in, 2),
    '$indexOfArray': comparing(lazy, _index, 2, 4),
    '$setIsSubset': comparing(eager, _is_subset, 2),
    '$setEquals': comparing(eager, _equal_sets, 2, MANY),
    '$anyElementTrue': _truths(any),
    '$allElementsTrue': _truths(all),
    '$filter': Operator(_filter),
    '$map': Operator(_map),
    '$reduce': Operator(_reduce),
    '$mergeObjects': eager(_merge, 0, MANY),
    '$objectToArray': eager(_entries, 1),
}
