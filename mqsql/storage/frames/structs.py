"""Documents as structs and lists of Arrow, whose types all values of a column decide together.

A field that has values of several types is JSON text, as is an object without fields or with a name that Arrow cannot have.
Integers and floats together are floats.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from mqsql.storage.frames.arrays import ARROW_TYPES, JSON, PYTHON_TYPES, common, strings, utf8
from mqsql.storage.frames.extended_json import to_json
from mqsql.values.canonical import INT64


@dataclass(frozen=True)
class Struct:
    """The types of the fields of objects."""

    fields: Mapping[str, 'Shape']


@dataclass(frozen=True)
class List:
    """The type of the elements of arrays."""

    element: 'Shape'


Shape: TypeAlias = 'str | Struct | List | None'
"""The type of values; None if there is none."""


def struct_array(values: list[Any]) -> tuple[str, pa.Array]:
    """An array of documents, and the name of its type: JSON if that is what it holds."""
    shape = _filled(_shape_of_all(values))
    if shape == JSON:
        return JSON, strings([_fitted(value, shape) for value in values])
    return 'struct', pa.array([_fitted(value, shape) for value in values], _arrow(shape))


def _shape_of_all(values: Iterable[Any]) -> Shape:
    shape: Shape = None
    for value in values:
        if value is not None and shape != JSON:
            shape = _merged(shape, _shape(value))
    return shape


def _shape(value: Any) -> Shape:
    if isinstance(value, dict):
        return Struct({name: _shape(item) for name, item in value.items()})
    if isinstance(value, list):
        return List(_shape_of_all(value))
    if value is None:
        return None
    return 'double' if type(value) is int and value not in INT64 else PYTHON_TYPES[type(value)]


def _merged(one: Shape, other: Shape) -> Shape:
    match one, other:
        case (None, shape) | (shape, None):
            return shape
        case Struct(fields), Struct(more):
            names = dict.fromkeys([*fields, *more])
            return Struct({name: _merged(fields.get(name), more.get(name)) for name in names})
        case List(element), List(another):
            return List(_merged(element, another))
        case str(), str():
            return common({one, other})
    return JSON


_UNNAMEABLE = re.compile('[\0\ud800-\udfff]')
"""What a name of Arrow cannot have, which is UTF-8 that ends with a NUL."""


def _filled(shape: Shape) -> Shape:
    """The shape, with a type where there is no value: that of texts."""
    match shape:
        case Struct(fields):
            named = fields and not any(map(_UNNAMEABLE.search, fields))
            return Struct({name: _filled(inner) for name, inner in fields.items()}) if named else JSON
        case List(element):
            return List(_filled(element))
    return shape or 'string'


def _arrow(shape: Shape) -> pa.DataType:
    match shape:
        case Struct(fields):
            return pa.struct([field_of(name, inner) for name, inner in fields.items()])
        case List(element):
            return pa.list_(field_of('element', element))
    assert isinstance(shape, str)
    return ARROW_TYPES[shape]


def field_of(name: str, shape: Shape) -> pa.Field:
    """A field; of JSON, it says so. What a name cannot have is U+FFFD."""
    return pa.field(_UNNAMEABLE.sub('\ufffd', name), _arrow(shape), metadata=JSON_MARK if shape == JSON else None)


JSON_MARK = {b'mqsql': b'json'}
"""What the metadata of a field say whose texts are JSON."""


def _fitted(value: Any, shape: Shape) -> Any:
    if value is None:
        return None
    match shape:
        case Struct(fields):
            return {name: _fitted(value.get(name), inner) for name, inner in fields.items()}
        case List(element):
            return [_fitted(item, element) for item in value]
        case 'json':
            return to_json(value)
        case 'double':
            return float(value)
        case 'string':
            return utf8(value)
    return value
