"""Queries of a known shape: what was made for the first one serves all others.

The shape of a query is the query without its operands, with the type of each. Only the simplest queries have one: tests of
keys, all of which hold, with operands that mean the same whatever their values. Others are parsed, as are those with a mistake.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from mqsql.compiler.dialect import Dialect
from mqsql.compiler.parse.context import Params
from mqsql.compiler.rendering import render
from mqsql.compiler.statements import Text, binder, said, text_of
from mqsql.compiler.tree.params import Encoding, Param
from mqsql.compiler.tree.select import Statement
from mqsql.kept import Kept
from mqsql.values.canonical import to_utc
from mqsql.values.codec import Stored
from mqsql.values.libraries import UnstorableError

# --- shapes


class Shaped(NamedTuple):
    """The shape of a query, its keys and its sort, which is hashable, and the operands in their order, but for None."""

    shape: tuple[object, ...]
    operands: list[Any]


def read_shape(query: object, keys: object = None, sort: object = None) -> Shaped | None:
    """The shape and the operands; None if there is no shape."""
    if type(keys) is list and _TEXT.issuperset(map(type, keys)):
        keys = tuple(keys)
    if type(query) is not dict or type(keys) not in _NAMES or type(sort) not in _NAMES:
        return None
    shape: list[object] = [keys, sort]
    operands: list[Any] = []
    for key, operand in query.items():
        kind = type(operand)
        shape += key, kind
        if kind in _TYPES:
            if operand is not None:
                operands.append(operand)
        elif kind is not dict or not operand or not _read_tests(operand, shape, operands):
            return None
    return Shaped(tuple(shape), operands)


def _read_tests(tests: dict[Any, Any], shape: list[object], operands: list[Any]) -> bool:
    """Add the tests of a key to a shape and its operands; whether they have one."""
    shape.append(len(tests))
    for operator, operand in tests.items():
        kind = type(operand)
        shape += operator, kind
        if kind in _TYPES and operator in _ONE:
            if operand is not None:
                operands.append(operand)
        elif kind is list and operator in _MANY and _TEXT.issuperset(map(type, operand)):
            operands.append(operand)
        else:
            return False
    return True


_ONE = frozenset({'$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$ge', '$le'})
_MANY = frozenset({'$in', '$nin'})
_TYPES = frozenset({str, datetime, type(None)})
_TEXT = frozenset({str})
_NAMES = frozenset({str, tuple, type(None)})


# --- operands

Bind = Callable[[Any], Stored]


def _read_binds(operands: list[Any], values: Params, dialect: Dialect) -> list[tuple[str, Bind]] | None:
    """How operands of the same types become parameters, as these became `values`; None if not the types alone say so."""
    if len(operands) != len(values) or not all(map(_is_alike, operands, values.values())):
        return None
    return [(name, _binder(param, dialect)) for name, param in values.items()]


_ALIKE = frozenset({Encoding.STRING, Encoding.TIMESTAMP, Encoding.JSON})


def _is_alike(operand: Any, param: Param) -> bool:
    value = to_utc(operand) if type(operand) is datetime else operand
    return param.encoding in _ALIKE and param.many is (type(operand) is list) and bool(param.value == value)


def _binder(param: Param, dialect: Dialect) -> Bind:
    encoding, many = param.encoding, param.many
    if many:
        return lambda items: dialect.bind_one(Param(items, encoding, many))
    encode = dialect.encoder(encoding)
    return (lambda moment: encode(to_utc(moment))) if type(param.value) is datetime else encode


# --- what is kept of a shape

Made = TypeVar('Made')
"""What is made of a query besides its statement, such as what its rows become."""


class _Known(Generic[Made]):
    """The statement of a shape, to which operands are bound, and what is made besides."""

    def __init__(self, tree: Statement, binds: list[tuple[str, Bind]], made: Made, dialect: Dialect) -> None:
        self._tree, self._binds, self.made, self._dialect = tree, binds, made, dialect
        self._rendered = render(tree, dialect)

    def text(self, operands: list[Any], window: dict[str, Stored]) -> Text:
        """The statement for these operands and this window; UnstorableError for an operand that is refused."""
        params = {name: bind(operand) for (name, bind), operand in zip(self._binds, operands, strict=True)}

        def bound(used: frozenset[str]) -> dict[str, Stored]:
            # Where an index is enough, a statement does not have all of them.
            return {name: value for name, value in params.items() if name in used} | window

        return text_of(self._rendered, lambda: self._tree, self._dialect, bound)


_KNOWN: Kept[tuple[tuple[object, ...], tuple[object, ...]], _Known[Any] | None] = Kept(4_000_000)


def said_of(
    shaped: Shaped | None,
    how: tuple[object, ...],
    dialect: Dialect,
    window: dict[str, Stored],
    parse: Callable[[], tuple[Statement, Made, Params]],
) -> tuple[Text, Made]:
    """The statement of a query, and what is made of it besides.

    `parse` parses it: the first query of a shape, and each that has none. Its tree depends on the shape, on `how` and on the
    dialect.
    """
    known = _find(shaped, how, dialect, parse) if shaped is not None else None
    if shaped is not None and known is not None:
        try:
            return known.text(shaped.operands, window), known.made
        except UnstorableError:
            known = None  # it is parsed, for the message
    tree, made, values = parse()
    return said(tree, lambda: tree, dialect, binder(dialect, values, window)), made


def _find(
    shaped: Shaped, how: tuple[object, ...], dialect: Dialect, parse: Callable[[], tuple[Statement, Made, Params]]
) -> _Known[Made] | None:
    def learn(key: object) -> tuple[_Known[Made] | None, int]:
        tree, made, values = parse()
        binds = _read_binds(shaped.operands, values, dialect)
        return (None if binds is None else _Known(tree, binds, made, dialect)), 2_000 + 200 * len(shaped.shape)

    return _KNOWN.get(((dialect, *how), shaped.shape), learn)
