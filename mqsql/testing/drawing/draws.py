"""Hypothesis's choices as plain calls."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

T = TypeVar('T')


class Draws:
    """Hypothesis's choices as calls; composing strategies for each collection anew takes most of a test's time."""

    def __init__(self, draw: Callable[[SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def pick(self, options: Sequence[T]) -> T:
        """One of them; shrinks to the first."""
        index: int = self.draw(_indexes(len(options)))
        return options[index]

    def once_in(self, times: int) -> bool:
        """True so often; shrinks to False."""
        return self.pick(range(times)) == times - 1

    def several(self, least: int, most: int, draw: Callable[[], T]) -> list[T]:
        """A list of so many."""
        return [draw() for _ in range(self.pick(range(least, most + 1)))]


@lru_cache
def _indexes(length: int) -> SearchStrategy[int]:
    return st.integers(0, length - 1)
