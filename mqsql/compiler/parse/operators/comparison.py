"""Equality and order: $eq $gt $gte $lt $lte $in, and what is folded into them.

On a Document path an operand is compared within its type bracket (number, string, …), which gives the Leaf its form; what
JSON cannot carry (dates, binary, infinities, big integers) is stored tagged, as a one-key object whose text has the values'
order (see `values.codec`), and so compared as text.
"""

import math
import re
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from mqsql import limits
from mqsql.compiler.parse.context import ParseContext, is_operators
from mqsql.compiler.parse.operators.patterns import match_pattern
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import MATCH_NONE, Leaf, Not, Predicate, any_of
from mqsql.errors import short_repr
from mqsql.schema import NUMBER, STRING
from mqsql.values.canonical import INT64, is_nan, type_bracket
from mqsql.values.collation import Collation
from mqsql.values.numbers import exact, nearest_float, within_64_bits


def parse_eq(place: ParseContext, operand: object) -> Predicate:
    """Equality, the operand taken literally; a pattern is a value that no document holds."""
    if isinstance(operand, re.Pattern) and place.field.kind.mixed:
        return MATCH_NONE
    return equal(place, operand)


def parse_ne(place: ParseContext, operand: object) -> Predicate:
    """Not equal: the negation of $eq, so it holds for what is missing."""
    return Not(equal(place, operand))


How = tuple[OperandType, Encoding]
"""The variant of a comparison, and how the value is encoded that it is with."""
Operand = tuple[How, Any]
"""A value that is compared."""

# Once for all: to look up a member of an enumeration takes longer than the rest of what is done for each value of a list.
_COLUMN_STRING: How = OperandType.COLUMN, Encoding.STRING
_COLUMN_NUMBER: How = OperandType.COLUMN, Encoding.NUMBER
_COLUMN_BOOLEAN: How = OperandType.COLUMN, Encoding.BOOLEAN
_COLUMN_TIMESTAMP: How = OperandType.COLUMN, Encoding.TIMESTAMP
_NULL: How = OperandType.NULL, Encoding.JSON
_STRING: How = OperandType.STRING, Encoding.STRING
_COLLATED: How = OperandType.STRING, Encoding.COLLATED
_NUMBER: How = OperandType.NUMBER, Encoding.NUMBER
_BOOLEAN: How = OperandType.BOOLEAN, Encoding.JSON_BOOLEAN
_OBJECT: How = OperandType.OBJECT, Encoding.KEY
_ARRAY: How = OperandType.ARRAY, Encoding.KEY
_TAGGED: How = OperandType.TAGGED, Encoding.JSON


def equal(place: ParseContext, operand: object) -> Predicate:
    """The field equals the operand, or offers a value that does; None also equals missing."""
    if operand is None:
        return place.test('$eq', OperandType.NULL)
    return any_of([_compare('$eq', place, *operand) for operand in _forms(place, place.read(operand))])


def _compare(operator: str, place: ParseContext, how: How, value: Any) -> Leaf:
    return place.comparison(operator, how[0], Param(value, how[1]))


def _forms(place: ParseContext, value: Any) -> list[Operand]:
    if place.field.kind.mixed or (place.collation and isinstance(value, str)):
        return equal_forms(value, place.collation)
    return typed_equals(value)


def typed_equals(value: str | float | datetime) -> list[Operand]:
    """A value of a column of one type that equals this one; nothing for an integer that no column holds."""
    match value:
        case str():
            return [(_COLUMN_STRING, value)]
        case bool():
            return [(_COLUMN_BOOLEAN, value)]
        case int() | float():
            plain = nearest_float(value) if isinstance(value, int) and value not in INT64 else value
            same = plain == value or is_nan(value)
            return [(_COLUMN_NUMBER, plain)] if same else []
    return [(_COLUMN_TIMESTAMP, value)]


def _string(value: str, collation: Collation | None) -> Operand:
    return (_STRING, value) if collation is None else (_COLLATED, (value, collation))


def equal_forms(value: Any, collation: Collation | None = None) -> list[Operand]:
    """The forms under which a value equal to this one may be stored, and what to compare there."""
    match type_bracket(value):
        case 'null':
            return [(_NULL, None)]
        case 'string':
            return [_string(value, collation)]
        case 'number':
            return _equal_numbers(value)
        case 'boolean':
            return [(_BOOLEAN, value)]
        case 'object' | 'array' as kind:
            return [(_OBJECT if kind == 'object' else _ARRAY, (value, collation))]
        case _:
            return [(_TAGGED, value)]


