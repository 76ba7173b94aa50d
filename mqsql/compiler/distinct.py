"""The different values at a path. Imports `bson`, `paths` and `schema` of the project."""

from collections.abc import Iterable, Iterator
from typing import Any

from mqsql.compiler import budget
from mqsql.compiler.bson import bson_key
from mqsql.compiler.collation import Collation
from mqsql.compiler.paths import is_index


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
    """What lies at the path. Other than in a filter, a step of digits is a position only where an array is met.

    The rule is that of MongoDB's extractAllElementsAlongPath (src/mongo/db/matcher/path_support or its dotted_path_support).
    """
    budget.step()
    if not steps:
        yield value
    elif isinstance(value, dict):
        if steps[0] in value:
            yield from _at(value[steps[0]], steps[1:])
    elif isinstance(value, list):
        if is_index(steps[0]):
            for element in value[int(steps[0]) :][:1]:
                yield from _at(element, steps[1:])
        else:
            for element in value:
                if isinstance(element, dict):
                    yield from _at(element, steps)
