"""One record of a task out of two that the hub has begun.

A hub that cannot read the record of a task begins another one, in which output starts from nothing. What it holds comes after
what is stored.
"""

from collections.abc import Collection, Mapping
from typing import Any

from mqsql.schema import Record

TEXTS = ('stdout', 'stderr')
CONTINUED = (*TEXTS, 'display_data')
"""The columns that a hub adds to; it replaces the others."""


def joined(before: Mapping[str, Any], after: Mapping[str, Any], continued: Collection[str] = CONTINUED) -> Record:
    """What the second record changes in the first: it continues the columns of `continued`, and replaces others where it
    has a value.
    """
    return {
        column: _continue(column, before.get(column), value) if column in continued else value
        for column, value in after.items()
        if value
    }


def _continue(column: str, before: Any, after: Any) -> Any:
    if not before:
        return after
    if column in TEXTS:
        return before + after
    for display in _displays(after):
        before = with_earlier(before, display)
    return before


def with_earlier(before: Any, display: Any) -> Any:
    """`display_data` after one more message: the message, with those before it under its key "earlier"."""
    if not before or before == display:
        return display
    displays = _displays(before)
    if isinstance(display, Mapping) and 'earlier' not in display:
        return {**display, 'earlier': displays}
    return {'earlier': [*displays, display]}


def _displays(value: Any) -> list[Any]:
    """The messages of a `display_data`, in order."""
    if not (isinstance(value, Mapping) and isinstance(value.get('earlier'), list)):
        return [value]
    last = {key: part for key, part in value.items() if key != 'earlier'}
    return [*value['earlier'], *([last] if last else [])]
