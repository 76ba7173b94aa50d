"""Expressions on arrays and objects, and of types. Imports `errors`, and of the reference `operators`, `bits`, `values`
and the other expressions.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_DOWN
from typing import Any

from mqsql.errors import shown
from mqsql.reference.bits import INT64
from mqsql.reference.expressions.core import (
    Evaluate,
    MeaninglessError,
    Operator,
    Reader,
    Variables,
    function,
    guard,
    in_turn,
    is_null,
    null_if_missing,
)
from mqsql.reference.expressions.logic import check_name, rank
from mqsql.reference.expressions.numbers import EPOCH, many, milliseconds, number, position, shift
from mqsql.reference.expressions.texts import as_text
from mqsql.reference.operators import INT32, TYPES, type_of
from mqsql.reference.values import MISSING, is_number, truth

MAX_RANGE = 1_000_000


def array(value: Any) -> list[Any]:
    """The value, which must be an array."""
    if not isinstance(value, list):
        raise MeaninglessError(f'takes arrays, not {shown(value)}')
    return value


def _element(values: Any, index: Any) -> Any:
    place = position(index)
    return values[place] if -len(array(values)) <= place < len(values) else MISSING


def _slice(values: Any, first: Any, count: Any = None) -> list[Any]:
    start, length = position(first), None if count is None else position(count)
    if length is None:
        return array(values)[start:] if start < 0 else array(values)[:start]
    if length <= 0:
        raise MeaninglessError(f'takes a length above 0, not {shown(count)}')
    start = max(start + len(array(values)), 0) if start < 0 else start
    return array(values)[start : start + length]


def _concat(parts: list[list[Any]]) -> list[Any]:
    return [value for part in parts for value in part]


def _range(first: Any, end: Any, step: Any = 1) -> list[int]:
    if position(step) == 0:
        raise MeaninglessError('takes a step other than 0')
    numbers = range(position(first), position(end), position(step))
    if len(numbers) > MAX_RANGE:
        raise MeaninglessError(f'gives more than {MAX_RANGE} numbers')
    return list(numbers)


def _with_fold(call: Callable[..., Any], least: int, most: int | None, *, nullable: bool = True) -> Operator:
    """A function that compares values: its first argument gives their ranks under the query's collation."""

    def read(operand: Any, reader: Reader) -> Evaluate:
        def ranked(value: Any) -> Any:
            return rank(value, reader.place.fold)

        return function(lambda *values: call(ranked, *values), least, most, nullable=nullable)(operand, reader)

    return read


def _contains(ranked: Callable[[Any], Any], value: Any, values: Any) -> bool:
    return ranked(value) in map(ranked, array(values))


def _index_of(ranked: Callable[[Any], Any], values: Any, value: Any, start: Any = 0, end: Any = ...) -> int | None:
    if is_null(values):
        return None
    array(values)
    first, last = position(start), position(end) if end is not ... else len(values)
    if first < 0 or last < 0:
        raise MeaninglessError('takes positions of at least 0')
    positions = range(first, min(last, len(values)))
    return next((i for i in positions if ranked(values[i]) == ranked(value)), -1)


def _is_subset(ranked: Callable[[Any], Any], part: Any, values: Any) -> bool:
    return set(map(ranked, array(part))) <= set(map(ranked, array(values)))


def _set_equals(ranked: Callable[[Any], Any], first: Any, *others: Any) -> bool:
    return all(set(map(ranked, array(first))) == set(map(ranked, array(other))) for other in others)


# --- each element


def _array_argument(evaluate: Evaluate, reader: Reader) -> Callable[[Variables], list[Any] | None]:
    def read(variables: Variables) -> list[Any] | None:
        value = evaluate(variables)
        return None if is_null(value) else guard(array, reader.place, value)

    return read


def _filter(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('input', 'cond'), ('as', 'limit'))
    name = check_name(given.get('as', 'this'), reader)
    source = _array_argument(reader.at('input').read(given['input']), reader)
    test = reader.at('cond').binding(name).read(given['cond'])
    limit = reader.at('limit').read(given.get('limit'))

    def evaluate(variables: Variables) -> Any:
        if (values := source(variables)) is None:
            return None
        most = limit(variables)
        count = None if is_null(most) else guard(_positive, reader.place, most)
        return [value for value in values if truth(test({**variables, name: value}))][:count]

    return evaluate


def _positive(value: Any) -> int:
    if position(value) < 1:
        raise MeaninglessError(f'takes a limit above 0, not {shown(value)}')
    return position(value)


