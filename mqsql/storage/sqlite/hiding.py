"""A store whose answers leave out the records of a purge that goes on, whichever process has begun it."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import apsw

from mqsql.compiler import Statement
from mqsql.errors import StorageError
from mqsql.schema import Record
from mqsql.storage.sqlite import purges
from mqsql.storage.sqlite.delta_log import Change, Kind
from mqsql.storage.sqlite.guard import guarded, restricted
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.storage.statements import quote
from mqsql.values.codec import decode_text, encode_text

Said = TypeVar('Said', bound=Statement)
Answer = TypeVar('Answer')


class HidingStore(SqliteStore):
    """A file. While no purge goes on, its statements are those of SqliteStore."""

    _unmarked = ''
    """The condition of the records to be seen; empty while that is all."""

    @property
    def purging(self) -> bool:
        """Whether the file holds records that were purged, as last looked at."""
        return bool(self._unmarked)

    def _look_for_indexes(self) -> int:
        before, version = self._schema_version, super()._look_for_indexes()
        if version != before:
            with self._use as connection:
                self._unmarked = purges.unmarked(self.table) if purges.goes_on(connection, self.table) else ''
        return version

    # --- records by query

    def _answer(self, read: Callable[..., Said], run: Callable[[Said], Answer]) -> Answer:
        return super()._answer(read, lambda statement: run(self._without_marked(statement)))

    def _without_marked(self, statement: Said) -> Said:
        return restricted(statement, self.table, self._unmarked) if self._unmarked else statement

    def _guarded(self, statement: Said) -> Said:
        return guarded(statement, self.table, self._unmarked)

    # --- records by key

    def _hides(self) -> bool:
        """Whether there are records that must not be seen; another process may just have begun to purge."""
        self._look_for_indexes()
        return self.purging

    def _get(self, key: str) -> Record:
        record = super()._get(key)
        if self._unmarked:  # reading has looked
            self._check_unmarked(key)
        return record

    def _update(self, key: str, changes: Record) -> None:
        if self._hides():
            self._check_unmarked(key)
        super()._update(key, changes)

    def _drop(self, key: str) -> None:
        if self._hides():
            self._check_unmarked(key)
        super()._drop(key)

    def _add(self, key: str, record: Record) -> None:
        if self._hides():
            self._drop_marked([key])
        super()._add(key, record)

    def _add_all(self, records: list[Record]) -> None:
        if self._hides():
            self._drop_marked([decode_text(record[self.table.key]) for record in records])
        super()._add_all(records)

    def add_missing(self, records: Iterable[Record]) -> int:
        """See SqliteStore."""
        self._look_for_indexes()
        return super().add_missing(records)

    def _insert_missing(self, connection: apsw.Connection, record: Record) -> bool:
        if self._unmarked:
            self._drop_marked([record[self.table.key]])
        return super()._insert_missing(connection, record)

    def has(self, key: str) -> bool:
        """See SqliteStore."""
        return super().has(key) and not (self._hides() and self._is_marked(key))

    def stored_text(self, key: str, column: str) -> str | None:
        """See SqliteStore."""
        return None if self._hides() and self._is_marked(key) else super().stored_text(key, column)

    def merge(self, changes: Iterable[Change]) -> list[str]:
        """See SqliteStore."""
        if self._hides():
            changes = list(changes)
            self._drop_marked([decode_text(change.key) for change in changes if change.kind is Kind.ADD])
        return super().merge(changes)

    def _is_marked(self, key: str) -> bool:
        return self._run_marked('SELECT 1', [key])

    def _check_unmarked(self, key: str) -> None:
        if self._is_marked(key):
            raise self._missing(key)

    def _drop_marked(self, keys: list[str]) -> None:
        """Make room for new records of these keys; who purges has deleted them already, but for that."""
        self._run_marked('DELETE', keys)

    def _run_marked(self, what: str, keys: list[str]) -> bool:
        sql = f'{what} FROM {quote(self.table.name)} WHERE {quote(self.table.key)} = ? AND NOT ({self._unmarked})'
        run = partial(self._run_each, sql, [(encode_text(key),) for key in keys])
        version = self._look_for_indexes()
        try:
            return bool(self._unmarked) and run()
        except StorageError:
            # Another process has deleted the last of them, and the marks with it.
            if version == self._look_for_indexes():
                raise
            return False

    def _run_each(self, sql: str, rows: list[tuple[str]]) -> bool:
        with self._use as connection:
            return bool(connection.executemany(sql, rows).fetchall())
