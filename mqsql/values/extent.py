"""Limits the size of the values that a query computes for its answer.

An expression can put one value into another many times, so that what takes little memory never ends when it is written.
"""

from sys import getsizeof
from typing import Any

from mqsql import limits
from mqsql.errors import QueryError
from mqsql.values.canonical import MAX_DEPTH

MAX_BYTES = 150_000_000
"""Of one value and, under a deadline, of all values that are computed for one answer."""

PLACE = 'projection'


def check_computed(value: Any) -> Any:
    """The value; QueryError if it is too large or too deep for an answer, alone or after those that came before."""
    deadline = limits.current()
    size = _Size(deadline.computed)
    size.add([value], -1)
    if deadline.seconds:
        deadline.computed = size.bytes
    return value


class _Size:
    """Bytes of values; what a value holds in several places is counted in each."""

    def __init__(self, counted: int) -> None:
        self.bytes = counted

    def add(self, values: list[Any], depth: int) -> None:
        """Count the values of an array, or the names and values of an object, that is so deep in a column."""
        limits.check()
        self.bytes += sum(map(getsizeof, values))
        if self.bytes > MAX_BYTES:
            raise QueryError(f'computes more than {MAX_BYTES // 1_000_000} MB for the answer', PLACE)
        if depth == MAX_DEPTH:
            raise QueryError(f'computes a value that is nested deeper than {MAX_DEPTH} levels', PLACE)
        for value in values:
            if isinstance(value, dict):
                self.add([*value, *value.values()], depth + 1)
            elif isinstance(value, list):
                self.add(value, depth + 1)
