"""What the benchmark asks of a database: an adapter has these methods, and translates nothing that a user would not have to."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.data import Record
from bench.questions import Question


class NotOfferedError(Exception):
    """The database has no such thing, so that nothing is measured."""


class Contender(ABC):
    """A database with one history, in a directory of its own."""

    decodes = True
    """Whether records are dicts of values; if not, only their number is checked."""

    alone = True
    """Whether its process does all the work."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @abstractmethod
    def add_many(self, records: Sequence[Record]) -> None:
        """Add records at once."""

    @abstractmethod
    def add(self, record: Record) -> None:
        """Add a record."""

    @abstractmethod
    def update(self, msg_id: str, changes: Record) -> None:
        """Give some keys of a record new values."""

    @abstractmethod
    def get(self, msg_id: str) -> Mapping[str, Any]:
        """The record of an id, with all keys."""

    @abstractmethod
    def find(self, question: Question) -> Iterable[Mapping[str, Any]]:
        """The records that a question asks for."""

    @abstractmethod
    def count(self, question: Question) -> int:
        """How many records match."""

    @abstractmethod
    def distinct(self, question: Question) -> Iterable[object]:
        """The different values of the question's key, perhaps with None."""

    @abstractmethod
    def history(self, question: Question) -> Iterable[str]:
        """All ids by the time of submission."""

    @abstractmethod
    def purge(self, question: Question) -> None:
        """Delete the records that match."""

    def cycle(self, requested: Record, changes: Sequence[Record], lines: Sequence[str]) -> None:
        """What a hub does for a task: it adds it, notes the engine and the result, and adds each line of output."""
        msg_id = requested['msg_id']
        self.add(requested)
        for change in changes:
            self.update(msg_id, change)
        for line in lines:
            self.update(msg_id, {'stdout': (self.get(msg_id)['stdout'] or '') + line})

    def compile(self, query: Mapping[str, Any]) -> object:
        """Translate a query, without asking it."""
        raise NotOfferedError('it has no compiler of its own')

    def filled(self) -> None:  # noqa: B027
        """Called when the history is complete: the place for indexes that are faster to make then."""

    def settle(self) -> None:  # noqa: B027
        """Called after changes, within the time that is measured: whatever was not written yet, is now."""

    def prepare_changes(self) -> None:  # noqa: B027
        """Called before changes one by one are measured."""

    def close(self) -> None:  # noqa: B027
        """Release everything."""
