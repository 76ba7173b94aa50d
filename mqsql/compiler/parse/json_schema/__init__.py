"""$jsonSchema: JSON Schema, draft 4, as MongoDB has it, over whole records.

A schema's paths are strict: a name is a key of an object and nothing else, an array is never walked through. A keyword
restricts the values of one type and lets all others pass; one that cannot hold for a column's kind falls away while it is
read. The rules are those of MongoDB's manual ("$jsonSchema") and, where that is silent, of its own parser of schemas.

    subjects   what a schema is put to; how operands are read
    values     keywords of scalars, and enum
    members    keywords of arrays and objects, and those that join schemas
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mqsql.compiler.parse.context import Params, ParseContext
from mqsql.compiler.parse.json_schema import members, values
from mqsql.compiler.parse.json_schema.subjects import VALUE, Read, Subject, distinct_names, mapping, where
from mqsql.compiler.parse.operators.element import BSON_TYPES as TYPE_NAMED
from mqsql.compiler.tree.predicate import MATCH_ALL, MATCH_NONE, Leaf, Predicate, all_of, any_of
from mqsql.errors import UnknownNameError, did_you_mean, named, short_repr
from mqsql.values.bson_types import OTHER_TYPES, TYPES


def parse_json_schema(place: ParseContext, schema: object) -> Predicate:
    """The record, or within an $elemMatch the element, is valid. A collation does not concern schemas."""
    place = replace(place, collation=None)
    if place.field.column is None:
        return parse_schema(Subject(VALUE, parse_schema, 'object'), place, schema)
    return parse_schema(Subject(place.field, parse_schema, 'object', place.table), place, schema)


def parse_schema(subject: Subject, place: ParseContext, schema: object) -> Predicate:
    """The subject, which is not missing, is valid."""
    operands = mapping(place, schema)
    for name in operands:
        _check_keyword(place, name)
    place = replace(place, field=subject.field, siblings=operands)
    declared = _declared(place, operands)
    groups: dict[str, list[Predicate]] = {}
    for name, keyword in KEYWORDS.items():
        if name in operands:
            demand = _read(keyword, subject, place.at(f'.{name}'), operands[name])
            groups.setdefault(keyword.type, []).append(demand)
    return all_of([*groups.pop('', []), *_restrictions(subject, declared, groups)])


def _check_keyword(place: ParseContext, name: object) -> None:
    if name in UNSUPPORTED:
        raise place.error(f'the keyword {named(name)} is not supported')
    if name not in KEYWORDS:
        raise UnknownNameError(did_you_mean('keyword', str(name), KEYWORDS), place.path)


def _read(keyword: 'Keyword', subject: Subject, place: ParseContext, operand: object) -> Predicate:
    if subject.type is None or keyword.type in ('', subject.type):
        return keyword.read(subject, place, operand)
    # It says nothing about this type, but is checked all the same.
    keyword.read(subject.unknown(), replace(place, field=VALUE, values=Params()), operand)
    return MATCH_ALL


# --- types

JSON_TYPES = {name: name for name in ('object', 'array', 'number', 'string', 'null')} | {'boolean': 'bool'}
BSON_TYPES = {name: name for name in (*TYPES.values(), *OTHER_TYPES.values(), 'number')}
_NUMBERS = ('int', 'long', 'double')


def _declared(place: ParseContext, operands: Mapping[object, object]) -> list[str] | None:
    if 'type' in operands and 'bsonType' in operands:
        raise place.error("give 'type' or 'bsonType', not both")
    for keyword, types in (('type', JSON_TYPES), ('bsonType', BSON_TYPES)):
        if keyword in operands:
            return _types(place.at(f'.{keyword}'), operands[keyword], types)
    return None


def _types(place: ParseContext, operand: object, known: Mapping[str, str]) -> list[str]:
    names = [operand] if isinstance(operand, str) else distinct_names(place, operand)
    for name in names:
        if name not in known:
            raise place.error(f'unknown type {short_repr(name)}; known are {", ".join(known)}')
    return [known[name] for name in names]


def _restrictions(subject: Subject, declared: list[str] | None, groups: dict[str, list[Predicate]]) -> list[Predicate]:
    """What the keywords of each type demand, and the declared types."""
    if subject.type is not None:
        return [_declared_type(subject, declared), *groups.get(subject.type, [])]
    if declared is not None and len(declared) == 1:
        group = 'number' if declared[0] in _NUMBERS else declared[0]
        demand = all_of(groups.get(group, []))
        # The tests of numbers hold for nothing else.
        implied = declared == ['number'] and demand != MATCH_ALL
        return [demand if implied else where(_has_type(subject, declared[0]), demand, MATCH_NONE)]
    typed = [] if declared is None else [any_of([_has_type(subject, name) for name in declared])]
    return [*typed, *(where(_has_type(subject, name), all_of(demands)) for name, demands in groups.items())]


def _declared_type(subject: Subject, declared: list[str] | None) -> Predicate:
    """What declared types demand of a subject whose type the table says."""
    if declared is None or subject.type in declared:
        return MATCH_ALL
    return any_of([_has_type(subject, name) for name in declared if subject.type == 'number' and name in _NUMBERS])


def _has_type(subject: Subject, name: str) -> Predicate:
    return MATCH_NONE if name in OTHER_TYPES.values() else Leaf(subject.field, '$type', TYPE_NAMED[name])


def _declaration(subject: Subject, place: ParseContext, operand: Any) -> Predicate:
    """Types are read before all else: they decide what the other keywords do."""
    return MATCH_ALL


# --- the table


@dataclass(frozen=True)
class Keyword:
    """A row: the type of the values that a keyword restricts ('' for all), and how its operand is read."""

    type: str
    read: Read


KEYWORDS: dict[str, Keyword] = {
    'title': Keyword('', values.parse_annotation),
    'description': Keyword('', values.parse_annotation),
    'type': Keyword('', _declaration),
    'bsonType': Keyword('', _declaration),
    'enum': Keyword('', values.parse_enum),
    'allOf': Keyword('', members.parse_all_of),
    'anyOf': Keyword('', members.parse_any_of),
    'oneOf': Keyword('', members.parse_one_of),
    'not': Keyword('', members.parse_not),
    'minimum': Keyword('number', values.bound('$gte', '$gt', 'exclusiveMinimum')),
    'exclusiveMinimum': Keyword('number', values.exclusive('minimum')),
    'maximum': Keyword('number', values.bound('$lte', '$lt', 'exclusiveMaximum')),
    'exclusiveMaximum': Keyword('number', values.exclusive('maximum')),
    'multipleOf': Keyword('number', values.parse_multiple_of),
    'minLength': Keyword('string', values.size('minLength')),
    'maxLength': Keyword('string', values.size('maxLength')),
    'pattern': Keyword('string', values.parse_pattern),
    'minItems': Keyword('array', values.size('minItems')),
    'maxItems': Keyword('array', values.size('maxItems')),
    'uniqueItems': Keyword('array', members.parse_unique_items),
    'items': Keyword('array', members.parse_items),
    'additionalItems': Keyword('array', members.parse_additional_items),
    'required': Keyword('object', members.parse_required),
    'properties': Keyword('object', members.parse_properties),
    'patternProperties': Keyword('object', members.parse_pattern_properties),
    'additionalProperties': Keyword('object', members.parse_additional_properties),
    'minProperties': Keyword('object', members.count('minProperties', '$gte')),
    'maxProperties': Keyword('object', members.count('maxProperties', '$lte')),
    'dependencies': Keyword('object', members.parse_dependencies),
}
"""Keywords by name, in the order in which they are read."""

UNSUPPORTED = {'$ref', '$schema', 'default', 'definitions', 'format', 'id', 'encrypt', 'encryptMetadata'}
"""Keywords that MongoDB refuses, and those of its encryption."""
