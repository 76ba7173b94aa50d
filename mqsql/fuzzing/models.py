"""What MongoDB would answer: the same steps on plain records, by the reference.

A hub's record has all keys, and a key that is None counts as missing, as in mqsql's table. In a document, None is null.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mqsql import reference
from mqsql.errors import DuplicateRecordError, RecordError
from mqsql.fuzzing.steps import (
    Add,
    CreateIndex,
    Drop,
    DropMatching,
    Find,
    History,
    Query,
    Record,
    Reopen,
    State,
    Step,
    Update,
)
from mqsql.fuzzing.targets.base import DOCUMENTS
from mqsql.reference.documents import ANY_FIELDS, matcher
from mqsql.reference.keys import add_path, include
from mqsql.reference.sorting import read_sort, sorted_by
from mqsql.reference.values import same_text
from mqsql.schema import TASKS


@dataclass(frozen=True)
class Expected:
    """The records of an answer: those of one group may come in any order, the groups in this one."""

    groups: list[list[Record]]
    skip: int = 0
    limit: int = 0

    @property
    def records(self) -> list[Record]:
        """A right answer."""
        whole = [record for group in self.groups for record in group][self.skip :]
        return whole[: self.limit] if self.limit else whole


Answer = Expected | list[str] | None


class Model(ABC):
    """The records that there are after some steps."""

    key: ClassVar[str]

    def __init__(self, ordered: bool = False) -> None:
        self.records: dict[str, Record] = {}
        self._ordered = ordered

    def do(self, step: Step) -> Answer:
        """The answer to a step; QueryError if it has none."""
        match step:
            case Add():
                self._add(step.records)
            case Update():
                if not step.changes:
                    raise RecordError('no changes')
                self.records[step.key] = {**self.records[step.key], **step.changes}
            case Drop():
                del self.records[step.key]
            case DropMatching():
                for record in self._matching(step.query, None):
                    del self.records[record[self.key]]
            case Find():
                return self._find(step)
            case State():
                return Expected([[self._whole(self.records[key]) for key in step.keys if key in self.records]])
            case History():
                return self._history()
            case Reopen() | CreateIndex():
                pass
        return None

    def _add(self, records: list[Record]) -> None:
        for record in records:
            if record[self.key] in self.records:
                raise DuplicateRecordError(f'{record[self.key]!r} is there')
            self.records[record[self.key]] = dict(record)

    def _find(self, step: Find) -> Expected:
        select = self._select(step)
        found = self._matching(step.query, step.sort)
        if self._ordered:
            return Expected([[select(record)] for record in found], step.skip, step.limit)
        others = self._matching(step.query, step.sort, backwards=True)
        groups = [[select(record) for record in group] for group in ties(found, others)]
        return Expected(groups, step.skip, step.limit)

    @abstractmethod
    def _matching(self, query: Query, sort: Any, *, backwards: bool = False) -> list[Record]:
        """The records that match, sorted; those of a tie in their order here, or the other way round."""

    @abstractmethod
    def _select(self, step: Find) -> Callable[[Record], Record]:
        """What makes of a record what is returned of it."""

    @abstractmethod
    def _whole(self, record: Record) -> Record:
        """The record as it is got by its key."""

    def _history(self) -> list[str]:
        raise NotImplementedError


def ties(found: Sequence[Record], others: Sequence[Record]) -> list[list[Record]]:
    """The groups of records that a sort leaves open: two orders of the same records agree only on these."""
    groups: list[list[Record]] = []
    group: list[Record] = []
    waiting: set[int] = set()
    for one, other in zip(found, others, strict=True):
        group.append(one)
        waiting ^= {id(one)}
        waiting ^= {id(other)}
        if not waiting:
            groups.append(group)
            group = []
    return groups


class TaskModel(Model):
    """The tasks of a hub."""

    key = TASKS.key

    def _matching(self, query: Query, sort: Any, *, backwards: bool = False) -> list[Record]:
        records = list(self.records.values())
        keys = reference.find(records[::-1] if backwards else records, query, [TASKS.key], sort=sort)
        return [self.records[found[TASKS.key]] for found in keys]

    def _select(self, step: Find) -> Callable[[Record], Record]:
        chosen = reference.selection(step.keys, step.projection)
        return lambda record: chosen(_stored(record))

    def _whole(self, record: Record) -> Record:
        return reference.selection(list(TASKS.all_keys))(_stored(record))

    def _history(self) -> list[str]:
        return [record[TASKS.key] for record in self._matching({'submitted': {'$ne': None}}, [('submitted', 1)])]


def _stored(record: Record) -> Record:
    return {column: value for column, value in TASKS.normalize(record).items() if value is not None}


class DocumentModel(Model):
    """Any documents."""

    key = '_id'

    def _matching(self, query: Query, sort: Any, *, backwards: bool = False) -> list[Record]:
        match = matcher(query)
        found = [record for record in self.records.values() if match(record)]
        return sorted_by(found[::-1] if backwards else found, read_sort(sort, ANY_FIELDS), same_text)

    def _select(self, step: Find) -> Callable[[Record], Record]:
        if step.keys is None:
            return dict
        tree: dict[str, Any] = {self.key: {}}
        for path in step.keys:
            add_path(tree, path)
        return lambda record: dict(include(record, tree))

    def _whole(self, record: Record) -> Record:
        return dict(record)


def model_of(kind: str, ordered: bool = False) -> Model:
    """An empty model of the records of such a target."""
    return DocumentModel(ordered) if kind == DOCUMENTS else TaskModel(ordered)
