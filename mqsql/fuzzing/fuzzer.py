"""The search for defects: draws histories, compares, cuts down what is new, until the time or the examples are used up."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mqsql.errors import MqsqlError
from mqsql.fuzzing.causes import Category, Cause, Causes, Fault
from mqsql.fuzzing.comparing import Comparer, Symptom
from mqsql.fuzzing.drawing import Rounds, without_files
from mqsql.fuzzing.models import Answer, Expected, Model, model_of
from mqsql.fuzzing.outcomes import Outcome
from mqsql.fuzzing.running import Facts, Runner
from mqsql.fuzzing.shrinking import MOST_TRIES, Shrinker
from mqsql.fuzzing.steps import CreateIndex, State, Steps
from mqsql.fuzzing.targets.base import DOCUMENTS
from mqsql.fuzzing.targets.spec import Spec
from mqsql.fuzzing.traits import INDEX

TIMEOUT = 10.0
"""Seconds that a call of a backend may take."""

SLOW = (Symptom.CRASH, Symptom.HANG)
TRIES_IF_SLOW = 25


@dataclass(frozen=True)
class Options:
    """How to search."""

    language: str = 'find'
    examples: int | None = 10_000
    """Answers to compare; None is no limit."""
    seconds: float | None = None
    seed: int = 1
    writes: bool | None = None
    """Whether histories have changes; None: one in four."""
    timeout: float = TIMEOUT


@dataclass
class Report:
    """What a search has found."""

    target: str
    facts: Facts
    options: Options
    causes: list[Cause] = field(default_factory=list)
    examples: int = 0
    wrong: int = 0
    seconds: float = 0


Say = Callable[[Report], None]
"""Told of the progress."""


def fuzz(spec: Spec, options: Options = Options(), say: Say = lambda report: None) -> Report:
    """Search for defects of a backend; TargetError if it cannot be tried, QueryError never."""
    with without_files(), Runner(spec, options.timeout) as runner:
        search = _Search(spec, runner, options, say)
        search.run()
        return search.report


class _Search:
    """The search while it goes on."""

    def __init__(self, spec: Spec, runner: Runner, options: Options, say: Say) -> None:
        self._runner, self._options, self._say = runner, options, say
        self._facts = runner.facts
        self._rounds = Rounds(self._facts, options.language, options.seed, options.writes)
        self._tester = Tester(runner)
        self._shrinker = Shrinker(hub=self._facts.kind != DOCUMENTS)
        self._causes = Causes()
        self._begun = time.monotonic()
        self.report = Report(spec.text, self._facts, options)

    def run(self) -> None:
        """Go on until the time or the examples are used up."""
        while not self._over():
            steps = self._rounds.draw()
            if not self._known_as_slow(steps):
                for fault in self._tester.faults(steps, self.report):
                    self._note(fault)
            self._tell()

    def _tell(self) -> None:
        self.report.causes = list(self._causes.found)
        self.report.seconds = time.monotonic() - self._begun
        self._say(self.report)

    def _over(self) -> bool:
        examples = self._options.examples
        return self._out_of_time() or (examples is not None and self.report.examples >= examples)

    def _out_of_time(self) -> bool:
        seconds = self._options.seconds
        return seconds is not None and time.monotonic() - self._begun >= seconds

    def _known_as_slow(self, steps: Steps) -> bool:
        """Whether a step would end the process, or take all the time, for a reason that is known."""
        slow = [cause for cause in self._causes.found if cause.fault.symptom in SLOW]
        return any(
            cause.explains(cause.fault.kind, Fault(history, cause.fault.symptom, cause.fault.outcome).traits)
            for cause in slow
            for history in histories(steps)
        )

    def _note(self, fault: Fault) -> None:
        known = self._causes.explaining(fault)
        by_index = known is not None and self._is_by_new_index(fault)
        if known is not None and not by_index:
            known.seen += 1
            return
        smallest = self._shrunk(fault, self._right_without_index if by_index else self._is_new)
        if smallest is not None:
            self._causes.add(smallest)
            self._tell()

    def _is_new(self, fault: Fault) -> bool:
        return self._causes.explaining(fault) is None

    def _is_by_new_index(self, fault: Fault) -> bool:
        """Whether an index makes the answer wrong, which is not known yet, whatever else is wrong there."""
        known = {cause.fault.kind for cause in self._causes.found if cause.category is Category.INDEXES}
        return INDEX in fault.traits and fault.kind not in known and self._right_without_index(fault)

    def _right_without_index(self, fault: Fault) -> bool:
        steps = tuple(step for step in fault.steps if not isinstance(step, CreateIndex))
        return len(steps) < len(fault.steps) and self._tester.fault(steps) is None and self._tester.has_meaning(steps)

    def _shrunk(self, fault: Fault, fits: Callable[[Fault], bool]) -> Fault | None:
        """The smallest history with the same symptom that fits; None if it does not show again."""
        best, slow = [fault], fault.symptom in SLOW

        def shows(steps: Steps) -> bool:
            if self._out_of_time():
                return False
            shown = self._tester.fault(steps, slow=slow)
            if shown is None or shown.kind != fault.kind or not fits(shown):
                return False
            best.append(shown)
            return True

        if not shows(fault.steps):
            return None
        self._shrinker.shrink(fault.steps, shows, TRIES_IF_SLOW if slow else MOST_TRIES)
        return best[-1]


def histories(steps: Steps) -> Iterator[Steps]:
    """For each step that asks or may fail, what leads to it: the changes before, and it."""
    changes: Steps = ()
    for step in steps:
        yield (*changes, step)
        if not step.asks:
            changes = (*changes, step)


class Tester:
    """Runs histories, and says what is wrong."""

    def __init__(self, runner: Runner) -> None:
        self._runner, facts = runner, runner.facts
        self._comparer = Comparer(facts.kind)
        self._kind, self._ordered = facts.kind, facts.ordered

    def model(self) -> Model:
        """An empty model."""
        return model_of(self._kind, self._ordered)

    def faults(self, steps: Steps, report: Report) -> Iterator[Fault]:
        """The defects that a history shows; the report is told how many answers were compared."""
        model, parts = self.model(), list(histories(steps))
        for history, outcome in zip(parts, self._runner.run(steps), strict=False):
            fault, valid = self._compare(model, history, outcome)
            report.examples += valid and history[-1].asks
            if fault is not None:
                report.wrong += 1
                yield fault
                if not history[-1].asks or isinstance(history[-1], State):
                    return  # from now on, the records are others

    def _compare(self, model: Model, history: Steps, outcome: Outcome) -> tuple[Fault | None, bool]:
        step = history[-1]
        try:
            expected = model.do(step)
        except (MqsqlError, KeyError):  # without a meaning here: an error that MongoDB raises, too
            return None, False
        symptom = self._comparer.symptom(step, expected, outcome)
        return (Fault(history, symptom, outcome, extent(expected, outcome)) if symptom else None), True

    def fault(self, steps: Steps, *, slow: bool = False) -> Fault | None:
        """What is wrong with the last step; None if something before it is, or if it has no meaning."""
        if not steps or not self.has_meaning(steps):
            return None
        model, outcomes = self.model(), self._runner.run(steps, one_by_one=slow)
        if len(outcomes) < len(steps):
            return None
        for i, outcome in enumerate(outcomes):
            fault, valid = self._compare(model, steps[: i + 1], outcome)
            if not valid or (fault and i + 1 < len(steps)):
                return None
        return fault

    def has_meaning(self, steps: Steps) -> bool:
        """Whether each step can be done, and has an answer."""
        model = self.model()
        try:
            for step in steps:
                model.do(step)
        except (MqsqlError, KeyError):
            return False
        return True


def extent(expected: Answer, outcome: Outcome) -> str:
    """Whether an answer has too few records, or too many, or others."""
    if not isinstance(expected, Expected) or not isinstance(outcome.value, list):
        return ''
    right, given = len(expected.records), len(outcome.value)
    return 'too few records' if given < right else 'too many records' if given > right else 'other records'
