"""A write buffer before a database on a server, which can neither be written nor read while it is away.

The hub finds out once that the server does not answer, and waits `timeout` seconds for that. From then on a thread of its own
asks the server, and the hub's calls are answered from memory, or fail at once, until it has answered.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn

from mqsql import reference
from mqsql.errors import DamagedValueError, MissingRecordError, StorageError
from mqsql.hub.recent_records import RecentRecords
from mqsql.hub.write_buffer import Write, WriteBuffer
from mqsql.schema import Record, Table
from mqsql.storage.base import Keys, Query
from mqsql.storage.mishaps import Mishaps, Warn
from mqsql.storage.mongodb.failures import unanswered
from mqsql.storage.mongodb.store import MongoStore
from mqsql.values.plain import read_plain

SETTLED = 2
"""Answers, RETRY_SECONDS apart, after which a server has also done what it was sent before and had not answered."""


class AwayError(StorageError):
    """What is asked for is not in memory, and the server is known not to answer; the log has said so."""


class Absence(NamedTuple):
    """Since when a server has not answered, and what happened when it was asked."""

    since: datetime
    cause: StorageError


class ServerBuffer(WriteBuffer[MongoStore]):
    """See WriteBuffer. While the server is away, a record is known if it is kept, or was used lately; a query is answered if
    it asks by key for tasks that were all begun meanwhile. All else is a StorageError that says since when it is away.
    """

    def __init__(self, store: MongoStore, limit: int, say: Warn, *, absent: StorageError | None = None) -> None:
        """`absent` is how the server failed to answer before, if it did; it is then prepared when it answers."""
        super().__init__(store, limit, say)
        self._recent = RecentRecords(store.table)
        self._absence: Absence | None = None
        self._failures, self._answers, self._writes = 0, 0, False
        self._prepared, self._watched = absent is None, True
        self._unprepared = Mishaps(say, 'The indexes cannot be created')
        if absent is not None:
            # The thread begins with the first call: the controller forks its schedulers after it has made the database.
            self._watched = False
            self._begin(absent)

    # --- whether the server is there

    @property
    def _away(self) -> bool:
        """Whether the server is known not to answer."""
        if not self._watched:
            self._watched = True
            super()._watch()
        return self._absence is not None

    @property
    def _deferring(self) -> bool:
        return self._away or super()._deferring

    def _watch(self) -> None:
        if self._watched:
            super()._watch()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """A block that asks the server, and notes if it does not answer."""
        try:
            yield
        except StorageError as e:
            if unanswered(e) and not self._store.closed:
                self._begin(e)
            raise

    def _begin(self, cause: StorageError) -> None:
        if unanswered(cause):
            self._leave(cause)
        super()._begin(cause)

    def _leave(self, cause: StorageError) -> None:
        self._absence = self._absence or Absence(datetime.now(UTC), cause)
        self._failures, self._answers, self._writes = self._failures + 1, 0, False

    def _ready(self) -> bool:
        failures = self._failures
        try:
            with self._asking():
                self._store.ping()
        except StorageError:
            return False
        with self._lock:
            if failures != self._failures:
                return False
            self._absence = None
            self._answers += 1
        if not self._prepared:
            with self._unprepared:
                self._store.prepare()
                self._prepared = True
        return self._answers >= SETTLED

    def _say_end(self, count: int) -> None:
        if count:
            super()._say_end(count)
        else:
            self._say(f'{self._store.name}: the server answers again.')

    def _briefly(self) -> AbstractContextManager[object]:
        # It is as patient as any call, or a slow server would never get what is kept.
        return nullcontext()

    # --- changes

    def add_record(self, msg_id: str, record: Mapping[str, Any]) -> None:
        """See WriteBuffer."""
        with self._lock:
            super().add_record(msg_id, record)
            self._catch_up()

    def update_record(self, msg_id: str, changes: Mapping[str, Any]) -> None:
        """See WriteBuffer."""
        with self._lock:
            super().update_record(msg_id, changes)
            self._catch_up()

    def _catch_up(self) -> None:
        """Write two of the records that are kept, so that they become fewer, even if the hub is faster than the server."""
        for _ in range(2):
            if self._writes and self._kept:
                self._write_one(next(iter(self._kept)))

    def _write_one(self, msg_id: str) -> bool:
        self._writes = super()._write_one(msg_id)
        return self._writes

    def _write(self, write: Write, msg_id: str, values: Mapping[str, Any]) -> bool:
        written = super()._write(write, msg_id, values)
        if written:
            self._recent.note_changes(msg_id, values)
        return written

    def _write_to_store(self, msg_id: str, changes: Record) -> None:
        with self._asking():
            super()._write_to_store(msg_id, changes)
        self._recent.note_changes(msg_id, changes)

    def drop_matching_records(self, query: Query) -> None:
        """As Store's; not kept for later."""
        with self._lock, self._asking():
            if self._away or (self._waiting and self._answers < SETTLED):
                # What the server was sent last, and has not answered, might come after this.
                self._refuse()
            super().drop_matching_records(query)
            self._recent.clear()

    def close(self) -> None:
        """See WriteBuffer."""
        if not (self._lock.inherited or self._store.closed):
            with suppress(StorageError):
                self._store.ping()
                self._absence = None
        super().close()

    # --- reading

    def _stored(self, msg_id: str) -> Record:
        if not self._away:
            try:
                record = self._store.get_record(msg_id)
            except MissingRecordError:
                self._recent.note_missing(msg_id)
                raise
            except DamagedValueError:
                raise
            except StorageError as e:
                if self._store.closed:
                    raise
                # Whatever it is: the next call would fail, too.
                self._leave(e)
                self._begin(e)
            else:
                self._recent.note(msg_id, record)
                return record
        found = self._recent.get(msg_id)
        if found is None:
            self._refuse()
        return found

    def find_records(self, query: Query, keys: Keys = None) -> list[Record]:
        """As Store's; what is kept comes last."""
        with self._store.answering(), self._lock, self._asking():
            query, keys = read_plain(query), read_plain(keys, 'keys', iterable=True)
            if self._reached():
                return super().find_records(query, keys)
            return self._find_begun(query, keys)

    def _reached(self) -> bool:
        """Whether the server answers, which is asked before a query: that may take longer than the server is waited for."""
        if not self._away:
            with suppress(StorageError), self._asking():
                self._store.ping()
        return self._absence is None

    def _find_begun(self, query: Query, keys: Keys) -> list[Record]:
        asked, table = _keys_asked(query, self._store.table), self._store.table
        if asked is None or not all(map(self._is_whole, asked)):
            self._refuse()
        records = [self._begun(msg_id) | changes for msg_id, changes in self._kept.items() if msg_id in asked]
        return reference.find(records, query, table.all_keys if keys is None else keys, table=table)

    def _is_whole(self, msg_id: str) -> bool:
        """Whether all of a record is in memory: its task is new, not only its output."""
        history = self._store.table.history
        return msg_id in self._new and (
            msg_id not in self._continuing or (history is not None and self._kept[msg_id].get(history) is not None)
        )

    def get_history(self) -> list[str]:
        """As Store's; what is kept and new comes last."""
        with self._store.answering(), self._lock, self._asking():
            if not self._reached():
                self._refuse()
            return super().get_history()

    def _refuse(self) -> NoReturn:
        kept = f'{len(self._kept):,} tasks are kept in memory'
        if self._absence is None:
            raise AwayError(f'{self._store.name}: the server has just begun to answer again; {kept}')
        since, cause = self._absence
        raise AwayError(f'the server has not answered since {since:%Y-%m-%d %H:%M:%S} UTC; {kept}. {cause}')


def _keys_asked(query: Any, table: Table) -> set[str] | None:
    """The keys that a query asks for if it asks for records by key alone; else None."""
    if not isinstance(query, dict) or list(query) != [table.key]:
        return None
    asked = query[table.key]
    if isinstance(asked, dict):
        if list(asked) not in (['$in'], ['$eq']):
            return None
        asked = asked['$in'] if '$in' in asked else [asked['$eq']]
    else:
        asked = [asked]
    if not isinstance(asked, list) or not all(isinstance(key, str) for key in asked):
        return None
    return set(asked)
