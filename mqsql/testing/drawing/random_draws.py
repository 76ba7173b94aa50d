"""The choices of a plain generator of random numbers: three times as fast as Hypothesis's, and the same for the same seed.

Nothing is searched or shrunk. Single values come from pools that Hypothesis fills anew for each seed.
"""

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from mqsql.testing.drawing.draws import Draws

T = TypeVar('T')

POOL = 400
"""Values of each strategy."""


class RandomDraws(Draws):
    """The choices of `random`; the values of a strategy are those of a pool."""

    def __init__(self, number: int, values: int = POOL) -> None:
        super().__init__(self._draw)
        self._number, self._random, self._values = number, Random(number), values
        self._pools: dict[SearchStrategy[Any], list[Any]] = {}

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self._random.random() * len(options))]

    def _draw(self, strategy: SearchStrategy[Any]) -> Any:
        if strategy not in self._pools:
            self._pools[strategy] = pool(strategy, self._number, self._values)
        return self.pick(self._pools[strategy])


def pool(strategy: SearchStrategy[Any], number: int, size: int) -> list[Any]:
    """Some values of a strategy, as hypothesis finds them."""
    values: list[Any] = []

    @seed(number)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def fill(value: Any) -> None:
        values.append(value)

    fill()
    return values
