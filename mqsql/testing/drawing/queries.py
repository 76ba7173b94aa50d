"""Queries to draw for a collection, with paths and operands that occur in it.

FIELD_OPERATORS and QUERY_OPERATORS name every operator of the language: the first draw what stands behind a key
(`{'$gt': 5}`), the second a whole query (`{'$or': […]}`). What they draw is valid.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mqsql.schema import BUFFERS
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.expr_queries import expression
from mqsql.testing.drawing.json_schemas import json_schema
from mqsql.testing.drawing.operands import compiled, glob, operand, pattern, somewhere
from mqsql.testing.drawing.places import Place

Query = dict[str, Any]

DEEPEST = 2
"""Levels of logical operators in a drawn query."""

# --- operands

TYPE_NAMES = ['double', 'string', 'object', 'array', 'binData', 'bool', 'date', 'null', 'int', 'long', 'number']
TYPES: list[str | int] = [*TYPE_NAMES, 1, 2, 3, 4, 5, 8, 9, 10, 16, 18]
TYPE_OF: dict[type, str | int]
TYPE_OF = {bool: 8, int: 'int', float: 1, str: 2, dict: 'object', list: 'array', bytes: 5, datetime: 'date'}
DIVISORS = [1, 2, 3, -2, 2.7, -3.2, 2**40, 2**53 + 1]
REMAINDERS = [0, 1, -1, 0.5, 2, 1.9]
MASKS = [
    1,
    0,
    2,
    5,
    5.0,
    2**31,
    2**53,
    2**63 - 1,
    [0, 2],
    [],
    [1],
    [63],
    [64],
    [7, 8, 200],
    b'\x05',
    b'',
    b'\0\x01',
    b'\xff' * 9,
]
TRUTHS: list[Any] = [True, False, 1, 0, 0.0, None, '', [], -0.5]
SIZES = [1, 0, 2, 3, 1.0, 2**40]


def member(d: Draws, place: Place) -> Any:
    """An element of the list behind `$in` and its like."""
    if place.kind is not BUFFERS and d.once_in(6):
        return compiled(d, place)
    value = operand(d, place)
    return None if reads_as_operators(value) else value


def reads_as_operators(value: object) -> bool:
    """Whether a query takes the value, where it does not stand behind `$eq`, for operators."""
    return isinstance(value, dict) and next(iter(value), '').startswith('$') and not {'$ref', '$id'} <= value.keys()


def members(d: Draws, place: Place) -> list[Any]:
    """The list behind `$in` and its like."""
    return d.several(0, 4, lambda: member(d, place))


def one_type(d: Draws, place: Place) -> str | int:
    """A type, half the time that of a value there."""
    there = [TYPE_OF[type(value)] for value in place.values if value is not None]
    return d.pick(there) if there and d.once_in(2) else d.pick(TYPES)


def one_type_or_some(d: Draws, place: Place) -> Any:
    """The operand of `$type`."""
    return d.several(1, 3, lambda: one_type(d, place)) if d.once_in(4) else one_type(d, place)


def every(d: Draws, place: Place) -> list[Any]:
    """The list behind `$all`: values, or queries on elements."""
    if place.depth < DEEPEST and '$elemMatch' in place.scope.language.operators and d.once_in(4):
        return d.several(1, 2, lambda: {'$elemMatch': element(d, place)})
    return d.several(0 if d.once_in(4) else 1, 2, lambda: member(d, element_of(d, place)))


def element_of(d: Draws, place: Place) -> Place:
    """The same place with the elements of the arrays there, or as it is."""
    elements = [element for value in place.values if isinstance(value, list) for element in value]
    return replace(place, values=tuple(elements)) if elements and d.once_in(2) else place


def element(d: Draws, place: Place) -> Query:
    """The operand of `$elemMatch`: operators on an element, or a query on one that holds values itself."""
    inside = place.elements()
    if inside and d.once_in(2):
        return query(d, inside, place.depth + 1)
    elements = [element for value in place.values if isinstance(value, list) for element in value]
    return conditions(d, place.inside(elements))


def negated(d: Draws, place: Place) -> Any:
    """The operand of `$not`."""
    if place.kind is not BUFFERS and d.once_in(4):
        return compiled(d, place)
    return conditions(d, place.inside(place.values))


# --- operators

Operand = Callable[[Draws, Place], Any]
Conditions = Callable[[Draws, Place], Query]


def one(operator: str, operand: Operand) -> Conditions:
    """Conditions of one operator."""
    return lambda d, place: {operator: operand(d, place)}


def any_of(operator: str, operands: Sequence[Any]) -> Conditions:
    """Conditions of one operator whose operand has nothing to do with the values there."""
    return lambda d, place: {operator: d.pick(operands)}


def with_options(d: Draws, place: Place) -> Query:
    """`$regex` with `$options`."""
    return {'$regex': pattern(d, place), '$options': d.pick(['i', '', 'm', 's', 'x', 'is', 'imsxu'])}


FIELD_OPERATORS: dict[str, Conditions] = {
    **{name: one(name, operand) for name in ('$eq', '$ne', '$gt', '$gte', '$ge', '$lt', '$lte', '$le')},
    '$in': one('$in', members),
    '$nin': one('$nin', members),
    '$exists': any_of('$exists', TRUTHS),
    '$type': one('$type', one_type_or_some),
    '$size': any_of('$size', SIZES),
    '$not': one('$not', negated),
    '$all': one('$all', every),
    '$elemMatch': one('$elemMatch', element),
    '$mod': lambda d, place: {'$mod': [d.pick(DIVISORS), d.pick(REMAINDERS)]},
    '$regex': lambda d, place: {'$regex': compiled(d, place) if d.once_in(3) else pattern(d, place)},
    '$options': with_options,
    '$glob': one('$glob', glob),
    **{name: any_of(name, MASKS) for name in ('$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear')},
}

NESTING = ['$not', '$elemMatch']
FOR_BUFFERS = ['$eq', '$ne', '$in', '$nin', '$exists', '$size', '$type', '$not']
FOR_ANY = ['$eq', '$ne', '$gt', '$gte', '$ge', '$lt', '$lte', '$le', '$in', '$nin', '$exists', '$type', '$not']
FOR_TEXT = ['$regex', '$options', '$glob']
FOR_NUMBERS = ['$mod', '$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear']
FOR_ARRAYS = ['$size', '$all', '$elemMatch'] * 2


def fitting(d: Draws, place: Place) -> list[str]:
    """The operators that may stand at a place: now and then all, else those that could find something there."""
    if place.kind is BUFFERS:
        names = FOR_BUFFERS
    elif d.once_in(6):
        names = list(FIELD_OPERATORS)
    else:
        fit = [((str,), FOR_TEXT), ((int, float, bytes), FOR_NUMBERS), ((list,), FOR_ARRAYS)]
        more = [names for types, names in fit if any(isinstance(value, types) for value in place.values)]
        names = [*FOR_ANY, *(name for names in more for name in names)]
    known = place.scope.language.operators
    return [name for name in names if name in known and (place.depth < DEEPEST or name not in NESTING)] or ['$eq']


def conditions(d: Draws, place: Place) -> Query:
    """What stands behind a key: one operator with its operand, or two."""
    names = fitting(d, place)
    first = FIELD_OPERATORS[d.pick(names)](d, place)
    return {**first, **FIELD_OPERATORS[d.pick(names)](d, place)} if d.once_in(5) else first


def bare(d: Draws, place: Place) -> Any:
    """A value or a pattern behind a key, with no operator."""
    if place.kind is not BUFFERS and d.once_in(5):
        return compiled(d, place)
    value = operand(d, place)
    return {'$eq': value} if reads_as_operators(value) else value


def on_place(d: Draws, place: Place) -> Query:
    """A query on one key."""
    return {place.key: bare(d, place) if d.once_in(4) else conditions(d, place)}


QueryDraw = Callable[[Draws, list[Place], int], Query]


def joined(operator: str) -> QueryDraw:
    """Queries of one operator over a list of queries."""
    return lambda d, known, depth: {operator: d.several(1, 3, lambda: query(d, known, depth + 1))}


QUERY_OPERATORS: dict[str, QueryDraw] = {
    '$and': joined('$and'),
    '$or': joined('$or'),
    '$nor': joined('$nor'),
    '$expr': lambda d, known, depth: {'$expr': expression(d, known)},
    '$jsonSchema': lambda d, known, depth: {'$jsonSchema': json_schema(d, known)},
    '$comment': lambda d, known, depth: {**query(d, known, DEEPEST), '$comment': "it's; -- /*"},
}

OF_RECORDS = {'$expr', '$jsonSchema'}
"""Operators on a whole record, which are not allowed within `$elemMatch`."""

OPERATORS = {**FIELD_OPERATORS, **QUERY_OPERATORS}


def query(d: Draws, known: list[Place], depth: int = 0) -> Query:
    """A valid query on the places of a collection: most on one key, some on several, some made of others."""
    form = 0 if depth >= DEEPEST else d.pick(range(8))
    if form == 7:
        names = [name for name in QUERY_OPERATORS if name in known[0].scope.language.operators]
        names = [name for name in names if name not in OF_RECORDS or known[0].depth == 0]
        return QUERY_OPERATORS[d.pick(names)](d, known, depth) if names else on_place(d, somewhere(d, known, depth))
    drawn = on_place(d, somewhere(d, known, depth))
    return {**drawn, **on_place(d, somewhere(d, known, depth))} if form == 6 else drawn


def operators_in(query: object) -> Iterator[str]:
    """Every operator that stands in a query, as often as it does."""
    if isinstance(query, dict):
        yield from (key for key in query if key in OPERATORS)
    for part in query.values() if isinstance(query, dict) else query if isinstance(query, list) else []:
        yield from operators_in(part)
