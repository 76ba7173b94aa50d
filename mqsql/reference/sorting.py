"""`sort`: the keys that records are sorted by.

A path's key is what MongoDB's index on it holds, not what `walk` offers: an element of an array counts as null if it lacks the
step, whatever it is; where the array has an element at a numeric step, that one counts for all; an empty array at the
path's end comes below null. Of the keys of several paths those belong together that come from the same elements.

Refused, as by MongoDB's indexes, are parallel arrays (two paths lead to different ones, none inside the other), and an
object in an array that has a field for a numeric step besides the array's element.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

from mqsql.errors import QueryError, named, short_repr
from mqsql.reference.allowance import work
from mqsql.reference.paths import position
from mqsql.reference.place import Fields, Place, resolve_value
from mqsql.reference.values import EMPTY_ARRAY, MISSING, Fold, Order, is_number, order
from mqsql.schema import Record
from mqsql.values.plain import read_plain

Trail = dict[int, int]
"""Which element a key came through, for each array on its path (by its identity), from the outermost inwards."""


class SortPath(NamedTuple):
    """A path to sort by, and in which direction."""

    steps: list[str]
    descending: bool


MAX_KEYS = 32
"""MongoDB's limit."""

NATURAL = '$natural'
"""The name of the order of insertion."""


def read_sort(sort: object, table: Fields) -> list[SortPath]:
    """The paths to sort by, the weightiest first; QueryError for a form that pymongo does not take.

    These are a key, a key with its direction, a dict of such, or an iterable of any of these. The order of insertion is a
    path without steps.
    """
    if sort is None:
        return []
    pairs = _pairs(read_plain(sort, 'sort', iterable=True))
    if NATURAL in [key for key, _ in pairs]:
        if len(pairs) > 1:
            raise QueryError(f'{NATURAL} cannot be mixed with keys', 'sort')
        return [SortPath([], pairs[0][1] == -1)]
    if len(pairs) > MAX_KEYS:
        raise QueryError(f'sorts by at most {MAX_KEYS} keys, not by {len(pairs)}', 'sort')
    return [SortPath(resolve_value(key, table, Place(table, 'sort')), way == -1) for key, way in pairs]


def _pairs(sort: Any) -> list[tuple[str, float]]:
    match sort:
        case str():
            return [(sort, 1)]
        case dict():
            return [_pair(key, way) for key, way in sort.items()]
        case [str() as key, bool() | int() | float() | bytes() | None as way]:
            return [_pair(key, way)]
        case list():
            return [pair for part in sort for pair in _part(part)]
    raise QueryError(f'takes a key, pairs of a key and 1 or -1, or a dict, not {short_repr(sort)}', 'sort')


def _part(part: Any) -> list[tuple[str, float]]:
    match part:
        case str() | dict():
            return _pairs(part)
        case [key, way]:
            return [_pair(key, way)]
    raise QueryError(f'takes keys, and pairs of a key and 1 or -1, not {short_repr(part)}', 'sort')


def _pair(key: Any, way: Any) -> tuple[str, float]:
    if not isinstance(key, str) or not is_number(way) or way not in (1, -1):
        raise QueryError(f'takes a key and 1 or -1, not {short_repr([key, way])}', 'sort')
    return key, way


def sorted_by(records: list[Record], by: list[SortPath], fold: Fold) -> list[Record]:
    """The records in order; ties stay as they are."""
    if [path.steps for path in by] == [[]]:
        return records[::-1] if by[0].descending else records
    keyed = [(_key(record, by, fold), record) for record in records]
    # Sorting is stable: the last path first, the first path has the last word.
    for i, path in reversed(list(enumerate(by))):
        keyed.sort(key=lambda pair: pair[0][i], reverse=path.descending)
    return [record for _, record in keyed]


def _key(record: Record, by: list[SortPath], fold: Fold) -> list[Order]:
    """The least key by the first path (the greatest, if descending), the least by the second among those, and so on."""
    chosen: list[Order] = []
    trails: list[Trail] = [{}]
    offered = [list(_orders(record, path.steps, fold)) for path in by]
    if any(
        _parallel(one, other) for ones, others in combinations(offered, 2) for _, one in ones for _, other in others
    ):
        raise QueryError('a record has parallel arrays at these keys', 'sort')
    for path, found in zip(by, offered, strict=True):
        pairs = [(key, {**old, **new}) for key, new in found for old in trails if _same_elements(old, new)]
        chosen.append((max if path.descending else min)(key for key, _ in pairs))
        trails = [trail for key, trail in pairs if key == chosen[-1]]
    return chosen


def _same_elements(one: Trail, other: Trail) -> bool:
    work()
    return all(one.get(array, i) == i for array, i in other.items())


def _parallel(one: Trail, other: Trail) -> bool:
    """Whether two keys that come through the same elements, as far as they do, then come through different arrays."""
    work()
    for (array, i), (other_array, j) in zip(one.items(), other.items(), strict=False):
        if (array, i) != (other_array, j):
            return array != other_array
    return False


def _orders(value: Any, steps: list[str], fold: Fold) -> Iterator[tuple[Order, Trail]]:
    """The keys of a path in a value, each with its trail."""
    work()
    if isinstance(value, list) and value:
        for i, element in enumerate(value):
            inner = _element_orders(element, value, steps, fold)
            yield from ((key, {id(value): i, **trail}) for key, trail in inner)
    elif isinstance(value, list):
        yield order(MISSING) if steps else (EMPTY_ARRAY,), {id(value): 0}
    elif not steps:
        yield order(value, fold), {}
    elif isinstance(value, dict) and steps[0] in value:
        yield from _orders(value[steps[0]], steps[1:], fold)
    else:
        yield order(MISSING), {}


def _element_orders(element: Any, array: list[Any], steps: list[str], fold: Fold) -> Iterator[tuple[Order, Trail]]:
    if not steps:
        yield order(element, fold), {}
        return
    index = position(steps[0])
    if isinstance(element, dict) and steps[0] in element:
        if index is not None and index < len(array):
            raise QueryError(f'{named(steps[0])} is an element of an array and a field of an object in it', 'sort')
        yield from _orders(element, steps, fold)
    elif index is None or index >= len(array):
        yield order(MISSING), {}
    elif len(steps) == 1:
        yield (EMPTY_ARRAY,) if array[index] == [] else order(array[index], fold), {}
    else:
        yield from _orders(array[index], steps[1:], fold)
