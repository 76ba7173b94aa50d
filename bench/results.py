"""What a run of the benchmark has found, as it is kept in a file of JSON."""

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Self

from bench.measuring import OK, WRONG, Outcome

FORMAT = 1
FILL = 'fill'
"""The name under which it is kept how long a contender took to take up the history."""


@dataclass(frozen=True)
class Result:
    """What came of a question to a contender with a history of some size.

    `seconds` is the least time for a call, `middle` the median, of so many `rounds`. `ratio` is the median of the contender's
    time divided by that of the limit, which was asked in turn with it; half of all such quotients differ from it by at most
    `noise` of it (0 for less than three, which say nothing of noise). `work` and `work_noise` are the same of the time of the
    processor, which depends less on what else the machine does; 0 if a server does a part of the work.
    """

    size: int
    contender: str
    question: str
    status: str
    seconds: float = 0.0
    middle: float = 0.0
    rounds: int = 0
    ratio: float = 0.0
    noise: float = 0.0
    work: float = 0.0
    work_noise: float = 0.0
    bytes: int = 0
    note: str = ''

    @property
    def measured(self) -> bool:
        """Whether there is a time."""
        return self.status in (OK, WRONG) and self.rounds > 0

    @classmethod
    def of(cls, size: int, contender: str, question: str, theirs: Sequence[Outcome], limits: Sequence[Outcome]) -> Self:
        """The result of rounds that were all measured, with the limit's, if that has an answer."""
        times = [outcome.seconds for outcome in theirs]
        wrong = [outcome for outcome in theirs if outcome.status == WRONG]
        return cls(
            size,
            contender,
            question,
            WRONG if wrong else OK,
            min(times),
            median(times),
            len(times),
            *_quotient(times, [outcome.seconds for outcome in limits]),
            *_quotient([outcome.processor for outcome in theirs], [outcome.processor for outcome in limits]),
            max(outcome.bytes for outcome in theirs),
            wrong[0].note if wrong else '',
        )


def _quotient(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float]:
    """The median of the quotients, and their spread."""
    quotients = [one / other for one, other in zip(theirs, ours, strict=False) if one and other]
    return (median(quotients), spread(quotients)) if quotients else (0.0, 0.0)


def spread(values: Sequence[float]) -> float:
    """Half the distance of the quartiles, as a part of the median; 0 for less than three values."""
    if len(values) < 3:
        return 0.0
    first, middle, third = quantiles(values, method='inclusive')
    return (third - first) / 2 / middle if middle else 0.0


@dataclass
class Report:
    """The results of a run, what it was run on, and who was left out, and why."""

    machine: dict[str, str]
    packages: dict[str, str]
    titles: dict[str, str]
    questions: dict[str, str]
    seed: int
    patience: float
    left_out: dict[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    format: int = FORMAT

    @property
    def sizes(self) -> list[int]:
        """Of the histories."""
        return sorted({result.size for result in self.results})

    @property
    def contenders(self) -> list[str]:
        """Those that have results, in order."""
        present = {result.contender for result in self.results}
        return [name for name in self.titles if name in present]

    def find(self, size: int, contender: str, question: str) -> Result | None:
        """The result, if there is one."""
        return next((result for result in self.of(contender, question) if result.size == size), None)

    def of(self, contender: str, question: str) -> Iterator[Result]:
        """Results of all sizes."""
        return (r for r in self.results if r.contender == contender and r.question == question)

    def write(self, path: Path) -> None:
        """Keep it as JSON, a line for each result."""
        given = asdict(self)
        results = given.pop('results')
        lines = ',\n  '.join(json.dumps(_rounded(result)) for result in results)
        text = json.dumps(given, indent=1).removesuffix('\n}')
        path.write_text(f'{text},\n "results": [\n  {lines}\n ]\n}}\n', encoding='utf-8')

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` has written; ValueError for a file of another format."""
        given: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
        if given.get('format') != FORMAT:
            raise ValueError(f'{path}: this is no result of the benchmark in format {FORMAT}')
        results = [Result(**result) for result in given.pop('results')]
        return cls(results=results, **given)


def _rounded(result: Mapping[str, Any]) -> dict[str, Any]:
    rounded = {key: float(f'{value:.4g}') if isinstance(value, float) else value for key, value in result.items()}
    return {key: value for key, value in rounded.items() if value not in (0, '')}


def machine() -> dict[str, str]:
    """What this was run on, and when."""
    return {
        'when': datetime.now(UTC).isoformat(timespec='minutes'),
        'system': f'{platform.system()} {platform.machine()}',
        'cores': str(os.cpu_count()),
        'python': '.'.join(map(str, sys.version_info[:3])),
        'sqlite': f'apsw {version("apsw")}',
    }
