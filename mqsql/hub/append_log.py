"""The output of running tasks, which grows by a line at a time.

SQLite rewrites a whole row when a column changes, so 5,000 lines in one task would write hundreds of megabytes. When the
text is long, only the new part, a tail, is written, to a table of tails. A tail has the length of the text where it begins; a
longer text has taken up the tail already. Tails are taken up into the text when they have become as long as the text, when
the task ends, when a query is asked, and after a second; until then other processes do not see them.
"""

from collections.abc import Mapping
from contextlib import closing, suppress
from threading import Event, Thread
from typing import Any

import apsw

from mqsql.errors import MissingRecordError, RecordError, StorageError, short_repr
from mqsql.hub.joining import TEXTS
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.schema import Record
from mqsql.storage.base import Keys, Query
from mqsql.storage.locks import Lock
from mqsql.storage.mishaps import Mishaps, Warn
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.connection import OPENING_SECONDS, Transaction
from mqsql.storage.sqlite.layout import objects_of, tails_of
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.values.codec import decode_text, encode_text

SHORT = 8_192  # characters up to which a text is simply written again
TAKE_UP_SECONDS = 1.0


class AppendLog:
    """`tasks`, which writes to `store`, with changes of the output made cheap. The methods are those of Store."""

    def __init__(self, tasks: WriteBuffer[SqliteStore], store: SqliteStore, say: Warn) -> None:
        """`say` is told which tails of a process that was killed are lost."""
        self._tasks, self._store, self._say = tasks, store, say
        self._lock, self._closing = Lock(store.path), Event()
        self._texts: dict[str, Record] = {}
        """By record, the texts that the file holds only with their tails."""
        self._lengths: dict[tuple[str, str], int] = {}
        """The lengths of these texts without."""
        self._has_thread = False
        with store.waiting(OPENING_SECONDS):
            self._part()
            self._recover()

    # --- changes

    def add_record(self, msg_id: str, record: Mapping[str, Any]) -> None:
        """As Store's."""
        self._tasks.add_record(msg_id, record)

    def update_record(self, msg_id: str, changes: Mapping[str, Any]) -> None:
        """As Store's."""
        with self._lock:
            column, text = next(iter(changes.items())) if len(changes) == 1 else ('', None)
            if column in TEXTS and isinstance(text, str) and len(text) > SHORT and self._append(msg_id, column, text):
                return
            self._tasks.update_record(msg_id, {**self._texts.get(msg_id, {}), **changes})
            self._forget(msg_id)

    def _append(self, msg_id: str, column: str, text: str) -> bool:
        """Write only what is new of a text; whether that was possible and worth it."""
        known = self._texts.get(msg_id, {}).get(column) or self._tasks.get_record(msg_id)[column] or ''
        length = self._lengths.setdefault((msg_id, column), len(known))
        if len(text) > 2 * length or not text.startswith(known) or self._tasks.busy:
            return False
        tail = encode_text(text[len(known) :])
        try:
            with self._store.using() as connection:
                connection.execute(ddl.insert_tail(self._store.table), (encode_text(msg_id), column, len(known), tail))
        except StorageError:
            # The whole text is kept in memory with all that cannot be written now.
            return False
        self._texts.setdefault(msg_id, {})[column] = text
        if not self._has_thread:
            Thread(target=self._take_up_later, name='mqsql output', daemon=True).start()
            self._has_thread = True
        return True

    def drop_record(self, msg_id: str) -> None:
        """As Store's."""
        with self._lock:
            self._tasks.drop_record(msg_id)
            self._forget(msg_id)

    def drop_matching_records(self, query: Query) -> None:
        """As Store's."""
        with self._lock:
            self.take_up()
            self._tasks.drop_matching_records(query)

    # --- reading

    def get_record(self, msg_id: str) -> Record:
        """As Store's."""
        with self._lock:
            return self._tasks.get_record(msg_id) | self._texts.get(msg_id, {})

    def find_records(self, query: Query, keys: Keys = None) -> list[Record]:
        """As Store's."""
        self.take_up()
        return self._tasks.find_records(query, keys)

    def get_history(self) -> list[str]:
        """As Store's."""
        return self._tasks.get_history()

    def close(self) -> None:
        """As Store's."""
        self._closing.set()
        if self._lock.inherited:
            return
        self._store.end_queries()
        with self._lock.after(self._store.end_queries), closing(self._tasks):
            self.take_up()

    # --- tails

    def take_up(self) -> None:
        """Write all texts whole."""
        with self._lock:
            for msg_id in list(self._texts):
                # A record that was dropped meanwhile takes its output with it.
                with suppress(MissingRecordError):
                    self._take_up_one(msg_id)
                self._forget(msg_id)

    def _take_up_one(self, msg_id: str) -> None:
        try:
            self._tasks.update_record(msg_id, self._texts[msg_id])
        except RecordError as e:
            # It would hold up all others, and every query.
            self._say(f'The last output of the task {msg_id!r} is lost: {e}')

    def _take_up_later(self) -> None:
        mishaps = Mishaps(self._say, 'Output of tasks is written later')
        while not self._closing.wait(TAKE_UP_SECONDS):
            # A failure is tried again.
            with mishaps:
                self.take_up()
            with self._lock:
                if not self._texts:
                    self._has_thread = False
                    return

    def _forget(self, msg_id: str) -> None:
        if self._texts.pop(msg_id, None) is not None:
            # Tails that stay are known by their start to be taken up.
            with suppress(StorageError), self._store.using() as connection:
                connection.execute(ddl.delete_tails(self._store.table), (encode_text(msg_id),))
        for column in TEXTS:
            self._lengths.pop((msg_id, column), None)

    def _part(self) -> None:
        with self._store.using() as connection, Transaction(connection):
            for sql in ddl.part_tails(self._store.table, objects_of(connection), tails_of(connection)):
                connection.execute(sql)

    def _recover(self) -> None:
        """Add the tails of a process that was killed to their texts."""
        try:
            with self._store.using() as connection:
                connection.execute(ddl.create_tails(self._store.table))
                tails: list[Any] = connection.execute(ddl.select_tails(self._store.table)).fetchall()
        except StorageError as e:
            if not isinstance(e.__cause__, apsw.SQLError):
                raise
            # Without the table each line of output is written with the whole text.
            self._say(f'The last output of tasks cannot be read, and may be lost: {e}')
            return
        done = [(position,) for position, *tail in tails if self._recover_tail(*map(_decoded, tail))]
        with self._store.using() as connection, Transaction(connection):
            connection.executemany(ddl.delete_tail(self._store.table), done)

    def _recover_tail(self, msg_id: object, column: object, start: object, tail: object) -> bool:
        """Add a tail to its text; whether the tail is no longer needed, since its text has it or its record is gone."""
        if not (isinstance(msg_id, str) and column in TEXTS and isinstance(start, int) and isinstance(tail, str)):
            self._say(f'Output of the task {short_repr(msg_id)} is damaged and left in the file: {short_repr(tail)}')
            return False
        try:
            text = self._tasks.get_record(msg_id)[column] or ''
        except MissingRecordError:
            return True
        if len(text) < start:
            self._say(
                f'Output of the task {msg_id!r} is left in the file, since what came before is lost: {short_repr(tail)}'
            )
            return False
        if len(text) == start:
            self._tasks.update_record(msg_id, {column: text + tail})
        return True


def _decoded(stored: object) -> object:
    """The text of bytes, or the value itself; text from the table of tails comes as bytes, since it may be damaged."""
    if not isinstance(stored, bytes):
        return stored
    try:
        return decode_text(stored.decode())
    except UnicodeDecodeError:
        return stored
