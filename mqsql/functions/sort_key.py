"""The keys that records are sorted by on paths into a Document.

What a path's key is is MongoDB's rule for its indexes (src/mongo/db/index/btree_key_generator.cpp), which its sort follows:
an array's elements give a key each; one that lacks the next step, or is no object, gives null; an element at a numeric
step stands for all. Of the keys the least counts ascending, the greatest descending; several paths through one array
take their keys from the same element. A record has no keys where two paths lead to different arrays, or where a numeric
step is both an element and a field of another element.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import orjson

from mqsql.errors import QueryError, named
from mqsql.kept import Kept
from mqsql.values.bson_order import EMPTY_ARRAY, bson_key
from mqsql.values.codec import DamagedError, Stored, decode_document, decode_text
from mqsql.values.collation import Collation
from mqsql.values.paths import is_index

NULL = bson_key(None)


class Walker(NamedTuple):
    """A path on its way: the value that was reached, and the steps that are left."""

    value: Any
    steps: tuple[str, ...]


State: TypeAlias = Walker | str
"""Where a path is: still walking, or at its key."""


def sort_key(document: object, spec: str, *collation: int) -> str:
    """The key for the last of the paths in `spec`, a JSON array of [steps, 1 | -1] that are sorted by in this order."""
    key = partial(bson_key, collation=Collation.of(collation))
    value, paths = _decoded(document), _read_spec(spec)
    candidates = list(_keys([Walker(value, steps) for steps, _ in paths], key))
    for i, (_, direction) in enumerate(paths):
        best = (min if direction > 0 else max)(candidate[i] for candidate in candidates)
        candidates = [candidate for candidate in candidates if candidate[i] == best]
    return candidates[0][-1]


def one_array(key: Stored, *stored: Any) -> Stored:
    """The key of a record as it is; `stored` are its Documents that the keys lead into, each followed by its spec."""
    documents = zip(stored[::2], stored[1::2], strict=True)
    if sum(_leads_to_array(document, spec) for document, spec in documents) > 1:
        raise _parallel()
    return key


def _leads_to_array(document: object, spec: str) -> bool:
    if not isinstance(document, str) or '[' not in document:
        return False
    walkers = (Walker(_decoded(document), steps) for steps, _ in _read_spec(spec))
    return any(isinstance(_descend(walker).value, list) for walker in walkers)


def _decoded(document: object) -> Any:
    """The document; None, as if it were missing, for what another program stored."""
    try:
        return decode_document(document) if isinstance(document, str) else None
    except DamagedError:
        return None


def _parallel() -> QueryError:
    return QueryError('these keys lead to several arrays of a record, none of them inside another', 'sort')


Spec: TypeAlias = tuple[tuple[tuple[str, ...], int], ...]


def _read_spec(spec: str) -> Spec:
    return _SPECS.get(spec, _decode_spec)


def _decode_spec(spec: str) -> tuple[Spec, int]:
    paths = tuple((tuple(map(decode_text, steps)), direction) for steps, direction in orjson.loads(spec))
    return paths, 40 * len(spec)


_SPECS: Kept[str, Spec] = Kept(8_000_000)


Key = Callable[[Any], str]


def _keys(states: list[State], key: Key) -> Iterator[tuple[str, ...]]:
    """The compound keys: one for each element of the array that is met, with all paths that lead through it."""
    walked = [state if isinstance(state, str) else _descend(state) for state in states]
    arrays = [state.value for state in walked if isinstance(state, Walker) and isinstance(state.value, list)]
    if any(array is not arrays[0] for array in arrays):
        raise _parallel()
    if not any(arrays):
        yield tuple(state if isinstance(state, str) else _end(state, key) for state in walked)
        return
    for element in arrays[0]:
        entered = [
            _enter(element, state, key) if isinstance(state, Walker) and state.value is arrays[0] else state
            for state in walked
        ]
        yield from _keys(entered, key)


def _descend(walker: Walker) -> Walker:
    """Through objects, up to an array."""
    value, steps = walker
    while steps and isinstance(value, dict) and steps[0] in value:
        value, steps = value[steps[0]], steps[1:]
    return Walker(value, steps)


def _end(walker: Walker, key: Key) -> str:
    if walker.steps:
        return NULL
    return EMPTY_ARRAY if walker.value == [] else key(walker.value)


def _enter(element: Any, walker: Walker, key: Key) -> State:
    """The path goes on from an element of the array."""
    array, steps = walker
    if not steps:
        return key(element)
    is_element = is_index(steps[0]) and int(steps[0]) < len(array)
    if isinstance(element, dict) and steps[0] in element:
        if is_element:
            raise QueryError(f'both an array and an object in it have {named(steps[0])}, which is ambiguous', 'sort')
        return Walker(element, steps)
    if not is_element:
        return NULL
    chosen = Walker(array[int(steps[0])], steps[1:])
    return chosen if chosen.steps else _end(chosen, key)
