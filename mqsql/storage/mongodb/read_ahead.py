"""Reads the buffers of many records in few messages: a client that fetches results looks at all of them."""

from collections.abc import Iterable
from threading import Lock

from bson import Binary, ObjectId

from mqsql.storage.mongodb.chunks import Chunks, chunk_ids, joined

AHEAD = 200
"""Chunks that are asked for at once; what comes is one message, of 16 MiB at most."""


class ReadAhead:
    """The buffers of the records of one answer. With those that are looked at, those of the next records are read."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks, self._lock = chunks, Lock()
        self._ids: list[ObjectId] = []
        """All chunks, in the order of the records."""
        self._places: dict[ObjectId, int] = {}
        self._read: dict[ObjectId, bytes] = {}
        """What has been read and not been looked at."""

    def note(self, references: Iterable[Binary]) -> None:
        """A further record of the answer has these buffers."""
        for reference in references:
            for one in chunk_ids(reference):
                self._places[one] = len(self._ids)
                self._ids.append(one)

    def read(self, references: tuple[Binary, ...]) -> list[bytes]:
        """The content of buffers; GoneError if some of it is gone."""
        wanted = [one for reference in references for one in chunk_ids(reference)]
        with self._lock:
            if not self._read.keys() >= set(wanted):
                self._fetch(wanted)
            return joined(references, {one: self._read.pop(one) for one in wanted if one in self._read})

    def _fetch(self, wanted: list[ObjectId]) -> None:
        behind = self._places[wanted[-1]] + 1
        # What was read before is dropped, and read again if it is looked at.
        self._read = self._chunks.fetch_some([*wanted, *self._ids[behind : behind + AHEAD]])
        if missing := [one for one in wanted if one not in self._read]:
            self._read |= self._chunks.fetch(missing)
