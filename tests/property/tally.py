"""What the differential tests have compared in this run. Imports nothing of the project."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Counts of queries: all, those that were valid, those that selected some but not all records, and by operator."""

    queries: int = 0
    valid: int = 0
    telling: int = 0
    operators: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """The counts in one line."""
        share = self.telling / max(self.valid, 1)
        rare = ', '.join(f'{name} {count}' for name, count in self.operators.most_common()[:-4:-1])
        return f'{self.queries:,} queries compared, {self.valid:,} valid, {share:.0%} of them telling; rarest: {rare}'


TALLY = Tally()
