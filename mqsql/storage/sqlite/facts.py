"""What is known of a file besides its records: its size, layout, indexes and statistics, and what is still to be done to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from mqsql.schema import Table
from mqsql.storage.indexes import index_keys
from mqsql.storage.sqlite import ddl, purges
from mqsql.storage.sqlite.delta_log import left_logs
from mqsql.storage.sqlite.indexes import old_indexes, with_found_indexes
from mqsql.storage.sqlite.statistics import known_rows, stale
from mqsql.storage.statements import quote


@dataclass(frozen=True)
class Facts:
    """A history in a file. `statistics` is how many records it had when the planner's statistics were made, if they were.

    `notes` are lines on what is no fault, and yet worth knowing.
    """

    records: int
    bytes: int
    free_bytes: int
    layout: int
    journal_mode: str
    indexes: tuple[str, ...]
    statistics: int | None
    notes: tuple[str, ...]


def facts_of(connection: apsw.Connection, path: str, table: Table) -> Facts:
    """The facts of a table and its file, which are only read."""
    found = with_found_indexes(table, connection)
    ((count,),) = connection.execute(f'SELECT count(*) FROM {quote(table.name)}').fetchall()
    records = int(str(count))
    size = connection.pragma('page_size')
    return Facts(
        records=records,
        bytes=connection.pragma('page_count') * size,
        free_bytes=connection.pragma('freelist_count') * size,
        layout=connection.pragma('user_version'),
        journal_mode=str(connection.pragma('journal_mode')),
        indexes=tuple(index_keys(found)),
        statistics=known_rows(connection, found).get(table.name),
        notes=tuple(_notes(connection, path, found, records)),
    )


def _notes(connection: apsw.Connection, path: str, table: Table, records: int) -> Iterator[str]:
    if (layout := connection.pragma('user_version')) < ddl.layout_version() or old_indexes(connection, table):
        yield f'it has layout {layout} of an earlier mqsql, and gets that of this one when it is next opened to write'
    for log in left_logs(path, table, readonly=True):
        yield f'a process that was killed has left changes in {log.name}; they are merged when it is next opened to write'
    if purges.goes_on(connection, table):
        yield 'it has records that were purged; a hub that uses it deletes them, and so does mqsql prune'
    if what := stale(connection, table, records):
        yield f'{what}; make them anew: mqsql check --renew-statistics'
