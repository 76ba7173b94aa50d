"""Queries as MongoDB takes them.

They are relayed as they are. Only what MongoDB has no words for is said in its own: aliases, $ge, $le and $glob, patterns of
Python, times without a zone, tests of columns of times by the microsecond, and operands that a column reads as its own type,
such as ids as bytes and times as text.
A query that comes here has been read by the compiler, so it has a meaning.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bson import Regex

from mqsql.compiler.parse.operators.element import is_true
from mqsql.compiler.parse.operators.patterns import options_of
from mqsql.errors import RecordError, UnsupportedError, short_repr
from mqsql.functions.glob import Class, Token, Wildcard, tokens_of
from mqsql.schema import BUFFERS, DOCUMENT, TIMESTAMP, ColumnType, Table
from mqsql.storage.mongodb import times
from mqsql.storage.mongodb.documents import ID, MICROSECONDS, Document, to_fields
from mqsql.values.canonical import INT64, coerce_string, coerce_value
from mqsql.values.libraries import UnstorableError
from mqsql.values.paths import DBREF

Condition = tuple[str, Any]

_AS_MONGODB = {'$ge': '$gt', '$le': '$lt'}
"""As the hub's documentation spells them."""
_LOGICAL = frozenset({'$and', '$or', '$nor'})
_QUERIES = _LOGICAL | {'$jsonSchema', '$comment'}
_LISTS = frozenset({'$in', '$nin', '$all'})
_VALUES = frozenset({'$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$ge', '$le'})


def translate(query: Mapping[str, Any], table: Table) -> Document:
    """The query as MongoDB takes it; UnsupportedError for a value that BSON cannot hold."""
    return _query(query, Names(table), '')


class Names:
    """The names of fields: columns at the top of a record, any inside another value (`table` is None)."""

    def __init__(self, table: Table | None) -> None:
        self.table = table

    def field(self, path: str, place: str = '') -> tuple[str, ColumnType]:
        """The path with the column's own name, and the column's type; UnsupportedError for a path that BSON cannot hold.

        `place` is where it stands in the query.
        """
        try:
            to_fields({'': {path: None}})
        except RecordError:
            raise _unsupported(path, place or path) from None
        if self.table is None:
            return path, DOCUMENT
        name, dot, rest = path.partition('.')
        column = self.table.column(name)
        return column + dot + rest, self.table.columns[column]

    def key(self, path: str, place: str) -> str:
        """The path as a key of a sort or of an index, in which MongoDB takes no $ but in the names of a DBRef."""
        if any(step.startswith('$') and step not in DBREF for step in path.split('.')):
            raise _unsupported(path, place)
        return self.field(path, place)[0]


# --- queries


def _query(query: Mapping[str, Any], names: Names, path: str) -> Document:
    conditions = [
        condition for key, operand in query.items() for condition in _conditions(key, operand, names, _at(path, key))
    ]
    said: Document = {}
    again: list[Document] = []
    for key, test in conditions:
        # A key may be given under two names.
        if key in said:
            again.append({key: test})
        else:
            said[key] = test
    if again:
        said['$and'] = [*said.get('$and', ()), *again]
    return said


def _conditions(key: str, operand: Any, names: Names, path: str) -> Iterator[Condition]:
    if key in _LOGICAL:
        yield key, [_query(part, names, f'{path}[{i}]') for i, part in enumerate(operand)]
    elif key == '$expr':
        yield key, _expression(operand, names, names, path)
    elif key == '$jsonSchema' and names.table is not None:
        yield key, _schema(operand, names, path)
    elif key.startswith('$'):
        yield key, _about_all(operand, path)
    else:
        field, kind = names.field(key, path)
        if kind is TIMESTAMP:
            for condition in _time_conditions(field, operand, path):
                yield from condition.items()
            return
        for test in _tests(operand, kind, path):
            yield field, test


# --- columns of times


def _time_conditions(column: str, operand: Any, path: str) -> Iterator[Document]:
    """The tests of a column of times, which all hold."""
    if not _is_operators(operand):
        yield _time_equal(column, operand, path)
        return
    others = {}
    for name, argument in operand.items():
        condition = _time_condition(column, _AS_MONGODB.get(name, name), argument, _at(path, name))
        if condition is None:
            others[name] = argument
        else:
            yield condition
    for test in _tests(others, TIMESTAMP, path) if others else ():
        yield {column: test}


