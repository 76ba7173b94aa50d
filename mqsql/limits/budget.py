"""Limits on the steps and the memory of one evaluation of an expression.

A short expression can ask for any amount of work: a $map over a $range over a $range. So operators that loop count their
`step`s, and operators that join or copy count the bytes that they `make`. Past a limit the evaluation ends with TooMuchError.
`step` also checks the deadline of the query; outside of an evaluation it does nothing else.
"""

import sys
from math import inf
from threading import local
from typing import NamedTuple

from mqsql import limits

MAX_STEPS = 6_000_000
MAX_BYTES = 150_000_000

_STRIDE = 1_000  # steps between two checks of the deadline


class TooMuchError(ValueError):
    """An evaluation takes more steps or bytes than allowed."""


class Left(NamedTuple):
    """The remaining steps and bytes."""

    steps: float = MAX_STEPS
    bytes: float = MAX_BYTES


_ALL = Left()


class _State(local):
    steps: float = inf
    bytes: float = inf
    until_look: int = _STRIDE


_STATE = _State()


def begin(left: Left = _ALL) -> None:
    """Begin an evaluation in this thread, with so much left to it."""
    _STATE.steps, _STATE.bytes = left


def left() -> Left:
    """The steps and bytes that the evaluation has left."""
    return Left(_STATE.steps, _STATE.bytes)


def end() -> None:
    """End the evaluation."""
    _STATE.steps = _STATE.bytes = inf


def step(count: int = 1) -> None:
    """Count steps: parts of an expression that are evaluated, or elements that are read."""
    _STATE.until_look -= count
    if _STATE.until_look < 0:
        _look()


def _look() -> None:
    _STATE.steps -= _STRIDE - _STATE.until_look
    _STATE.until_look = _STRIDE
    limits.check()
    if _STATE.steps < 0:
        raise TooMuchError(f'takes more than {MAX_STEPS:,} steps for one record')


def make(size: int) -> None:
    """Count bytes before they are made."""
    _STATE.bytes -= size
    if _STATE.bytes < 0:
        raise TooMuchError(f'makes more than {MAX_BYTES // 1_000_000} MB for one record')


def made_text(text: str) -> str:
    """The text, after counting its length as steps and bytes."""
    make(sys.getsizeof(text))
    step(len(text) >> 8)
    return text


REFERENCE, NUMBER, PAIR, FIELD = 8, 40, 240, 100
"""Bytes of an element of an array, of one with its number, of an object of two fields, and of a field of an object."""
