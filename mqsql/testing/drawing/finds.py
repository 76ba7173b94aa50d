"""Whole calls of find to draw: a collection, queries for it, and keys, sort, limit and skip."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from mqsql.schema import BUFFERS, Record, Table
from mqsql.testing.drawing.draws import Draws
from mqsql.testing.drawing.operands import somewhere
from mqsql.testing.drawing.places import Place, places
from mqsql.testing.drawing.queries import Query, query
from mqsql.testing.drawing.records import collections
from mqsql.testing.drawing.scope import Scope


def find_options(d: Draws, known: list[Place]) -> dict[str, Any]:
    """Some of `keys`, `sort`, `limit` and `skip`."""
    drawn = {'keys': keys(d, known), 'sort': sort(d, known), 'limit': d.pick([0, 1, 2, 3]), 'skip': d.pick([0, 1, 2])}
    return {name: value for name, value in drawn.items() if d.once_in(2)}


def keys(d: Draws, known: list[Place]) -> list[str] | str | None:
    """Columns and paths to return, none of them inside another."""
    chosen: dict[str, str] = {}
    for _ in range(d.pick(range(4))):
        key = somewhere(d, known).key
        path = resolved(key, known[0].scope.table)
        if all(path.split('.')) and not any(
            f'{a}.'.startswith(f'{b}.') for c in chosen for a, b in ((c, path), (path, c))
        ):
            chosen[path] = key
    return d.pick([None, list(chosen.values()), next(iter(chosen.values()), None)])


def overlap(a: str, b: str) -> bool:
    """Whether one path is the other or leads into it."""
    return f'{a}.'.startswith(f'{b}.') or f'{b}.'.startswith(f'{a}.')


def resolved(key: str, table: Table) -> str:
    """The key with the column's own name for an alias."""
    column, dot, rest = key.partition('.')
    return table.aliases.get(column, column) + dot + rest


def sort(d: Draws, known: list[Place]) -> list[tuple[str, int]]:
    """Columns and paths to sort by."""
    return d.several(1, 2, lambda: (sort_key(d, known), d.pick([1, -1])))


def sort_key(d: Draws, known: list[Place]) -> str:
    """A place of the collection, or a column that may be empty."""
    place = somewhere(d, known)
    return place.key if place.kind is not BUFFERS and all(place.key.split('.')) else place.scope.table.key


@st.composite
def finds(draw: st.DrawFn, scope: Scope, most: int = 10) -> tuple[list[Record], list[tuple[Query, dict[str, Any]]]]:
    """A collection, and queries for it with their options."""
    collection = draw(collections(scope, least=3))
    d, known = Draws(draw), places(collection, scope)
    return collection, d.several(1, most, lambda: (query(d, known), find_options(d, known) if d.once_in(4) else {}))


def drawn(
    scope: Scope, one: Callable[[Draws, list[Place]], Any], most: int = 5
) -> st.SearchStrategy[tuple[list[Record], list[Any]]]:
    """A collection, and some of what `one` draws for its places."""

    @st.composite
    def both(draw: st.DrawFn) -> tuple[list[Record], list[Any]]:
        collection = draw(collections(scope))
        d, known = Draws(draw), places(collection, scope)
        return collection, d.several(1, most, lambda: one(d, known))

    return both()
