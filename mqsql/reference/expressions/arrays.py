"""Expressions on arrays and objects."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.allowance import listing, work
from mqsql.reference.expressions.calls import function, in_turn, lazily, null_first
from mqsql.reference.expressions.core import (
    Evaluate,
    MeaninglessError,
    Operator,
    Reader,
    Variables,
    guard,
    is_null,
    null_if_missing,
)
from mqsql.reference.expressions.logic import check_name, rank
from mqsql.reference.expressions.numbers import many, position
from mqsql.reference.values import MISSING, truth


def array(value: Any) -> list[Any]:
    """The value, which must be an array."""
    if not isinstance(value, list):
        raise MeaninglessError(f'takes arrays, not {short_repr(value)}')
    return value


def _element(values: Any, index: Any) -> Any:
    place = position(index)
    return values[place] if -len(array(values)) <= place < len(values) else MISSING


def _slice(given: Iterator[Any]) -> Any:
    values, first = next(given), next(given)
    if is_null(values) or is_null(first):
        return None
    length, start = len(array(values)), position(first)
    listing(length)
    for count in given:
        start = max(start + length, 0) if start < 0 else start
        return None if is_null(count) else values[start : start + _positive(count)]
    return values[start:] if start < 0 else values[:start]


def _positive(value: Any) -> int:
    if position(value) < 1:
        raise MeaninglessError(f'takes a number above 0, not {short_repr(value)}')
    return position(value)


def _concat(*parts: list[Any]) -> list[Any]:
    listing(sum(map(len, parts)))
    return [value for part in parts for value in part]


def _reverse(values: Any) -> list[Any]:
    listing(len(array(values)))
    return values[::-1]  # type: ignore[no-any-return]


def _range(first: Any, end: Any, step: Any = 1) -> list[int]:
    if position(step) == 0:
        raise MeaninglessError('takes a step other than 0')
    numbers = range(position(first), position(end), position(step))
    listing(len(numbers), 40)
    return list(numbers)


def _ranked(call: Callable[..., Any], operator: Callable[[Callable[..., Any]], Operator]) -> Operator:
    """The operator of a function that compares values: its first argument ranks them under the query's collation."""

    def read(operand: Any, reader: Reader) -> Evaluate:
        def ranked(value: Any) -> Any:
            return rank(value, reader.place.fold)

        return operator(partial(call, ranked))(operand, reader)

    return read


def _of(least: int, most: int | None) -> Callable[[Callable[..., Any]], Operator]:
    return lambda call: function(call, least, most, nullable=False)


def _contains(ranked: Callable[[Any], Any], value: Any, values: Any) -> bool:
    work(len(array(values)))
    return ranked(value) in map(ranked, values)


def _index_of(ranked: Callable[[Any], Any], values: Any, value: Any, start: Any = 0, end: Any = ...) -> int:
    array(values)
    first, last = position(start), position(end) if end is not ... else len(values)
    if first < 0 or last < 0:
        raise MeaninglessError('takes positions of at least 0')
    positions, wanted = range(first, min(last, len(values))), ranked(value)
    work(len(positions))
    return next((i for i in positions if ranked(values[i]) == wanted), -1)


def _all_ranked(ranked: Callable[[Any], Any], values: Any) -> set[Any]:
    listing(len(array(values)), 100)
    return set(map(ranked, values))


def _is_subset(ranked: Callable[[Any], Any], part: Any, values: Any) -> bool:
    return _all_ranked(ranked, part) <= _all_ranked(ranked, values)


def _set_equals(ranked: Callable[[Any], Any], first: Any, *others: Any) -> bool:
    return all(_all_ranked(ranked, first) == _all_ranked(ranked, other) for other in others)


def _truths(combine: Callable[[Any], bool]) -> Operator:
    def call(values: Any) -> bool:
        work(len(array(values)))
        return combine(map(truth, values))

    return function(call, nullable=False)


# --- each element


def _input(source: Evaluate, reader: Reader, variables: Variables) -> list[Any] | None:
    value = source(variables)
    return None if is_null(value) else guard(array, reader.place, value)


def _bound(variables: Variables, name: str, value: Any, reader: Reader) -> dict[str, Any]:
    """The variables, and one more, for one element of a loop."""
    guard(work, reader.place, 1 + len(variables) // 8)
    return {**variables, name: value}


def _filter(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('input', 'cond'), ('as', 'limit'))
    name = check_name(given.get('as', 'this'), reader)
    source = reader.at('input').read(given['input'])
    test = reader.at('cond').binding(name).read(given['cond'])
    limit = reader.at('limit').read(given.get('limit'))

    def evaluate(variables: Variables) -> Any:
        if not (values := _input(source, reader, variables)):
            return values
        most = limit(variables)
        count = None if is_null(most) else guard(_positive, reader.place, most)
        return list(islice((value for value in values if truth(test(_bound(variables, name, value, reader)))), count))

    return reader.folded(evaluate, [source, test, limit])


def _map(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('input', 'in'), ('as',))
    name = check_name(given.get('as', 'this'), reader)
    source = reader.at('input').read(given['input'])
    body = reader.at('in').binding(name).read(given['in'])

    def evaluate(variables: Variables) -> Any:
        values = _input(source, reader, variables)
        if values is None:
            return None
        guard(listing, reader.place, len(values))
        return [null_if_missing(body(_bound(variables, name, value, reader))) for value in values]

    return reader.folded(evaluate, [source, body])


def _reduce(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('input', 'initialValue', 'in'))
    source = reader.at('input').read(given['input'])
    initial = reader.at('initialValue').read(given['initialValue'])
    body = reader.at('in').binding('this', 'value').read(given['in'])

    def evaluate(variables: Variables) -> Any:
        if (values := _input(source, reader, variables)) is None:
            return None
        result = initial(variables)
        for value in values:
            result = body({**_bound(variables, 'this', value, reader), 'value': result})
        return result

    return reader.folded(evaluate, [source, initial, body])


# --- objects


def _merge(values: list[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for value in values:
        if not isinstance(value, dict | None) and value is not MISSING:
            raise MeaninglessError(f'takes objects, not {short_repr(value)}')
        if isinstance(value, dict):
            listing(len(value), 100)
            merged |= value
    return merged


def _to_pairs(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        raise MeaninglessError(f'takes an object, not {short_repr(value)}')
    listing(len(value), 240)
    return [{'k': name, 'v': part} for name, part in value.items()]


ARRAYS: Mapping[str, Operator] = {
    '$size': function(lambda values: len(array(values)), nullable=False),
    '$isArray': function(lambda value: isinstance(value, list), nullable=False),
    '$arrayElemAt': function(_element, 2, 2),
    '$first': function(lambda values: _element(values, 0)),
    '$last': function(lambda values: _element(values, -1)),
    '$slice': lazily(_slice, 2, 3),
    '$concatArrays': in_turn(array, _concat),
    '$reverseArray': function(_reverse),
    '$range': function(_range, 2, 3, nullable=False),
    '$in': _ranked(_contains, _of(2, 2)),
    '$indexOfArray': _ranked(_index_of, lambda call: null_first(call, 2, 4)),
    '$setIsSubset': _ranked(_is_subset, _of(2, 2)),
    '$setEquals': _ranked(_set_equals, _of(2, None)),
    '$anyElementTrue': _truths(any),
    '$allElementsTrue': _truths(all),
    '$filter': _filter,
    '$map': _map,
    '$reduce': _reduce,
    '$mergeObjects': many(_merge),
    '$objectToArray': function(_to_pairs),
}
