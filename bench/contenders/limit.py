"""The limit: SQL written by hand for a table with a column for each key, decoded to the same records as mqsql gives.

Documents are JSON text with dates in it, times are microseconds, and buffers are rows of their own. Nothing checks a query or a
value, and each question has a statement of its own in `bench.questions`. `LimitRaw` leaves rows as SQLite gives them.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import apsw
import orjson

from bench.contenders.base import Contender, NotOfferedError
from bench.data import BUFFERS, COLUMNS, Record
from bench.questions import EPOCH, Question, iso, microseconds

FILE = 'limit.db'
TIMES = ('submitted', 'started', 'completed', 'received')
DOCUMENTS = 'header metadata content result_header result_metadata result_content error execute_result'.split()
TEXTS = 'msg_id client_uuid engine_uuid resubmitted queue label execute_input stdout stderr'.split()
# Small values first, since SQLite reads a row from its start.
STORED = [*TEXTS[:6], *TIMES, *BUFFERS, *DOCUMENTS, *TEXTS[6:]]

INDEXES = ['submitted, msg_id', 'completed, msg_id, started', 'started', 'client_uuid, started', 'engine_uuid', 'label']
PATH_INDEXES = ["result_content ->> '$.status'", "header ->> '$.date.$date'"]

BATCH = 500
"""Rows whose buffers are read at once."""


def _encode_document(value: Any) -> str:
    return orjson.dumps(value, default=_tag, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _tag(value: datetime) -> dict[str, str]:
    return {'$date': iso(value)}


def _decode_document(text: str) -> Any:
    value = orjson.loads(text)
    return _untag(value) if '"$date"' in text else value


def _untag(value: Any) -> Any:
    if type(value) is dict:
        if '$date' in value:
            return datetime.fromisoformat(value['$date'])
        return {key: _untag(part) if type(part) in _NESTED else part for key, part in value.items()}
    return [_untag(part) if type(part) in _NESTED else part for part in value]


_NESTED = (dict, list)


def _decode_time(stored: int) -> datetime:
    return EPOCH + timedelta(microseconds=stored)


ENCODERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TIMES, microseconds),
    **dict.fromkeys(DOCUMENTS, _encode_document),
}
DECODERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TIMES, _decode_time),
    **dict.fromkeys(DOCUMENTS, _decode_document),
    **dict.fromkeys(BUFFERS, orjson.loads),
}


class Limit(Contender):
    """The limit, with indexes on columns."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.connection = apsw.Connection(str(directory / FILE))
        self.connection.pragma('journal_mode', 'wal')
        self.connection.pragma('synchronous', 1)
        if not self.connection.pragma('user_version'):
            self._create()

    def _create(self) -> None:
        self.connection.execute(f'CREATE TABLE tasks (id INTEGER PRIMARY KEY, {", ".join(STORED)})')
        self.connection.execute('CREATE TABLE blobs (id INTEGER PRIMARY KEY, data BLOB)')
        self.connection.execute('CREATE UNIQUE INDEX by_id ON tasks (msg_id)')
        for number, keys in enumerate(INDEXES):
            self.connection.execute(f'CREATE INDEX index_{number} ON tasks ({keys})')
        self.connection.pragma('user_version', 1)

    def filled(self) -> None:
        self.connection.execute('ANALYZE')

    # --- changes

    def _encode(self, record: Record) -> dict[str, Any]:
        stored: dict[str, Any] = {}
        for key, value in record.items():
            if value is None:
                stored[key] = None
            elif key in BUFFERS:
                ids = []
                for data in value:
                    self.connection.execute('INSERT INTO blobs (data) VALUES (?)', (data,))
                    ids.append(self.connection.last_insert_rowid())
                stored[key] = orjson.dumps(ids).decode()
            else:
                encode = ENCODERS.get(key)
                stored[key] = encode(value) if encode else value
        return stored

    def add_many(self, records: Sequence[Record]) -> None:
        with self.connection:
            for record in records:
                stored = self._encode(record)
                self.connection.execute(_insert(tuple(stored)), tuple(stored.values()))

    def add(self, record: Record) -> None:
        self.add_many([record])

    def update(self, msg_id: str, changes: Record) -> None:
        with self.connection:
            stored = self._encode(changes)
            names = ', '.join(f'{key} = ?' for key in stored)
            self.connection.execute(f'UPDATE tasks SET {names} WHERE msg_id = ?', (*stored.values(), msg_id))

    def purge(self, question: Question) -> None:
        condition = question.sql.partition(' WHERE ')[2]
        with self.connection:
            for column in BUFFERS:
                listed = f'SELECT value FROM tasks, json_each({column}) WHERE {condition}'
                self.connection.execute(f'DELETE FROM blobs WHERE id IN ({listed})', _bound(question))
            self.connection.execute(question.sql, _bound(question))

    # --- questions

    def get(self, msg_id: str) -> Mapping[str, Any]:
        rows = self.connection.execute(f'SELECT {_ALL} FROM tasks WHERE msg_id = ?', (msg_id,))
        return next(self._whole(rows))

    def find(self, question: Question) -> Iterable[Mapping[str, Any]]:
        rows = self._rows(question)
        return self._whole(rows) if BUFFERS[0] in question.keys else _records(rows, question.keys)

    def _rows(self, question: Question) -> apsw.Cursor:
        return self.connection.execute(question.sql.format(keys=', '.join(question.keys)), _bound(question))

    def _whole(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
        """Records with their buffers, which are read for many at once."""
        while batch := [record for _, record in zip(range(BATCH), _records(rows, COLUMNS), strict=False)]:
            ids = list(chain.from_iterable(record[column] or () for record in batch for column in BUFFERS))
            found = self.connection.execute(_SELECT_BLOBS, (orjson.dumps(ids).decode(),)) if ids else ()
            blobs: dict[int, bytes] = dict(found)
            for record in batch:
                for column in BUFFERS:
                    record[column] = [blobs[id] for id in record[column] or ()]
            yield from batch

    def count(self, question: Question) -> int:
        (number,) = next(self._rows(question))
        return int(number)

    def distinct(self, question: Question) -> Iterable[object]:
        return [value for (value,) in self._rows(question)]

    def history(self, question: Question) -> Iterable[str]:
        return [value for (value,) in self._rows(question)]

    def close(self) -> None:
        self.connection.close()


class IndexedLimit(Limit):
    """With indexes on what questions ask of documents."""

    def filled(self) -> None:
        for number, expression in enumerate(PATH_INDEXES):
            self.connection.execute(f'CREATE INDEX path_{number} ON tasks ({expression})')
        super().filled()


class LimitRaw(Limit):
    """Rows as SQLite gives them: what decoding costs is the difference to the limit."""

    decodes = False

    def get(self, msg_id: str) -> Any:
        return next(self.connection.execute(f'SELECT {_ALL} FROM tasks WHERE msg_id = ?', (msg_id,)))

    def find(self, question: Question) -> Any:
        return self._rows(question)

    def prepare_changes(self) -> None:
        raise NotOfferedError('it has no records to which output could be added')


def copy(source: Path, target: Path) -> None:
    """Copy a file of the limit that is closed into another directory."""
    shutil.copyfile(source / FILE, target / FILE)


_ALL = ', '.join(COLUMNS)
_SELECT_BLOBS = 'SELECT id, data FROM blobs WHERE id IN (SELECT value FROM json_each(?))'


def _insert(keys: tuple[str, ...]) -> str:
    return f'INSERT INTO tasks ({", ".join(keys)}) VALUES ({", ".join("?" * len(keys))})'


def _bound(question: Question) -> dict[str, Any]:
    return {
        name: orjson.dumps(value).decode() if isinstance(value, list) else value
        for name, value in question.params.items()
    }


def _records(rows: Iterator[tuple[Any, ...]], keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    decoders = [(key, DECODERS[key]) for key in keys if key in DECODERS]
    for row in rows:
        record = dict(zip(keys, row, strict=True))
        for key, decode in decoders:
            if (value := record[key]) is not None:
                record[key] = decode(value)
        yield record
