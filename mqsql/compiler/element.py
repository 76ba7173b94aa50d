"""$exists, $type and $size, and the array operators $all and $elemMatch."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from mqsql import limits
from mqsql.compiler.comparison import NUMBER_TAG, NUMBER_TYPES, equal
from mqsql.compiler.equalities import alike
from mqsql.compiler.patterns import match_pattern
from mqsql.compiler.place import DBREF, Place, is_operators
from mqsql.compiler.predicate import NEVER, Each, Field, Not, Predicate, Some, Test, all_of, any_of
from mqsql.compiler.sql import Condition, Value, any_, call, is_not_null, number, one_of, slot, text
from mqsql.errors import shown
from mqsql.schema import BUFFERS, DOCUMENT, TEXT, TIMESTAMP

# --- $exists


def read_exists(place: Place, operand: object) -> Predicate:
    """The operand is any value, taken for its truth as MongoDB takes it: 0, null and false are false."""
    there = place.test('$exists')
    false = operand is None or (isinstance(operand, bool | int | float) and operand == 0)
    return Not(there) if false else there


def lower_exists(value: Value, form: str, slots: tuple[str, ...]) -> Condition:
    """SQL of $exists: a NULL column and a path without a value are missing."""
    return is_not_null(value.type or value.sql)


# --- $type

TYPES = {
    1: 'double',
    2: 'string',
    3: 'object',
    4: 'array',
    5: 'binData',
    8: 'bool',
    9: 'date',
    10: 'null',
    16: 'int',
    18: 'long',
}
OTHER_TYPES = {
    6: 'undefined',
    7: 'objectId',
    11: 'regex',
    12: 'dbPointer',
    13: 'javascript',
    14: 'symbol',
    15: 'javascriptWithScope',
    17: 'timestamp',
    19: 'decimal',
    -1: 'minKey',
    127: 'maxKey',
}
"""Types of BSON that no value of a record has."""

_TYPE_NAMES = {*TYPES.values(), 'number'}
_COLUMN_TYPES = {TEXT: {'string'}, TIMESTAMP: {'date'}, BUFFERS: {'array', 'binData'}}


def read_type(place: Place, operand: object) -> Predicate:
    """A type's name or number, or a non-empty list of them."""
    listed = operand if isinstance(operand, list | tuple) else [operand]
    if not listed:
        raise place.error('takes a type or a list of at least one')
    names = dict.fromkeys(_type_name(place, item) for item in listed)
    return any_of([place.test('$type', name) for name in names if _possible(place.field, name)])


def _possible(field: Field, name: str) -> bool:
    return name in _COLUMN_TYPES.get(field.kind, _TYPE_NAMES)


def _type_name(place: Place, item: object) -> str:
    if isinstance(item, str) and (item in _TYPE_NAMES or item in OTHER_TYPES.values()):
        return item
    whole = isinstance(item, int | float) and not isinstance(item, bool)
    name = {**TYPES, **OTHER_TYPES}.get(item) if whole else None  # type: ignore[call-overload]
    if name is None:
        raise place.error(f'unknown type {shown(item)}; known are {", ".join(sorted(_TYPE_NAMES))} and BSON numbers')
    return str(name)


def _int32(value: Value) -> Condition:
    return exp.Between(this=value.sql, low=number(-(2**31)), high=number(2**31 - 1))


def _number_glob(pattern: str) -> Callable[[Value], Condition]:
    return lambda value: value.of_type(('object',), exp.Glob(this=value.sql, expression=text(NUMBER_TAG + pattern)))


_TYPE_TESTS: dict[str, Callable[[Value], Condition]] = {
    'string': lambda v: one_of(v.json_type, ('text',)),
    'object': lambda v: v.is_object(),
    'array': lambda v: one_of(v.json_type, ('array',)),
    'bool': lambda v: one_of(v.json_type, ('true', 'false')),
    'null': lambda v: one_of(v.json_type, ('null',)),
    'date': lambda v: v.tagged('$date'),
    'binData': lambda v: v.tagged('$binary'),
    'int': lambda v: v.of_type(('integer',), _int32(v)),
    # An integer's text begins with a digit or "-n", see schema.codec.number_text.
    'long': lambda v: any_(
        [v.of_type(('integer',), exp.Not(this=_int32(v))), _number_glob('[0-9]*')(v), _number_glob('-n*')(v)]
    ),
    'double': lambda v: any_([one_of(v.json_type, ('real',)), _number_glob('[NI]*')(v), _number_glob('-I*')(v)]),
    'number': lambda v: any_([one_of(v.json_type, NUMBER_TYPES), _number_glob('*')(v)]),
}


def lower_type(value: Value, form: str, slots: tuple[str, ...]) -> Condition:
    """SQL of one type."""
    if value.type is not None:
        return _TYPE_TESTS[form](value)
    there = is_not_null(value.sql)
    return exp.GT(this=call('json_array_length', value.sql), expression=number(0)) if form == 'binData' else there


# --- $size


def read_size(place: Place, operand: object) -> Predicate:
    """A non-negative integer."""
    size = place.whole_number(operand)
    if size < 0:
        raise place.error(f'takes a non-negative integer, not {shown(operand)}')
    return (
        place.test('$size', '', size)
        if (place.field.kind.mixed or place.field.kind is BUFFERS) and size < 2**63
        else NEVER
    )


def lower_size(value: Value, form: str, slots: tuple[str, ...]) -> Condition:
    """SQL of $size; a Buffers column holds the JSON array of its rows' ids."""
    same = exp.EQ(this=call('json_array_length', value.sql), expression=slot(slots[0]))
    return value.when_array(same) if value.type is not None else same


# --- $all and $elemMatch


def read_all(place: Place, operand: object) -> Predicate:
    """And of the equalities, patterns or $elemMatch in the list; an empty list holds for nothing."""
    items = place.iterable(operand)
    matches = [is_operators(item) for item in items]
    if any(matches) and not all(matches):
        raise place.error('takes values, or only $elemMatch: the two cannot be mixed')
    members = [_read_member(place.inside(f'[{i}]'), item) for i, item in enumerate(limits.checked(items))]

    def merged(tests: list[Test]) -> list[Predicate]:
        # The first one stays alone, so that an index can find its records.
        return [tests[0], Each(place.values.listed(tests[1:], '$eq'))]

    return all_of(alike(members, merged)) if items else NEVER


def _read_member(place: Place, item: Any) -> Predicate:
    if isinstance(item, re.Pattern):
        return match_pattern(place, item)
    if not is_operators(item):
        return equal(place, item)
    if list(item) != ['$elemMatch']:
        raise place.error(f'takes values or $elemMatch, not {shown(item)}')
    return read_elem_match(place.inside('.$elemMatch'), item['$elemMatch'])


_LOGICAL = {'$and', '$or', '$nor', '$comment', '$expr', '$jsonSchema', '$where', '$text'}


def read_elem_match(place: Place, operand: object) -> Predicate:
    """One element satisfies all: operators for the element as it is, or a query for it as a document."""
    place.refuse_buffers()
    if not isinstance(operand, Mapping):
        raise place.error(f'takes a dict of operators or a query, not {shown(operand)}')
    value_form = is_operators(operand) and next(iter(operand)) not in _LOGICAL and not any(n in operand for n in DBREF)
    inner = place.deeper().inside('', Field(None, DOCUMENT))
    predicate = place.parse_operators(inner, operand) if value_form else place.parse_query(inner, operand)
    return Some(place.field, predicate, query=not value_form) if place.field.kind.mixed else NEVER
