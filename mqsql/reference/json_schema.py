"""$jsonSchema: which values a JSON Schema takes.

The dialect is MongoDB's (manual, "$jsonSchema"): draft 4 with `bsonType`, without "integer", references, formats and
defaults. A keyword speaks of values of one type and takes all others. At the top, properties are the columns of the table.
"""

from collections.abc import Callable, Mapping
from operator import ge, le
from typing import Any

from mqsql.errors import short_repr
from mqsql.reference.json_schema_scalars import (
    Check,
    Keyword,
    bound,
    every,
    exclusive,
    length,
    multiple_of,
    pattern,
    regex,
)
from mqsql.reference.operators import TYPES, read_types, type_of
from mqsql.reference.place import SHOWN_PATH, Place, read_literal
from mqsql.reference.values import Order, order
from mqsql.schema import BUFFERS, DOCUMENT, ColumnType
from mqsql.values.canonical import coerce_value

JSON_TYPES = {
    'object': 'object', 'array': 'array', 'number': 'number', 'boolean': 'bool', 'string': 'string', 'null': 'null'
}  # fmt: skip
BUFFER = ColumnType('Buffer', 'bytes', coerce_value)
UNCOMPARED: Mapping[ColumnType, type[Any]] = {BUFFERS: list, BUFFER: bytes}
UNSUPPORTED = ('$ref', '$schema', 'default', 'definitions', 'format', 'id', 'encrypt', 'encryptMetadata')


def read_schema(schema: object, place: Place) -> Check:
    """Whether a value satisfies the schema; QueryError for one that MongoDB refuses."""
    if not isinstance(schema, Mapping):
        raise place.error(f'takes a schema as a dict, not {short_repr(schema)}')
    inner = place.nested()
    return every([_keyword(name, operand, schema, inner) for name, operand in schema.items()])


def _keyword(name: object, operand: object, schema: Mapping[str, Any], place: Place) -> Check:
    if name in UNSUPPORTED:
        raise place.error(f'MongoDB has no JSON Schema keyword {short_repr(name)}')
    if not isinstance(name, str) or name not in KEYWORDS:
        raise place.unknown('JSON Schema keyword', str(name), KEYWORDS)
    return KEYWORDS[name](operand, schema, place.at(name))


def _any(checks: list[Check]) -> Check:
    return lambda value: any(check(value) for check in checks)


def _one(checks: list[Check]) -> Check:
    return lambda value: sum(check(value) for check in checks) == 1


# --- keywords for every type


def _annotation(operand: object, schema: object, place: Place) -> Check:
    if not isinstance(operand, str):
        raise place.error(f'takes text, not {short_repr(operand)}')
    return every([])


def _types(names: Mapping[str, str]) -> Keyword:
    def read(operand: object, schema: Mapping[str, Any], place: Place) -> Check:
        listed: Any = operand if isinstance(operand, list | tuple) else [operand]
        if 'type' in schema and 'bsonType' in schema:
            raise place.error('give type or bsonType, not both')
        if not all(isinstance(name, str) and name in names for name in listed) or len(set(listed)) < len(listed):
            raise place.error(f'takes one of {", ".join(names)}, or several different ones, not {short_repr(operand)}')
        wanted = read_types([names[name] for name in listed], place)
        return lambda value: type_of(value) in wanted

    return read


def _list(operand: object, place: Place) -> list[Any]:
    if not isinstance(operand, list | tuple) or not operand:
        raise place.error(f'takes a non-empty list, not {short_repr(operand)}')
    return list(operand)


def _enum(operand: object, schema: object, place: Place) -> Check:
    values = [read_literal(item, _inside(place)) for item in _list(operand, place)]
    items = [_identity(value) for value in values]
    if any(isinstance(value, UNCOMPARED.get(place.kind, ())) for value in values):
        raise place.error('buffers cannot be compared')
    if len(set(items)) < len(items):
        raise place.error('the values are not different ones')
    return lambda value: _identity(value) in items


def _identity(value: Any) -> Order:
    """Equal for values that JSON Schema holds equal: the order of an object's fields does not count, nor a collation."""
    return order(_by_field(value))


def _by_field(value: Any) -> Any:
    if isinstance(value, list):
        return [_by_field(part) for part in value]
    return {name: _by_field(value[name]) for name in sorted(value)} if isinstance(value, dict) else value


def _schemas(combine: Callable[[list[Check]], Check]) -> Keyword:
    def read(operand: object, schema: object, place: Place) -> Check:
        return combine([read_schema(item, place.item(i)) for i, item in enumerate(_list(operand, place))])

    return read


def _not(operand: object, schema: object, place: Place) -> Check:
    check = read_schema(operand, place)
    return lambda value: not check(value)


# --- objects


def _name(name: object, place: Place) -> str:
    """A property's name; at the top that of a column, by any of its names."""
    if not isinstance(name, str):
        raise place.error(f'a property is text, not {short_repr(name)}')
    return place.table.column(name, place.path[:SHOWN_PATH]) if place.table else str(name)


def _inside(place: Place, kind: ColumnType = DOCUMENT) -> Place:
    return Place(None, place.path, kind, place.depth, place.fold)


def _property(name: str, place: Place) -> Place:
    """The place of a property's schema; Buffers are marked, as they cannot be compared."""
    return _inside(place.at(name), place.table.columns[place.table.column(name)] if place.table else DOCUMENT)


