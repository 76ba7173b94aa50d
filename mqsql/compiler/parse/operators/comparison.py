"""Equality and order: $eq $gt $gte $lt $lte $in, and what is folded into them.

On a Document path an operand is compared within its type bracket (number, string, …), which gives the Test its form; what
SQLite's JSON functions cannot carry (dates, binary, infinities, big integers) is stored tagged, as a one-key object whose
text has the values' order (see `schema.codec`), and so compared as text.
"""

import math
import re
from datetime import datetime
from functools import partial
from typing import Any

from mqsql import limits
from mqsql.compiler.parse.context import ParseContext, is_operators
from mqsql.compiler.parse.operators.patterns import match_pattern
from mqsql.compiler.tree.params import Encoding, Param
from mqsql.compiler.tree.predicate import MATCH_NONE, Not, Predicate, any_of
from mqsql.errors import short_repr
from mqsql.schema import BOOLEAN, NUMBER, STRING, TIMESTAMP
from mqsql.values.bson_order import bson_key, text_key
from mqsql.values.canonical import is_nan, type_bracket
from mqsql.values.codec import INT64, NUMBER_TAG, encode_document
from mqsql.values.collation import Collation
from mqsql.values.numbers import BETWEEN_BIGS, nearest_float


def read_eq(place: ParseContext, operand: object) -> Predicate:
    """Equality, the operand taken literally; a pattern is a value that no document holds."""
    if isinstance(operand, re.Pattern) and place.field.kind.mixed:
        return MATCH_NONE
    return equal(place, operand)


def read_ne(place: ParseContext, operand: object) -> Predicate:
    """Not equal: the negation of $eq, so it holds for what is missing."""
    return Not(equal(place, operand))


def equal(place: ParseContext, operand: object) -> Predicate:
    """The field equals the operand, or offers a value that does; None also equals missing."""
    if operand is None:
        return place.test('$eq', 'null')
    forms = _forms(place, place.read(operand))
    return any_of([place.comparison('$eq', form, Param(value, _encoding(place, form))) for form, value in forms])


def _forms(place: ParseContext, value: Any) -> list[tuple[str, Any]]:
    if place.field.kind.mixed or (place.collation and isinstance(value, str)):
        return equal_forms(value, place.collation)
    return [('column', equal) for equal in typed_equals(value)]


def typed_equals(value: str | float | datetime) -> list[str | float | datetime]:
    """What a column of one type may hold that equals a value; nothing for an integer that no column holds."""
    if not isinstance(value, int) or value in INT64:
        return [value]
    near = nearest_float(value)
    return [near] if near == value else []


_ENCODINGS = {'string': Encoding.STRING, 'number': Encoding.NUMBER, 'boolean': Encoding.JSON_BOOLEAN}
_COLUMN_ENCODINGS = {
    STRING: Encoding.STRING,
    NUMBER: Encoding.NUMBER,
    BOOLEAN: Encoding.BOOLEAN,
    TIMESTAMP: Encoding.TIMESTAMP,
}


def _encoding(place: ParseContext, form: str) -> Encoding:
    """The encoding of operands for equality."""
    if form == 'column':
        return _COLUMN_ENCODINGS[place.field.kind]
    return _ENCODINGS.get(form, Encoding.PLAIN)


def _text(value: str, collation: Collation | None) -> str:
    return value if collation is None else text_key(value, collation)


def equal_forms(value: Any, collation: Collation | None = None) -> list[tuple[str, Any]]:
    """The forms under which a value equal to this one may be stored, and what to compare there."""
    match type_bracket(value):
        case 'null':
            return [('null', None)]
        case 'string':
            return [('string', _text(value, collation))]
        case 'number':
            return _equal_numbers(value)
        case 'boolean':
            return [('boolean', value)]
        case 'object' | 'array' as form:
            return [(form, bson_key(value, collation))]
        case _:
            return [('tagged', encode_document(value))]


