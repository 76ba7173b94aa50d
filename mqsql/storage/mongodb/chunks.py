"""The content of buffers, of any size, in a collection of its own.

A document of MongoDB has at most 16 MiB, so a buffer is cut into chunks. For each buffer the record has the ids of its chunks,
one behind the other, as binary data of a subtype of our own. Chunks are written before the record that names them, and
deleted after it: a process that is killed in between leaves chunks that nobody names, and no record without its buffers.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from bson import Binary, ObjectId
from bson.binary import USER_DEFINED_SUBTYPE
from pymongo.collection import Collection

from mqsql.storage.buffers import GoneError
from mqsql.storage.mongodb.documents import Document

CHUNK = 2 * 2**20
"""Bytes of a chunk; also of all that are sent at once."""

_ID_BYTES = 12
_DELETED = 200  # chunks that one command deletes, so that a slow server is not taken for one that is away


class Chunks:
    """The chunks in a collection; whatever is asked of the server is asked in a block of `asking`."""

    def __init__(
        self, collection: 'Collection[Document]', asking: Callable[[], AbstractContextManager[object]]
    ) -> None:
        self._collection, self._asking = collection, asking

    def add(self, buffers: list[bytes]) -> list[Binary]:
        """Store buffers; a reference to each."""
        references: list[Binary] = []
        waiting: list[Document] = []
        size = 0
        for buffer in buffers:
            ids = []
            for start in range(0, len(buffer), CHUNK):
                part = buffer[start : start + CHUNK]
                if size + len(part) > CHUNK:
                    self._insert(waiting)
                    waiting, size = [], 0
                ids.append(ObjectId())
                waiting.append({'_id': ids[-1], 'data': Binary(part)})
                size += len(part)
            references.append(Binary(b''.join(one.binary for one in ids), USER_DEFINED_SUBTYPE))
        self._insert(waiting)
        return references

    def _insert(self, chunks: list[Document]) -> None:
        if chunks:
            with self._asking():
                self._collection.insert_many(chunks)

    def read(self, references: tuple[Binary, ...]) -> list[bytes]:
        """The content of buffers; GoneError if some of it is gone."""
        return joined(references, self.fetch([one for reference in references for one in chunk_ids(reference)]))

    def fetch(self, ids: list[ObjectId]) -> dict[ObjectId, bytes]:
        """The chunks of these ids, as far as there are any."""
        found = self._collection.find({'_id': {'$in': ids}})
        return {chunk['_id']: chunk['data'] for chunk in iter(partial(self._next, found), None)}

    def fetch_some(self, ids: list[ObjectId]) -> dict[ObjectId, bytes]:
        """Those of them that are in one message of the server."""
        with self._asking():
            # A negative limit asks for a single message.
            found = self._collection.find({'_id': {'$in': ids}}, limit=-len(ids))
            return {chunk['_id']: chunk['data'] for chunk in found}

    def _next(self, found: Iterator[Document]) -> Document | None:
        with self._asking():
            return next(found, None)

    def drop(self, references: Iterable[Any]) -> None:
        """Delete the content of the buffers that are references."""
        ids = [one for reference in references if is_reference(reference) for one in chunk_ids(reference)]
        for start in range(0, len(ids), _DELETED):
            with self._asking():
                self._collection.delete_many({'_id': {'$in': ids[start : start + _DELETED]}})


def joined(references: tuple[Binary, ...], chunks: dict[ObjectId, bytes]) -> list[bytes]:
    """The content of buffers; GoneError if a chunk is not there."""
    try:
        return [b''.join([chunks[one] for one in chunk_ids(reference)]) for reference in references]
    except KeyError:
        raise GoneError from None


def is_reference(stored: object) -> bool:
    """Whether a stored buffer is a reference to its content; else it is the content."""
    return isinstance(stored, Binary) and stored.subtype == USER_DEFINED_SUBTYPE and not len(stored) % _ID_BYTES


def chunk_ids(reference: bytes) -> Iterator[ObjectId]:
    """The ids of the chunks that a reference names."""
    for start in range(0, len(reference), _ID_BYTES):
        yield ObjectId(bytes(reference[start : start + _ID_BYTES]))
