"""mqsql's stores, through the methods that its users call."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import mqsql
from bench.contenders.base import Contender
from bench.data import Record
from bench.questions import Question

FILE = 'tasks.db'
PATHS = ('result_content.status', 'header.date', 'metadata.after.dependencies')


def options(question: Question) -> Any:
    """The options of `find` for a question."""
    sort = [(question.sort.lstrip('-'), -1 if question.sort.startswith('-') else 1)] if question.sort else None
    return {'sort': sort, 'limit': question.limit}


class Mqsql(Contender):
    """A store at a URL."""

    url = FILE

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.store = mqsql.open(self._url())
        self._shapes = count()

    def _url(self) -> str:
        return str(self.directory / self.url)

    def add_many(self, records: Sequence[Record]) -> None:
        self.store.add_records(records)

    def add(self, record: Record) -> None:
        self.store.add_record(record['msg_id'], record)

    def update(self, msg_id: str, changes: Record) -> None:
        self.store.update_record(msg_id, changes)

    def get(self, msg_id: str) -> Mapping[str, Any]:
        return self.store.get_record(msg_id)

    def find(self, question: Question) -> Iterable[Mapping[str, Any]]:
        return self.store.find(question.query, question.keys, **options(question))

    def count(self, question: Question) -> int:
        return self.store.count(question.query)

    def distinct(self, question: Question) -> Iterable[object]:
        return self.store.distinct(question.keys[0], question.query)

    def history(self, question: Question) -> Iterable[str]:
        return self.store.get_history()

    def purge(self, question: Question) -> None:
        self.store.drop_matching_records(question.query)

    def close(self) -> None:
        self.store.close()


class MqsqlFile(Mqsql):
    """An SQLite file. The hub's cycle runs through the class that a hub uses."""

    _hub: Any = None

    def compile(self, query: Mapping[str, Any]) -> object:
        return mqsql.compile(query, ['msg_id', 'started'])

    def prepare_cycles(self) -> None:
        from mqsql.hub.sqlite_db import SQLiteDB

        if self._hub is None:
            self._hub = SQLiteDB(location=str(self.directory), filename=FILE)

    def get(self, msg_id: str) -> Mapping[str, Any]:
        record: Mapping[str, Any] = super().get(msg_id) if self._hub is None else self._hub.get_record(msg_id)
        return record

    def cycle(self, requested: Record, changes: Sequence[Record], lines: Sequence[str]) -> None:
        msg_id = requested['msg_id']
        self._hub.add_record(msg_id, requested)
        for change in changes:
            self._hub.update_record(msg_id, change)
        for line in lines:
            self._hub.update_record(msg_id, {'stdout': self._hub.get_record(msg_id)['stdout'] + line})

    def close(self) -> None:
        if self._hub is not None:
            self._hub.close()
        super().close()


class MqsqlIndexed(MqsqlFile):
    """With indexes on what questions ask of documents. Of how it compiles nothing is new."""

    compile = Mqsql.compile

    def filled(self) -> None:
        for path in PATHS:
            self.store.create_index(path)


class MqsqlDuck(Mqsql):
    """A DuckDB file."""

    url = 'tasks.duckdb'

    def _url(self) -> str:
        return f'duckdb:{super()._url()}'


class MqsqlDict(Mqsql):
    """Plain dicts in memory."""

    def _url(self) -> str:
        return 'dict:'
