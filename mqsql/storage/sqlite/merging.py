"""Merges changes of a delta log into the table.

A change says what a record then had, so that changes which are merged a second time, in their order, change nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby

import apsw

from mqsql.schema import BUFFERS, Record, Table
from mqsql.storage import statements
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.blobs import NewBlobs
from mqsql.storage.sqlite.delta_log import Change, Kind
from mqsql.values.codec import UNDECODABLE


def merge(connection: apsw.Connection, table: Table, changes: Iterable[Change]) -> list[str]:
    """Add records and set values, one change for each record and kind, in the transaction of the caller; the keys of those
    whose record does not exist.
    """
    merging = _Merging(connection, table)
    return [key for kind, several in groupby(changes, _kind_of) for key in merging.merge(kind, [*several])]


def merge_left(connection: apsw.Connection, table: Table, changes: Iterable[Change]) -> None:
    """Make all changes of a log, in the transaction of the caller."""
    folding = _Folding(connection, table)
    for change in changes:
        folding.take(change)
    merge(connection, table, folding.folded())


def _kind_of(change: Change) -> Kind:
    return change.kind


class _Folding:
    """The changes of a log in few: what is added, and then what is set, of each record."""

    def __init__(self, connection: apsw.Connection, table: Table) -> None:
        self._connection, self._table = connection, table
        self._added: dict[str, Change] = {}
        self._set: dict[str, Record] = {}
        self._texts: dict[tuple[str, str], _Text] = {}

    def take(self, change: Change) -> None:
        """The next change of the log."""
        kind, key, values, start = change
        if kind is Kind.APPEND:
            ((column, tail),) = values.items()
            self._append(key, column, tail, start)
        elif kind is Kind.ADD and key not in self._added and key not in self._set:
            self._added[key] = change
        else:
            for column in values:
                self._texts.pop((key, column), None)
            self._set[key] = self._set.get(key, {}) | (_given(values) if kind is Kind.ADD else values)

    def _append(self, key: str, column: str, tail: str, start: int) -> None:
        text = self._texts.get((key, column))
        if text is None:
            text = self._texts[key, column] = _Text(self._before(key, column))
        # A longer text has the tail already.
        if text.length == start:
            text.append(tail)

    def _before(self, key: str, column: str) -> str:
        if column in (values := self._set.get(key, {})):
            return values[column] or ''
        if key in self._added and (text := self._added[key].values.get(column)):
            return str(text)
        # Another program may have stored anything there.
        with suppress(*UNDECODABLE):
            rows = self._connection.execute(ddl.select_text(self._table, column), (key,)).fetchall()
            return next((text for (text,) in rows if isinstance(text, str)), '')
        return ''

    def folded(self) -> list[Change]:
        """What was taken, to be merged."""
        for (key, column), text in self._texts.items():
            if text.grown:
                self._set.setdefault(key, {})[column] = ''.join(text.parts)
        return [*self._added.values(), *(Change(Kind.SET, key, values) for key, values in self._set.items())]


class _Text:
    """A text that grows by many parts."""

    def __init__(self, text: str) -> None:
        self.parts, self.length, self.grown = [text], len(text), False

    def append(self, tail: str) -> None:
        self.parts.append(tail)
        self.length += len(tail)
        self.grown = True


class _Merging:
    """One merge, in a transaction."""

    def __init__(self, connection: apsw.Connection, table: Table) -> None:
        self._connection, self._table = connection, table
        self._blobs = NewBlobs(connection, table)
        self._columns = tuple(table.columns)
        self._buffered = [i for i, kind in enumerate(table.columns.values()) if kind is BUFFERS]

    def merge(self, kind: Kind, changes: Sequence[Change]) -> Iterator[str]:
        """Make changes of one kind; the keys of those whose record does not exist."""
        if kind is Kind.ADD:
            self._add_all(changes)
        else:
            yield from (key for _, key, values, _ in changes if not self._set(key, values))
        # A record that is changed once more must find its blobs, or they would be nobody's.
        self._blobs.add()

    def _add_all(self, changes: Sequence[Change]) -> None:
        """Add records: all at once, or one by one if some are there already."""
        rows = [self._row(change.values) for change in changes]
        sql = statements.insert(self._table, self._columns)
        try:
            with self._connection:  # a savepoint
                self._connection.executemany(sql, rows)
        except apsw.ConstraintError:
            for change, row in zip(changes, rows, strict=True):
                self._add(sql, change, row)

    def _row(self, values: Record) -> list[object]:
        row = [*map(values.get, self._columns)]
        for i in self._buffered:
            if type(blobs := row[i]) is list:
                row[i] = self._blobs.note(blobs)
        return row

    def _add(self, sql: str, change: Change, row: list[object]) -> None:
        try:
            self._connection.execute(sql, row)
        except apsw.ConstraintError:
            # It was merged before, or another process has added it meanwhile.
            stored = dict(zip(self._columns, row, strict=True))
            self._update(change.key, {column: stored[column] for column in _given(change.values)})

    def _set(self, key: str, values: Record) -> bool:
        """Set values of a record; whether there is one."""
        known = self._connection.execute(statements.exists(self._table), (key,)).fetchall()
        # Or the blobs would be stored, and nobody's.
        if known:
            self._update(key, dict(zip(values, self._blobs.row(values.values()), strict=True)))
        return bool(known)

    def _update(self, key: str, stored: Record) -> None:
        if stored:
            sql = statements.update(self._table, tuple(stored))
            self._connection.execute(sql, (*stored.values(), key))


def _given(values: Record) -> Record:
    """What an added record changes in one that is there."""
    return {column: value for column, value in values.items() if value}
