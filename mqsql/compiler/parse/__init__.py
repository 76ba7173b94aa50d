"""A query dict is read: keys resolved, operands checked and bound, sugar folded.

Everything that can be wrong with a query is found here, as a QueryError that names the place.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from mqsql import limits
from mqsql.compiler.parse.context import GlobType, Params, ParseContext, is_operators
from mqsql.compiler.parse.equalities import alike
from mqsql.compiler.parse.expressions import parse_expr
from mqsql.compiler.parse.json_schema import parse_json_schema
from mqsql.compiler.parse.operators import OPERATORS
from mqsql.compiler.parse.operators.comparison import equal, parse_eq
from mqsql.compiler.parse.operators.patterns import match_pattern
from mqsql.compiler.tree.predicate import MATCH_ALL, Field, Not, Predicate, all_of, any_of
from mqsql.errors import QueryError, UnknownNameError, did_you_mean, named, short_repr
from mqsql.schema import DOCUMENT, Table
from mqsql.schema.refused import REFUSED, misplaced, no_query
from mqsql.values.collation import Collation
from mqsql.values.paths import DBREF, MAX_STEPS, cut_path
from mqsql.values.plain import read_plain

MAX_PARAMS = 30_000  # SQLite takes 32,766 parameters


@dataclass(frozen=True)
class Parsed:
    """A query as a predicate, the operands by parameter, and the place where more of them can be read."""

    predicate: Predicate
    values: Params
    place: ParseContext


def parse(query: object, table: Table, glob_type: GlobType, collation: Collation | None = None) -> Parsed:
    """The predicate of a query; QueryError where it has no meaning."""

    def resolve(key: str, path: str) -> Field:
        name, *steps = key.split('.')
        column = table.column(name, path)
        field = Field(column, table.columns[column], tuple(steps))
        if steps and not field.kind.mixed:
            raise QueryError(f'{named(name)} holds {field.kind.holds}, and no path leads into them', path)
        return field

    values = Params()
    key = Field(table.key, table.columns[table.key])
    place = ParseContext(key, '', values, parse_operators, _parse_in_element, table, glob_type, collation=collation)
    predicate = parse_query(resolve, place, read_plain(query))
    if len(values) > MAX_PARAMS:
        raise QueryError(
            f'a query takes at most {MAX_PARAMS:,} operands, not {len(values):,}; put the values into one $in'
        )
    return Parsed(predicate, values, place)


Resolve = Callable[[str, str], Field]
"""Makes a field of a key, or raises QueryError for this path."""


def _resolve_in_element(key: str, path: str) -> Field:
    return Field(None, DOCUMENT, tuple(key.split('.')))


def _parse_in_element(place: ParseContext, query: object) -> Predicate:
    return parse_query(_resolve_in_element, place, query)


def parse_query(resolve: Resolve, place: ParseContext, query: object) -> Predicate:
    """And of a query's items."""
    if not isinstance(query, dict):
        raise place.error(no_query(query))
    limits.check()
    return all_of([_parse_item(resolve, place, key, operand) for key, operand in limits.checked(query.items())])


def _parse_item(resolve: Resolve, place: ParseContext, key: object, operand: object) -> Predicate:
    if not isinstance(key, str):
        raise place.error(f'a key is text, not {short_repr(key)}')
    step = f'.{key}' if place.path else key
    if key in LOGICAL:
        return LOGICAL[key](resolve, place.at(step, operator=key), operand)
    is_dbref = key in DBREF and resolve is _resolve_in_element
    if key.startswith('$') and not is_dbref:
        raise _unknown_operator(place.at(step), key, under_key=False)
    if key.count('.') > MAX_STEPS:
        raise place.error(f'a path has at most {MAX_STEPS} steps: {short_repr(key)}')
    here = place.at(step, resolve(key, cut_path(place.path + step)), operator='')
    return _parse_dbref(here, key, operand) if is_dbref else parse_condition(here, operand)


def _parse_dbref(place: ParseContext, key: str, operand: object) -> Predicate:
    # In an element these names are fields, equal to their operands; the collation is for the id only.
    return parse_eq(place if key == '$id' else replace(place, collation=None), operand)


def _unknown_operator(place: ParseContext, name: str, *, under_key: bool) -> QueryError:
    if name in REFUSED:
        return place.error(f'{name} {REFUSED[name]}')
    if name in OPERATORS or name in LOGICAL:
        return place.error(misplaced(name, under_key=under_key))
    return UnknownNameError(did_you_mean('operator', name, (*LOGICAL, *OPERATORS)), place.path)


# --- on a field


def parse_condition(place: ParseContext, operand: object) -> Predicate:
    """The operand of a field: operators, a pattern, or a value to be equal to."""
    if is_operators(operand):
        return parse_operators(place, operand)
    if isinstance(operand, re.Pattern):
        return match_pattern(place, operand)
    return equal(place, operand)


def parse_operators(place: ParseContext, operand: object) -> Predicate:
    """And of the operators on one field. A pattern is one, too, as for $not."""
    if isinstance(operand, re.Pattern):
        return match_pattern(place, operand)
    if not isinstance(operand, dict) or not operand:
        raise place.error(f'takes operators or a pattern, not {short_repr(operand)}')
    limits.check()
    read = [_parse_operator(place, operand, name, value) for name, value in operand.items()]
    return all_of([p for p in read if p is not None])


def _parse_operator(
    place: ParseContext, siblings: dict[Any, object], name: object, operand: object
) -> Predicate | None:
    if not isinstance(name, str) or not name.startswith('$'):
        raise place.error(f'operators and other keys cannot be mixed: {short_repr(name)}')
    here = place.among(siblings, name)
    if name not in OPERATORS:
        raise _unknown_operator(here, name, under_key=True)
    return OPERATORS[name](here, operand)


# --- logical


def _parse_list(resolve: Resolve, place: ParseContext, operand: object) -> list[Predicate]:
    if not isinstance(operand, list | tuple) or not operand:
        raise place.error(f'takes a non-empty list of queries, not {short_repr(operand)}')
    return [parse_query(resolve, place.nested(f'[{i}]'), query) for i, query in enumerate(limits.checked(operand))]


def _parse_and(resolve: Resolve, place: ParseContext, operand: object) -> Predicate:
    return all_of(_parse_list(resolve, place, operand))


def _parse_or(resolve: Resolve, place: ParseContext, operand: object) -> Predicate:
    children = _parse_list(resolve, place, operand)
    return any_of(alike(children, lambda tests: [place.values.listed(tests, '$in')]))


def _parse_nor(resolve: Resolve, place: ParseContext, operand: object) -> Predicate:
    return Not(_parse_or(resolve, place, operand))


def _parse_comment(resolve: Resolve, place: ParseContext, operand: object) -> Predicate:
    return MATCH_ALL


def _parse_json_schema(resolve: Resolve, place: ParseContext, operand: object) -> Predicate:
    return parse_json_schema(place, operand)


def _parse_expr(resolve: Resolve, place: ParseContext, operand: object) -> Predicate:
    return parse_expr(place, operand)


LOGICAL: dict[str, Callable[[Resolve, ParseContext, object], Predicate]] = {
    '$and': _parse_and,
    '$or': _parse_or,
    '$nor': _parse_nor,
    '$comment': _parse_comment,
    '$jsonSchema': _parse_json_schema,
    '$expr': _parse_expr,
}
"""Operators in place of a key, by name."""
