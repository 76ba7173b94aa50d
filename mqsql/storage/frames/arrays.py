"""Arrow arrays of the values of one column.

Columns of one type have arrays of one type. Where values vary, their types decide together, see `varied`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from mqsql.schema import BOOLEAN, BUFFERS, DOCUMENT, STRING, TIMESTAMP, ColumnType
from mqsql.storage.frames.extended_json import to_json
from mqsql.values.canonical import INT64

Values = Sequence[Any]

TIME = pa.timestamp('us', 'UTC')
JSON = 'json'
DOCUMENTS = 'documents'
NUMBERS = 'numbers'

ARROW_TYPES: dict[str, pa.DataType] = {
    'bool': pa.bool_(),
    'int64': pa.int64(),
    'double': pa.float64(),
    'string': pa.string(),
    'time': TIME,
    'binary': pa.binary(),
    'buffers': pa.list_(pa.binary()),
    JSON: pa.string(),
}
"""The types of columns, each by its name here."""

TYPE_OF_COLUMN: dict[ColumnType, str] = {
    STRING: 'string',
    BOOLEAN: 'bool',
    TIMESTAMP: 'time',
    DOCUMENT: JSON,
    BUFFERS: 'buffers',
}
"""That of columns whose values do not vary."""


class Chunk(NamedTuple):
    """Some values of a column and the name of their type; None where all are missing.

    Documents that are to become structs are the values themselves, as are integers that may have to become floats: other values
    of the column decide whether they do.
    """

    type: str | None
    values: Any


def strings(values: Values) -> pa.Array:
    """An array of texts. Arrow has UTF-8, so a lone surrogate becomes U+FFFD."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([text and utf8(text) for text in values], pa.string())


_SURROGATE = re.compile('[\ud800-\udfff]')


def utf8(text: str) -> str:
    """The text with U+FFFD for each lone surrogate."""
    return _SURROGATE.sub('\ufffd', text)


def documents(values: Values) -> pa.Array:
    """An array of values as JSON."""
    return strings([None if value is None else to_json(value) for value in values])


def buffers(values: Values) -> pa.Array:
    """An array of lists of bytes."""
    return pa.array([None if value is None else list(value) for value in values], ARROW_TYPES['buffers'])


_MAKERS: dict[str, Callable[[Values], pa.Array]] = {'string': strings, JSON: documents, 'buffers': buffers}


def array_of(type_: str, values: Values) -> pa.Array:
    """An array of values that all have this type, or are None."""
    make = _MAKERS.get(type_)
    return make(values) if make else pa.array(values, ARROW_TYPES[type_])


# --- values that vary

PYTHON_TYPES: dict[type, str] = {
    bool: 'bool',
    int: 'int64',
    float: 'double',
    str: 'string',
    bytes: 'binary',
    dict: JSON,
    list: JSON,
    datetime: 'time',
}
"""The type of one value of each type of Python; JSON if it may be a struct or a list."""


def varied(values: Values, known: str | None = None, *, structs: bool = False) -> Chunk:
    """A chunk of values of any type; `structs` keeps those with objects or arrays as they are.

    `known` is the type of all values of the column, which those of a chunk may not show.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return Chunk(None, len(values))
    if structs and kinds & {dict, list}:
        return Chunk(DOCUMENTS, list(values))
    type_ = JSON if known == JSON else common({PYTHON_TYPES[kind] for kind in kinds})
    if kinds == {float} or (type_ == 'double' and known == type_):
        return Chunk('double', _doubles(values))
    if type_ == 'double' or (type_ == 'int64' and not all(value is None or value in INT64 for value in values)):
        return Chunk(NUMBERS, list(values))
    return Chunk(type_, array_of(type_, values))


def _doubles(values: Values) -> pa.Array:
    return pa.array([None if value is None else float(value) for value in values], pa.float64())


def common(types: Iterable[str]) -> str:
    """The type of values that have these types: of numbers double, JSON of other mixtures."""
    found = {'double' if type_ == NUMBERS else type_ for type_ in types}
    if len(found) == 1:
        return found.pop()
    return 'double' if found == {'int64', 'double'} else JSON


def joined(chunks: list[Chunk], default: str) -> tuple[str, list[pa.Array]]:
    """The type of all values of a column, and arrays of that type; `default` if there are no values."""
    types = {chunk.type for chunk in chunks if chunk.type is not None}
    type_ = common(types) if types else default
    return type_, [as_type(type_, chunk) for chunk in chunks]


def as_type(type_: str, chunk: Chunk) -> pa.Array:
    """The values of a chunk as an array of the type that all values of its column have together."""
    if chunk.type is None:
        return pa.nulls(chunk.values, ARROW_TYPES[type_])
    if chunk.type == type_:
        return chunk.values
    if type_ == 'double':
        return _doubles(chunk.values) if chunk.type == NUMBERS else chunk.values.cast(pa.float64(), safe=False)
    return documents(_listed(chunk))


def all_values(chunks: list[Chunk]) -> list[Any]:
    """The values of chunks themselves, of which some are documents."""
    return [value for chunk in chunks for value in _listed(chunk)]


def _listed(chunk: Chunk) -> list[Any]:
    type_, values = chunk
    if type_ is None:
        return [None] * values
    found: list[Any] = values if type_ in (DOCUMENTS, NUMBERS) else values.to_pylist()
    return found
