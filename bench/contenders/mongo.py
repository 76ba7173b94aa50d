"""Databases with pymongo's methods: each opens its client in its own way, and all else is the same."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import mqsql
from bench.contenders.base import Contender
from bench.contenders.ours import Mqsql
from bench.contenders.servers import Server
from bench.data import BUFFERS, Record
from bench.questions import Question
from mqsql.hub import MongoDB

INDEXES: list[Any] = [
    'submitted',
    'completed',
    'started',
    [('client_uuid', 1), ('started', 1)],
    'engine_uuid',
    'label',
]


class Collection(Contender):
    """A collection of documents whose `_id` is the task's. `naive` ones give and take times in UTC without a zone."""

    naive = False

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.tasks = self._open(directory)
        for keys in INDEXES:
            self.tasks.create_index(keys)

    def _open(self, directory: Path) -> Any:
        raise NotImplementedError

    def add_many(self, records: Sequence[Record]) -> None:
        self.tasks.insert_many([{**record, '_id': record['msg_id']} for record in records])

    def add(self, record: Record) -> None:
        self.tasks.insert_one({**record, '_id': record['msg_id']})

    def update(self, msg_id: str, changes: Record) -> None:
        self.tasks.update_one({'_id': msg_id}, {'$set': changes})

    def get(self, msg_id: str) -> Mapping[str, Any]:
        record: Mapping[str, Any] = self.tasks.find_one({'_id': msg_id})
        return record

    def find(self, question: Question) -> Iterable[Mapping[str, Any]]:
        whole = BUFFERS[0] in question.keys
        found = self.tasks.find(self._query(question), None if whole else dict.fromkeys(question.keys, 1))
        if question.sort:
            found = found.sort([(question.sort.lstrip('-'), -1 if question.sort.startswith('-') else 1)])
        result: Iterable[Mapping[str, Any]] = found.limit(question.limit) if question.limit else found
        return result

    def _query(self, question: Question) -> Any:
        query = question.query if question.mongo is None else question.mongo
        return _by_id(_without_zone(query) if self.naive else query)

    def count(self, question: Question) -> int:
        return int(self.tasks.count_documents(self._query(question)))

    def distinct(self, question: Question) -> Iterable[object]:
        values: Iterable[object] = self.tasks.distinct(question.keys[0])
        return values

    def history(self, question: Question) -> Iterable[str]:
        return [document['_id'] for document in self.tasks.find({}, {'_id': 1}).sort([('submitted', 1)])]

    def purge(self, question: Question) -> None:
        self.tasks.delete_many(self._query(question))


def _by_id(query: Any) -> Any:
    return {'_id': query['msg_id']} if 'msg_id' in query else query


def _without_zone(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, Mapping):
        return {key: _without_zone(part) for key, part in value.items()}
    return [_without_zone(part) for part in value] if isinstance(value, list) else value


class Neosqlite(Collection):
    """An SQLite file."""

    def _open(self, directory: Path) -> Any:
        self._connection = import_module('neosqlite').Connection(str(directory / 'neosqlite.db'))
        return self._connection['tasks']

    def close(self) -> None:
        self._connection.close()


class Tinymongo(Collection):
    """Its SQLite files."""

    naive = True

    def _open(self, directory: Path) -> Any:
        client = import_module('tinymongo').TinyMongoClient(str(directory / 'tinymongo'), backend='sqlite')
        return client['hub']['tasks']


class Mongoeco(Collection):
    """Its SQLite file."""

    def _open(self, directory: Path) -> Any:
        engine = import_module('mongoeco.engines.sqlite').SQLiteEngine(str(directory / 'mongoeco.db'))
        self._client = import_module('mongoeco').MongoClient(engine)
        return self._client['hub']['tasks']

    def close(self) -> None:
        self._client.close()


class Mongomock(Collection):
    """In memory, which is all it has."""

    def _open(self, directory: Path) -> Any:
        return import_module('mongomock').MongoClient(tz_aware=True)['hub']['tasks']


class Montydb(Collection):
    """Its SQLite files."""

    naive = True

    def _open(self, directory: Path) -> Any:
        montydb, repository = import_module('montydb'), str(directory / 'montydb')
        montydb.set_storage(repository, storage='sqlite', use_bson=True)
        self._client = montydb.MontyClient(repository)
        return self._client['hub']['tasks']

    def close(self) -> None:
        self._client.close()


class Secantus(Collection):
    """The server, through pymongo."""

    alone = False

    def _open(self, directory: Path) -> Any:
        self._server = Server(directory)
        self._client = import_module('pymongo').MongoClient(self._server.url, tz_aware=True)
        return self._client['hub']['tasks']

    def close(self) -> None:
        self._client.close()
        self._server.stop()


class MqsqlMongo(Mqsql):
    """mqsql's store over that server."""

    alone = False

    def _open(self) -> mqsql.Store:
        self._server = Server(self.directory)
        return mqsql.open(f'{self._server.url}/hub.task_records')

    def _open_hub(self) -> Any:
        return MongoDB(connection_args=[self._server.url], database='hub')

    def close(self) -> None:
        super().close()
        self._server.stop()
