"""$exists, $type and $size, and the array operators $all and $elemMatch."""

import re
from collections.abc import Mapping
from typing import Any

from mqsql import limits
from mqsql.compiler.parse.context import ParseContext, is_operators
from mqsql.compiler.parse.equalities import alike
from mqsql.compiler.parse.operators.comparison import equal
from mqsql.compiler.parse.operators.patterns import match_pattern
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import MATCH_NONE, Each, ElemMatch, Field, Leaf, Not, Predicate, all_of, any_of
from mqsql.errors import short_repr
from mqsql.schema import BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP
from mqsql.values.bson_types import OTHER_TYPES, TYPES
from mqsql.values.paths import DBREF

# --- $exists


def parse_exists(place: ParseContext, operand: object) -> Predicate:
    """The operand is any value, taken for its truth."""
    there = place.test('$exists')
    return there if is_true(operand) else Not(there)


def is_true(operand: object) -> bool:
    """The truth of any value as MongoDB takes it: 0, null and false are false."""
    return operand is not None and not (isinstance(operand, bool | int | float) and operand == 0)


# --- $type

BSON_TYPES = {
    'double': OperandType.DOUBLE,
    'string': OperandType.STRING,
    'object': OperandType.OBJECT,
    'array': OperandType.ARRAY,
    'binData': OperandType.BINARY,
    'bool': OperandType.BOOLEAN,
    'date': OperandType.DATE,
    'null': OperandType.NULL,
    'int': OperandType.INT,
    'long': OperandType.LONG,
    'number': OperandType.NUMBER,
}
"""The types that values may have, by MongoDB's name."""
_COLUMN_TYPES = {
    STRING: {'string'},
    NUMBER: {'int', 'long', 'double', 'number'},
    BOOLEAN: {'bool'},
    TIMESTAMP: {'date'},
    BUFFERS: {'array', 'binData'},
}


def parse_type(place: ParseContext, operand: object) -> Predicate:
    """A type's name or number, or a non-empty list of them."""
    listed = operand if isinstance(operand, list | tuple) else [operand]
    if not listed:
        raise place.error('takes a type or a list of at least one')
    names = dict.fromkeys(_type_name(place, item) for item in listed)
    return any_of([place.test('$type', BSON_TYPES[name]) for name in names if _possible(place.field, name)])


def _possible(field: Field, name: str) -> bool:
    return name in _COLUMN_TYPES.get(field.kind, BSON_TYPES)


def _type_name(place: ParseContext, item: object) -> str:
    if isinstance(item, str) and (item in BSON_TYPES or item in OTHER_TYPES.values()):
        return item
    whole = isinstance(item, int | float) and not isinstance(item, bool)
    name = {**TYPES, **OTHER_TYPES}.get(item) if whole else None  # type: ignore[call-overload]
    if name is None:
        raise place.error(
            f'unknown type {short_repr(item)}; known are {", ".join(sorted(BSON_TYPES))} and BSON numbers'
        )
    return str(name)


# --- $size


def parse_size(place: ParseContext, operand: object) -> Predicate:
    """A non-negative integer."""
    size = place.integer(operand)
    if size < 0:
        raise place.error(f'takes a non-negative integer, not {short_repr(operand)}')
    return (
        place.test('$size', OperandType.PLAIN, Param(size, Encoding.PLAIN))
        if (place.field.kind.mixed or place.field.kind is BUFFERS) and size < 2**63
        else MATCH_NONE
    )


# --- $all and $elemMatch


def parse_all(place: ParseContext, operand: object) -> Predicate:
    """And of the equalities, patterns or $elemMatch in the list; an empty list holds for nothing."""
    items = place.iterable(operand)
    matches = [is_operators(item) for item in items]
    if any(matches) and not all(matches):
        raise place.error('takes values, or only $elemMatch: the two cannot be mixed')
    members = [_parse_member(place.at(f'[{i}]'), item) for i, item in enumerate(limits.checked(items))]

    def merged(tests: list[Leaf]) -> list[Predicate]:
        # The first one stays alone, so that an index can find its records.
        return [tests[0], Each(place.values.listed(tests[1:], '$eq'))]

    return all_of(alike(members, merged)) if items else MATCH_NONE


def _parse_member(place: ParseContext, item: Any) -> Predicate:
    if isinstance(item, re.Pattern):
        return match_pattern(place, item)
    if not is_operators(item):
        return equal(place, item)
    if list(item) != ['$elemMatch']:
        raise place.error(f'takes values or $elemMatch, not {short_repr(item)}')
    return parse_elem_match(place.at('.$elemMatch'), item['$elemMatch'])


_LOGICAL = {'$and', '$or', '$nor', '$comment', '$expr', '$jsonSchema', '$where', '$text'}


def parse_elem_match(place: ParseContext, operand: object) -> Predicate:
    """One element satisfies all: operators for the element as it is, or a query for it as a document."""
    place.refuse_buffers()
    if not isinstance(operand, Mapping):
        raise place.error(f'takes a dict of operators or a query, not {short_repr(operand)}')
    value_form = is_operators(operand) and next(iter(operand)) not in _LOGICAL and not any(n in operand for n in DBREF)
    inner = place.nested().at('', Field(None, DOCUMENT))
    predicate = place.parse_operators(inner, operand) if value_form else place.parse_query(inner, operand)
    if not place.field.kind.mixed:
        return MATCH_NONE
    return ElemMatch(place.field, predicate, query=not value_form, origin=place.origin('$elemMatch'))
