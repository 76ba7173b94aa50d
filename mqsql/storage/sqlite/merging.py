"""Merges changes of a delta log into the table.

A change says what a record then had, so that changes which are merged a second time, in their order, change nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import apsw

from mqsql.schema import Record, Table
from mqsql.storage import statements
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.blobs import NewBlobs
from mqsql.storage.sqlite.delta_log import Change, Kind


def merge(connection: apsw.Connection, table: Table, changes: Iterable[Change]) -> list[str]:
    """Make changes in their order, in the transaction of the caller; the keys of those whose record does not exist."""
    merging = _Merging(connection, table)
    lost = [key for kind, several in groupby(changes, _kind_of) for key in merging.merge(kind, [*several])]
    merging.blobs.add()
    return lost


def _kind_of(change: Change) -> Kind:
    return change.kind


class _Merging:
    """One merge, in a transaction."""

    def __init__(self, connection: apsw.Connection, table: Table) -> None:
        self._connection, self._table = connection, table
        self.blobs = NewBlobs(connection, table)

    def merge(self, kind: Kind, changes: Sequence[Change]) -> Iterator[str]:
        """Make changes of one kind; the keys of those whose record does not exist."""
        if kind is Kind.ADD:
            self._add_all(changes)
            return
        for change in changes:
            if not self._make(change):
                yield change.key

    def _add_all(self, changes: Sequence[Change]) -> None:
        """Add records: all at once, or one by one if some are there already."""
        columns = tuple(self._table.columns)
        rows = [self._row(tuple(map(change.values.get, columns))) for change in changes]
        sql = statements.insert(self._table, columns)
        try:
            with self._connection:  # a savepoint
                self._connection.executemany(sql, rows)
        except apsw.ConstraintError:
            for change, row in zip(changes, rows, strict=True):
                self._add(sql, change, row)

    def _add(self, sql: str, change: Change, row: tuple[object, ...]) -> None:
        try:
            self._connection.execute(sql, row)
        except apsw.ConstraintError:
            # It was merged before, or another process has added it meanwhile.
            stored = zip(self._table.columns, row, strict=True)
            self._update(change.key, {column: value for column, value in stored if change.values.get(column)})

    def _make(self, change: Change) -> bool:
        """Make one change of a record; whether there is one."""
        kind, key, values, start = change
        if kind is Kind.SET:
            known = self._connection.execute(statements.exists(self._table), (key,)).fetchall()
            # Or the blobs would be stored, and nobody's.
            return bool(known) and self._update(key, dict(zip(values, self._row(values.values()), strict=True)))
        if kind is Kind.DROP:
            self._connection.execute(statements.delete(self._table), (key,))
            return True
        ((column, tail),) = values.items()
        rows: list[Any] = self._connection.execute(ddl.select_text(self._table, column), (key,)).fetchall()
        for (text,) in rows:
            # A longer text has the tail already.
            return len(text or '') != start or self._update(key, {column: (text or '') + tail})
        return False

    def _update(self, key: str, stored: Record) -> bool:
        if not stored:
            return True
        sql = statements.update(self._table, tuple(stored))
        self._connection.execute(sql, (*stored.values(), key))
        return bool(self._connection.changes())

    def _row(self, values: Iterable[object]) -> tuple[object, ...]:
        return tuple([self.blobs.note(value) if type(value) is list else value for value in values])
