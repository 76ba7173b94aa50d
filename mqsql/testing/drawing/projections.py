"""Projections to draw for a collection."""

from typing import Any

from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.finds import overlap, resolved
from mqsql.testing.drawing.operands import somewhere
from mqsql.testing.drawing.places import Place
from mqsql.testing.drawing.queries import element


def projection(d: Draws, known: list[Place]) -> dict[str, Any]:
    """A dict that keeps or drops some paths, none of them inside another, and cuts the arrays at others down."""
    table = known[0].scope.table
    flag, chosen = d.pick([1, 0, True, False]), dict[str, Any]()
    for _ in range(d.pick([1, 2, 3, 0])):
        place = somewhere(d, known)
        if not any(overlap(resolved(place.key, table), resolved(other, table)) for other in chosen):
            chosen[place.key] = change(d, place) if d.once_in(3) else flag
    return {**chosen, table.key: d.pick([1, 0])} if d.once_in(4) else chosen


def change(d: Draws, place: Place) -> dict[str, Any]:
    """What makes an array shorter: one in four keeps the first element that matches."""
    if place.kind.mixed and '$elemMatch' in place.scope.language.operators and d.once_in(4):
        return {'$elemMatch': element(d, place)}
    return {'$slice': d.pick([1, -1, 0, 2, [0, 1], [1, 2], [-2, 1], [5, 1]])}
