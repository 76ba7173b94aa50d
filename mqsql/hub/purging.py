"""The file of a hub, from which very many records can be dropped without the hub waiting until that is done.

What is dropped is marked, in one transaction, and no answer has it any more; `purge_some` then deletes it, some milliseconds at
a time. Few records are deleted at once.
"""

from collections.abc import Iterable
from functools import partial

import apsw

from mqsql.compiler import Statement, compile_positions
from mqsql.hub.database import FINISHED
from mqsql.storage.base import Query
from mqsql.storage.sqlite import purges
from mqsql.storage.sqlite.hiding import HidingStore

FEW = 500  # records that are deleted at once


class PurgingStore(HidingStore):
    """A file in which one thread calls `purge_some` again and again."""

    def _drop_matching(self, query: Query) -> None:
        with self._queries.answering():
            if query == FINISHED:
                self._purge_finished()
            elif isinstance(query, dict) and list(query) == [self.table.key]:
                found = self._answer(partial(compile_positions, query), self._found_sound)
                with self._changing() as connection:
                    self._purge(connection, found)
            else:
                self._answer(partial(compile_positions, query), partial(self._sound, self._purge_found))
            self._look_for_indexes()

    def _found_sound(self, query: Statement) -> list[int]:
        """The positions of the records of some keys. No change makes them others, so the file is not locked meanwhile."""
        return sorted(position for (position,) in self._fetch_sound(query))

    def _purge_found(self, query: Statement) -> None:
        with self._stoppable, self._changing() as connection:
            self._purge(connection, _positions(connection, query))

    def _purge(self, connection: apsw.Connection, found: list[int]) -> None:
        if len(found) > FEW:
            purges.mark(connection, self.table, purges.ranges(found))
        else:
            purges.delete(connection, self.table, found)

    def _purge_finished(self) -> None:
        """Drop all but the pending records, which are mostly few and quickly found, each by an index alone."""
        with self._stoppable, self._changing() as connection:
            self._look_for_indexes()
            found = self._seen(connection, FINISHED, FEW + 1)
            if len(found) <= FEW:
                purges.delete(connection, self.table, found)
                return
            orphans = set(self._seen(connection, {'submitted': None}))
            kept = (position for position in self._seen(connection, {'completed': None}) if position not in orphans)
            purges.mark_all_but(connection, self.table, kept)

    def _seen(self, connection: apsw.Connection, query: Query, limit: int | None = None) -> list[int]:
        statement = compile_positions(query, limit=limit, table=self.table)
        return _positions(connection, self._without_marked(statement))

    def purge_some(self, seconds: float) -> bool:
        """Delete what is marked, for so long; whether there may be more."""
        # A controller on the same file may have been killed before it was done.
        self._look_for_indexes()
        if self._unmarked:
            with self._changing() as connection:
                # Another controller on the same file may have deleted the last of it.
                if purges.goes_on(connection, self.table) and purges.delete_marked(connection, self.table, seconds):
                    return True
            self._look_for_indexes()
        return False


def _positions(connection: apsw.Connection, query: Statement) -> list[int]:
    rows: Iterable[tuple[int]] = connection.execute(query.sql, query.params)
    return sorted(position for (position,) in rows)
