"""From a query dict to a function that says whether a record matches.

The whole query is read, and refused if it has no meaning, before any record is seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mqsql import limits
from mqsql.errors import QueryError, short_repr
from mqsql.reference.expressions import read_expr
from mqsql.reference.json_schema import read_schema
from mqsql.reference.operators import (
    VALUE_OPERATORS,
    Operator,
    Test,
    equal,
    every,
    negate,
    never,
    refuse,
    some,
    some_whole,
    text_pattern,
)
from mqsql.reference.paths import Offer, walk
from mqsql.reference.patterns import Regex
from mqsql.reference.place import DBREF, Place, is_operators, is_pattern, read_items, resolve, split_path
from mqsql.reference.values import same_text
from mqsql.schema import BUFFERS, DOCUMENT
from mqsql.schema.refused import REFUSED, misplaced, no_query

Match = Callable[[dict[str, Any]], bool]
"""Whether a record, or an element of an array, matches."""

ON_BUFFERS = frozenset({'$eq', '$ne', '$in', '$nin', '$exists', '$size', '$type', '$not'})


def read_query(query: object, place: Place) -> Match:
    """A query: every one of its keys must hold."""
    if not isinstance(query, Mapping):
        raise place.error(no_query(query))
    return all_of([_clause(key, operand, place) for key, operand in limits.checked(query.items())])


def _clause(key: object, operand: object, place: Place) -> Match:
    limits.check()
    if not isinstance(key, str) or not key.startswith('$'):
        return _field(key, operand, place)
    if key in QUERY_OPERATORS:
        return QUERY_OPERATORS[key](operand, place.at(key))
    if key in DBREF and place.table is None:
        return _dbref_field(key, operand, place.at(key))
    if key in REFUSED:
        raise refuse(key, place.at(key))
    raise _no_operator(key, place, under_key=False)


def _dbref_field(key: str, operand: object, place: Place) -> Match:
    """In an element these are fields; their operands are values. Only the id is compared by the collation."""
    test = equal(operand, place if key == '$id' else replace(place, fold=same_text))
    return lambda document: test(list(walk(document, [key])))


def _no_operator(name: str, place: Place, *, under_key: bool) -> QueryError:
    if name in OPERATORS:
        return place.at(name).error(misplaced(name, under_key=under_key))
    return place.unknown('operator', name, OPERATORS)


def _field(key: object, operand: object, place: Place) -> Match:
    here = place.at(str(key)) if isinstance(key, str) else place
    steps, kind = resolve(key, place.table, here) if place.table else (split_path(key, here), DOCUMENT)
    test = read_test(operand, Place(None, here.path, kind, place.depth, place.fold))
    return lambda document: test(list(walk(document, steps)))


# --- the logical operators of a query


def all_of(matches: list[Match]) -> Match:
    """Matches where all do."""
    return lambda document: all(match(document) for match in matches)


def _any_of(matches: list[Match]) -> Match:
    return lambda document: any(match(document) for match in matches)


def _none_of(matches: list[Match]) -> Match:
    return lambda document: not any(match(document) for match in matches)


def _connective(combine: Callable[[list[Match]], Match]) -> Callable[[object, Place], Match]:
    def read(operand: object, place: Place) -> Match:
        if not isinstance(operand, list | tuple) or not operand:
            raise place.error(f'takes a non-empty list of queries, not {short_repr(operand)}')
        inner = place.nested()
        return combine([read_query(query, inner.item(i)) for i, query in enumerate(limits.checked(operand))])

    return read


def _comment(operand: object, place: Place) -> Match:
    return all_of([])


QUERY_OPERATORS: Mapping[str, Callable[[object, Place], Match]] = {
    '$and': _connective(all_of),
    '$or': _connective(_any_of),
    '$nor': _connective(_none_of),
    '$comment': _comment,
    '$expr': read_expr,
    '$jsonSchema': read_schema,
}
"""The operators in place of a key of a record."""


# --- operands of a key


def read_test(operand: object, place: Place) -> Test:
    """The operand of a key: operators, a pattern, or a value to be equal to."""
    if is_operators(operand):
        return read_operators(operand, place)
    return some(text_pattern(operand, place)) if is_pattern(operand) else equal(operand, place)


def read_operators(operators: Any, place: Place) -> Test:
    """A dict of operators, all of which must hold."""
    if '$options' in operators and '$regex' not in operators:
        raise place.at('$options').error('is allowed only with $regex')
    follow = [name for name in operators if name in ('$regex', '$options')] == ['$regex', '$options']
    given = {k: Regex(v, operators.get('$options', ''), follow) if k == '$regex' else v for k, v in operators.items()}
    return every([_read_operator(name, operand, place) for name, operand in given.items() if name != '$options'])


def _read_operator(name: object, operand: object, place: Place) -> Test:
    if not isinstance(name, str) or not name.startswith('$'):
        raise place.error(f'operators and other keys do not mix: {short_repr(name)}')
    here = place.at(name)
    if name in REFUSED:
        raise refuse(name, here)
    if name not in FIELD_OPERATORS:
        raise _no_operator(name, place, under_key=True)
    if place.kind is BUFFERS and name not in ON_BUFFERS:
        raise here.error('has no meaning on a Buffers column')
    return FIELD_OPERATORS[name](operand, here)


def _not(operand: object, place: Place) -> Test:
    inner = place.nested()
    if is_pattern(operand):
        return negate(read_test(operand, inner))
    if not isinstance(operand, Mapping) or not operand:
        raise place.error(f'takes operators or a pattern, not {short_repr(operand)}')
    return negate(read_operators(operand, inner))


def _elem_match(operand: object, place: Place) -> Test:
    """One element of an array passes all the operators, or matches the query."""
    if not isinstance(operand, Mapping):
        raise place.error(f'takes operators or a query, not {short_repr(operand)}')
    match = read_element(operand, Place(None, place.path, DOCUMENT, place.depth, place.fold).nested())
    return some_whole(lambda value: isinstance(value, list) and any(map(match, limits.checked(value))))


def read_element(operand: Any, place: Place) -> Callable[[Any], bool]:
    """Whether an array's element passes operators, or, as an object (or an array by its indexes), matches a query."""
    if is_operators(operand) and next(iter(operand)) not in QUERY_OPERATORS and not any(n in operand for n in DBREF):
        test = read_operators(operand, place)
        return lambda element: test([Offer(element, spread=False)])
    match = read_query(operand, place)
    return lambda element: isinstance(element, dict | list) and match(_as_object(element))


