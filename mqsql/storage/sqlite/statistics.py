"""What SQLite's planner is told of a table: how many records have the same value in an index.

ANALYZE locks the file for as long as it runs, and counts every row: 60 ms with 200,000 records, 300 ms with a million. So it
runs in a thread of its own, which ends when that is done, and while the table is small; how many records share a value is
known well enough then. When a store is closed nobody waits, and SQLite renews what has grown much since.
"""

from contextlib import AbstractContextManager, suppress
from threading import Thread

import apsw

from mqsql import limits
from mqsql.errors import StorageError
from mqsql.schema import Table
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.connection import Transaction
from mqsql.storage.sqlite.indexes import with_found_indexes
from mqsql.storage.statements import quote

FIRST = 500  # rows changed after which statistics are first made; then each time twice as many
FEW = 1_000  # records of a table of which ANALYZE looks at all
SAMPLED = 100
"""Rows of each index that it looks at of more. It never finds many more of one value then: SQLite, which does not know how long
rows are, would read all of them rather than the eighth that an index finds."""
GROWN = 10  # times as many records as when statistics were made: these mislead the planner then
ENOUGH = 16_384  # records of a table whose statistics are not made again


class Statistics:
    """The statistics of `table` in the file that `writer` changes; `use` gives the block that has `writer` for one thread."""

    def __init__(self, writer: apsw.Connection, table: Table, use: AbstractContextManager[apsw.Connection]) -> None:
        self._writer, self._table, self._use = writer, table, use
        self._next = writer.total_changes() + FIRST
        self._step = FIRST
        self._thread: Thread | None = None
        self._closed = False

    def note_change(self) -> None:
        """To be called after changes, in the block."""
        if self._writer.total_changes() >= self._next and not (self._thread and self._thread.is_alive()):
            self._step *= 2
            self._next = self._writer.total_changes() + self._step
            self._thread = Thread(target=self._run, name='mqsql statistics', daemon=True)
            self._thread.start()

    def _run(self) -> None:
        # In the block, and not on a connection of its own: a change of this process would find the file locked. They are only
        # advice for the planner; whatever fails is tried again later.
        with suppress(StorageError), self._use as connection:
            if not self._closed:
                renew(connection, self._table)

    def close(self) -> None:
        """Renew what has become much larger, in the block; nothing after that."""
        self._closed = True
        with suppress(apsw.Error), limits.unlimited():
            limit_analysis(self._writer, self._table)
            self._writer.pragma('optimize')


def renew(connection: apsw.Connection, table: Table, *, always: bool = False) -> None:
    """Make the statistics of a table and its indexes, unless it is large and they are known."""
    # Other connections read statistics with the schema.
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
    try:
        with Transaction(connection):
            if limit_analysis(connection, table) <= ENOUGH or always or not _known(connection, table):
                _analyze(connection, table)
                connection.pragma('schema_version', connection.pragma('schema_version') + 1)
    finally:
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)


def _analyze(connection: apsw.Connection, table: Table) -> None:
    for made in ddl.objects(with_found_indexes(table, connection)):
        if made.kind == 'table' and made.name != table.buffers_table:  # blobs are only found by their ids
            connection.execute(f'ANALYZE {quote(made.name)}')


def limit_analysis(connection: apsw.Connection, table: Table) -> int:
    """Have ANALYZE look at a sample of a table that has more than a few records; returns how many there are at most."""
    ((last,),) = connection.execute(f'SELECT max({ddl.POSITION}) FROM {quote(table.name)}')
    most = int(str(last or 0))
    connection.pragma('analysis_limit', SAMPLED if most > FEW else 0)
    return most


def _known(connection: apsw.Connection, table: Table) -> bool:
    return table.name in known_rows(connection, table)


def known_rows(connection: apsw.Connection, table: Table) -> dict[str, int]:
    """How many rows the table, and its indexes by name, had when the planner's statistics of them were made."""
    there = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'"
    if not connection.execute(there).fetchall():
        return {}
    # Another program may have written anything there.
    known = 'SELECT coalesce(idx, tbl), CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = ?'
    found = {str(name): int(str(rows)) for name, rows in connection.execute(known, (table.name,))}
    return found | ({table.name: max(found.values())} if found else {})


def stale(connection: apsw.Connection, table: Table, records: int) -> str:
    """What is wrong with the statistics of a table that has so many records; empty if nothing is."""
    known = known_rows(connection, table)
    if records < FIRST:
        return ''
    if not known:
        return "the planner's statistics are missing"
    if known[table.name] < min(records / GROWN, ENOUGH / 2):
        return f"the planner's statistics are of when it had {known[table.name]:,} records"
    on_columns = (made.name for made in ddl.objects(table) if made.kind == 'index')
    missing = [name for name in on_columns if name not in known]
    return f"the planner's statistics of these indexes are missing: {', '.join(missing)}" if missing else ''
