"""Every engine gives the answers recorded from MongoDB's own tests, but for the exceptions listed here."""

from typing import Any

import pytest
from conformance import EXCEPTIONS, FOLDER, StoreEngine, load, verdict
from duck import Duck

import mqsql
from mqsql import reference
from mqsql.schema import Record


class Reference:
    """The reference, over the records of one group."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records

    def find(self, query: Any, **options: Any) -> list[Record]:
        return reference.find(self.records, query, **options)

    def count(self, query: Any, **options: Any) -> int:
        return reference.count(self.records, query, **options)

    def distinct(self, key: Any, query: Any, **options: Any) -> list[Any]:
        return reference.distinct(self.records, key, query, **options)

    def close(self) -> None:
        """Nothing is open."""


class Sql(StoreEngine):
    """SQLite in memory, filled with the records of one group."""

    def __init__(self, records: list[Record]) -> None:
        super().__init__(mqsql.open(':memory:'))
        for record in records:
            self.store.add_record(record['msg_id'], record)


ENGINES: dict[str, type[Reference | Sql | Duck]] = {'reference': Reference, 'sqlite': Sql, 'duckdb': Duck}
GROUPS = load()

pytestmark = pytest.mark.skipif(not GROUPS, reason=f'the conformance cases are not there ({FOLDER})')


@pytest.mark.parametrize('source', GROUPS)
@pytest.mark.parametrize('engine', ENGINES)
def test_answers_are_those_of_mongodb(engine: str, source: str) -> None:
    wrong: dict[str, str] = {}
    excepted: set[str] = set()
    for records, cases in GROUPS[source]:
        answers = ENGINES[engine](records)
        wrong |= {case.id: f'{case} {text}' for case in cases if (text := verdict(answers, case))}
        answers.close()
        excepted |= {case.id for case in cases} & EXCEPTIONS.keys()
    surprises = [text for case_id, text in wrong.items() if case_id not in excepted]
    assert not surprises, '\n'.join(surprises)
    assert not excepted - wrong.keys(), 'these agree by now, take them off the list of exceptions'


def test_the_exceptions_are_cases() -> None:
    known = {case.id for groups in GROUPS.values() for group in groups for case in group.cases}
    assert EXCEPTIONS.keys() <= known