def _as_object(element: Any) -> dict[str, Any]:
    return element if isinstance(element, dict) else {str(i): v for i, v in enumerate(element)}


def _all(operand: object, place: Place) -> Test:
    items = read_items(operand, place)
    matching = any(map(_is_elem_match, items))
    return (
        every([_all_item(item, matching, place.item(i)) for i, item in enumerate(limits.checked(items))])
        if items
        else never
    )


def _all_item(item: Any, matching: bool, place: Place) -> Test:
    if matching:
        if not _is_elem_match(item):
            raise place.error('$elemMatch and other items do not mix')
        return _elem_match(item['$elemMatch'], place.at('$elemMatch'))
    if is_operators(item):
        raise place.error(f'takes values, patterns or $elemMatch, not {short_repr(item)}')
    return read_test(item, place)


def _is_elem_match(item: object) -> bool:
    return isinstance(item, Mapping) and list(item) == ['$elemMatch']


FIELD_OPERATORS: Mapping[str, Operator] = {**VALUE_OPERATORS, '$not': _not, '$elemMatch': _elem_match, '$all': _all}
"""The operators under a key; $options belongs to $regex."""

OPERATORS: Mapping[str, object] = {**QUERY_OPERATORS, **FIELD_OPERATORS, '$options': FIELD_OPERATORS['$regex']}
"""Every operator of the query language by name."""
