"""What is done to a backend, step by step: changes, and questions whose answers are compared.

A history of steps begins with an empty backend, so that it can be repeated, cut down and written as a test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar

Record = dict[str, Any]
Query = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One call, or a few of one kind."""

    needs: ClassVar[str] = ''
    """What a backend must be able to do for it."""
    asks: ClassVar[bool] = False
    """Whether there is an answer to compare."""

    def __repr__(self) -> str:
        """How it is written in a test: without the arguments that are as by default."""
        given = [(field, getattr(self, field.name)) for field in fields(self)]
        words = [
            f'{value!r}' if field.default is not None and i == 0 else f'{field.name}={value!r}'
            for i, (field, value) in enumerate(given)
            if value != field.default
        ]
        return f'{type(self).__name__}({", ".join(words)})'


@dataclass(frozen=True, repr=False)
class Add(Step):
    """Add records."""

    records: list[Record]


@dataclass(frozen=True, repr=False)
class Update(Step):
    """Give some fields of a record new values."""

    key: str
    changes: Record
    needs = 'update'


@dataclass(frozen=True, repr=False)
class Drop(Step):
    """Delete a record."""

    key: str
    needs = 'drop'


@dataclass(frozen=True, repr=False)
class DropMatching(Step):
    """Delete the records that match."""

    query: Query
    needs = 'drop matching'


@dataclass(frozen=True, repr=False)
class Reopen(Step):
    """Close the backend, and open it again where the records are."""

    needs = 'reopen'


@dataclass(frozen=True, repr=False)
class CreateIndex(Step):
    """Create an index on a field or path."""

    path: str
    needs = 'index'


@dataclass(frozen=True, repr=False)
class Find(Step):
    """The records that match: all of each, or the fields of `keys`."""

    query: Query
    keys: list[str] | None = None
    sort: list[tuple[str, int]] | None = None
    limit: int = 0
    skip: int = 0
    projection: dict[str, Any] | None = None
    asks = True


@dataclass(frozen=True, repr=False)
class State(Step):
    """Which of these records there are, and what they hold; asked one by one where that is possible."""

    keys: list[str]
    asks = True


@dataclass(frozen=True, repr=False)
class History(Step):
    """The keys of all records by the time of their submission."""

    needs = 'history'
    asks = True


Steps = tuple[Step, ...]


def queries(steps: Steps) -> Iterator[Query]:
    """The queries in these steps."""
    yield from (step.query for step in steps if isinstance(step, Find | DropMatching))


def records(steps: Steps) -> Iterator[Record]:
    """The records and changes in these steps."""
    for step in steps:
        if isinstance(step, Add):
            yield from step.records
        elif isinstance(step, Update):
            yield step.changes
