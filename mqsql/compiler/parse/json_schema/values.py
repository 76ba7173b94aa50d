"""The keywords of scalars, and enum."""

import math
from typing import Any

from mqsql import patterns
from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.json_schema.subjects import VALUE, Read, Subject, flag, listed, number, sibling
from mqsql.compiler.parse.json_schema.subjects import count as read_count
from mqsql.compiler.parse.operators.comparison import (
    Lists,
    Operand,
    equal_forms,
    read_order,
    sort_operands,
    test_lists,
    typed_equals,
)
from mqsql.compiler.parse.operators.patterns import read_regex
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import MATCH_ALL, MATCH_NONE, Not, Predicate, all_of, any_of
from mqsql.errors import short_repr
from mqsql.schema import Table
from mqsql.values.bson_order import unordered_key
from mqsql.values.canonical import type_bracket


def read_annotation(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Text that demands nothing."""
    if not isinstance(operand, str):
        raise place.error(f'takes text, not {short_repr(operand)}')
    return MATCH_ALL


def size(keyword: str) -> Read:
    """The keywords that limit a length."""
    return lambda subject, place, operand: place.test(
        keyword, OperandType.PLAIN, Param(read_count(place, operand), Encoding.PLAIN)
    )


def read_pattern(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """A regular expression that is found somewhere in a string."""
    if not isinstance(operand, str):
        raise place.error(f'takes a pattern as text, not {short_repr(operand)}')
    return read_regex(place, operand)


def found_in_name(place: ParseContext, pattern: Any, name: str) -> bool:
    """Whether a pattern, which has been checked, is found in the name of a column."""
    try:
        return patterns.compile(str.__str__(pattern)).found_in(name)
    except patterns.PatternError as e:
        raise place.error(str(e)) from None


# --- numbers


def bound(inclusive: str, exclusive: str, keyword: str) -> Read:
    """The keywords that limit a number; `keyword` is the one that excludes the limit itself."""

    def read(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
        excluded = sibling(place, keyword) is True
        return read_order(exclusive if excluded else inclusive, place, number(place, operand))

    return read


def exclusive(keyword: str) -> Read:
    """The keywords that exclude the limit that another one sets."""

    def read(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
        flag(place, operand)
        if sibling(place, keyword) is None:
            raise place.error(f'is allowed only with {keyword!r}')
        return MATCH_ALL

    return read


def read_multiple_of(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """A finite number above 0."""
    divisor = number(place, operand)
    if divisor <= 0 or not (isinstance(divisor, int) or math.isfinite(divisor)):
        raise place.error(f'takes a finite number above 0, not {short_repr(operand)}')
    return place.test('multipleOf', OperandType.PLAIN, Param(divisor, Encoding.JSON))


# --- enum


def read_enum(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Values of which the subject is one; the order of an object's fields does not count."""
    values = [place.at(f'[{i}]', VALUE).read(item) for i, item in enumerate(listed(place, operand))]
    if len({unordered_key(value) for value in values}) < len(values):
        raise place.error(f'takes values that differ, not {short_repr(operand)}')
    return _one_of(subject, place, values)


_BRACKETS = {name: name for name in ('string', 'number', 'date', 'array', 'object')} | {
    'bool': 'boolean',
    'binData': 'binary',
}


def _one_of(subject: Subject, place: ParseContext, values: list[Any]) -> Predicate:
    if subject.type is not None:
        values = [value for value in values if type_bracket(value) == _BRACKETS[subject.type]]
    if subject.table is not None:
        return any_of([_is_record(subject, subject.table, place, value) for value in values])
    if not values:
        return MATCH_NONE
    if subject.type in ('array', 'binData'):
        raise place.error('buffers cannot be compared')
    here = place.at('', subject.field)
    if subject.field.kind.mixed:
        return any_of(_among(here, values))
    lists: Lists = {}
    sort_operands((operand for value in values for operand in typed_equals(value)), lists)
    return any_of(test_lists(here, lists))


def _among(place: ParseContext, values: list[Any]) -> list[Predicate]:
    lists: Lists = {}
    sort_operands((operand for value in values for operand in _forms(value)), lists)
    nested = [(how, lists.pop(how)) for how in _NESTED.values() if how in lists]
    return [
        *test_lists(place, lists),
        *(place.test('enum', form, Param(values, encoding, many=True)) for (form, encoding), values in nested),
    ]


_NESTED = {form.value: (form, Encoding.UNORDERED_KEY) for form in (OperandType.OBJECT, OperandType.ARRAY)}


def _forms(value: Any) -> list[Operand]:
    kind = type_bracket(value)
    return [(_NESTED[kind], value)] if kind in _NESTED else equal_forms(value)


def _is_record(subject: Subject, table: Table, place: ParseContext, value: dict[str, Any]) -> Predicate:
    """The record has these values in its columns, and none in the others."""
    if not value.keys() <= table.columns.keys():
        return MATCH_NONE
    others = [Not(subject.has(name, place)) for name in table.columns if name not in value]
    same = [_one_of(subject.property(name, place), place, [value[name]]) for name in value]
    return all_of([*(subject.has(name, place) for name in value), *same, *others])