def _time_condition(column: str, operator: str, argument: Any, path: str) -> Document | None:
    """The test of an operator that compares with times; None if it does not."""
    if operator in ('$eq', '$ne'):
        found = _time_equal(column, argument, path)
        return found if operator == '$eq' else {'$nor': [found]}
    if operator in times.ORDERS and argument is not None:
        return times.ordered(column, operator, _value(argument, TIMESTAMP, path))
    if operator == '$not':
        return {'$nor': [{'$and': list(_time_conditions(column, argument, path))}]}
    if operator in _LISTS and not any(map(_is_operators, argument)):
        items = [_value(item, TIMESTAMP, f'{path}[{i}]') for i, item in enumerate(argument)]
        if operator == '$all':
            return {'$and': [_time_equal(column, item, path) for item in items]} if items else {column: {'$in': []}}
        moments = dict.fromkeys(item for item in items if isinstance(item, datetime))
        found = times.among(column, moments, [item for item in items if not isinstance(item, datetime)])
        return found if operator == '$in' else {'$nor': [found]}
    return None


def _time_equal(column: str, operand: Any, path: str) -> Document:
    value = _value(operand, TIMESTAMP, path)
    return times.equal(column, value) if isinstance(value, datetime) else {column: value}


def _about_all(operand: Any, path: str) -> Any:
    """A comment, which may be anything, a schema of elements, or a part of a DBRef."""
    try:
        return _value(operand, DOCUMENT, path)
    except UnstorableError:
        raise _unsupported(operand, path) from None


def _tests(operand: Any, kind: ColumnType, path: str) -> list[Any]:
    """The tests of a field that hold together; several only where MongoDB needs an operator twice."""
    if not _is_operators(operand):
        return [_value(operand, kind, path)]
    tests: list[Document] = [{}]
    # $glob becomes a second $regex, after the one whose $options stand beside it.
    for name, argument in sorted(operand.items(), key=lambda item: item[0] == '$glob'):
        for operator, said in _operator(name, argument, operand, kind, _at(path, name)):
            test = next((test for test in tests if operator not in test), None)
            if test is None:
                tests.append(test := {})
            test[operator] = said
    return tests


def _is_operators(operand: Any) -> bool:
    if not isinstance(operand, dict) or all(name in operand for name in DBREF[:2]):
        return False
    return next(iter(operand), '').startswith('$')


def _operator(name: str, argument: Any, siblings: Document, kind: ColumnType, path: str) -> Iterator[Condition]:
    if name in _VALUES:
        yield _AS_MONGODB.get(name, name), _value(argument, kind, path)
    elif name in _LISTS:
        yield name, [_item(item, kind, f'{path}[{i}]') for i, item in enumerate(argument)]
    elif name == '$exists':
        yield name, is_true(argument)  # which may be what BSON cannot hold
    elif name == '$glob':
        yield '$regex', Regex(storable(_glob(coerce_string(argument)), path), 's')
    elif name == '$not':
        yield name, _one(_tests(argument, kind, path), '$not', path)
    elif name == '$elemMatch':
        yield name, _element(argument, path)
    elif name == '$regex' and isinstance(argument, re.Pattern):
        # With options beside it, those of the pattern are none.
        yield name, argument.pattern if siblings.get('$options') else _pattern(argument)
    else:
        yield name, storable(argument, path)


def _element(argument: Document, path: str) -> Any:
    if _is_operators(argument) and next(iter(argument)) not in _QUERIES and not any(name in argument for name in DBREF):
        return _one(_tests(argument, DOCUMENT, path), '$elemMatch', path)
    return _query(argument, Names(None), path)


def _item(item: Any, kind: ColumnType, path: str) -> Any:
    if _is_operators(item):  # in $all only
        return {'$elemMatch': _element(item['$elemMatch'], _at(path, '$elemMatch'))}
    return _value(item, kind, path)


def _one(tests: list[Any], operator: str, path: str) -> Any:
    if len(tests) > 1:
        twice = next(iter(tests[1]))
        raise UnsupportedError(f'{twice} twice inside {operator}', 'MongoDB', path)
    return tests[0]


def _at(path: str, step: str) -> str:
    return f'{path}.{step}' if path else step


# --- patterns


def _pattern(pattern: 're.Pattern[str]') -> Regex[str]:
    return Regex(pattern.pattern, options_of(pattern))


def _glob(pattern: str) -> str:
    r"""A pattern of fnmatch as a regular expression; $ at its end would also match before the end of a last line."""
    return rf'\A{"".join(map(_token, tokens_of(pattern)))}(?![\s\S])'


def _token(token: Token) -> str:
    match token:
        case Wildcard():
            return '.*' if token is Wildcard.MANY else '.'
        case Class():
            ranges = ''.join(f'{_character(low)}-{_character(high)}' for low, high in token.ranges)
            return f'[{"^" if token.negated else ""}{ranges}]' if ranges else '(?!)'
    return _character(ord(token))


def _character(code: int) -> str:
    """A character that stands for itself. A pattern of BSON ends at NUL."""
    char = chr(code)
    return char if char.isalnum() or code > 127 else rf'\{char}' if code else r'\x00'


# --- values


