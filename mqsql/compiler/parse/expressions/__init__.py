"""Parses $expr and the expressions of projections.

Its tree is bound as one parameter, which `mqsql.functions.expressions` interprets.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from mqsql import limits
from mqsql.compiler.parse.context import ParseContext
from mqsql.compiler.parse.expressions.leaves import as_predicate, equality, has_value
from mqsql.compiler.parse.expressions.operands import OPERANDS
from mqsql.compiler.parse.expressions.reader import ExprParser
from mqsql.compiler.parse.expressions.shapes import columns_of, mentions_time, shape_of, with_time
from mqsql.compiler.parse.operators.patterns import options_of
from mqsql.compiler.tree.predicate import ExprMatch, Predicate, all_of
from mqsql.errors import QueryError, named, short_repr
from mqsql.functions.expressions import EXPRESSIONS
from mqsql.functions.expressions import Expression as Evaluated
from mqsql.functions.expressions.core import ExprContext
from mqsql.functions.expressions.folding import fold
from mqsql.functions.expressions.tree import Call, Expression, encode
from mqsql.limits import budget
from mqsql.schema.types import BUFFERS
from mqsql.values.canonical import MAX_DEPTH, coerce_value
from mqsql.values.codec import encode_document, encode_text
from mqsql.values.libraries import UnstorableError
from mqsql.values.paths import cut_path

MAX_COLUMNS = 99
"""SQLite's functions take 100 arguments."""


@dataclass(frozen=True)
class Parsed:
    """The tree of an expression with its constant parts computed, as it was before, and the columns that it names."""

    folded: Expression
    tree: Expression
    columns: tuple[str, ...]


def _parse(place: ParseContext, expression: object) -> Parsed:
    canonical = _plain(expression, place.path)
    columns: dict[str, None] = {}

    def column(name: str | None, path: str, nested: bool) -> str:
        if name is None:
            columns.update(dict.fromkeys(_usable(place)))
            return ''
        known = place.table.column(name, path)
        kind = place.table.columns[known]
        if nested and not kind.mixed:
            raise QueryError(f'{named(name)} holds {kind.holds}, and no path leads into them', path)
        if kind is BUFFERS:
            raise QueryError(f'{named(name)} holds {kind.holds}, which expressions cannot use', path)
        columns[known] = None
        return known

    tree = ExprParser(place.path, OPERANDS, column).parse(canonical)
    return Parsed(_fold(place, tree), tree, tuple(columns))


def _fold(place: ParseContext, tree: Expression) -> Expression:
    budget.begin(place.values.left)
    try:
        return fold(_context(place), tree)
    finally:
        place.values.left = budget.left()
        budget.end()


def _context(place: ParseContext) -> ExprContext:
    return ExprContext(place.path, EXPRESSIONS, place.collation)


def parse_expression(place: ParseContext, expression: object) -> Evaluated:
    """The expression, checked; QueryError for what has no meaning."""
    parsed = _parse(place, expression)
    return Evaluated(_context(place).compile(parsed.folded), parsed.columns, place.values.now)


def parse_expr(place: ParseContext, expression: object) -> Predicate:
    """The expression is true of the record."""
    if place.field.column is None:
        raise place.error('looks at whole records, so it is not allowed inside $elemMatch')
    parsed = _parse(place, expression)
    if len(parsed.columns) > MAX_COLUMNS:
        raise place.error(f'reads at most {MAX_COLUMNS} columns, not {len(parsed.columns)}')
    return _predicate(place, parsed)


def _predicate(place: ParseContext, parsed: Parsed) -> Predicate:
    """Predicates of fields, as far as they say the same, and the rest of the expression."""
    tree = _at_its_time(place, parsed.folded)
    exact = as_predicate(place, tree)
    if exact is not None:
        return exact()
    if isinstance(tree, Call) and tree.operator == '$and':
        return all_of(_conjuncts(place, tree, parsed))
    indexed = equality(place, tree)
    return all_of([indexed(), _match(place, parsed, tree)] if indexed else [_match(place, parsed, tree)])


def _conjuncts(place: ParseContext, tree: Call, parsed: Parsed) -> list[Predicate]:
    """Predicates for the parts of a conjunction.

    MongoDB evaluates them in order; so from the first that may end with an error on, an expression of all of them is left.
    """
    insides = [place.at(f'.$and{step}') for step, _ in tree.operands]
    exact = [as_predicate(inside, part) for inside, (_, part) in zip(insides, tree.operands, strict=True)]
    if not any(exact) and not any(equality(place, part) for _, part in tree.operands):
        return [_match(place, parsed, tree)]
    found: list[Predicate] = []
    original = dict(parsed.tree.operands) if isinstance(parsed.tree, Call) else {}
    for inside, (step, part), make in zip(insides, tree.operands, exact, strict=True):
        if make is not None:
            found.append(make())
            continue
        if not has_value(part, place.table):
            found.append(_match(place, parsed, tree))
            break
        found.append(_predicate(inside, Parsed(part, original[step], columns_of(part, _usable(place)))))
    return found


def _at_its_time(place: ParseContext, tree: Expression) -> Expression:
    """The tree with the time of the query as a constant. Where that has no value, records are to say so."""
    if not mentions_time(tree):
        return tree
    try:
        return _fold(place, with_time(tree, place.values.now))
    except QueryError:
        return tree


def _match(place: ParseContext, parsed: Parsed, tree: Expression) -> ExprMatch:
    param = place.values.bind_late(partial(_payload, place, parsed))
    collated = place.collation is not None
    return ExprMatch(shape_of(tree, place.values), parsed.columns, param, collated, place.origin('$expr'))


def _payload(place: ParseContext, parsed: Parsed) -> str:
    """What the interpreter is given."""
    nodes = encode(parsed.tree)
    payload = {
        'path': encode_text(place.path),
        # The time only where it is asked for, so that the same query is compiled once.
        'now': encode_document(place.values.now if mentions_time(parsed.tree) else None),
        'columns': [[encode_text(name), place.table.columns[name].name] for name in parsed.columns],
        'collation': list(place.collation or ()),
        'tree': nodes,
    }
    return orjson.dumps(payload).decode()


def _usable(place: ParseContext) -> list[str]:
    return [name for name, kind in place.table.columns.items() if kind is not BUFFERS]


def _plain(value: object, path: str, depth: int = 0) -> Any:
    """The expression as a canonical value; a compiled pattern is allowed only as a regular expression."""
    if depth > MAX_DEPTH:
        raise QueryError(f'is nested deeper than {MAX_DEPTH} levels (or holds itself)', path[:100] + '…')
    if isinstance(value, dict):
        pattern = value.get('regex')
        if isinstance(pattern, re.Pattern):
            value = {**value, **_regex(pattern, value, path)}
        return {_name(name, path): _plain(item, cut_path(f'{path}.{name}'), depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f'{path}[{i}]', depth + 1) for i, item in enumerate(limits.checked(value))]
    try:
        return coerce_value(value)
    except UnstorableError as e:
        raise QueryError(str(e), path) from None


def _name(name: object, path: str) -> str:
    if not isinstance(name, str):
        raise QueryError(f'a key is text, not {short_repr(name)}', path)
    return str(name)


def _regex(pattern: 're.Pattern[Any]', given: Mapping[Any, Any], path: str) -> dict[str, Any]:
    options = options_of(pattern)
    if options and given.get('options') is not None:
        raise QueryError('takes options in the pattern or in options, not in both', path)
    return {'regex': pattern.pattern, **({'options': options} if options else {})}
