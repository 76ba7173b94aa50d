"""Limits on the work and the memory of one evaluation of an expression.

A short expression can ask for any number of values ($map over $range over $range). Each operator, and each element that it
reads, counts as work; the values that it makes count as memory. Beyond the limits the evaluation ends with ExhaustedError.
Now and then `work` also checks the deadline of the query; it does so outside of expressions, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from threading import local

from mqsql import limits

WORK = 6_000_000
MEMORY = 150_000_000
BETWEEN_LOOKS = 1_000


class ExhaustedError(ValueError):
    """An expression takes more work or memory than allowed; it becomes a QueryError that names the place."""


class _Allowance(local):
    """The work and memory that remain for the evaluation of this thread."""

    work = memory = inf
    since_look = 0


_ALLOWANCE = _Allowance()


@contextmanager
def allowed() -> Iterator[None]:
    """A block with the full allowance, or within another one with the rest of that."""
    if _ALLOWANCE.work < inf:
        yield
        return
    _ALLOWANCE.work, _ALLOWANCE.memory = WORK, MEMORY
    try:
        yield
    finally:
        _ALLOWANCE.work = _ALLOWANCE.memory = inf


def work(amount: int = 1) -> None:
    """Count an operator, or this many elements that are read."""
    _ALLOWANCE.since_look += amount
    if _ALLOWANCE.since_look > BETWEEN_LOOKS:
        limits.check()
        _ALLOWANCE.work -= _ALLOWANCE.since_look
        _ALLOWANCE.since_look = 0
        if _ALLOWANCE.work < 0:
            raise ExhaustedError(f'does more than {WORK:,} steps of work')


def memory(size: int) -> None:
    """Count this many bytes before they are made."""
    _ALLOWANCE.memory -= size
    if _ALLOWANCE.memory < 0:
        raise ExhaustedError(f'makes more than {MEMORY // 10**6} MB of values')


def listing(length: int, each: int = 8) -> None:
    """Count an array of this length before it is made; `each` is the bytes of an element."""
    work(length // 4)
    memory(64 + each * length)


def writing(*texts: str, times: int = 1) -> None:
    """Count these texts before they are copied."""
    length = times * sum(map(len, texts))
    work(length // 256)
    memory(64 + 2 * length)
