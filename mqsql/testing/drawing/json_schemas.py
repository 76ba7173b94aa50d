"""Schemas of `$jsonSchema` to draw for the places of a collection."""

from typing import Any

from mqsql.schema import BUFFERS, DOCUMENT
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.operands import literal, operand, short_text
from mqsql.testing.drawing.places import Place
from mqsql.testing.drawing.scope import Scope

DEEPEST = 2
NUMBERS = [0, 1, 2, 1.5, -1]
BSON_TYPES = ['object', 'array', 'string', 'bool', 'date', 'binData', 'int', 'long', 'double', 'number', 'null']


def json_schema(d: Draws, known: list[Place]) -> dict[str, Any]:
    """A schema for some columns of the collection."""
    columns = [place for place in known if '.' not in place.key and place.kind is not BUFFERS]
    properties = {
        place.key: rule(d, place.scope, list(place.values), 0) for place in d.several(1, 2, lambda: d.pick(columns))
    }
    return {'properties': properties, **({'required': list(properties)} if d.once_in(2) else {})}


def rule(d: Draws, scope: Scope, there: list[Any], depth: int) -> dict[str, Any]:
    """A schema that some of the values there satisfy."""
    inner = [v for value in there for v in inside(value)]
    if depth < DEEPEST and inner and d.once_in(2):
        return deeper(d, scope, there, inner, depth)
    place = Place('', DOCUMENT, scope, tuple(v for v in there if v is not None))
    first = short_text(d, place)[:1]
    return d.pick(
        [
            {'bsonType': d.pick(BSON_TYPES)},
            {'enum': [operand(d, place)]},
            {d.pick(['minimum', 'maximum']): d.pick(NUMBERS)},
            {d.pick(['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties']): d.pick([0, 1, 2])},
            {'pattern': f'^{literal(first)}'},
            {'uniqueItems': True},
        ]
    )


def inside(value: object) -> list[Any]:
    """The elements of an array, the values of an object."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def deeper(d: Draws, scope: Scope, there: list[Any], inner: list[Any], depth: int) -> dict[str, Any]:
    """A schema for the values inside, or made of others."""
    names = [name for value in there if isinstance(value, dict) for name in value] or ['a']
    name, below = d.pick(names), rule(d, scope, inner, depth + 1)
    others = {d.pick(['allOf', 'anyOf', 'oneOf']): [below, rule(d, scope, there, depth + 1)]}
    return d.pick([{'properties': {name: below}}, {'required': [name]}, {'items': below}, {'not': below}, others])
