"""What changed between two runs, by the quotients to the limit; changes beyond the noise are marked.

Compared is the time of the processor where one process does all the work, and else the time that passed. Of three runs of the
same code on a machine under load, compared with each other, 1% of all results were marked; by the time that passed, 15%.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.table import Table

from bench.measuring import OK
from bench.results import Report, Result

LEAST = 0.1
"""A change that is smaller than this is never marked."""

NOISES = 3.0
"""The noise of a run counts so many times."""

FEW = 0.7
"""The noise of a single round beyond what it says of itself; of more rounds as much less."""

FEW_PASSED = 2.5
"""The same of the time that passed."""


@dataclass(frozen=True)
class Change:
    """A result of two runs."""

    old: Result
    new: Result

    @property
    def works(self) -> bool:
        """Whether the time of the processor is compared."""
        return bool(self.old.work and self.new.work)

    @property
    def figures(self) -> tuple[float, float]:
        """What is compared."""
        if self.works:
            return self.old.work, self.new.work
        if self.old.ratio and self.new.ratio:
            return self.old.ratio, self.new.ratio
        return self.old.seconds, self.new.seconds

    @property
    def change(self) -> float:
        """1 is none, 2 is twice as long."""
        old, new = self.figures
        return new / old

    @property
    def noise(self) -> float:
        """The change, up or down, that noise can explain."""
        runs = self.old, self.new
        noises = sum(run.work_noise if self.works else run.noise for run in runs)
        few = (FEW if self.works else FEW_PASSED) * sum(1 / run.rounds for run in runs)
        return 1 + max(LEAST, NOISES * noises + few)

    @property
    def compared(self) -> bool:
        """Whether there are times to compare."""
        return self.old.measured and self.new.measured and self.old.status == self.new.status

    @property
    def verdict(self) -> str:
        """`better` or `worse` beyond the noise, or nothing."""
        if self.compared:
            longer, noise = self.change, self.noise
            return 'worse' if longer > noise else 'better' if longer * noise < 1 else ''
        if self.old.status == self.new.status:
            return ''
        return 'better' if self.new.status == OK else 'worse'


def changes(old: Report, new: Report) -> Iterator[Change]:
    """All results that both runs have, those with the largest histories first."""
    for result in sorted(new.results, key=lambda result: -result.size):
        before = old.find(result.size, result.contender, result.question)
        if before:
            yield Change(before, result)


def table(old: Report, new: Report, *, every: bool = False) -> Table:
    """The changes beyond the noise, or all."""
    shown = Table('records', 'contender', 'question', 'old', 'new', 'times as long', 'noise', '', box=box.SIMPLE)
    for change in changes(old, new):
        if every or change.verdict:
            row = (f'{change.new.size:,}', change.new.contender, change.new.question)
            if change.compared:
                figures = [f'{figure:.3g}' for figure in (*change.figures, change.change, change.noise)]
            else:
                figures = [change.old.status, change.new.status, '', '']
            shown.add_row(*row, *figures, change.verdict)
    return shown
