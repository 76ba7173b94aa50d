"""The failures of a history, by the name of the exception."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mqsql.analysis.documents import document_of
from mqsql.schema import Record
from mqsql.storage.base import Query, Store

FAILURE_KEYS = ('resubmitted', 'result_content')

MOST_NAMES = 1_000
"""Exceptions that are told apart; further ones are counted together."""
OTHERS = '(others)'
NO_NAME = '(no name)'


@dataclass
class Failure:
    """The failures with one exception: how many, the last as an example, and those that have not been resubmitted."""

    ename: str
    count: int = 0
    example: str = ''
    evalue: str = ''
    """The first line of the example's message."""
    resubmitted: int = 0
    """How many were resubmitted since."""
    ids: list[str] = field(default_factory=list)
    """What is left to resubmit, in the order of insertion."""


class Failures:
    """Gathers failures by the name of the exception."""

    def __init__(self) -> None:
        self._by_name: dict[str, Failure] = {}

    def add(self, record: Record) -> None:
        """Count a failed task, of which FAILURE_KEYS are known."""
        content = document_of(record, 'result_content')
        ename = content.get('ename')
        failure = self._failure(ename if isinstance(ename, str) and ename else NO_NAME)
        failure.count += 1
        failure.example = record['msg_id']
        failure.evalue = first_line(content.get('evalue'))
        if record['resubmitted'] is None:
            failure.ids.append(record['msg_id'])
        else:
            failure.resubmitted += 1

    def _failure(self, ename: str) -> Failure:
        if ename not in self._by_name and len(self._by_name) >= MOST_NAMES:
            ename = OTHERS
        return self._by_name.setdefault(ename, Failure(ename))

    def by_count(self) -> list[Failure]:
        """The most frequent first."""
        return sorted(self._by_name.values(), key=lambda failure: (-failure.count, failure.ename))


def first_line(value: object) -> str:
    """The first line of an exception's message."""
    return next(iter(str(value).splitlines()), '') if value is not None else ''


def to_resubmit(store: Store, query: Query | None = None) -> Iterator[str]:
    """The ids of the failed tasks that match and have not been resubmitted, in the order of insertion."""
    failed = {'completed': {'$ne': None}, 'result_content.status': 'error', 'resubmitted': None}
    for record in store.find({'$and': [failed, query or {}]}, []):
        yield record['msg_id']
