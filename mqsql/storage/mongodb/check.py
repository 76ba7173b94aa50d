"""Finds what is wrong with a collection: values that cannot be read, buffers that are missing or that no record names.

A process that is killed while it stores a record leaves chunks of buffers without it, see `chunks`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.collection import Collection

from mqsql.errors import StorageError
from mqsql.schema import BUFFERS, Table
from mqsql.storage.findings import Finding, Track, shown_key, some
from mqsql.storage.mongodb.address import Address
from mqsql.storage.mongodb.chunks import chunk_ids, is_reference
from mqsql.storage.mongodb.documents import Document, read_fields
from mqsql.storage.mongodb.failures import Failures
from mqsql.values.libraries import UnstorableError

RECENT = timedelta(hours=1)
"""The age of chunks whose record may be yet to come."""

DELETED = 10_000  # chunks that one command deletes


def check_collection(
    address: Address, table: Table, track: Track, seconds: float, *, delete_orphans: bool
) -> Iterator[Finding]:
    """All that is wrong with a collection; StorageError if it is empty, or the server does not answer in so many seconds.

    It is only read, also while others write to it, but for chunks that no record names: `delete_orphans` deletes those.
    """
    with Failures(address.name), address.client(seconds) as client:
        options: CodecOptions[Document] = CodecOptions(
            tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
        )
        collection = client[address.database].get_collection(address.collection, options)
        checked = _Check(collection, client[address.database][f'{address.collection}_buffers'], table)
        yield from checked.records(address.name, track)
        yield from checked.orphans(delete=delete_orphans)


class _Check:
    """A check of a collection, and of that of its chunks."""

    def __init__(self, collection: 'Collection[Document]', chunks: 'Collection[Document]', table: Table) -> None:
        self._collection, self._chunks, self._table = collection, chunks, table
        # Those that come later belong to records that may be read or not.
        old = ObjectId.from_datetime(datetime.now(UTC) - RECENT)
        self._old = {one['_id'] for one in chunks.find({'_id': {'$lt': old}}, {'_id': 1})}
        self._buffers = [column for column, kind in table.columns.items() if kind is BUFFERS]
        self._named: set[ObjectId] = set()

    def records(self, name: str, track: Track) -> Iterator[Finding]:
        """What is wrong with records; StorageError with the name of the collection if there is nothing."""
        number = self._collection.count_documents({})
        if not number and not self._old:
            raise StorageError(f'{name}: it has no records')
        for document in track(self._collection.find(), number):
            # Also in fields that are no columns: the records may be of another table.
            self._named.update(one for value in document.values() for one in _chunks_of(value))
            yield from self._of_values(document)
            for column in self._buffers:
                if problem := self._of_buffers(document.get(column)):
                    yield Finding(self._collection.name, self._key(document), column, problem)

    def _key(self, document: Document) -> str:
        key = document.get(self._table.key)
        return shown_key(key) if isinstance(key, str) else f'_id {document["_id"]!r}'

    def _of_values(self, document: Document) -> list[Finding]:
        found: list[Finding] = []

        def tell(key: object, column: str, problem: str) -> None:
            found.append(Finding(self._collection.name, self._key(document), column, problem))

        if document.get(self._table.key) is None:
            tell(None, self._table.key, 'is missing')
        read_fields(document, self._table, self._table.all_keys, tell)
        return found

    def _of_buffers(self, stored: Any) -> str:
        """What is wrong with a value of a column of buffers; empty if nothing is."""
        if stored is None:
            return ''
        ids = list(_chunks_of(stored))
        if not ids:
            try:
                BUFFERS.coerce(stored)
            except UnstorableError as e:
                return str(e)
            return ''
        if not all(map(is_reference, stored)):
            return 'only some are references to chunks'
        unknown = [one for one in ids if one not in self._old]
        there = {one['_id'] for one in self._chunks.find({'_id': {'$in': unknown}}, {'_id': 1})} if unknown else ()
        lost = [one for one in unknown if one not in there]
        return f'names chunks that are not there: {some(lost)}' if lost else ''

    def orphans(self, *, delete: bool) -> Iterator[Finding]:
        """The chunks that no record names, after `records`."""
        orphans = sorted(self._old - self._named)
        for start in range(0, len(orphans) if delete else 0, DELETED):
            self._chunks.delete_many({'_id': {'$in': orphans[start : start + DELETED]}})
        if orphans:
            done = ', and were deleted' if delete else '; --delete-orphans deletes them'
            problem = f'no record names these {len(orphans):,} chunks{done}: {some(orphans)}'
            yield Finding(self._chunks.name, '', '', problem)


def _chunks_of(value: Any) -> Iterator[ObjectId]:
    """The ids of the chunks that a value of a document names."""
    for one in value if isinstance(value, list) else ():
        if is_reference(one):
            yield from chunk_ids(one)