def _value(value: Any, kind: ColumnType, path: str) -> Any:
    """A value that is compared with a field of this type."""
    if isinstance(value, re.Pattern):
        return _pattern(value)
    return value if value is None or kind is BUFFERS else storable(kind.coerce_operand(value), path)


def storable(value: Any, path: str) -> Any:
    """A canonical value that is compared; UnsupportedError if BSON cannot hold it."""
    if type(value) is int and value not in INT64 and (number := _float(value)) == value:
        return number
    try:
        to_fields({'': value})
    except RecordError:
        raise _unsupported(value, path) from None
    return value


def _unsupported(value: Any, path: str) -> UnsupportedError:
    return UnsupportedError(short_repr(value), 'MongoDB', path)


def _float(number: int) -> float:
    """The nearest float; infinite, which no integer is, beyond all of them."""
    try:
        return float(number)
    except OverflowError:
        return math.inf


# --- expressions

_BODIES = {'$let': 'in', '$map': 'in', '$filter': 'cond'}
"""Operators that give names to values, and the operand in which these are known."""


def _expression(value: Any, names: Names, current: Names, path: str) -> Any:
    """`names` are those of the record, `current` those where paths begin, which $$CURRENT may be set to."""
    match value:
        case str():
            return _field_path(value, names, current, path)
        case {'$literal': literal}:
            return {'$literal': storable(coerce_value(literal), path)}
        case dict():
            return dict(_operands(value, names, current, path))
        case list():
            return [_expression(part, names, current, f'{path}[{i}]') for i, part in enumerate(value)]
        case re.Pattern():
            return _pattern(value)
    return storable(coerce_value(value), path)


def _operands(value: Document, names: Names, current: Names, path: str) -> Iterator[Condition]:
    storable(dict.fromkeys(value), path)
    for name, operand in value.items():
        here = _at(path, name)
        body = _BODIES.get(name)
        if body and isinstance(operand, dict) and _sets_current(operand):
            inside = _expression(operand[body], names, Names(None), _at(here, body))
            yield name, _expression({**operand, body: None}, names, current, here) | {body: inside}
        else:
            yield name, _expression(operand, names, current, here)


def _sets_current(operand: Document) -> bool:
    return operand.get('as') == 'CURRENT' or 'CURRENT' in operand.get('vars', ())


def _field_path(text: str, names: Names, current: Names, path: str) -> str:
    storable(text, path)
    if not text.startswith('$'):
        return text
    variable, _, rest = text[2:].partition('.') if text.startswith('$$') else ('', '', text[1:])
    if variable not in ('', 'CURRENT', 'ROOT'):
        return text
    known = names if variable == 'ROOT' else current
    if known.table is None:
        return text
    if not rest:
        raise UnsupportedError(f'a whole record ({text})', 'MongoDB', path)
    return text.removesuffix(rest) + known.field(rest)[0]


# --- schemas

_SIDE_FIELDS: Document = {ID: {}, MICROSECONDS: {}}
"""Schemas for what a document has besides the columns of the record."""

_OF_ALL_FIELDS = frozenset({'patternProperties', 'minProperties', 'maxProperties'})
"""Keywords that the side fields would make say something else."""


def _schema(schema: Document, names: Names, path: str) -> Document:
    """A schema of whole records."""
    said: Document = {}
    for keyword, operand in schema.items():
        here = _at(path, keyword)
        if keyword in _OF_ALL_FIELDS:
            raise UnsupportedError(f'{keyword} of a whole record', 'MongoDB', here)
        if keyword in ('allOf', 'anyOf', 'oneOf'):
            said[keyword] = [_schema(part, names, f'{here}[{i}]') for i, part in enumerate(operand)]
        elif keyword == 'not':
            said[keyword] = _schema(operand, names, here)
        elif keyword == 'required':
            said[keyword] = _columns(operand, names)
        elif keyword == 'properties':
            said[keyword] = _by_column({name: storable(part, _at(here, name)) for name, part in operand.items()}, names)
        elif keyword == 'dependencies':
            said[keyword] = _by_column(
                {name: _dependency(part, names, _at(here, name)) for name, part in operand.items()}, names
            )
        else:
            said[keyword] = storable(operand, here)
    if 'additionalProperties' in said:
        said['properties'] = _SIDE_FIELDS | said.get('properties', {})
    return said


def _columns(keys: list[str], names: Names) -> list[str]:
    return [names.field(key)[0] for key in keys]


def _dependency(dependency: Any, names: Names, path: str) -> Document:
    if isinstance(dependency, dict):
        return _schema(dependency, names, path)
    return {'required': _columns(dependency, names)}


def _by_column(schemas: Document, names: Names) -> Document:
    """The schemas by column; those for two names of one must both hold."""
    said: Document = {}
    for name, schema in schemas.items():
        column = names.field(name)[0]
        said[column] = {'allOf': [said[column], schema]} if column in said else schema
    return said