def _others(place: Place) -> Place:
    """The place of a schema for properties that are not named, Buffers perhaps."""
    return _inside(place, BUFFERS if place.table and BUFFERS in place.table.columns.values() else DOCUMENT)


def _each(place: Place) -> Place:
    """The place of a schema for items."""
    return _inside(place, BUFFER if place.kind is BUFFERS else DOCUMENT)


def _by_name(operand: object, place: Place) -> Mapping[Any, Any]:
    if not isinstance(operand, Mapping):
        raise place.error(f'takes a dict, not {short_repr(operand)}')
    return operand


def _properties(operand: object, schema: object, place: Place) -> Check:
    checks = {
        _name(name, place): read_schema(item, _property(str(name), place))
        for name, item in _by_name(operand, place).items()
    }
    return lambda value: not isinstance(value, dict) or all(c(value[n]) for n, c in checks.items() if n in value)


def _pattern_properties(operand: object, schema: object, place: Place) -> Check:
    checks = [
        (regex(pattern, place), read_schema(item, _others(place).at(str(pattern))))
        for pattern, item in _by_name(operand, place).items()
    ]
    return lambda value: (
        not isinstance(value, dict)
        or all(check(part) for name, part in value.items() for matches, check in checks if matches(name))
    )


def _schema_or_flag(operand: object, place: Place) -> Check:
    if isinstance(operand, bool):
        return lambda value: operand
    return read_schema(operand, place)


def _additional_properties(operand: object, schema: Mapping[str, Any], place: Place) -> Check:
    check = _schema_or_flag(operand, _others(place))
    named = {_name(name, place) for name in _by_name(schema.get('properties', {}), place)}
    patterns = [regex(pattern, place) for pattern in _by_name(schema.get('patternProperties', {}), place)]

    def test(value: Any) -> bool:
        rest = value.keys() - named if isinstance(value, dict) else set()
        return all(check(value[name]) for name in rest if not any(found(name) for found in patterns))

    return test


def _names(operand: object, place: Place) -> set[str]:
    names = [_name(name, place) for name in _list(operand, place)]
    if len(set(names)) < len(names):
        raise place.error('the names are not different ones')
    return set(names)


def _required(operand: object, schema: object, place: Place) -> Check:
    names = _names(operand, place)
    return lambda value: not isinstance(value, dict) or names <= value.keys()


def _dependencies(operand: object, schema: object, place: Place) -> Check:
    inner = place if place.table else _inside(place)  # which speaks of objects, never of Buffers
    checks = {
        _name(name, place): _dependency(item, inner.at(str(name))) for name, item in _by_name(operand, place).items()
    }
    return lambda value: not isinstance(value, dict) or all(c(value) for n, c in checks.items() if n in value)


def _dependency(operand: object, place: Place) -> Check:
    return read_schema(operand, place) if isinstance(operand, Mapping) else _required(operand, {}, place)


# --- arrays


def _items(operand: object, schema: object, place: Place) -> Check:
    if not isinstance(operand, list | tuple):
        check = read_schema(operand, _each(place))
        return lambda value: not isinstance(value, list) or all(map(check, value))
    checks = [read_schema(item, _each(place.item(i))) for i, item in enumerate(operand)]
    return lambda value: (
        not isinstance(value, list) or all(check(part) for check, part in zip(checks, value, strict=False))
    )


def _additional_items(operand: object, schema: Mapping[str, Any], place: Place) -> Check:
    check, items = _schema_or_flag(operand, _each(place)), schema.get('items')
    if not isinstance(items, list | tuple):
        return every([])  # one schema for all items leaves none over
    return lambda value: not isinstance(value, list) or all(map(check, value[len(items) :]))


def _unique_items(operand: object, schema: object, place: Place) -> Check:
    if not isinstance(operand, bool):
        raise place.error(f'takes a boolean, not {short_repr(operand)}')
    if operand and place.kind is BUFFERS:
        raise place.error('buffers cannot be compared')
    return lambda value: not (operand and isinstance(value, list)) or len(set(map(_identity, value))) == len(value)


KEYWORDS: Mapping[str, Keyword] = {
    'title': _annotation,
    'description': _annotation,
    'type': _types(JSON_TYPES),
    'bsonType': _types({name: name for name in (*TYPES, 'number')}),
    'enum': _enum,
    'allOf': _schemas(every),
    'anyOf': _schemas(_any),
    'oneOf': _schemas(_one),
    'not': _not,
    'minimum': bound(ge, 'exclusiveMinimum'),
    'maximum': bound(le, 'exclusiveMaximum'),
    'exclusiveMinimum': exclusive('minimum'),
    'exclusiveMaximum': exclusive('maximum'),
    'multipleOf': multiple_of,
    'minLength': length(str, ge),
    'maxLength': length(str, le),
    'pattern': pattern,
    'properties': _properties,
    'patternProperties': _pattern_properties,
    'additionalProperties': _additional_properties,
    'required': _required,
    'minProperties': length(dict, ge),
    'maxProperties': length(dict, le),
    'dependencies': _dependencies,
    'items': _items,
    'additionalItems': _additional_items,
    'minItems': length(list, ge),
    'maxItems': length(list, le),
    'uniqueItems': _unique_items,
}
