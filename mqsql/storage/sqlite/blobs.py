"""The blobs of Buffers columns in a table of their own; a record has a JSON array of their ids."""

import apsw

from mqsql.schema import Table
from mqsql.storage.sqlite import ddl


def add_blobs(connection: apsw.Connection, table: Table, blobs: list[bytes]) -> str:
    """Store blobs; a JSON array of their ids."""
    ids = []
    for blob in blobs:
        connection.execute(ddl.insert_blob(table), (blob,))
        ids.append(str(connection.last_insert_rowid()))
    return f'[{",".join(ids)}]'


class NewBlobs:
    """The blobs of many records, whose ids are known before `add` adds them all, in one transaction."""

    def __init__(self, connection: apsw.Connection, table: Table) -> None:
        self._connection, self._table = connection, table
        self._last = -1
        self._rows: list[tuple[int, bytes]] = []

    def note(self, blobs: list[bytes]) -> str:
        """A JSON array of the ids that blobs will have."""
        if self._last < 0:
            self._last = int(self._connection.execute(ddl.LAST_ID, (self._table.buffers_table,)).get or 0)
        ids = range(self._last + 1, self._last + len(blobs) + 1)
        self._rows += zip(ids, blobs, strict=True)
        self._last += len(blobs)
        return f'[{",".join(map(str, ids))}]'

    def add(self) -> None:
        """Store the blobs."""
        self._connection.executemany(ddl.insert_blob_as(self._table), self._rows)


def read_blobs(connection: apsw.Connection, table: Table, ids: str) -> list[bytes]:
    """The blobs that a JSON array names by their ids, in its order; fewer if some are gone."""
    return [blob for _, blob in sorted(connection.execute(ddl.select_blobs(table), (ids,)))]