def _equal_numbers(number: float) -> list[tuple[str, Any]]:
    """A finite float past 64 bits may equal a tagged integer, and a big integer a plain float."""
    forms: list[tuple[str, Any]] = []
    plain = nearest_float(number) if isinstance(number, int) and number not in INT64 else number
    if plain == number and not math.isinf(plain):
        forms.append(('number', plain))
    if not _within_64_bits(number):
        forms.append(('tagged', encode_document(_exact(number))))
    return forms


def _exact(number: float) -> float:
    """The integer that a float past 64 bits is."""
    return int(number) if isinstance(number, float) and math.isfinite(number) else number


def _within_64_bits(number: float) -> bool:
    return -(2**63) <= number < 2**63


def read_order(operator: str, place: ParseContext, operand: object) -> Predicate:
    """Order against a value of the same type bracket; None orders with missing only."""
    place.refuse_buffers()
    if operand is None:
        return place.test('$eq', 'null') if operator in ('$gte', '$lte') else MATCH_NONE
    value = place.read(operand)
    if is_nan(value):
        return equal(place, value) if operator in ('$gte', '$lte') else MATCH_NONE
    if not place.field.kind.mixed and not (place.collation and isinstance(value, str)):
        return _ordered_typed(operator, place, value)
    form, *operands = _ordered(operator, value, place.collation)
    return place.comparison(operator, form, *operands)


def _ordered_typed(operator: str, place: ParseContext, value: Any) -> Predicate:
    if place.field.kind is not NUMBER:
        return place.test(operator, 'column', Param(value, _encoding(place, 'column')))
    # A database may have NaN above all other numbers.
    return place.test(operator, 'not nan' if operator in ('$gt', '$gte') else 'column', _bound(operator, value))


def _ordered(operator: str, value: Any, collation: Collation | None) -> tuple[Any, ...]:
    match type_bracket(value):
        case 'string':
            return 'string', Param(_text(value, collation), Encoding.STRING)
        case 'number':
            return 'number', _bound(operator, value), _number_bound(value)
        case 'boolean':
            return 'boolean', Param(value, Encoding.BOOLEAN)
        case 'date':
            return 'date', encode_document(value)
        case form:
            return form, bson_key(value, collation)


def _bound(operator: str, number: int | float) -> Param:
    """What orders as `number` does against 64-bit integers and floats."""
    return Param(number, Encoding.FLOOR if operator in ('$gt', '$lte') else Encoding.CEILING)


def _number_bound(number: float) -> str:
    """Text that orders as `number` does against the tagged numbers."""
    return encode_document(_exact(number)) if not _within_64_bits(number) else NUMBER_TAG + BETWEEN_BIGS


def read_in(place: ParseContext, operand: object) -> Predicate:
    """One of the values equals; a pattern among them is a regex test. All travel as one JSON list a form."""
    tests: list[Predicate] = []
    lists: dict[str, list[Any]] = {}
    for i, item in enumerate(limits.checked(place.iterable(operand))):
        if item is None:
            lists['null'] = []
        elif is_operators(item):
            raise place.error(f'takes values, not operators: {short_repr(item)}')
        elif isinstance(item, re.Pattern):
            tests.append(match_pattern(place, item))
        else:
            _sort_in(place, i, item, lists)
    return any_of([*tests, *test_lists(place, lists)])


def test_lists(place: ParseContext, lists: dict[str, list[Any]]) -> list[Predicate]:
    """One test for each form in which a value may be stored, of all the values that have it."""
    return [
        place.test('$eq', 'null')
        if form == 'null'
        else place.comparison('$in', form, Param(values, _encoding(place, form), many=True))
        for form, values in lists.items()
    ]


def _sort_in(place: ParseContext, i: int, item: object, lists: dict[str, list[Any]]) -> None:
    for form, stored in _forms(place, place.read(item, i)):
        lists.setdefault(form, []).append(stored)


def read_nin(place: ParseContext, operand: object) -> Predicate:
    """None of the values equals: the negation of $in."""
    return Not(read_in(place, operand))


READ_ORDER = {name: partial(read_order, name) for name in ('$gt', '$gte', '$lt', '$lte')}
