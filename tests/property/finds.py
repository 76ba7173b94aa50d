"""Whole calls of find to draw: a collection, queries for it, and keys, sort, limit and skip.

Imports `queries` and what that imports.
"""

from typing import Any

import strategies as some
from drawing import somewhere
from draws import Draws
from hypothesis import strategies as st
from places import COLUMNS, Place, places
from queries import Query, query

from mqsql.schema import TASKS, TEXT, TIMESTAMP, Record


def find_options(d: Draws, known: list[Place]) -> dict[str, Any]:
    """Some of `keys`, `sort`, `limit` and `skip`."""
    drawn = {'keys': keys(d, known), 'sort': sort(d), 'limit': d.pick([0, 1, 2, 3]), 'skip': d.pick([0, 1, 2])}
    return {name: value for name, value in drawn.items() if d.once_in(2)}


def keys(d: Draws, known: list[Place]) -> list[str] | str | None:
    """Columns and paths to return, none of them inside another."""
    chosen: dict[str, str] = {}
    for _ in range(d.pick(range(4))):
        key = somewhere(d, known).key
        path = resolved(key)
        if all(path.split('.')) and not any(
            f'{a}.'.startswith(f'{b}.') for c in chosen for a, b in ((c, path), (path, c))
        ):
            chosen[path] = key
    return d.pick([None, list(chosen.values()), next(iter(chosen.values()), None)])


def overlap(a: str, b: str) -> bool:
    """Whether one path is the other or leads into it."""
    return f'{a}.'.startswith(f'{b}.') or f'{b}.'.startswith(f'{a}.')


def resolved(key: str) -> str:
    """The key with the column's own name for an alias."""
    column, dot, rest = key.partition('.')
    return TASKS.aliases.get(column, column) + dot + rest


def sort(d: Draws) -> list[tuple[str, int]]:
    """Typed columns to sort by."""
    return d.several(1, 2, lambda: (d.pick(SORTABLE), d.pick([1, -1])))


SORTABLE = [place.key for place in COLUMNS if place.kind in (TEXT, TIMESTAMP)] + ['complete', 'pyin']


@st.composite
def finds(draw: st.DrawFn, most: int = 10) -> tuple[list[Record], list[tuple[Query, dict[str, Any]]]]:
    """A collection, and queries for it with their options."""
    collection = draw(some.collections(least=3))
    d, known = Draws(draw), places(collection)
    return collection, d.several(1, most, lambda: (query(d, known), find_options(d, known) if d.once_in(4) else {}))
