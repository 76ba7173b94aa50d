"""Queries of a known shape: what was made for one serves all later ones.

The shape of a query is the query without its operands, with the type of each. Only operands that mean the same whatever their
values are left out; those on which a statement may depend, and those of $expr, are a part of the shape. Queries with other
operands have no shape and are parsed, as are those with a mistake.

The second query of a shape is parsed twice, once with other operands of the same types. Unless both give the same tree, and
each parameter either comes from one operand or is the same in both, all queries of the shape are parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.parse.context import Params
from mqsql.compiler.rendering import render
from mqsql.compiler.statements import Text, binder, said, text_of
from mqsql.compiler.tree.params import Encoding, Param
from mqsql.compiler.tree.select import Statement
from mqsql.errors import MqsqlError
from mqsql.kept import Kept
from mqsql.values.canonical import to_utc
from mqsql.values.codec import Stored
from mqsql.values.libraries import UnstorableError

# --- shapes


class Shaped(NamedTuple):
    """The shape of a query and its options, which is hashable, and the operands that it leaves out, in their order."""

    shape: tuple[object, ...]
    operands: list[Any]


def read_shape(query: object, *options: object) -> Shaped | None:
    """The shape and the operands; None if there is no shape."""
    if type(query) is not dict:
        return None
    shape: list[object] = []
    operands: list[Any] = []
    for option in options:
        if option is None or type(option) is str:
            shape.append(option)
        elif not _read_option(option, shape):
            return None
    return Shaped(tuple(shape), operands) if _read_query(query, shape, operands, LEVELS) else None


LEVELS = 8
"""How deep a query of a shape may be nested."""
LONGEST = 200
"""Characters of a text in a shape."""


def _read_option(option: object, shape: list[object]) -> bool:
    kind = type(option)
    if kind is list or kind is tuple:
        items: Any = option
        if _TEXT.issuperset(map(type, items)):
            shape += kind, tuple(items)
            return True
        if all(type(item) is tuple and tuple(map(type, item)) == _PAIR for item in items):
            shape += kind, tuple(items)
            return True
    return _freeze(option, shape, LEVELS)


def _read_query(query: dict[Any, Any], shape: list[object], operands: list[Any], levels: int) -> bool:
    """Add a query to a shape and its operands; whether it has one."""
    shape.append(len(query))
    for key, operand in query.items():
        if type(key) is not str:
            return False
        kind = type(operand)
        shape += key, kind
        if kind in _VARYING and key[:1] != '$':
            operands.append(operand)
        elif key[:1] == '$':
            if not levels or not _read_logical(key, operand, shape, operands, levels - 1):
                return False
        elif kind is dict:
            if not operand or not _read_tests(operand, shape, operands, levels):
                return False
        elif operand is not None and not _read_value(operand, shape, operands):
            return False
    return True


def _read_logical(key: str, operand: Any, shape: list[object], operands: list[Any], levels: int) -> bool:
    if key == '$expr':
        return _freeze(operand, shape, levels)
    if key not in _LOGICAL or type(operand) is not list:
        return False
    shape.append(len(operand))
    return all(type(query) is dict and _read_query(query, shape, operands, levels) for query in operand)


def _read_tests(tests: dict[Any, Any], shape: list[object], operands: list[Any], levels: int) -> bool:
    """The same for the tests of a key."""
    shape.append(len(tests))
    for operator, operand in tests.items():
        kind = type(operand)
        shape += operator, kind
        if operator in _ONE:
            if kind in _VARYING:
                operands.append(operand)
            elif operand is not None and not _read_value(operand, shape, operands):
                return False
        elif operator in _MANY:
            if kind is not list or not operand or not _TEXT.issuperset(map(type, operand)):
                return False
            operands.append(operand)
        elif operator in _FROZEN:
            if not _freeze(operand, shape, levels):
                return False
        elif operator != '$not' or not levels or not _read_not(operand, shape, operands, levels - 1):
            return False
    return True


def _read_not(tests: Any, shape: list[object], operands: list[Any], levels: int) -> bool:
    return type(tests) is dict and bool(tests) and _read_tests(tests, shape, operands, levels)


def _read_value(operand: Any, shape: list[object], operands: list[Any]) -> bool:
    """The same for a boolean, or a number that is an integer of 64 bits or near to one."""
    kind = type(operand)
    if kind is bool:
        shape.append(operand)
        return True
    if kind in _NUMBERS and _LEAST <= operand <= _MOST:
        operands.append(operand)
        return True
    return False


def _freeze(value: Any, shape: list[object], levels: int) -> bool:
    """Add a value itself to a shape; whether that is possible."""
    kind = type(value)
    shape.append(kind)
    if kind is str:
        shape.append(value)
        return len(value) <= LONGEST and '$$NOW' not in value
    if kind in _NUMBERS or kind is bool or value is None:
        shape.append(repr(value) if kind is float else value)  # 0.0 and -0.0 are equal
        return kind is not int or _LEAST <= value <= _MOST
    if kind not in _CONTAINERS or not levels:
        return False
    shape.append(len(value))
    parts = value.items() if kind is dict else value
    return all(_freeze(part, shape, levels - (kind is not tuple)) for part in parts)


_ONE = frozenset({'$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$ge', '$le'})
_MANY = frozenset({'$in', '$nin'})
_FROZEN = frozenset({'$exists', '$glob', '$regex', '$options', '$size', '$type'})
_LOGICAL = frozenset({'$and', '$or', '$nor'})
_VARYING = frozenset({str, datetime})
_NUMBERS = frozenset({int, float})
_TEXT = frozenset({str})
_PAIR = str, int
_CONTAINERS = frozenset({dict, list, tuple})
_MOST = 1 << 62
_LEAST = -_MOST


# --- operands


def _others(operands: list[Any]) -> list[Any]:
    """Other operands of the same types, of which no two are equal."""
    return [_other(operand, f'other {i}', i) for i, operand in enumerate(operands)]


def _other(operand: Any, text: str, number: int) -> Any:
    match operand:
        case str():
            return text
        case list():
            return [text]
        case datetime():
            return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=number)
        case int():
            return 1_000_000 + number
        case _:
            return 0.5 + number


def _replaced(value: Any, others: Iterator[Any]) -> Any:
    """A query of a shape with these in place of the operands that the shape leaves out."""
    if type(value) is dict:
        return {
            key: part if key in _FROZEN or key == '$expr' else _replaced(part, others) for key, part in value.items()
        }
    if type(value) is list and type(value[0]) is dict:
        return [_replaced(part, others) for part in value]
    return value if value is None or type(value) is bool else next(others)


Bind = Callable[[Any], Stored]


class _Binds(NamedTuple):
    """How parameters are made: from the operand at a position, or always the same; `names` has all in their order."""

    names: tuple[str, ...]
    operands: list[tuple[str, int, Bind]]
    constant: dict[str, Param]


def _read_binds(
    operands: list[Any], values: Params, others: list[Any], other_values: Params, dialect: Dialect
) -> _Binds | None:
    """How operands become parameters, as these became `values`, and the others the other ones; None if it is not clear."""
    if values.keys() != other_values.keys():
        return None
    positions = {_hashable(other): i for i, other in enumerate(others)}
    binds = _Binds(tuple(values), [], {})
    for name, param in values.items():
        other = other_values[name]
        at = positions.get(_hashable(other.value)) if other.encoding in _ALIKE else None
        if param[1:] != other[1:]:
            return None
        if at is None:
            if param.encoding is not Encoding.RESULT and _hashable(param.value) != _hashable(other.value):
                return None
            binds.constant[name] = param
        elif _hashable(param.value) == _hashable(operands[at]):
            binds.operands.append((name, at, _binder(param, dialect)))
        else:
            return None
    return binds


_ALIKE = frozenset(
    {
        Encoding.STRING,
        Encoding.TIMESTAMP,
        Encoding.MICROSECONDS,
        Encoding.JSON,
        Encoding.NUMBER,
        Encoding.FLOOR,
        Encoding.CEILING,
        Encoding.LARGE_NUMBER,
    }
)


def _hashable(value: Any) -> object:
    """What is equal for values of one type that are equal."""
    if type(value) is datetime:
        value = to_utc(value)
    return type(value), repr(value) if type(value) in (list, float) else value


def _binder(param: Param, dialect: Dialect) -> Bind:
    encoding, many = param.encoding, param.many
    if many:
        return lambda items: dialect.bind_one(Param(items, encoding, many))
    encode = dialect.encoder(encoding)
    return (lambda moment: encode(to_utc(moment))) if type(param.value) is datetime else encode


# --- what is kept of a shape

Made = TypeVar('Made')
"""What is made of a query besides its statement, such as what its rows become."""


class Parsed(NamedTuple, Generic[Made]):
    """A statement, what is made of its query besides, its operands, and what makes the statement that needs no index."""

    tree: Statement
    made: Made
    values: Params
    plain: Callable[[], Statement]


Parse = Callable[[Any], Parsed[Made]]
"""Parses a query; the tree depends on it, on the options of `read_shape`, on the dialect and on the `how` of `said_of`."""


class _Known(Generic[Made]):
    """The statement of a shape, to which operands are bound, and what is made besides."""

    def __init__(self, parsed: Parsed[Made], binds: _Binds, dialect: Dialect) -> None:
        self.made, self._plain, self._binds, self._dialect = parsed.made, parsed.plain, binds, dialect
        self._rendered = render(parsed.tree, dialect)
        # Where an index is enough, a statement does not have all parameters.
        self._all = self._rendered.params.issuperset(name for name, *_ in binds.operands) and not binds.constant

    def text(self, operands: list[Any], window: dict[str, Stored]) -> Text:
        """The statement for these operands and this window; UnstorableError for an operand that is refused."""
        params = {name: bind(operands[at]) for name, at, bind in self._binds.operands}

        def bound(used: frozenset[str]) -> dict[str, Stored]:
            all_of_them = params | self._dialect.bind(self._binds.constant, used)
            return {name: all_of_them[name] for name in self._binds.names if name in used} | window

        rendered = self._rendered
        given = ((params | window) if window else params) if self._all else bound(rendered.params)
        return text_of(rendered, self._plain, self._dialect, bound, given)


class _Shape:
    """Whether queries of a shape have been asked, and what is known of it from the second one on; None if it is not known."""

    __slots__ = ('asked', 'known', 'learned')

    def __init__(self) -> None:
        self.asked = self.learned = False
        self.known: _Known[Any] | None = None


_KNOWN: Kept[tuple[object, ...], _Shape] = Kept(4_000_000)


def said_of(
    shaped: Shaped | None,
    how: tuple[object, ...],
    dialect: Dialect,
    window: dict[str, Stored],
    query: object,
    parse: Parse[Made],
) -> tuple[Text, Made]:
    """The statement of a query, and what is made of it besides."""
    known: _Known[Made] | None = None
    if shaped is not None:
        known = _find(shaped, how, dialect, query, parse)
    if shaped is not None and known is not None:
        try:
            return known.text(shaped.operands, window), known.made
        except UnstorableError:
            pass  # it is parsed, for the message
    tree, made, values, plain = parse(query)
    return said(tree, plain, dialect, binder(dialect, values, window)), made


def _find(
    shaped: Shaped, how: tuple[object, ...], dialect: Dialect, query: object, parse: Parse[Made]
) -> _Known[Made] | None:
    shape = _KNOWN.get((dialect, how, shaped.shape), _new)
    if shape.learned:
        return shape.known
    if not shape.asked:  # many shapes are asked but once
        shape.asked = True
        return None
    shape.known = _learn(shaped.operands, dialect, query, parse)
    shape.learned = True
    return shape.known


def _new(key: tuple[object, ...]) -> tuple[_Shape, int]:
    shape: Any = key[-1]
    return _Shape(), 2_000 + 200 * len(shape) + sum([len(part) for part in shape if type(part) is str])


def _learn(operands: list[Any], dialect: Dialect, query: object, parse: Parse[Made]) -> _Known[Made] | None:
    parsed, others = parse(query), _others(operands)
    try:
        other = parse(_replaced(query, iter(others)))
    except MqsqlError:
        return None
    if parsed.tree != other.tree:
        return None
    binds = _read_binds(operands, parsed.values, others, other.values, dialect)
    return None if binds is None else _Known(parsed, binds, dialect)
