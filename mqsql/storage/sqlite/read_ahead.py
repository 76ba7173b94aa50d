"""Reads the buffers of records: those of one when they are first used, those of the next ones with them.

Who looks at the buffers of two records of a batch will look at those of the others, and a statement for each would take longer
than all else that is done for a record. Only small buffers are read so, and few are kept at a time.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from mqsql.storage.buffers import LazyBuffers
from mqsql.values.codec import decode_ids

AHEAD = 64
"""Lists of buffers that are read at once."""
MOST_BLOBS = 128
"""Buffers in them, each of at most `blobs.SMALL` bytes."""
WINDOWS = 4
"""Batches of a store, or columns of them, for which some are kept."""

Read = Callable[[str], list[bytes]]
ReadSmall = Callable[[Sequence[str]], dict[str, list[bytes]]]


class BufferReader:
    """Makes the buffers of a stored list of ids. `read` reads those of one list, `read_small` those of lists of small ones."""

    def __init__(self, read: Read, read_small: ReadSmall) -> None:
        self._read, self._read_small = read, read_small
        self._windows: dict[int, dict[str, list[bytes]]] = {}

    def __call__(self, ids: str) -> LazyBuffers[str]:
        """The buffers of one record."""
        return LazyBuffers(ids, len(decode_ids(ids)), self._read)

    def join(self, lists: Iterable[LazyBuffers[str] | None]) -> None:
        """Have the buffers of one record read together, when one of them is first used."""
        filled = [buffers for buffers in lists if buffers is not None and not buffers.damaged and len(buffers)]
        if len(filled) > 1:
            joined = _Joined(self._read, self._read_small, [buffers.ids for buffers in filled])
            for buffers in filled:
                buffers.read_by(joined)

    def at_once(self, column: Sequence[Any]) -> list[LazyBuffers[str] | None]:
        """Those of many records; raises DamagedError."""
        batch = _Batch(self, [ids for ids in column if ids is not None])
        return [None if ids is None else LazyBuffers(ids, len(decode_ids(ids)), batch) for ids in column]

    def read(self, batch: '_Batch', ids: str) -> list[bytes]:
        """The buffers of a record of a batch."""
        window = self._windows.get(id(batch))
        if window is not None and (found := window.pop(ids, None)) is not None:
            return found
        if following := batch.following(ids):
            while len(self._windows) >= WINDOWS:
                self._windows.pop(next(iter(self._windows)), None)
            self._windows[id(batch)] = window = self._read_small([ids, *following])
            if (found := window.pop(ids, None)) is not None:
                return found
        return self._read(ids)

    def forget(self, batch: '_Batch') -> None:
        """Keep nothing for a batch."""
        self._windows.pop(id(batch), None)


class _Joined:
    """The lists of buffers of one record; called, it reads one of them, and all that are small the first time."""

    def __init__(self, read: Read, read_small: ReadSmall, listed: list[str]) -> None:
        self._read, self._read_small = read, read_small
        self._listed: list[str] | None = listed
        self._found: dict[str, list[bytes]] = {}

    def __call__(self, ids: str) -> list[bytes]:
        listed, self._listed = self._listed, None
        if listed is not None:
            self._found = self._read_small(listed)
        found = self._found.pop(ids, None)
        return self._read(ids) if found is None else found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Joined) and self._read == other._read

    __hash__ = None  # type: ignore[assignment]  # nothing needs it


class _Batch:
    """The buffers of one column of the records of a batch; called, it reads those of a record."""

    def __init__(self, reader: BufferReader, listed: list[str]) -> None:
        self._reader, self._listed = reader, listed
        self._positions: dict[str, int] | None = None

    def __call__(self, ids: str) -> list[bytes]:
        return self._reader.read(self, ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Batch) and self._reader is other._reader

    __hash__ = None  # type: ignore[assignment]  # nothing needs it

    def __del__(self) -> None:
        self._reader.forget(self)

    def following(self, ids: str) -> list[str]:
        """The lists to read with this one: none for the first that is looked at."""
        if self._positions is None:
            self._positions = {listed: i for i, listed in enumerate(self._listed)}
            return []
        at = self._positions.get(ids, len(self._listed))
        found: list[str] = []
        number = 0
        for listed in islice(self._listed, at + 1, at + AHEAD):
            number += listed.count(',') + 1
            if number > MOST_BLOBS:
                break
            if listed != '[]':
                found.append(listed)
        return found
