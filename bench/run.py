"""A run: histories of growing size, and for each contender a process of its own beside one of the limit, asked in turn."""

import hashlib
import math
import pickle
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import bench
from bench.answers import Checksum
from bench.contenders import CONTENDERS, LIMIT
from bench.contenders import limit as limit_files
from bench.data import History
from bench.measuring import OK, OVER, WRONG, Outcome
from bench.questions import Facts, Question, questions, truths
from bench.results import FILL, Report, Result, machine
from bench.worker import LostError, Patience, Process

SMALLEST = 1_000
LEAST_ROUNDS, MOST_ROUNDS = 3, 25
TWICE = 20
"""A question that takes up to so many times its share is asked twice all the same: the machine may have been busy."""

MOST_GROWTH = 1.5
"""The power of the size with which a time is taken to grow, at most, when a longer one is foretold."""

SURE = 2.0
"""What is foretold to take so many times the patience is not tried."""

Say = Callable[[str, int], None]
"""Is told what is going on, and how many contenders have been dealt with since."""


@dataclass
class Plan:
    """What to measure. `seconds` is for all rounds together, without the filling; `patience` for one answer, see Patience."""

    sizes: list[int]
    contenders: list[str]
    asked: Collection[str] = ()
    seed: int = 1
    seconds: float = 240.0
    patience: float = 60.0
    cache: Path = Path('.bench')
    say: Say = lambda what, steps: None
    share: float = field(init=False, default=0.0)

    def chosen(self, facts: Facts) -> dict[str, Question]:
        """The questions that are asked of a history."""
        return {name: q for name, q in questions(facts).items() if not self.asked or name in self.asked}


def sizes(largest: int) -> list[int]:
    """The sizes of the histories: powers of ten, and the largest one."""
    powers = [10**power for power in range(int(math.log10(SMALLEST)), 12) if 10**power < largest]
    return [*powers, largest]


def run(plan: Plan, keep: Callable[[Report], None] = lambda report: None) -> Report:
    """Measure all of a plan; `keep` is given what there is after each contender."""
    report = Report(machine(), {}, {}, {}, plan.seed, plan.patience)
    taking_part = [name for name in plan.contenders if not _left_out(report, name)]
    report.titles = {name: entry.title for name, entry in CONTENDERS.items() if name in (LIMIT, *taking_part)}
    for size in plan.sizes:
        plan.say(f'{size:,} records: making the history and its answers', 0)
        facts, checks = known(History(size, plan.seed), plan.cache)
        asked = plan.chosen(facts)
        titles = {name: question.title for name, question in questions(facts, every=True).items()}
        report.questions = {name: titles[name] for name in titles if name in asked or name in report.questions}
        plan.share = plan.seconds / (len(plan.sizes) * max(1, len(taking_part)) * max(1, len(asked)))
        with tempfile.TemporaryDirectory(prefix='mqsql-bench-') as folder:
            size_run = _SizeRun(plan, report, Path(folder), facts, checks)
            for name in taking_part:
                size_run.contender(name)
                keep(replace(report, results=[*report.results, *size_run.limit()]))
            report.results += size_run.limit()
    return report


def _left_out(report: Report, name: str) -> bool:
    entry = CONTENDERS[name]
    if missing := entry.missing():
        report.left_out[name] = missing
    elif entry.package:
        report.packages[entry.package] = entry.version()
    return bool(missing) or name == LIMIT


def known(history: History, cache: Path) -> tuple[Facts, dict[str, Checksum]]:
    """The facts of a history and the right answers, which are kept for the next run unless what makes them has changed."""
    sources = ('data', 'questions', 'answers')
    digest = hashlib.sha256(
        b''.join(Path(bench.__path__[0], f'{name}.py').read_bytes() for name in sources)
    ).hexdigest()
    path = cache / f'{history.size}-{history.seed}-{digest[:16]}.pickle'
    if path.exists():
        kept: tuple[Facts, dict[str, Checksum]] = pickle.loads(path.read_bytes())
        return kept
    facts = Facts.of(history)
    found = facts, truths(facts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(found))
    return found