def _map(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('input', 'in'), ('as',))
    name = check_name(given.get('as', 'this'), reader)
    source = _array_argument(reader.at('input').read(given['input']), reader)
    body = reader.at('in').binding(name).read(given['in'])

    def evaluate(variables: Variables) -> Any:
        values = source(variables)
        return None if values is None else [null_if_missing(body({**variables, name: value})) for value in values]

    return evaluate


def _reduce(operand: Any, reader: Reader) -> Evaluate:
    given = reader.named_parts(operand, ('input', 'initialValue', 'in'))
    source = _array_argument(reader.at('input').read(given['input']), reader)
    initial = reader.at('initialValue').read(given['initialValue'])
    body = reader.at('in').binding('this', 'value').read(given['in'])

    def evaluate(variables: Variables) -> Any:
        if (values := source(variables)) is None:
            return None
        result = initial(variables)
        for value in values:
            result = body({**variables, 'this': value, 'value': result})
        return result

    return evaluate


# --- objects


def _merge(values: list[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for value in values:
        if not isinstance(value, dict | None) and value is not MISSING:
            raise MeaninglessError(f'takes objects, not {shown(value)}')
        merged |= value if isinstance(value, dict) else {}
    return merged


def _to_pairs(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        raise MeaninglessError(f'takes an object, not {shown(value)}')
    return [{'k': name, 'v': part} for name, part in value.items()]


# --- types


def type_name(value: Any) -> str:
    """The alias of the value's BSON type, or "missing"."""
    code = type_of(value)
    return next((name for name, number_ in TYPES.items() if number_ == code), 'missing')


def _to_whole(limits: range) -> Callable[[Any], int]:
    def call(value: Any) -> int:
        try:
            result = milliseconds(value) if isinstance(value, datetime) else int(_plain(value))
        except (ValueError, OverflowError):
            raise MeaninglessError(f'{shown(value)} is no whole number') from None
        if result not in limits or (isinstance(value, datetime) and limits is INT32):
            raise MeaninglessError(f'{shown(value)} does not fit')
        return result

    return call


def _plain(value: Any) -> Any:
    """A number, boolean, or text in the form of a number, for Python to convert."""
    if isinstance(value, str) and (value != value.strip() or '_' in value or not value.isascii()):
        raise MeaninglessError(f'{shown(value)} is no number')
    return value if isinstance(value, bool | str) else number(value)


def _to_double(value: Any) -> float:
    if isinstance(value, datetime):
        return float(milliseconds(value))
    try:
        return float(_plain(value))
    except ValueError:
        raise MeaninglessError(f'{shown(value)} is no number') from None


def _to_string(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else as_text(value)


def _to_date(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise MeaninglessError(f'{shown(value)} is no date') from None
    return value if isinstance(value, datetime) else shift(EPOCH, value, ROUND_DOWN)


ARRAYS: Mapping[str, Operator] = {
    '$size': function(lambda values: len(array(values)), nullable=False),
    '$isArray': function(lambda value: isinstance(value, list), nullable=False),
    '$arrayElemAt': function(_element, 2, 2),
    '$first': function(lambda values: _element(values, 0)),
    '$last': function(lambda values: _element(values, -1)),
    '$slice': function(_slice, 2, 3),
    '$concatArrays': in_turn(array, _concat),
    '$reverseArray': function(lambda values: array(values)[::-1]),
    '$range': function(_range, 2, 3, nullable=False),
    '$in': _with_fold(_contains, 2, 2, nullable=False),
    '$indexOfArray': _with_fold(_index_of, 2, 4, nullable=False),
    '$setIsSubset': _with_fold(_is_subset, 2, 2, nullable=False),
    '$setEquals': _with_fold(_set_equals, 2, None, nullable=False),
    '$anyElementTrue': function(lambda values: any(map(truth, array(values))), nullable=False),
    '$allElementsTrue': function(lambda values: all(map(truth, array(values))), nullable=False),
    '$filter': _filter,
    '$map': _map,
    '$reduce': _reduce,
    '$mergeObjects': many(_merge),
    '$objectToArray': function(_to_pairs),
}

CONVERSIONS: Mapping[str, Operator] = {
    '$type': function(type_name, nullable=False),
    '$isNumber': function(is_number, nullable=False),
    '$toBool': function(truth),
    '$toInt': function(_to_whole(INT32)),
    '$toLong': function(_to_whole(INT64)),
    '$toDouble': function(_to_double),
    '$toString': function(_to_string),
    '$toDate': function(_to_date),
}
