"""The keys that records are sorted by on paths into a Document. Imports `bson`, `paths` and `schema` of the project.

What a path's key is is MongoDB's rule for its indexes (src/mongo/db/index/btree_key_generator.cpp), which its sort follows:
an array's elements give a key each; one that lacks the next step, or is no object, gives null; an element at a numeric
step stands for all. Of the keys the least counts ascending, the greatest descending; several paths through one array
take their keys from the same element.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeAlias

import orjson

from mqsql.compiler.bson import EMPTY_ARRAY, bson_key
from mqsql.compiler.collation import Collation
from mqsql.compiler.paths import is_index
from mqsql.schema.codec import decode_document, decode_text

NULL = bson_key(None)


class Walker(NamedTuple):
    """A path on its way: the value that was reached, by which steps, and the steps that are left."""

    value: Any
    reached: tuple[str, ...]
    steps: tuple[str, ...]


State: TypeAlias = Walker | str
"""Where a path is: still walking, or at its key."""


def sort_key(document: object, spec: str, *collation: int) -> str:
    """The key for the last of the paths in `spec`, a JSON array of [steps, 1 | -1] that are sorted by in this order."""
    key = partial(bson_key, collation=Collation.of(collation))
    value = decode_document(document) if isinstance(document, str) else None
    paths = _read_spec(spec)
    candidates = list(_keys([Walker(value, (), steps) for steps, _ in paths], key))
    for i, (_, direction) in enumerate(paths):
        best = (min if direction > 0 else max)(candidate[i] for candidate in candidates)
        candidates = [candidate for candidate in candidates if candidate[i] == best]
    return candidates[0][-1]


@lru_cache(maxsize=256)
def _read_spec(spec: str) -> tuple[tuple[tuple[str, ...], int], ...]:
    return tuple((tuple(map(decode_text, steps)), direction) for steps, direction in orjson.loads(spec))


Key = Callable[[Any], str]


def _keys(states: list[State], key: Key) -> Iterator[tuple[str, ...]]:
    """The compound keys: one for each element of the first array that is met, with all paths that lead through it."""
    walked = [state if isinstance(state, str) else _descend(state, key) for state in states]
    arrays = [state for state in walked if isinstance(state, Walker)]
    if not arrays:
        yield tuple(str(state) for state in walked)
        return
    here = arrays[0].reached
    for element in arrays[0].value:
        entered = [_enter(element, s, key) if isinstance(s, Walker) and s.reached == here else s for s in walked]
        yield from _keys(entered, key)


def _descend(walker: Walker, key: Key) -> State:
    """Through objects, to a key or to an array that has elements."""
    value, reached, steps = walker
    while steps and isinstance(value, dict) and steps[0] in value:
        value, reached, steps = value[steps[0]], (*reached, steps[0]), steps[1:]
    if isinstance(value, list) and value:
        return Walker(value, reached, steps)
    return NULL if steps else _end(value, key)


def _end(value: Any, key: Key) -> str:
    return EMPTY_ARRAY if value == [] else key(value)


def _enter(element: Any, walker: Walker, key: Key) -> State:
    """The path goes on from an element of the array where it stands."""
    array, reached, steps = walker
    if not steps:
        return key(element)
    if isinstance(element, dict) and steps[0] in element:
        return Walker(element, reached, steps)
    if not is_index(steps[0]) or int(steps[0]) >= len(array):
        return NULL
    chosen, rest = array[int(steps[0])], steps[1:]
    return Walker(chosen, (*reached, steps[0]), rest) if rest else _end(chosen, key)