@dataclass
class _SizeRun:
    """A history of one size."""

    plan: Plan
    report: Report
    folder: Path
    facts: Facts
    truths: dict[str, Checksum]
    limits: dict[str, list[Outcome]] = field(default_factory=lambda: defaultdict(list))

    @property
    def size(self) -> int:
        return self.facts.history.size

    @property
    def patience(self) -> Patience:
        return Patience.of(self.plan.patience, self.size)

    def contender(self, name: str) -> None:
        """All questions to a contender."""
        asked = self.plan.chosen(self.facts)
        try:
            with ExitStack() as stack:
                theirs = self._start(stack, name, name)
                self._say(name, FILL)
                if self._filled(name, theirs):
                    ours = self._limit(stack)
                    for question in asked.values():
                        self._say(name, question.name)
                        self._question(name, question, theirs, ours)
        except LostError as e:
            self._add(name, FILL, OVER, str(e))
        finally:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.rmtree(self.folder / 'beside', ignore_errors=True)
            self.plan.say('', 1)

    def _say(self, name: str, question: str) -> None:
        self.plan.say(f'{self.size:,} records, {CONTENDERS[name].title}: {question}', 0)

    def _start(self, stack: ExitStack, name: str, folder: str) -> Process:
        directory = self.folder / folder
        directory.mkdir(exist_ok=True)
        process = stack.enter_context(Process(name, directory, self.facts, self.truths, self.patience))
        outcome = process.opened()
        if outcome.status != OK:
            raise LostError(outcome.note)
        return process

    def _limit(self, stack: ExitStack) -> Process:
        """A process of the limit with a copy of its file, which is filled the first time."""
        original, copy = self.folder / 'original', self.folder / 'beside'
        if not original.exists():
            with ExitStack() as own:
                outcome = self._start(own, LIMIT, 'original').fill()
            if outcome.status != OK:
                raise RuntimeError(f'the limit could not be filled: {outcome.note}')
            self.report.results.append(Result.of(self.size, LIMIT, FILL, [outcome], [outcome]))
        copy.mkdir()
        limit_files.copy(original, copy)
        return self._start(stack, LIMIT, 'beside')

    def _filled(self, name: str, process: Process) -> bool:
        if self._foretold(name, FILL, self.patience.filling):
            return False
        outcome = process.fill()
        if outcome.status == OK:
            self.report.results.append(Result.of(self.size, name, FILL, [outcome], []))
        else:
            self._add(name, FILL, outcome.status, outcome.note)
        return outcome.status == OK

    def _question(self, name: str, question: Question, theirs: Process, ours: Process) -> None:
        if self._foretold(name, question.name, self.patience.answer):
            return
        outcomes, limits = list[Outcome](), list[Outcome]()
        first, beside = theirs.ask(question.name), ours.ask(question.name)
        if first.status not in (OK, WRONG):
            self._add(name, question.name, first.status, first.note)
            return
        spent = (first.seconds + beside.seconds) * question.calls
        once = question.kind in ('purge', 'stream') or spent > TWICE * self.plan.share
        rounds = 1 if once else 2 if spent > self.plan.share else MOST_ROUNDS
        if rounds < MOST_ROUNDS:  # or else the first round only warms up
            outcomes, limits = [first], [beside]
        start = time.monotonic()
        while len(outcomes) < rounds and _more(len(outcomes), time.monotonic() - start, self.plan.share):
            outcomes.append(theirs.ask(question.name))
            limits.append(ours.ask(question.name))
        failed = next((outcome for outcome in outcomes if outcome.status not in (OK, WRONG)), None)
        if failed:
            self._add(name, question.name, failed.status, failed.note)
            return
        limits = [outcome for outcome in limits if outcome.status == OK]
        self.limits[question.name] += limits
        self.report.results.append(Result.of(self.size, name, question.name, outcomes, limits))

    def _foretold(self, name: str, question: str, most: float) -> bool:
        """Whether it follows from smaller histories that an answer would take too long; then that is noted."""
        before = sorted(self.report.of(name, question), key=lambda result: result.size)[-2:]
        if before and before[-1].status == OVER:
            self._add(name, question, OVER, 'already with fewer records')
            return True
        seconds = foretell(
            [(r.size, r.seconds * _calls(self.facts, question)) for r in before if r.measured], self.size
        )
        if seconds > SURE * most:
            self._add(name, question, OVER, f'foretold: {seconds:,.0f} s')
        return seconds > SURE * most

    def _add(self, name: str, question: str, status: str, note: str) -> None:
        self.report.results.append(Result(self.size, name, question, status, note=note))

    def limit(self) -> list[Result]:
        """The limit's own results: from all rounds beside others."""
        return [Result.of(self.size, LIMIT, name, found, found) for name, found in self.limits.items() if found]


def _calls(facts: Facts, question: str) -> int:
    return 1 if question == FILL else questions(facts)[question].calls


def _more(rounds: int, spent: float, share: float) -> bool:
    return rounds < LEAST_ROUNDS or spent < share


def foretell(times: list[tuple[int, float]], size: int) -> float:
    """Seconds for a history of this size, from those for one or two smaller ones; 0 if there is none."""
    if not times:
        return 0.0
    (last, seconds), power = times[-1], 1.0
    if len(times) > 1 and times[0][1] > 0:
        power = math.log(seconds / times[0][1]) / math.log(last / times[0][0])
    return float(seconds * (size / last) ** max(0.0, min(power, MOST_GROWTH)))
