"""The different values at a path."""

from collections.abc import Iterable, Iterator
from typing import Any

from mqsql.limits import budget
from mqsql.values.bson_order import bson_key
from mqsql.values.collation import Collation
from mqsql.values.paths import is_index


def distinct_values(values: Iterable[Any], steps: tuple[str, ...], collation: Collation | None = None) -> list[Any]:
    """The values that lie at the path in any of `values`, an array's elements one by one; each once by BSON equality
    and the collation.

    In the order they are met. What is missing gives none; null is a value.
    """
    found: dict[str, Any] = {}
    for value in values:
        for offered in _at(value, steps):
            for item in offered if isinstance(offered, list) else [offered]:
                found.setdefault(bson_key(item, collation), item)
    return list(found.values())


def _at(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    """The values at the path. Unlike in a filter, a step of digits is only a position wherever it meets an array, as in MongoDB
    (extractAllElementsAlongPath of src/mongo/db/query/bson/multikey_dotted_path_support.cpp).
    """
    budget.step()
    if not steps:
        yield value
    elif isinstance(value, dict):
        if steps[0] in value:
            yield from _at(value[steps[0]], steps[1:])
    elif isinstance(value, list):
        step = steps[0]
        if step.isascii() and step.isdecimal():
            if is_index(step) and int(step) < len(value):
                yield from _at(value[int(step)], steps[1:])
        else:
            for element in value:
                if isinstance(element, dict):
                    yield from _at(element, steps)
