"""The keywords of arrays and objects, and those that join schemas."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.json_schema.subjects import (
    Read,
    Subject,
    distinct_names,
    flag,
    listed,
    mapping,
    sibling,
    where,
)
from mqsql.compiler.parse.json_schema.subjects import count as read_count
from mqsql.compiler.parse.json_schema.values import found_in_name, parse_pattern
from mqsql.compiler.tree.params import Encoding, OperandType, Param
from mqsql.compiler.tree.predicate import (
    MATCH_ALL,
    MATCH_NONE,
    MEMBER,
    POSITION,
    AllElements,
    CountMatching,
    Leaf,
    Not,
    Predicate,
    all_of,
    any_of,
)
from mqsql.errors import short_repr
from mqsql.schema import BUFFERS


def _schemas(subject: Subject, place: ParseContext, operand: object) -> list[Predicate]:
    return [subject.valid(place.at(f'[{i}]'), schema) for i, schema in enumerate(listed(place, operand))]


def _schema_or_flag(subject: Subject, place: ParseContext, operand: object) -> Predicate:
    if isinstance(operand, bool):
        return MATCH_ALL if operand else MATCH_NONE
    return subject.valid(place, operand)


def _every(subject: Subject, demand: Predicate) -> Predicate:
    return MATCH_ALL if demand == MATCH_ALL else AllElements(subject.field, demand)


# --- joined schemas


def parse_all_of(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Valid against every one of the schemas."""
    return all_of(_schemas(subject, place, operand))


def parse_any_of(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Valid against one or more of the schemas."""
    return any_of(_schemas(subject, place, operand))


def parse_one_of(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Valid against one of the schemas and no more."""
    return CountMatching(tuple(_schemas(subject, place, operand)), '$eq', place.values.bind(Param(1, Encoding.PLAIN)))


def parse_not(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Not valid against the schema."""
    return Not(subject.valid(place, operand))


# --- arrays


def parse_unique_items(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """No two elements are equal; the order of an object's fields does not count."""
    if not flag(place, operand):
        return MATCH_ALL
    if subject.field.kind is BUFFERS:
        raise place.error('buffers cannot be compared')
    return place.test('uniqueItems')


def parse_items(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """A schema for each element, or a list of schemas for the first ones."""
    if not isinstance(operand, list | tuple):
        return _every(subject, subject.item().valid(place, operand))
    position = place.at('', POSITION)
    schemas = _schemas(subject.item(), place, operand) if operand else []
    return _every(subject, all_of([where(_is_at(position, '$eq', i), s) for i, s in enumerate(schemas)]))


def parse_additional_items(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """A schema for the elements beyond those that a list of schemas is for; True and False are schemas here."""
    demand = _schema_or_flag(subject.item(), place, operand)
    first = sibling(place, 'items')
    if not isinstance(first, list | tuple):
        return MATCH_ALL
    return _every(subject, where(_is_at(place.at('', POSITION), '$gte', len(first)), demand))


def _is_at(member: ParseContext, operator: str, position: int) -> Predicate:
    return member.test(operator, OperandType.COLUMN, Param(position, Encoding.PLAIN))


# --- objects


def parse_required(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Names that must be there."""
    present = [subject.has(name, place) for name in distinct_names(place, operand)]
    if len(set(present)) < len(present):
        raise place.error(f'two of the names are those of one column: {short_repr(operand)}')
    return all_of(present)


def parse_properties(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """A schema for the value under each name, where there is one."""
    required = sibling(place, 'required') or ()
    demands = []
    for name, schema in mapping(place, operand).items():
        demand = subject.property(name, place).valid(place.at(f'.{name}'), schema)
        demands.append(demand if name in required else subject.if_has(name, place, demand))
    return all_of(demands)


def parse_pattern_properties(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """A schema for the values under the names in which a pattern is found."""
    schemas = mapping(place, operand)

    def demand(member: Subject, name: str | None) -> Predicate:
        demands = []
        for pattern, schema in schemas.items():
            here = place.at(f'.{pattern}')
            demands.append(where(_is_like(member, here, pattern, name), member.valid(here, schema)))
        return all_of(demands)

    return _each(subject, place, demand)


def parse_additional_properties(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """A schema for the values under all other names; True and False are schemas here."""
    names = list(mapping(place, sibling(place, 'properties') or {}))
    sources = mapping(place, sibling(place, 'patternProperties') or {})

    def demand(member: Subject, name: str | None) -> Predicate:
        like = [_is_like(member, place, pattern, name) for pattern in sources]
        return any_of([_is_named(subject, place, names, name), *like, _schema_or_flag(member, place, operand)])

    return _each(subject, place, demand)


def _each(subject: Subject, place: ParseContext, demand: Callable[[Subject, str | None], Predicate]) -> Predicate:
    """What is demanded of each member; only in a record its name is known beforehand."""
    if subject.table is None:
        return _every(subject, demand(subject.unknown(), None))
    columns = list(subject.table.columns)
    return all_of([subject.if_has(c, place, demand(subject.property(c, place), c)) for c in columns])


def _is_like(subject: Subject, place: ParseContext, pattern: object, name: str | None) -> Predicate:
    """The pattern is found in the name."""
    found = parse_pattern(subject, place.at('', MEMBER), pattern)
    if name is not None:
        return MATCH_ALL if found_in_name(place, pattern, name) else MATCH_NONE
    assert isinstance(found, Leaf)
    return replace(found, operator='patternProperties')


def _is_named(subject: Subject, place: ParseContext, names: list[str], name: str | None) -> Predicate:
    if name is not None:
        return MATCH_ALL if name in [subject.property(n, place).field.column for n in names] else MATCH_NONE
    if not names:
        return MATCH_NONE
    return place.at('', MEMBER).test('properties', OperandType.PLAIN, Param(names, Encoding.NAME, many=True))


def count(keyword: str, operator: str) -> Read:
    """The keywords that limit how many names there are."""

    def read(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
        limit = read_count(place, operand)
        if subject.table is None:
            return place.test(keyword, OperandType.PLAIN, Param(limit, Encoding.PLAIN))
        present = tuple(subject.has(name, place) for name in subject.table.columns)
        return CountMatching(present, operator, place.values.bind(Param(limit, Encoding.PLAIN)))

    return read


def parse_dependencies(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """What must hold where a name is there: that others are, or that a schema is valid."""
    demands = []
    for name, dependency in mapping(place, operand).items():
        here = place.at(f'.{name}')
        listing = isinstance(dependency, list | tuple)
        demand = parse_required(subject, here, dependency) if listing else subject.valid(here, dependency)
        demands.append(subject.if_has(name, place, demand))
    return all_of(demands)
