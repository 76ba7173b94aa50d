"""The comparisons of `$expr` to draw for the places of a collection; `expressions` has all operators."""

from typing import Any

from mqsql.schema import BUFFERS
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.operands import operand, somewhere
from mqsql.testing.drawing.places import Place

COMPARISONS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte']
LOGIC = ['$and', '$or', '$not']
DEEPEST = 2


def field(d: Draws, known: list[Place]) -> Place:
    """A place that an expression can name: no step is empty or begins with a dollar, and the column is compared."""
    place = somewhere(d, known)
    sound = place.kind is not BUFFERS and all(step and not step.startswith('$') for step in place.key.split('.'))
    if sound and '\0' not in place.key:
        return place
    table = place.scope.table
    return Place(table.key, table.columns[table.key], place.scope)


def expression(d: Draws, known: list[Place], depth: int = 0) -> Any:
    """An expression that is true of some records: comparisons, joined or negated."""
    if depth < DEEPEST and d.once_in(3):
        name = d.pick(LOGIC)
        return {name: d.several(1, 1 if name == '$not' else 3, lambda: expression(d, known, depth + 1))}
    place = field(d, known)
    return {d.pick(COMPARISONS): [value(d, place, known, depth), compared(d, place, known)]}


def value(d: Draws, place: Place, known: list[Place], depth: int) -> Any:
    """The value at a place, as it is, or another where it is missing or a condition does not hold."""
    path = f'${place.key}'
    if depth < DEEPEST and d.once_in(4):
        return {'$cond': [expression(d, known, depth + 1), path, compared(d, place, known)]}
    return {'$ifNull': [path, compared(d, place, known)]} if d.once_in(4) else path


def compared(d: Draws, place: Place, known: list[Place]) -> Any:
    """A value of the place, or another place."""
    return f'${field(d, known).key}' if d.once_in(5) else {'$literal': operand(d, place)}
