"""The databases that come with ipyparallel, through the methods that the hub calls."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ipyparallel.controller.dictdb import DictDB
from ipyparallel.controller.sqlitedb import SQLiteDB

from bench.contenders.base import Contender
from bench.data import Record
from bench.questions import Question


class Shipped(Contender):
    """What the two share. Where they lack something, it is done in Python, as a user would."""

    db: Any

    def add_many(self, records: Sequence[Record]) -> None:
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        self.db.add_record(record['msg_id'], dict(record))

    def update(self, msg_id: str, changes: Record) -> None:
        self.db.update_record(msg_id, dict(changes))

    def get(self, msg_id: str) -> Mapping[str, Any]:
        record: Mapping[str, Any] = self.db.get_record(msg_id)
        return record

    def find(self, question: Question) -> Iterable[Mapping[str, Any]]:
        sort = question.sort.lstrip('-')
        found: list[dict[str, Any]] = self.db.find_records(self._query(question), [*question.keys])
        if not sort:
            return found
        known = [record for record in found if record[sort] is not None]
        known.sort(key=lambda record: record[sort], reverse=question.sort.startswith('-'))
        return known[: question.limit]

    def _query(self, question: Question) -> dict[str, Any]:
        return dict(question.query)

    def count(self, question: Question) -> int:
        return len(self.db.find_records(self._query(question), ['msg_id']))

    def distinct(self, question: Question) -> Iterable[object]:
        (key,) = question.keys
        return {record[key] for record in self.db.find_records(self._query(question), ['msg_id', key])}

    def history(self, question: Question) -> Iterable[str]:
        ids: list[str] = self.db.get_history()
        return ids

    def purge(self, question: Question) -> None:
        self.db.drop_matching_records(dict(question.query))


class ShippedSQLite(Shipped):
    """SQLiteDB. The hub writes its changes to the disk every two seconds; here that is done after each measurement."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.db = SQLiteDB(location=str(directory), filename='shipped.db')

    def _query(self, question: Question) -> dict[str, Any]:
        return dict(question.query) or {'msg_id': {'$ne': ''}}  # it fails for an empty query

    def settle(self) -> None:
        self.db._db.commit()

    def close(self) -> None:
        self.db.close()


class ShippedDict(Shipped):
    """DictDB, without its limits, by which it would keep 1,024 records."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.db = DictDB(record_limit=2**60, size_limit=2**60)
