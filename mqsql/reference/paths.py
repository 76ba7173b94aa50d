"""The values that a dotted path finds in a document.

The rules are those of MongoDB's manual, "Query an Array of Embedded Documents", and of its matcher.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from mqsql.reference.allowance import work
from mqsql.reference.values import MISSING


class Offer(NamedTuple):
    """A value that a path offers to a test; `spread` says that the elements of an array are offered as well."""

    value: Any
    spread: bool


def each(offers: Iterable[Offer]) -> Iterator[Any]:
    """The values that most tests look at: an array's elements, then the array itself."""
    for value, spread in offers:
        if spread and isinstance(value, list):
            yield from value
        yield value


def walk(value: Any, steps: Sequence[str]) -> Iterator[Offer]:
    """What `steps` offer in `value`; missing, where an object or a scalar lacks the step."""
    if not steps:
        yield Offer(value, spread=True)
    elif isinstance(value, dict) and steps[0] in value:
        yield from walk(value[steps[0]], steps[1:])
    elif isinstance(value, list):
        for position, element in enumerate(value):
            yield from _enter(element, position, steps)
    else:
        yield Offer(MISSING, spread=True)


def _enter(element: Any, position: int, steps: Sequence[str]) -> Iterator[Offer]:
    """What an array's element offers: as an object, then as the element at the index that the step names."""
    work()
    if isinstance(element, dict):
        yield from walk(element, steps)
    if steps[0] == str(position):
        if len(steps) == 1:
            yield Offer(element, spread=False)
        elif isinstance(element, dict | list):
            yield from walk(element, steps[1:])


def at_path(value: Any, steps: Sequence[str]) -> Iterator[Any]:
    """The values at `steps` for distinct: in an array a number is a position, any other step goes into its objects."""
    work()
    if not steps:
        if value is not MISSING:
            yield value
    elif isinstance(value, dict):
        yield from at_path(value.get(steps[0], MISSING), steps[1:])
    elif isinstance(value, list):
        if set(steps[0]) <= set('0123456789'):
            chosen = [element for i, element in enumerate(value) if str(i) == steps[0]]
            yield from (found for element in chosen for found in at_path(element, steps[1:]))
        else:
            yield from (found for element in value if isinstance(element, dict) for found in at_path(element, steps))


def position(step: str) -> int | None:
    """The index that a step names: "0" and "12" do, "01" and "-1" do not."""
    short_number = step.isascii() and step.isdigit() and len(step) <= 10
    return int(step) if short_number and str(int(step)) == step else None
