"""What changed between two runs, by the ratios to the limit; changes beyond the noise are marked."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.table import Table

from bench.measuring import OK
from bench.results import Report, Result

LEAST = 0.1
"""A change that is smaller than this is never marked."""

NOISES = 3
"""A change is beyond the noise if it is larger than so many times that of both runs."""

SINGLE = 0.5
"""The noise of what was measured once."""


@dataclass(frozen=True)
class Change:
    """A result of two runs: by how much the second differs, as a part of the first, and how much of this may be noise."""

    old: Result
    new: Result

    @property
    def change(self) -> float:
        """0 is none, 1 is twice as long."""
        return _figure(self.new, self.old) / _figure(self.old, self.new) - 1

    @property
    def noise(self) -> float:
        """The change that noise can explain."""
        return max(LEAST, NOISES * (_noise(self.old) + _noise(self.new)))

    @property
    def marked(self) -> bool:
        """Whether the change is beyond the noise; any change of the status is."""
        if not (self.old.measured and self.new.measured):
            return self.old.status != self.new.status
        if self.old.status != self.new.status:
            return True
        longer = max(self.change, 1 / (1 + self.change) - 1)
        return longer > self.noise


def _figure(result: Result, other: Result) -> float:
    return result.ratio if result.ratio and other.ratio else result.seconds


def _noise(result: Result) -> float:
    return result.noise if result.rounds > 1 else SINGLE


def changes(old: Report, new: Report) -> Iterator[Change]:
    """All results that both runs have, those with the largest histories first."""
    for result in sorted(new.results, key=lambda result: -result.size):
        before = old.find(result.size, result.contender, result.question)
        if before:
            yield Change(before, result)


def table(old: Report, new: Report, *, every: bool = False) -> Table:
    """The changes beyond the noise, or all."""
    shown = Table('records', 'contender', 'question', 'old', 'new', 'change', 'noise', '', box=box.SIMPLE)
    for change in changes(old, new):
        if every or change.marked:
            both = change.old.measured and change.new.measured
            figures = [f'{change.change:+.0%}', f'±{change.noise:.0%}'] if both else ['', '']
            texts = [_text(change.old, change.new), _text(change.new, change.old)]
            mark = '' if not change.marked else 'better' if _better(change) else 'worse'
            row = (f'{change.new.size:,}', change.new.contender, change.new.question)
            shown.add_row(*row, *texts, *figures, mark)
    return shown


def _better(change: Change) -> bool:
    if change.old.status != change.new.status:
        return change.new.status == OK
    return change.change < 0


def _text(result: Result, other: Result) -> str:
    if not result.measured:
        return result.status
    return f'{result.ratio:.3g}' if result.ratio and other.ratio else f'{1e3 * result.seconds:.3g} ms'
