"""Whether an answer is one that MongoDB could give, and what is wrong with it if not.

Lenient, since no backend is wrong for it:

- records come in any order where no sort says one, and those that a sort leaves open in any order among themselves;
- 1 and 1.0 are the same number; bytes may be of any class, arrays any sequence;
- a time counts to the millisecond, as in BSON, and without a zone it is in UTC, as pymongo gives it (of a hub, local);
- the fields of a whole record come in any order, those of objects in it as they were stored;
- of a hub's records, a key that is None may be missing, and keys that were not asked for may be there if all were;
- the history of a hub may leave out what has no time of submission, or have it anywhere.
"""

from collections import Counter
from collections.abc import Hashable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mqsql.fuzzing.models import Answer, Expected
from mqsql.fuzzing.outcomes import ANSWER, Foreign, Outcome
from mqsql.fuzzing.steps import Find, History, Record, State, Step
from mqsql.fuzzing.targets.base import DOCUMENTS
from mqsql.reference.values import is_nan
from mqsql.schema import TASKS

MILLISECOND = 1000


class Symptom(StrEnum):
    """What is wrong with an outcome."""

    CRASH = 'crash'
    HANG = 'hang'
    ERROR = 'error'
    RECORDS = 'other records'
    ORDER = 'another order'
    VALUES = 'other values'
    KEYS = 'other fields'
    ARGUMENT = 'changes its argument'


class Comparer:
    """Compares the outcomes of a kind of backend."""

    def __init__(self, kind: str) -> None:
        self._hub = kind != DOCUMENTS
        self._key = TASKS.key if self._hub else '_id'

    def symptom(self, step: Step, expected: Answer, outcome: Outcome) -> Symptom | None:
        """What is wrong with the outcome of a step, if anything is."""
        if outcome.kind != ANSWER:
            return Symptom(outcome.kind)
        wrong = self._wrong(step, expected, outcome.value) if step.asks else None
        return wrong or (Symptom.ARGUMENT if outcome.changed else None)

    def _wrong(self, step: Step, expected: Answer, given: Any) -> Symptom | None:
        if isinstance(step, History):
            assert isinstance(expected, list)
            return _of_history(expected, given)
        assert isinstance(step, Find | State)
        assert isinstance(expected, Expected)
        if not isinstance(given, list) or not all(isinstance(record, dict) for record in given):
            return Symptom.VALUES
        return self._of_records(step, expected, given)

    def _of_records(self, step: Find | State, expected: Expected, given: list[Record]) -> Symptom | None:
        if self._anonymous(step):
            return None if len(given) == len(expected.records) else Symptom.RECORDS
        ids = [self._id(record) for record in given]
        groups = [[self._id(record) for record in group] for group in expected.groups]
        if not _in_window(ids, groups, expected):
            return Symptom.ORDER if _is_reordered(ids, groups, expected) else Symptom.RECORDS
        right = {self._id(record): record for group in expected.groups for record in group}
        return next((wrong for one in given if (wrong := self._of_record(step, right[self._id(one)], one))), None)

    def _anonymous(self, step: Find | State) -> bool:
        """Whether a projection leaves the key out."""
        return isinstance(step, Find) and step.projection is not None and not step.projection.get(self._key, True)

    def _id(self, record: Record) -> Hashable:
        return normal(record.get(self._key))

    def _of_record(self, step: Find | State, right: Record, given: Record) -> Symptom | None:
        right, given = self._known(right), self._known(given)
        if self._hub and (isinstance(step, State) or (step.keys is None and step.projection is None)):
            given = {key: value for key, value in given.items() if key in right or key in TASKS.default_keys}
        if right.keys() != given.keys():
            return Symptom.KEYS if isinstance(step, Find) and (step.keys or step.projection) else Symptom.VALUES
        same = all(normal(right[key], self._hub) == normal(given[key], self._hub) for key in right)
        return None if same else Symptom.VALUES

    def _known(self, record: Record) -> Record:
        """The record; of a hub, without the keys that are None."""
        return {key: value for key, value in record.items() if value is not None} if self._hub else record


def _of_history(expected: list[str], given: Any) -> Symptom | None:
    if not isinstance(given, list):
        return Symptom.VALUES
    known = [one for one in given if one in expected]
    if sorted(known) != sorted(expected):
        return Symptom.RECORDS
    return None if known == expected else Symptom.ORDER


def _in_window(ids: list[Hashable], groups: list[list[Hashable]], expected: Expected) -> bool:
    """Whether these are the ids of a right answer: each part of it is taken from the group that it falls into."""
    start, end = expected.skip, expected.skip + expected.limit if expected.limit else sum(map(len, groups))
    begun = 0
    wanted = list(ids)
    for group in groups:
        length = max(0, min(end, begun + len(group)) - max(start, begun))
        part, wanted = wanted[:length], wanted[length:]
        if len(part) != length or not Counter(part) <= Counter(group):
            return False
        begun += len(group)
    return not wanted


def _is_reordered(ids: list[Hashable], groups: list[list[Hashable]], expected: Expected) -> bool:
    whole = [one for group in groups for one in group]
    right = whole[expected.skip :][: expected.limit or None]
    return Counter(ids) == Counter(right)


def normal(value: Any, local: bool = False) -> Hashable:
    """A form that is equal for values that count as the same; `local`, if times without a zone are local."""
    match value:
        case None:
            return ('null',)
        case bool():
            return 'boolean', value
        case int() | float():
            return ('number', 'NaN') if is_nan(value) else ('number', value)
        case str() | bytes():
            return type(value).__name__, value
        case datetime():
            return 'date', _milliseconds(value, local)
        case dict():
            return 'object', tuple((name, normal(part, local)) for name, part in value.items())
        case list() | tuple():
            return 'array', tuple(normal(part, local) for part in value)
        case Foreign():
            return 'foreign', value.kind, value.text
    return type(value).__name__, repr(value)


def _milliseconds(moment: datetime, local: bool) -> datetime:
    known = moment if moment.tzinfo or local else moment.replace(tzinfo=UTC)
    known = known.astimezone(UTC)
    return known.replace(microsecond=known.microsecond // MILLISECOND * MILLISECOND)
