"""`$expr` and `$jsonSchema` to draw for the places of a collection. Imports `drawing`, `draws`, `places` and the schema."""

from typing import Any

from drawing import literal, operand, short_text, somewhere
from draws import Draws
from places import Place
from tables import TABLE

from mqsql.schema import BUFFERS, DOCUMENT

COMPARISONS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte']
LOGIC = ['$and', '$or', '$not']
DEEPEST = 2


def field(d: Draws, known: list[Place]) -> Place:
    """A place that an expression can name: no step is empty or begins with a dollar, and the column is compared."""
    place = somewhere(d, known)
    sound = place.kind is not BUFFERS and all(step and not step.startswith('$') for step in place.key.split('.'))
    return place if sound and '\0' not in place.key else Place(TABLE.key, TABLE.columns[TABLE.key])


def expression(d: Draws, known: list[Place], depth: int = 0) -> Any:
    """An expression that is true of some records: comparisons, joined or negated."""
    if depth < DEEPEST and d.once_in(3):
        name = d.pick(LOGIC)
        return {name: d.several(1, 1 if name == '$not' else 3, lambda: expression(d, known, depth + 1))}
    place = field(d, known)
    return {d.pick(COMPARISONS): [value(d, place, known, depth), compared(d, place, known)]}


def value(d: Draws, place: Place, known: list[Place], depth: int) -> Any:
    """The value at a place, as it is, or another where it is missing or a condition does not hold."""
    path = f'${place.key}'
    if depth < DEEPEST and d.once_in(4):
        return {'$cond': [expression(d, known, depth + 1), path, compared(d, place, known)]}
    return {'$ifNull': [path, compared(d, place, known)]} if d.once_in(4) else path


def compared(d: Draws, place: Place, known: list[Place]) -> Any:
    """A value of the place, or another place."""
    return f'${field(d, known).key}' if d.once_in(5) else {'$literal': operand(d, place)}


# --- schemas

NUMBERS = [0, 1, 2, 1.5, -1]
BSON_TYPES = ['object', 'array', 'string', 'bool', 'date', 'binData', 'int', 'long', 'double', 'number', 'null']


def json_schema(d: Draws, known: list[Place]) -> dict[str, Any]:
    """A schema for some columns of the collection."""
    columns = [place for place in known if '.' not in place.key and place.kind is not BUFFERS]
    properties = {place.key: rule(d, list(place.values), 0) for place in d.several(1, 2, lambda: d.pick(columns))}
    return {'properties': properties, **({'required': list(properties)} if d.once_in(2) else {})}


def rule(d: Draws, there: list[Any], depth: int) -> dict[str, Any]:
    """A schema that some of the values there satisfy."""
    inner = [v for value in there for v in inside(value)]
    if depth < DEEPEST and inner and d.once_in(2):
        return deeper(d, there, inner, depth)
    place = Place('', DOCUMENT, tuple(v for v in there if v is not None))
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


def deeper(d: Draws, there: list[Any], inner: list[Any], depth: int) -> dict[str, Any]:
    """A schema for the values inside, or made of others."""
    names = [name for value in there if isinstance(value, dict) for name in value] or ['a']
    name, below = d.pick(names), rule(d, inner, depth + 1)
    others = {d.pick(['allOf', 'anyOf', 'oneOf']): [below, rule(d, there, depth + 1)]}
    return d.pick([{'properties': {name: below}}, {'required': [name]}, {'items': below}, {'not': below}, others])
