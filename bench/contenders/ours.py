"""mqsql's stores, through the methods that its users call."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mqsql
from bench.contenders.base import Contender, NotOfferedError
from bench.data import Record
from bench.questions import Question
from mqsql.hub import DictDB, SQLiteDB

FILE = 'tasks.db'
PATHS = ('result_content.status', 'header.date', 'metadata.after.dependencies')


def options(question: Question) -> Any:
    """The options of `find` for a question."""
    sort = [(question.sort.lstrip('-'), -1 if question.sort.startswith('-') else 1)] if question.sort else None
    return {'sort': sort, 'limit': question.limit}


class Mqsql(Contender):
    """A store at a URL. Changes one by one go through the class that a hub uses, if there is one for such a store."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._hub: Any = None
        self.store = self._open()

    def _open(self) -> mqsql.Store:
        return mqsql.open(self.directory / FILE)

    def _open_hub(self) -> Any:
        return None

    def add_many(self, records: Sequence[Record]) -> None:
        self.store.add_records(records)

    def add(self, record: Record) -> None:
        (self._hub or self.store).add_record(record['msg_id'], record)

    def update(self, msg_id: str, changes: Record) -> None:
        (self._hub or self.store).update_record(msg_id, changes)

    def settle(self) -> None:
        if self._hub is not None:
            self._hub.find_records({'msg_id': ''}, [])  # a query merges what the hub has logged

    def get(self, msg_id: str) -> Mapping[str, Any]:
        record: Mapping[str, Any] = (self._hub or self.store).get_record(msg_id)
        return record

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

    def prepare_changes(self) -> None:
        self._hub = self._hub or self._open_hub()

    def close(self) -> None:
        if self._hub is not None:
            self._hub.close()
        self.store.close()


class MqsqlFile(Mqsql):
    """An SQLite file."""

    def _open_hub(self) -> Any:
        return SQLiteDB(location=str(self.directory), filename=FILE)

    def compile(self, query: Mapping[str, Any]) -> object:
        return mqsql.compile(query, ['msg_id', 'started'])


class MqsqlInterval(MqsqlFile):
    """With a hub that writes every two seconds, as ipyparallel's own SQLiteDB does. It is asked for changes only."""

    compile = Mqsql.compile

    def _open_hub(self) -> Any:
        return SQLiteDB(location=str(self.directory), filename=FILE, commit_interval=2)

    def find(self, question: Question) -> Iterable[Mapping[str, Any]]:
        raise NotOfferedError('as mqsql')

    def count(self, question: Question) -> int:
        raise NotOfferedError('as mqsql')

    def distinct(self, question: Question) -> Iterable[object]:
        raise NotOfferedError('as mqsql')

    def history(self, question: Question) -> Iterable[str]:
        raise NotOfferedError('as mqsql')

    def purge(self, question: Question) -> None:
        raise NotOfferedError('as mqsql')


class MqsqlIndexed(MqsqlFile):
    """With indexes on what questions ask of documents. Of how it compiles nothing is new."""

    compile = Mqsql.compile

    def filled(self) -> None:
        for path in PATHS:
            self.store.create_index(path)


class MqsqlDuck(Mqsql):
    """A DuckDB file."""

    def _open(self) -> mqsql.Store:
        return mqsql.open(f'duckdb:{self.directory}/tasks.duckdb')


class MqsqlDict(Mqsql):
    """Plain dicts in memory: those of the hub's database, without its limits."""

    def _open(self) -> mqsql.Store:
        self._db = DictDB(record_limit=0, size_limit=0)
        store: mqsql.Store = self._db._store
        return store

    def _open_hub(self) -> Any:
        return self._db
