"""What the tests that are written call: the steps of a history, and `check`, which compares what a backend makes of it."""

from mqsql.fuzzing.comparing import Comparer
from mqsql.fuzzing.describing import came, expected
from mqsql.fuzzing.models import Model, model_of
from mqsql.fuzzing.outcomes import Outcome
from mqsql.fuzzing.running import Facts, Runner
from mqsql.fuzzing.steps import (
    Add,
    CreateIndex,
    Drop,
    DropMatching,
    Find,
    History,
    Reopen,
    State,
    Step,
    Steps,
    Update,
)
from mqsql.fuzzing.targets.hub import KEYS
from mqsql.fuzzing.targets.spec import opened, read_spec

__all__ = [
    'EMPTY',
    'Add',
    'CreateIndex',
    'Drop',
    'DropMatching',
    'Find',
    'History',
    'Reopen',
    'State',
    'Update',
    'check',
    'opened',
]

EMPTY = dict.fromkeys(KEYS)
"""The record that a hub begins with."""

SECONDS = 10.0


def check(target: str, *steps: Step, timeout: float = SECONDS) -> None:
    """AssertionError if the backend answers otherwise than MongoDB; each call may take so many seconds."""
    with Runner(read_spec(target), timeout) as runner:
        comparer, model = Comparer(runner.facts.kind), model_of(runner.facts.kind, runner.facts.ordered)
        for i, outcome in enumerate(runner.run(steps)):
            _check_step(runner.facts, comparer, model, steps[: i + 1], outcome)


def _check_step(facts: Facts, comparer: Comparer, model: Model, steps: Steps, outcome: Outcome) -> None:
    symptom = comparer.symptom(steps[-1], model.do(steps[-1]), outcome)
    if symptom:
        raise AssertionError(
            f'{steps[-1]!r}: {symptom}; MongoDB answers {expected(facts, steps)!r}; came: {came(outcome)!r}'
        )