def _equal_numbers(number: float) -> list[Operand]:
    """A finite float past 64 bits may equal a tagged integer, and a big integer a plain float."""
    forms: list[Operand] = []
    plain = nearest_float(number) if isinstance(number, int) and number not in INT64 else number
    if plain == number and not math.isinf(plain):
        forms.append((_NUMBER, plain))
    if not within_64_bits(number):
        forms.append((_TAGGED, exact(number)))
    return forms


def parse_order(operator: str, place: ParseContext, operand: object) -> Predicate:
    """Order against a value of the same type bracket; None orders with missing only."""
    place.refuse_buffers()
    if operand is None:
        return place.test('$eq', OperandType.NULL) if operator in ('$gte', '$lte') else MATCH_NONE
    value = place.read(operand)
    if is_nan(value):
        return equal(place, value) if operator in ('$gte', '$lte') else MATCH_NONE
    if not place.field.kind.mixed and not (place.collation and isinstance(value, str)):
        return _ordered_typed(operator, place, value)
    return _ordered(operator, place, value)


def _ordered_typed(operator: str, place: ParseContext, value: Any) -> Predicate:
    if place.field.kind is not NUMBER:
        (operand,) = typed_equals(value)
        return _compare(operator, place, *operand)
    # A database may have NaN above all other numbers.
    form = OperandType.NOT_NAN if operator in ('$gt', '$gte') else OperandType.COLUMN
    return place.test(operator, form, _bound(operator, value))


def _ordered(operator: str, place: ParseContext, value: Any) -> Predicate:
    match type_bracket(value):
        case 'string':
            return _compare(operator, place, *_string(value, place.collation))
        case 'number':
            plain = _bound(operator, value)
            return place.comparison(operator, OperandType.NUMBER, plain, Param(value, Encoding.LARGE_NUMBER))
        case 'boolean':
            return place.comparison(operator, OperandType.BOOLEAN, Param(value, Encoding.BOOLEAN))
        case 'date':
            return place.comparison(operator, OperandType.DATE, Param(value, Encoding.JSON))
        case kind:
            return place.comparison(operator, OperandType(kind), Param((value, place.collation), Encoding.KEY))


def _bound(operator: str, number: int | float) -> Param:
    """What orders as `number` does against 64-bit integers and floats."""
    return Param(number, Encoding.FLOOR if operator in ('$gt', '$lte') else Encoding.CEILING)


def parse_in(place: ParseContext, operand: object) -> Predicate:
    """One of the values equals; a pattern among them is a regex test. All travel as one list a form."""
    items = place.iterable(operand)
    if items and place.field.kind is STRING and place.collation is None and _STRINGS.issuperset(map(type, items)):
        # There may be a million keys.
        return place.comparison('$in', OperandType.COLUMN, Param(items, Encoding.STRING, many=True))
    tests: list[Predicate] = []
    lists: Lists = {}
    for i, item in enumerate(limits.checked(items)):
        if item is None:
            lists[_NULL] = []
        elif is_operators(item):
            raise place.error(f'takes values, not operators: {short_repr(item)}')
        elif isinstance(item, re.Pattern):
            tests.append(match_pattern(place, item))
        else:
            _sort_in(place, i, item, lists)
    return any_of([*tests, *test_lists(place, lists)])


_STRINGS = frozenset({str})

Lists = dict[How, list[Any]]
"""Values by what they have in common."""


def test_lists(place: ParseContext, lists: Lists) -> list[Predicate]:
    """One test for each form in which a value may be stored, of all the values that have it."""
    return [
        place.test('$eq', OperandType.NULL)
        if how == _NULL
        else place.comparison('$in', how[0], Param(values, how[1], many=True))
        for how, values in lists.items()
    ]


def _sort_in(place: ParseContext, i: int, item: object, lists: Lists) -> None:
    sort_operands(_forms(place, place.read(item, i)), lists)


def sort_operands(operands: Iterable[Operand], lists: Lists) -> None:
    """Add each operand to the list of those that are compared and encoded as it is."""
    for how, value in operands:
        if how in lists:
            lists[how].append(value)
        else:
            lists[how] = [value]


def parse_nin(place: ParseContext, operand: object) -> Predicate:
    """None of the values equals: the negation of $in."""
    return Not(parse_in(place, operand))


PARSE_ORDER = {name: partial(parse_order, name) for name in ('$gt', '$gte', '$lt', '$lte')}
