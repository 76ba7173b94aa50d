"""What a check of a database finds."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from mqsql.errors import SHOWN

Track = Callable[[Iterable[Any], int], Iterable[Any]]
"""Passes rows on and shows how far they are of that number."""

MOST_NAMED = 20  # buffers without a record that one line names


class Finding(NamedTuple):
    """What is wrong, and where: in a table, in the record of a key, in a column; empty where that does not apply."""

    table: str
    key: str
    column: str
    problem: str

    def __str__(self) -> str:
        """One line."""
        return ': '.join(part for part in self if part)


def shown_key(key: str) -> str:
    """The key of a record in a finding."""
    return repr(key)[:SHOWN]


def some(ids: Sequence[object]) -> str:
    """The first of the ids, and how many more there are."""
    more = f', and {len(ids) - MOST_NAMED:,} more' if len(ids) > MOST_NAMED else ''
    return ', '.join(map(str, ids[:MOST_NAMED])) + more
