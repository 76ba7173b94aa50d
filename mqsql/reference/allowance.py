"""Limits on the work and the memory of one evaluation of an expression.

An expression of a few words can ask for any number of values ($map over $range over $range). Each operator counts as work,
as does each element that one looks at, and what operators make counts as memory; whoever needs more than is allowed gets
ExhaustedError. From time to time the deadline of the query is looked at as well, also by work that is no expression's.
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
    """The expression needs more than it may; becomes a QueryError that names the place."""


class _Allowance(local):
    """What this thread's evaluation may still use."""

    work = memory = inf
    since_look = 0


_ALLOWANCE = _Allowance()


@contextmanager
def allowed() -> Iterator[None]:
    """A block that may use a whole allowance; within another one, what is left of that."""
    if _ALLOWANCE.work < inf:
        yield
        return
    _ALLOWANCE.work, _ALLOWANCE.memory = WORK, MEMORY
    try:
        yield
    finally:
        _ALLOWANCE.work = _ALLOWANCE.memory = inf


def work(amount: int = 1) -> None:
    """An operator was run, or so many elements are to be looked at."""
    _ALLOWANCE.since_look += amount
    if _ALLOWANCE.since_look > BETWEEN_LOOKS:
        limits.check()
        _ALLOWANCE.work -= _ALLOWANCE.since_look
        _ALLOWANCE.since_look = 0
        if _ALLOWANCE.work < 0:
            raise ExhaustedError(f'does more than {WORK:,} steps of work')


def memory(size: int) -> None:
    """So many bytes are to be made."""
    _ALLOWANCE.memory -= size
    if _ALLOWANCE.memory < 0:
        raise ExhaustedError(f'makes more than {MEMORY // 10**6} MB of values')


def listing(length: int, each: int = 8) -> None:
    """An array of so many elements is to be made, of so many bytes each."""
    work(length // 4)
    memory(64 + each * length)


def writing(*texts: str, times: int = 1) -> None:
    """These texts are to be copied so often."""
    length = times * sum(map(len, texts))
    work(length // 256)
    memory(64 + 2 * length)
