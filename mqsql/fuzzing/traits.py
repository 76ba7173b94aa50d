"""What a history of steps holds that a backend may stumble over: operators, nulls, zones, types, paths, options.

What is left of it when a history is as small as it gets is the cause of a defect.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from mqsql.fuzzing.steps import (
    CreateIndex,
    Drop,
    DropMatching,
    Find,
    History,
    Record,
    Reopen,
    Step,
    Steps,
    Update,
    queries,
    records,
)
from mqsql.fuzzing.walking import LISTS, LOGICAL, PATTERN, Leaf, at, inside, is_operators, leaves, meets_value

Traits = frozenset[str]

NULL_OPERAND, NULL_FIELD, MISSING_FIELD, NULL_INSIDE = 'null operand', 'null field', 'missing field', 'null inside'
ZONE, NAIVE, KEY_ORDER, PATH, EMPTY_LIST, EMPTY_QUERY = (
    'zone',
    'naive',
    'key order',
    'path',
    'empty list',
    'empty query',
)
SEVERAL_KEYS, SEVERAL_OPERATORS = 'several keys', 'several operators'
INDEX, REOPEN, UPDATE, DROP, DROP_MATCHING, HISTORY = 'index', 'reopen', 'update', 'drop', 'drop matching', 'history'
SORT, DESCENDING, SEVERAL_SORT_KEYS, LIMIT, SKIP = 'sort', 'descending', 'several sort keys', 'limit', 'skip'
KEYS, PROJECTION = 'keys', 'projection'
VALUE_ON_PATH, POSITION = 'path through a value', 'array position'
DISPLAY_DATA = 'display_data'
"""A key that a hub sets only when a task shows something."""
MIXED, BOOLEAN_AND_NUMBER, PATTERN_IN_LIST = 'mixed types', 'boolean and number', 'pattern in a list'

NO_VALUES = ('$exists', '$type', '$size', '$mod', '$regex', '$options', '$glob', '$expr', '$jsonSchema', '$comment')
"""Operators whose operands are not compared with the values of records."""

LARGE = 2**31
STEPS: dict[type[Step], str] = {
    CreateIndex: INDEX,
    Reopen: REOPEN,
    Update: UPDATE,
    Drop: DROP,
    DropMatching: DROP_MATCHING,
    History: HISTORY,
}


def traits_of(steps: Steps) -> Traits:
    """All traits of these steps."""
    return frozenset(_traits(steps))


def _traits(steps: Steps) -> Iterator[str]:
    yield from (STEPS[type(step)] for step in steps if type(step) in STEPS)
    found = list(queries(steps))
    tests = [leaf for query in found for leaf in leaves(query)]
    there = list(records(steps))
    yield from (leaf.operator for leaf in tests)
    for query in found:
        yield from _of_query(query)
    if isinstance(steps[-1], Find):
        yield from _of_options(steps[-1])
    yield from _of_operands(tests, there)
    yield from _of_fields(named(steps), there)
    for value in _values(tests, there):
        yield from _of_value(value)


def named(steps: Steps) -> set[str]:
    """The paths that questions, queries and indexes name."""
    paths = {leaf.path for query in queries(steps) for leaf in leaves(query) if leaf.path}
    for step in steps:
        if isinstance(step, Find):
            paths |= {path for path, _ in step.sort or []} | set(step.keys or []) | set(step.projection or [])
        elif isinstance(step, CreateIndex):
            paths.add(step.path)
        elif isinstance(step, History):
            paths.add('submitted')
    return paths


def _of_query(query: Any, top: bool = True) -> Iterator[str]:
    if not isinstance(query, dict):
        return
    if not query and top:
        yield EMPTY_QUERY
    if len(query) > 1:
        yield SEVERAL_KEYS
    for key, operand in query.items():
        if key in LOGICAL and isinstance(operand, list):
            if len(operand) > 1:
                yield 'several queries'
            for part in operand:
                yield from _of_query(part, top=False)
        elif is_operators(operand) and len(operand.keys() - {'$options'}) > 1:
            yield SEVERAL_OPERATORS


def _of_options(find: Find) -> Iterator[str]:
    if find.sort:
        yield SORT
        if any(way == -1 for _, way in find.sort):
            yield DESCENDING
        if len(find.sort) > 1:
            yield SEVERAL_SORT_KEYS
    given = {LIMIT: find.limit, SKIP: find.skip, KEYS: find.keys is not None, PROJECTION: find.projection}
    yield from (name for name, value in given.items() if value)


def _of_operands(tests: list[Leaf], there: list[Record]) -> Iterator[str]:
    for leaf in tests:
        if leaf.has_null:
            yield NULL_OPERAND
        if leaf.operator in LISTS and leaf.operand == []:
            yield EMPTY_LIST
        if leaf.operand is not ... and leaf.path and leaf.operator not in NO_VALUES:
            yield from _mixed(leaf, there)


def _mixed(leaf: Leaf, there: list[Record]) -> Iterator[str]:
    asked = {type_name(one) for one in leaf.operands} - {'null', PATTERN}
    for value in (value for record in there for value in at(record, leaf.path.split('.'))):
        found = {type_name(one) for one in _each(value)} - {'null', 'missing', 'array'}
        if asked and found and not asked & {*found, type_name(value)}:
            one, other = min(asked), min(found)
            yield BOOLEAN_AND_NUMBER if {one, other} == {'boolean', 'number'} else MIXED
    if PATTERN in map(type_name, leaf.operands) and leaf.operator in LISTS:
        yield PATTERN_IN_LIST


def _each(value: Any) -> Iterable[Any]:
    return [value, *value] if isinstance(value, list) else [value]


def _of_fields(paths: set[str], there: list[Record]) -> Iterator[str]:
    for path in paths:
        if '.' in path:
            yield PATH
        if path.partition('.')[0] == DISPLAY_DATA:
            yield DISPLAY_DATA
        if any(step.isdecimal() for step in path.split('.')[1:]):
            yield POSITION
        for record in there:
            if meets_value(record, path.split('.')):
                yield VALUE_ON_PATH
            for value in at(record, path.split('.')):
                if value is ...:
                    yield MISSING_FIELD if '.' in path else NULL_FIELD
                elif value is None:
                    yield NULL_FIELD


def _values(tests: list[Leaf], there: list[Record]) -> Iterator[Any]:
    for leaf in tests:
        if leaf.operand is not ... and leaf.operator not in NO_VALUES:
            yield from (value for one in leaf.operands for value in inside(one))
    for record in there:
        yield from (value for field in record.values() for value in inside(field))


def _of_value(value: Any) -> Iterator[str]:
    name = type_name(value)
    if name in ('boolean', 'date', 'binary', 'object', 'array'):
        yield name
    match value:
        case datetime():
            yield from _of_moment(value)
        case bool():
            pass
        case int() | float():
            yield from _of_number(value)
        case str():
            yield from _of_text(value)
        case dict():
            if list(value) != sorted(value):
                yield KEY_ORDER
            if None in value.values():
                yield NULL_INSIDE
        case list():
            if None in value:
                yield NULL_INSIDE


def _of_moment(moment: datetime) -> Iterator[str]:
    if moment.tzinfo is None:
        yield NAIVE
    elif moment.utcoffset() != timedelta():
        yield ZONE
    if moment.microsecond:
        yield 'fraction of a second'


def _of_number(number: float) -> Iterator[str]:
    if isinstance(number, float):
        yield 'float' if math.isfinite(number) else 'not finite'
    if math.isfinite(number) and abs(number) >= LARGE:
        yield 'large number'


def _of_text(text: str) -> Iterator[str]:
    if not text:
        yield 'empty string'
    elif not text.isascii():
        yield 'text beyond ASCII'
    elif not text.isalnum():
        yield 'special characters'


def type_name(value: Any) -> str:
    """The name of a value's type, of which MongoDB compares only values of the same."""
    match value:
        case None:
            return 'null'
        case bool():
            return 'boolean'
        case int() | float():
            return 'number'
        case str():
            return 'string'
        case datetime():
            return 'date'
        case bytes():
            return 'binary'
        case dict():
            return 'object'
        case list():
            return 'array'
    return 'missing' if value is ... else PATTERN


WEIGHTS = {
    'value': 0,
    '$eq': 1,
    'boolean': 2,
    'date': 2,
    'float': 1,
    'empty string': 1,
    EMPTY_QUERY: 1,
    KEYS: 4,
    '$comment': 6,
}
USUAL_WEIGHT = 3


def weight(traits: Traits) -> int:
    """How far the traits are from a simple question on simple records."""
    return sum(WEIGHTS.get(trait, USUAL_WEIGHT) for trait in traits)
