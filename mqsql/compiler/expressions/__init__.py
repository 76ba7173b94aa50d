"""$expr: MongoDB's aggregation expressions over a record, run by a function of the connection.

SQL has no words for most of them, and two programs for one operator would be one too many: all of an expression is
evaluated by `mqsql_expr`, which gets it as one parameter and the columns that it names as the others. It is built twice:
once when the query is read, so that what is wrong with it is known before any row is, and once for the connection.

    core      variables, paths, what an operator is    operands  how operands are read
    logic     comparison, conditions, variables       numbers, totals   arithmetic
    moments   zones, units     formats   dates as text     dates, texts, arrays, types   operators on these
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mqsql import limits
from mqsql.compiler import budget
from mqsql.compiler.collation import Collation
from mqsql.compiler.expressions.arrays import ARRAYS
from mqsql.compiler.expressions.core import Built, Here, Operator, Variables
from mqsql.compiler.expressions.dates import DATES
from mqsql.compiler.expressions.logic import LOGIC
from mqsql.compiler.expressions.numbers import NUMBERS
from mqsql.compiler.expressions.texts import TEXTS
from mqsql.compiler.expressions.totals import TOTALS
from mqsql.compiler.expressions.types import TYPES
from mqsql.compiler.expressions.values import is_true
from mqsql.compiler.patterns import options_of
from mqsql.compiler.place import Place, cut
from mqsql.compiler.predicate import Evaluated, Predicate
from mqsql.errors import QueryError, named, shown
from mqsql.kept import Kept
from mqsql.schema import ANY, BUFFERS, DOCUMENT, TEXT, TIMESTAMP, Record
from mqsql.schema.codec import decode_document, encode_document
from mqsql.schema.columns import decoder
from mqsql.schema.rows import read_present
from mqsql.schema.types import MAX_DEPTH, UnstorableError, read_value

EXPRESSIONS: dict[str, Operator] = {**LOGIC, **NUMBERS, **TOTALS, **DATES, **TEXTS, **ARRAYS, **TYPES}
"""Operators of expressions, by name."""

MAX_COLUMNS = 99
"""SQLite's functions take 100 arguments."""


@dataclass(frozen=True)
class Expression:
    """An expression that has been read: the columns it names, the aliases it names them by, and what it has become."""

    canonical: Any
    columns: tuple[str, ...]
    aliases: Mapping[str, str]
    built: Built
    now: datetime

    def value(self, record: Record) -> Any:
        """What it gives for a record of columns that are there; MISSING where that is nothing."""
        return self.built.run({'ROOT': record, 'NOW': self.now})


def read_expression(place: Place, expression: object) -> Expression:
    """The expression, checked; QueryError for what has no meaning."""
    canonical = _plain(expression, place.path)
    columns: dict[str, None] = {}
    aliases: dict[str, str] = {}

    def column(name: str | None, path: str, deeper: bool) -> str:
        if name is None:
            columns.update(dict.fromkeys(_usable(place)))
            return ''
        known = aliases[name] = place.table.column(name, path)
        kind = place.table.columns[known]
        if deeper and not kind.mixed:
            raise QueryError(f'{named(name)} holds {kind.holds}, and no path leads into them', path)
        if kind is BUFFERS:
            raise QueryError(f'{named(name)} holds {kind.holds}, which expressions cannot use', path)
        columns[known] = None
        return known

    budget.begin(place.values.left)
    try:
        built = Here(place.path, EXPRESSIONS, column, collation=place.collation).build(canonical)
    finally:
        place.values.left = budget.left()
        budget.end()
    return Expression(canonical, tuple(columns), aliases, built, place.values.now)


