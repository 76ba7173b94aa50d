"""What all targets have in common."""

from abc import ABC, abstractmethod
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

from mqsql.errors import MqsqlError
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

HUB, DOCUMENTS, STORE = 'hub', 'documents', 'store'
"""The kinds of records: a hub's, any documents, those of mqsql's default table in insertion order."""


class TargetError(MqsqlError):
    """A backend that cannot be tried: it is not found, or cannot be opened empty."""


class Target(ABC):
    """A backend to try; `begin` makes it empty, then come the steps of one history."""

    kind: ClassVar[str] = DOCUMENTS
    ordered = False
    """Whether records come in the order of insertion where nothing else is said."""
    abilities: frozenset[str] = frozenset()

    @abstractmethod
    def begin(self, directory: Path) -> None:
        """Open an empty backend, whose files are in this empty directory."""

    @abstractmethod
    def add(self, records: list[Record]) -> None:
        """Add records."""

    @abstractmethod
    def find(self, step: Find) -> list[Record]:
        """The answer of the backend."""

    @abstractmethod
    def state(self, keys: list[str]) -> list[Record]:
        """Those of the records that there are."""

    def update(self, key: str, changes: Record) -> None:
        """Give some fields of a record new values."""
        raise NotImplementedError

    def drop(self, key: str) -> None:
        """Delete a record."""
        raise NotImplementedError

    def drop_matching(self, query: Query) -> None:
        """Delete the records that match."""
        raise NotImplementedError

    def reopen(self) -> None:
        """Close the backend, and open it again."""
        raise NotImplementedError

    def create_index(self, path: str) -> None:
        """Create an index on a field."""
        raise NotImplementedError

    def history(self) -> list[str]:
        """All keys by time of submission."""
        raise NotImplementedError

    @abstractmethod
    def close(self) -> None:
        """Release everything; the backend may be begun again."""

    def do(self, step: Step) -> tuple[Any, bool]:
        """The answer to a step, and whether an argument was changed by it."""
        given = deepcopy(step)
        answer = self._do(given)
        return answer, given != step

    def _do(self, step: Step) -> Any:
        match step:
            case Add():
                return self.add(step.records)
            case Find():
                return self.find(step)
            case State():
                return self.state(step.keys)
            case Update():
                return self.update(step.key, step.changes)
            case Drop():
                return self.drop(step.key)
            case DropMatching():
                return self.drop_matching(step.query)
            case CreateIndex():
                return self.create_index(step.path)
            case History():
                return self.history()
            case Reopen():
                return self.reopen()
        raise AssertionError(step)
