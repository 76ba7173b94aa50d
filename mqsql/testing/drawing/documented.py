"""Queries as IPython Parallel documents them: tests of columns with values of their type, or None, joined by a comma."""

from typing import Any

from mqsql.schema import ANY, BUFFERS, DOCUMENT, STRING, Record
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.operands import GLOBS, glob
from mqsql.testing.drawing.places import Place, columns, near
from mqsql.testing.drawing.queries import Query
from mqsql.testing.drawing.scope import Scope

ORDERING = ['$gt', '$gte', '$lt', '$lte']
EQUALITY = ['$eq', '$ne']
LISTS = ['$in', '$nin']
BRACKETS = ['[!{}]*', '[!a-m]*', '[^a]*']


def documented_places(records: list[Record], scope: Scope) -> list[Place]:
    """The columns that such a query may name, with their values: those with values first, so that most queries find some."""
    found = []
    for place in columns(scope):
        there = [
            record[place.key] for record in map(scope.table.normalize, records) if record.get(place.key) is not None
        ]
        plain = [value for value in there if place.kind is not ANY or isinstance(value, str)]
        found.append(Place(place.key, place.kind, scope, tuple(plain)))
    found = [place for place in found if place.kind is not BUFFERS]
    return sorted(found, key=lambda place: not place.values)


def documented_query(d: Draws, known: list[Place]) -> Query:
    """A query on none to three columns, most of which have values and are no documents."""
    filled = [place for place in known if place.values and place.kind is not DOCUMENT] or known
    chosen = {place.key: place for place in d.several(0 if d.once_in(8) else 1, 3, lambda: _place(d, known, filled))}
    return {key: _condition(d, place) for key, place in chosen.items()}


def _place(d: Draws, known: list[Place], filled: list[Place]) -> Place:
    return d.pick(known if d.once_in(6) else filled)


def _condition(d: Draws, place: Place) -> Any:
    if place.kind is DOCUMENT:
        return d.pick([None, {'$ne': None}, {'$eq': None}])
    if d.once_in(3):
        return None if d.once_in(3) else _operand(d, place)
    first = _test(d, place)
    return {**first, **_test(d, place)} if d.once_in(5) else first


def _test(d: Draws, place: Place) -> Query:
    more = ['$glob', '$glob'] if place.kind in (STRING, ANY) else []
    known = place.scope.language.operators
    name = d.pick([name for name in (*ORDERING, *EQUALITY, *LISTS, *more) if name in known] or EQUALITY[:1])
    if name in LISTS:
        return {name: d.several(0, 4, lambda: None if d.once_in(8) else _operand(d, place))}
    if name == '$glob':
        return {name: glob(d, place, [*GLOBS, *BRACKETS])}
    return {name: None if name in EQUALITY and d.once_in(4) else _operand(d, place)}


def _operand(d: Draws, place: Place) -> Any:
    """A value of the column's type: mostly one that is there, or one near it."""
    values = place.scope.values
    if not place.values or d.once_in(8):
        return d.draw(values.texts if place.kind is ANY else values.by_kind[place.kind])
    value = d.pick(place.values)
    others = [other for other in near(value, values.tick) if isinstance(other, bool) == isinstance(value, bool)]
    return d.pick([value, *others]) if d.once_in(3) else value