def read_expr(place: Place, expression: object) -> Predicate:
    """The expression is true of the record."""
    if place.field.column is None:
        raise place.error('looks at whole records, so it is not allowed inside $elemMatch')
    read = read_expression(place, expression)
    if len(read.columns) > MAX_COLUMNS:
        raise place.error(f'reads at most {MAX_COLUMNS} columns, not {len(read.columns)}')
    payload = {
        'path': place.path,
        # The time only where it is asked for, so that the same query is built once.
        'now': read.now if '"$$NOW' in encode_document(read.canonical) else None,
        'columns': [[name, place.table.columns[name].name] for name in read.columns],
        'aliases': dict(read.aliases),
        'collation': list(place.collation or ()),
        'expression': read.canonical,
    }
    return Evaluated(read.columns, place.values.bind(encode_document(payload)))


def _usable(place: Place) -> list[str]:
    return [name for name, kind in place.table.columns.items() if kind is not BUFFERS]


# --- the operand


def _plain(value: object, path: str, depth: int = 0) -> Any:
    """The expression as a canonical value; a compiled pattern is allowed only as a regular expression."""
    if depth > MAX_DEPTH:
        raise QueryError(f'is nested deeper than {MAX_DEPTH} levels (or holds itself)', path[:100] + '…')
    if isinstance(value, Mapping):
        pattern = value.get('regex')
        if isinstance(pattern, re.Pattern):
            value = {**value, **_regex(pattern, value, path)}
        return {_name(name, path): _plain(item, cut(f'{path}.{name}'), depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f'{path}[{i}]', depth + 1) for i, item in enumerate(limits.checked(value))]
    try:
        return read_value(value)
    except UnstorableError as e:
        raise QueryError(str(e), path) from None


def _name(name: object, path: str) -> str:
    if not isinstance(name, str):
        raise QueryError(f'a key is text, not {shown(name)}', path)
    return str(name)


def _regex(pattern: 're.Pattern[Any]', given: Mapping[Any, Any], path: str) -> dict[str, Any]:
    options = options_of(pattern)
    if options and given.get('options') is not None:
        raise QueryError('takes options in the pattern or in options, not in both', path)
    return {'regex': pattern.pattern, **({'options': options} if options else {})}


# --- the function


def evaluate(expression: str, *stored: Any) -> bool:
    """Whether an expression, as `read_expr` bound it, is true of a record, given by the columns that it names."""
    now, columns, built, path = _BUILT.get(expression, _build)
    return is_true(_run(built, {'ROOT': read_present(columns, stored, _untold), 'NOW': now}, path))


def _run(built: Built, variables: Variables, path: str) -> Any:
    budget.begin()
    try:
        budget.step(built.steps)
        return built.run(variables)
    except RecursionError:
        raise QueryError('makes a value that is nested deeper than Python can follow', path) from None
    except MemoryError:
        raise QueryError('takes more memory than there is', path) from None
    finally:
        budget.end()


def _untold(key: object, name: str, what: str) -> None:
    """A value that cannot be read is missing here; the reader of the record is told."""


Columns = list[tuple[str, Callable[[Any], Any]]]


def _build(expression: str) -> tuple[tuple[datetime | None, Columns, Built, str], int]:
    """The function of an expression, and the bytes that it keeps: of its parts, and of the values of its constant parts."""
    payload = decode_document(expression)
    here = Here(
        payload['path'],
        EXPRESSIONS,
        lambda name, path, deeper: payload['aliases'].get(name, name or ''),
        collation=Collation.of(payload['collation']),
    )
    kinds = {kind.name: kind for kind in (TEXT, TIMESTAMP, DOCUMENT, ANY)}
    columns = [(name, decoder(kinds[kind])) for name, kind in payload['columns']]
    budget.begin()
    try:
        built = here.build(payload['expression'])
        left = budget.left()
    finally:
        budget.end()
    size = 20 * len(expression) + int(budget.MAX_BYTES - left.bytes)
    return (payload['now'], columns, built, payload['path']), size


_BUILT: Kept[str, tuple[datetime | None, Columns, Built, str]] = Kept(8_000_000)
