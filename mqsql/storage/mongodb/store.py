"""The store in a collection of a MongoDB server: records by key and by query."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import Any, Unpack

import pymongo
from bson import Binary, encode
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from mqsql import limits, reference
from mqsql.compiler import compile_count, compile_delete, compile_distinct
from mqsql.errors import DamagedValueError, MissingRecordError, RecordError, StorageError
from mqsql.schema import BUFFERS, TASKS, TIMESTAMP, Index, Record, Table
from mqsql.schema.rows import Damages, warn
from mqsql.storage.base import CountOptions, DistinctOptions, Explanation, Keys, Options, Query, Store
from mqsql.storage.buffers import LazyBuffers, damaged_buffers
from mqsql.storage.garbage import no_collection
from mqsql.storage.indexes import IndexKeys, with_index, without_index
from mqsql.storage.mishaps import Warn
from mqsql.storage.mongodb.asking import Asking, Server
from mqsql.storage.mongodb.chunks import Chunks, is_reference
from mqsql.storage.mongodb.documents import (
    ID,
    MICROSECONDS,
    Document,
    check_table,
    check_text,
    check_value,
    coerced,
    read_fields,
    to_fields,
)
from mqsql.storage.mongodb.failures import DUPLICATE, Failures, code_of, too_large
from mqsql.storage.mongodb.finds import Find, plain_options, set_options
from mqsql.storage.mongodb.parts import parts
from mqsql.storage.mongodb.plans import explanation, is_of_key, read_indexes
from mqsql.storage.mongodb.queries import Names, translate
from mqsql.storage.mongodb.read_ahead import ReadAhead
from mqsql.storage.queries import Cursor, fetching
from mqsql.values.canonical import coerce_value
from mqsql.values.libraries import UnstorableError
from mqsql.values.plain import read_plain

Client = pymongo.MongoClient[Document]

EVER = datetime.min.replace(tzinfo=UTC)
AT_ONCE = 1_000  # records that one command stores or deletes


class MongoStore(Store):
    """Records in a collection; the content of their buffers is in another one, whose name ends with "_buffers".

    A call by key waits at most `timeout` seconds for the server (for each 2 MiB of buffers), a query `query_timeout`. Each call
    that changes something returns when the server has acknowledged it as its write concern says.
    """

    def __init__(
        self,
        client: Client,
        database: str,
        collection: str,
        *,
        name: str,
        readonly: bool = False,
        table: Table = TASKS,
        timeout: float = 5.0,
        query_timeout: float = 0.0,
        say: Warn = warn,
    ) -> None:
        """`name` is what messages call the collection; `client` is closed with the store. Asks the server nothing.

        `say` is told, once each, of the values of other programs that cannot be read.
        """
        super().__init__(name, table, readonly=readonly, query_timeout=query_timeout)
        check_table(table)
        self.path, self._client, self._timeout, self._server = name, client, timeout, Server(client, name)
        options: CodecOptions[Document] = CodecOptions(
            tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
        )
        with Failures(name):
            self._collection: Collection[Document] = client[database].get_collection(collection, options)
            self._chunks = Chunks(client[database][f'{collection}_buffers'], self._asking)
        if not self._collection.write_concern.acknowledged:
            raise StorageError(
                f'{name}: with w=0 the server does not say whether it has stored a record; leave that out'
            )
        self._buffers = tuple(column for column, kind in table.columns.items() if kind is BUFFERS)
        self._damages = Damages(name, say)

    def prepare(self) -> None:
        """Create the indexes of the table that the collection lacks, however long it takes; wait `timeout` for the server.

        StorageError if the server does not answer or refuses, and if two records of the collection have the same key.
        """
        self.ping()
        if self.readonly:
            return
        with self._server.asking():
            there = [one['key'] for one in self._collection.index_information().values()]
            wanted = [IndexModel(keys) for index in self.table.indexes if (keys := self._keys(index)) not in there]
            if self.table.key != ID:
                wanted.append(IndexModel(self.table.key, unique=True))
            if wanted:
                self._collection.create_indexes(wanted)

    def ping(self) -> None:
        """StorageError unless the server answers within `timeout`."""
        with self._asking():
            self._client.admin.command('ping')

    def _asking(self, fields: Document | None = None) -> Asking:
        """A block that asks the server something about a key, or stores these fields."""
        self._check_open()
        return self._server.asking(self._timeout, fields)

    def _check_open(self) -> None:
        """StorageError if the store is closed; it may still write when no query is answered any more."""
        self._lock.check_process()
        if self.closed:
            raise StorageError(f'{self.path}: the store is closed; open it again')

    def waiting(self, seconds: float) -> AbstractContextManager[object]:
        """A block whose calls together wait at most so long for the server."""
        return pymongo.timeout(seconds)

    # --- records by key

    def _encode(self, record: Record) -> Record:
        """The canonical values."""
        values = self.table.normalize(record)
        to_fields(values)
        return values

    def coerce_value(self, value: object, depth: int) -> Any:
        """See Store."""
        canonical = super().coerce_value(value, depth)
        check_value(canonical, depth)
        return canonical

    def _documents(self, records: list[Record]) -> list[Document]:
        """The documents for new records, whose buffers are stored by this call, many at once."""
        given = [to_fields(values) for values in records]
        held = [(fields, column) for fields, _ in given for column in self._buffers if fields.get(column)]
        references = iter(self._chunks.add([buffer for fields, column in held for buffer in fields[column]]))
        for fields, column in held:
            fields[column] = list(islice(references, len(fields[column])))
        return [
            {ID: fields[self.table.key], **fields, **({MICROSECONDS: microseconds} if microseconds else {})}
            for fields, microseconds in given
        ]

    def _stored_buffers(self, fields: Record) -> dict[str, list[Binary]]:
        return {column: self._chunks.add(fields[column]) for column in self._buffers if fields.get(column)}

    @contextmanager
    def _storing(self, *documents: Document) -> Iterator[None]:
        """A block that stores documents. Their chunks are dropped if they are refused, but not if they may have been stored."""
        try:
            yield
        except (RecordError, MissingRecordError):
            self._drop_chunks(documents)
            raise

    def _add(self, key: str, record: Record) -> None:
        (document,) = self._documents([self.table.normalize(record)])
        with self._storing(document), self._asking(document):
            try:
                self._collection.insert_one(document)
            except DuplicateKeyError:
                raise self._duplicate(key) from None

    def _add_all(self, records: list[Record]) -> None:
        documents = self._documents(records)
        with self._storing(*documents):
            number = 0
            for some in _groups(documents):
                number += self._insert(some, documents, number)

    def _insert(self, some: list[RawBSONDocument], documents: list[Document], before: int) -> int:
        """Store some of the documents, behind those `before` them; how many.

        There is no transaction on a single server: if one is refused, all of them are taken back.
        """
        with self._asking({}):
            try:
                self._collection.insert_many(some)
            except BulkWriteError as e:
                number = before + int(e.details['nInserted'])
                self._collection.delete_many({ID: {'$in': [one[ID] for one in documents[:number]]}})
                if code_of(e) != DUPLICATE:
                    raise
                raise self._duplicate(documents[number][self.table.key]) from None
        return len(some)

    def _get(self, key: str) -> Record:
        self._check_text(key)
        with self._asking():
            document = self._collection.find_one({self.table.key: key})
        if document is None:
            raise self._missing(key)
        return self._record(document, self.table.all_keys)

    def _update(self, key: str, changes: Record) -> None:
        self._check_text(key)
        values = self.table.normalize(changes)
        fields, microseconds = to_fields(values)
        update = self._changes(values, fields | self._stored_buffers(fields), microseconds)
        said = update.get('$set', {})
        replaced = {column: 1 for column in values if column in self._buffers}
        with self._storing(said):
            with self._asking(said):
                before = self._change(key, update, replaced)
            if before is None:
                raise self._missing(key)
        self._drop_chunks([before])

    def _change(self, key: str, update: Document, replaced: Document) -> Document | None:
        """Change a record; the buffers that it had in the replaced columns, None if there is no such record."""
        test = {self.table.key: key}
        if replaced:
            return self._collection.find_one_and_update(test, update, {ID: 1, **replaced})
        if not update:
            return self._collection.find_one(test, {ID: 1})
        return {} if self._collection.update_one(test, update).matched_count else None

    def _changes(self, values: Record, fields: Document, microseconds: Document) -> Document:
        """The update that gives columns these values."""
        timed = [
            column for column in values if self.table.columns[column] is TIMESTAMP or self.table.columns[column].mixed
        ]
        said = fields | {f'{MICROSECONDS}.{column}': value for column, value in microseconds.items()}
        gone = [column for column in values if column not in fields]
        gone += [f'{MICROSECONDS}.{column}' for column in timed if column not in microseconds]
        update = {'$set': said, '$unset': dict.fromkeys(gone, '')}
        return {operator: operand for operator, operand in update.items() if operand}

    def _drop(self, key: str) -> None:
        self._check_text(key)
        with self._asking():
            before = self._collection.find_one_and_delete({self.table.key: key}, dict.fromkeys((ID, *self._buffers), 1))
        if before is None:
            raise self._missing(key)
        self._drop_chunks([before])

    def _drop_chunks(self, documents: Iterable[Document]) -> None:
        stored = [document[column] for document in documents for column in self._buffers if column in document]
        self._chunks.drop(buffer for buffers in stored if isinstance(buffers, list) for buffer in buffers)

    def _check_text(self, key: str) -> None:
        """MissingRecordError for a key that no record has here."""
        try:
            check_text(key)
        except UnstorableError:
            raise self._missing(key) from None

    # --- records from documents

    def _record(self, document: Document, columns: tuple[str, ...], ahead: ReadAhead | None = None) -> Record:
        record = read_fields(document, self.table, columns, self._damages)
        for column in self._buffers:
            if record.get(column) is not None:
                record[column] = self._read_buffers(document, column, ahead)
        return record

    def _read_buffers(self, document: Document, column: str, ahead: ReadAhead | None) -> Any:
        stored = document[column]
        references = sum(map(is_reference, stored)) if isinstance(stored, list) else 0
        if references and references == len(stored):
            if ahead is not None:
                ahead.note(stored)
            return LazyBuffers(tuple(stored), references, (ahead or self._chunks).read)
        try:
            if references:
                raise UnstorableError('only some are references to chunks')
            # Of the hub's shipped class, or empty.
            return self.table.columns[column].coerce(stored)
        except UnstorableError as e:
            sentence = self._damages.report(document.get(self.table.key), column, f'cannot be read: {e}')
            return damaged_buffers(sentence)

    # --- records by query

    def _find(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Cursor:
        return self._begin(query, keys, options, None)

    def _find_all(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> list[Record]:
        with no_collection():
            return list(self._begin(query, keys, options, ReadAhead(self._chunks)))

    def _begin(self, query: Query | None, keys: Keys, options: Options, ahead: ReadAhead | None) -> Cursor:
        with self._queries.answering() as deadline:
            find, turn = Find(self.table, query, keys, options), self._server.asking()
            with turn:
                commands = [(part, find.fields) for part in parts(find.filter, find.options, self.table)]
                found = chain.from_iterable(self._collection.find(*each, **find.options) for each in commands)
                # So that the server answers now.
                rows = chain([first], found) if (first := next(found, None)) is not None else iter(())
            # A cursor that is given up is closed by pymongo, in a thread of its own.
            shaped = partial(map, partial(self._shaped, find, ahead))
            return Cursor(self._queries, deadline, fetching(rows), shaped, turn)

    def get_history(self) -> list[str]:
        """See Store. The server sorts by milliseconds."""
        history = self.table.history
        if history is None or self.table.columns[history] is not TIMESTAMP:
            return super().get_history()
        records = self._find_all({}, [history], sort=history)
        records.sort(key=lambda record: record[history] or EVER)
        return [record[self.table.key] for record in records if record[self.table.key] is not None]

    def _shaped(self, find: Find, ahead: ReadAhead | None, document: Document) -> Record:
        record = self._record(document, find.columns, ahead)
        for column in find.sliced:
            if record[column] is not None:
                record[column] = list(record[column])
        made: Record = find.select({column: value for column, value in record.items() if value is not None})
        return made

    def _count(self, query: Query | None, **options: Unpack[CountOptions]) -> int:
        with self._queries.answering():
            query, given = read_plain({} if query is None else query), plain_options(options)
            compile_count(query, table=self.table, **given)
            chosen = set_options(given)
            with self._server.asking():
                asked = parts(translate(query, self.table), chosen, self.table)
                return sum(self._collection.count_documents(part, **chosen) for part in asked)

    def _distinct(self, key: str, query: Query | None, **options: Unpack[DistinctOptions]) -> list[Any]:
        with self._queries.answering():
            key, query, given = (
                read_plain(key, 'key'),
                read_plain({} if query is None else query),
                plain_options(options),
            )
            compile_distinct(key, query, table=self.table, **given)
            path = Names(self.table).field(key)[0]
            first, *others = parts(translate(query, self.table), {}, self.table)
            if others:
                return self._distinct_of_all(path, query, given)
            with self._server.asking():
                found = self._collection.distinct(path, first, **set_options(given))
            try:
                values = [coerced(coerce_value, value) for value in found]
            except UnstorableError as e:
                raise DamagedValueError(f'{self.path}: {path} has a value that another program stored: {e}') from e
        # The server tells times without their microseconds, and a column that another program has set to null as a value.
        doubtful = _has_time(values) or (path in self.table.columns and None in values)
        return self._distinct_of_all(path, query, given) if doubtful else values

    def _distinct_of_all(self, path: str, query: Query, options: dict[str, Any]) -> list[Any]:
        records = list(self._find(query, [path.partition('.')[0]], **options))
        return reference.distinct(records, path, table=self.table, **options)

    def _explain(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Explanation:
        with self._queries.answering():
            find = Find(self.table, query, keys, options)
            with self._server.asking():
                plan = self._collection.find(find.filter, find.fields, **find.options).explain()
        return explanation(self._collection.name, find, plan)

    def _drop_matching(self, query: Query) -> None:
        with self._queries.answering():
            query = read_plain(query)
            compile_delete(query, table=self.table)
            for part in parts(translate(query, self.table), {}, self.table):
                self._drop_found(part, self._server.asking())

    def _drop_found(self, query: Document, turn: Asking) -> None:
        with turn:
            found = self._collection.find(query, dict.fromkeys((ID, *self._buffers), 1))
        while documents := self._some(found, turn):
            self._drop_some(documents, query, turn)

    def _some(self, found: Iterator[Document], turn: Asking) -> list[Document]:
        with turn:
            limits.check()
            return list(islice(found, AT_ONCE))

    def _drop_some(self, documents: list[Document], query: Document, turn: Asking) -> None:
        ids = [document[ID] for document in documents]
        with turn:
            # A record may have been changed since it was found.
            number = self._collection.delete_many({'$and': [{ID: {'$in': ids}}, query]}).deleted_count
            left = {one[ID] for one in self._collection.find({ID: {'$in': ids}}, {ID: 1})} if number < len(ids) else ()
        self._drop_chunks([document for document in documents if document[ID] not in left])

    # --- indexes

    def _look_for_indexes(self) -> int:
        """Those of the collection that are on columns and paths; a number that changes with them."""
        with self._asking():
            found = read_indexes(self._collection.index_information(), self.table)
        self.table = replace(self.table, indexes=found)
        return hash(found)

    def _create_index(self, index: Index) -> None:
        if is_of_key(index, self.table):
            return
        with_index(self.table, index)  # says if the name is taken
        keys = self._keys(index)
        self._queries.check_open()
        with self._server.asking():
            self._collection.create_index(keys, name=index.name)

    def _keys(self, index: Index) -> list[tuple[str, int]]:
        """The keys of an index; UnsupportedError for one that BSON cannot hold."""
        return [(Names(self.table).key(key, 'keys'), way) for key, way in index.keys]

    def _drop_index(self, index_or_name: IndexKeys) -> None:
        self._look_for_indexes()
        _, index = without_index(self.table, index_or_name)
        with self._asking():
            self._collection.drop_index(index.name)

    def _close(self) -> None:
        with limits.unlimited():
            self._server.close(self._timeout)


LARGEST = 16 * 2**20
"""Bytes of a document."""


def _groups(documents: list[Document]) -> Iterator[list[RawBSONDocument]]:
    """The documents, as many at a time as can be sent at once."""
    encoded = [RawBSONDocument(encode(document)) for document in documents]
    for i, one in enumerate(encoded):
        if len(one.raw) > LARGEST:
            raise too_large(documents[i], f'[{i}].')
    group: list[RawBSONDocument] = []
    size = 0
    for one in encoded:
        if group and (size + len(one.raw) > LARGEST or len(group) == AT_ONCE):
            yield group
            group, size = [], 0
        group.append(one)
        size += len(one.raw)
    if group:
        yield group


def _has_time(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_time, value.values() if isinstance(value, dict) else value))
    return isinstance(value, datetime)
