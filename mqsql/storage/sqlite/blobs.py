"""The blobs of Buffers columns in a table of their own; a record has a JSON array of their ids."""

from collections.abc import Iterable, Sequence

import apsw

from mqsql.schema import Table
from mqsql.storage.sqlite import ddl


class NewBlobs:
    """The blobs of records, whose ids are known before `add` adds them, in one transaction."""

    def __init__(self, connection: apsw.Connection, table: Table) -> None:
        self._connection, self._table = connection, table
        self._first = 0
        """The id of the first blob of `_new`; 0 until the first is noted."""
        self._new: list[bytes] = []

    def row(self, values: Iterable[object]) -> list[object]:
        """The values, each list of bytes replaced by a JSON array of the ids that its blobs will have."""
        return [self.note(value) if type(value) is list else value for value in values]

    def note(self, blobs: list[bytes]) -> str:
        """The JSON array of the ids that blobs will have."""
        if not self._first:
            last = self._connection.execute(ddl.last_id(self._table), (self._table.buffers_table,)).get
            self._first = int(last) + 1
        first = self._first + len(self._new)
        self._new += blobs
        return str([*range(first, first + len(blobs))]).replace(' ', '')

    def add(self) -> None:
        """Store the blobs that were noted since the last time."""
        if self._new:
            self._connection.executemany(ddl.insert_blob(self._table), enumerate(self._new, self._first))
            self._first += len(self._new)
            self._new.clear()


def read_blobs(connection: apsw.Connection, table: Table, ids: str) -> list[bytes]:
    """The blobs that a JSON array names by their ids, in its order; fewer if some are gone."""
    if ids[1:-1].isdecimal():  # one, as of most results; found without looking into the array
        return [blob for (blob,) in connection.execute(ddl.select_blob(table), (int(ids[1:-1]),))]
    return [blob for _, blob in sorted(connection.execute(ddl.select_blobs(table), (ids,)))]


SMALL = 8_192
"""Bytes of a blob that may be read before anybody asks for it."""


def read_small_blobs(connection: apsw.Connection, table: Table, listed: Sequence[str]) -> dict[str, list[bytes]]:
    """The blobs of those arrays whose blobs are all small and there, by the array."""
    together = ','.join(ids[1:-1] for ids in listed)
    found: dict[int, bytes] = dict(connection.execute(ddl.select_small_blobs(table), (f'[{together}]', SMALL)))
    made: dict[str, list[bytes]] = {}
    start = 0
    for ids in listed:
        end = start + ids.count(',') + 1
        blobs = [found[position] for position in range(start, end) if position in found]
        if len(blobs) == end - start:
            made[ids] = blobs
        start = end
    return made
