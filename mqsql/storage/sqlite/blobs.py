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


def read_blobs(connection: apsw.Connection, table: Table, ids: str) -> list[bytes]:
    """The blobs that a JSON array names by their ids, in its order; fewer if some are gone."""
    return [blob for _, blob in sorted(connection.execute(ddl.select_blobs(table), (ids,)))]
