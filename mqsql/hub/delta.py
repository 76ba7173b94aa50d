"""The changes of the last moment, which are durable but not in the table yet.

To change a record in the table costs ten pages of the file and a transaction. So a change is appended to a log beside the file,
which is what makes it outlive the process, and kept in memory, from where some hundred changes are merged into the table at
once: all that is known of a task by then in one statement. What is read by key is looked for here first; a query merges first.

While the table cannot be written, changes are kept as a WriteBuffer keeps them, and logged all the same.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from time import monotonic
from typing import Any

from mqsql.errors import MissingRecordError, RecordError, StorageError
from mqsql.hub.joining import TEXTS
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.schema import Record
from mqsql.storage.base import Keys, Query
from mqsql.storage.encoding import present
from mqsql.storage.mishaps import Mishaps, Warn
from mqsql.storage.sqlite.delta_log import LONGEST, Change, DeltaLog, Kind, pack
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.values.codec import encode_text
from mqsql.values.plain import read_plain

MOST = 512
"""Records that are merged at once: that holds the hub up for some fifteen milliseconds."""
MERGE_SECONDS = 0.5
"""After which changes are merged, so that other processes see them."""
LARGE = 65_536
"""Bytes of a value that goes into the table at once, rather than being written twice."""
ABSENT_SECONDS = 0.1
"""For which it is known that a key had no record. What another process adds is not seen before a merge, which comes later."""
SHORT = 1_024
"""Characters of a text that is logged again whole when it grows."""


@dataclass(slots=True)
class _Recent:
    """What is known here of a record: whether it was begun here, and values by column as the table stores them."""

    begun: bool
    values: Record


class Delta(WriteBuffer[SqliteStore]):
    """See WriteBuffer. The methods are those of Store; each change is durable when the call returns, unless `commit_interval`
    says after how many seconds it is.
    """

    def __init__(self, store: SqliteStore, limit: int, say: Warn, *, commit_interval: float = 0) -> None:
        super().__init__(store, limit, say)
        self._recent: dict[str, _Recent] = {}
        self._interval = commit_interval or MERGE_SECONDS
        self._log = None if commit_interval else DeltaLog(store.path, store.table, flush=store.flushes)
        self._logged: set[str] = set()
        """The keys of the records in the log."""
        self._unlogged: set[str] = set()
        """The keys of the records of which the log lacks something that is kept in memory."""
        self._merging = False
        self._absent = '', 0.0
        """The key that was last asked for in vain, as by a hub before it adds the record, and when."""

    # --- changes

    def add_record(self, msg_id: str, record: Mapping[str, Any]) -> None:
        """As Store's."""
        with self._lock:
            key, given = self._store.read_new(msg_id, record)
            values = self._store.table.encode_new(given)
            change = Change(Kind.ADD, values[self._store.table.key], values)
            absent = self._was_absent(key)
            if not self._kept:
                known = False if absent else self._is_known(key, begun=True)
                if known:
                    raise self._duplicate(key)
                if known is False and self._note(key, change, values):
                    return
            super().add_record(key, record)
            self._log_kept(key, change)

    def update_record(self, msg_id: str, changes: Mapping[str, Any]) -> None:
        """As Store's."""
        with self._lock:
            key, given = self._store.read_changes(msg_id, changes)
            values = self._store.table.encode_resolved(given)
            change = self._change_of(key, values)
            if not self._kept and self._is_known(key) and self._note(key, change, values):
                return
            super().update_record(key, changes)
            self._log_kept(key, change)

    def _change_of(self, key: str, values: Record) -> Change:
        """The change that gives a record these values; of a text that grows, what is new."""
        stored_key = encode_text(key)
        if len(values) == 1:
            ((column, text),) = values.items()
            if column in TEXTS and text is not None and len(text) > SHORT:
                known = self._text(key, column)
                if known and text.startswith(known):
                    return Change(Kind.APPEND, stored_key, {column: text[len(known) :]}, len(known))
        return Change(Kind.SET, stored_key, values)

    def _text(self, key: str, column: str) -> str | None:
        """The stored form of a text of a record, if it can be read."""
        recent = self._recent.get(key)
        if recent is not None and (recent.begun or column in recent.values):
            return recent.values.get(column)
        kept = self._kept.get(key)
        if kept is not None and (key in self._new or column in kept):
            text = kept.get(column)
            return text and encode_text(text)
        with suppress(StorageError):
            return self._store.stored_text(key, column)
        return None

    def _is_known(self, key: str, *, begun: bool = False) -> bool | None:
        """Whether there is a record of this key; None if the file cannot be read, and nothing is recent any more.

        `begun` asks the file unless the record was begun here: whoever adds a record may have been unable to read it.
        """
        recent = self._recent.get(key)
        if recent is not None and (recent.begun or not begun):
            return True
        try:
            return self._store.has(key)
        except StorageError as e:
            if self._store.closed:
                raise
            self._keep_recent(e)
            return None

    def _was_absent(self, key: str) -> bool:
        """Whether it is known that there is no record of this key; not known any more, as one is added now."""
        (absent, when), self._absent = self._absent, ('', 0.0)
        return absent == key and monotonic() < when + ABSENT_SECONDS

    def _note(self, key: str, change: Change, values: Record) -> bool:
        """Log a change, and keep it in memory; if it is large or cannot be logged, nothing is recent any more."""
        length, parts = 0, pack(change) if self._log is not None else []
        if (not parts or sum(map(len, parts)) > LARGE) and _has_large(change.values):
            self._merge_or_keep()
            return False
        if self._log is not None:
            self._logged.add(key)  # also if that fails: it may be there all the same
            try:
                length = self._log.append(parts)
            except StorageError:
                self._merge_or_keep()
                return False
        recent = self._recent.get(key)
        if recent is None:
            self._recent[key] = _Recent(change.kind is Kind.ADD, values)
        else:
            recent.values |= values
        if len(self._recent) >= MOST or length > LONGEST:
            self._merge_or_keep()
        elif not self._merging:
            self._merging = True
            Thread(target=self._merge_later, name='mqsql delta', daemon=True).start()
        return True

    def drop_matching_records(self, query: Query) -> None:
        """As Store's; not kept for later."""
        query = read_plain(query)
        with self._lock:
            self._merge_or_keep()
            # Or what is dropped would come back with the log.
            if self._kept and (failure := self._write_all()):
                raise failure
            super().drop_matching_records(query)

    # --- merging

    def _merge(self) -> StorageError | None:
        """Merge what is recent; why not, if that fails."""
        if self._recent:
            changes = [
                Change(Kind.ADD if recent.begun else Kind.SET, encode_text(key), recent.values)
                for key, recent in self._recent.items()
            ]
            try:
                self._merge_all(changes)
            except StorageError as e:
                return e
            self._recent.clear()
        if not self._kept:
            self._clear_log()
        return None

    def _merge_all(self, changes: list[Change]) -> None:
        try:
            for key in self._store.merge(changes):
                # Another process has dropped it meanwhile.
                self._say(f'What was known of a task is not written: there is no record {key!r} any more')
        except RecordError as e:  # a text has grown beyond what SQLite stores, say
            if len(changes) > 1:
                for change in changes:
                    self._merge_all([change])
            else:
                self._merge_all([self._without_largest(changes[0], e)])

    def _without_largest(self, change: Change, error: RecordError) -> Change:
        column = max(change.values, key=lambda column: len(str(change.values[column])))
        self._say(f'The last {column} of the task {change.key!r} is lost: {error}')
        return change._replace(values={c: value for c, value in change.values.items() if c != column})

    def _merge_or_keep(self) -> None:
        """Merge what is recent, or keep it until that is possible."""
        if failure := self._merge():
            if self._store.closed:
                raise failure
            self._keep_recent(failure)

    def _keep_recent(self, cause: StorageError) -> None:
        self._begin(cause)
        for key, recent in self._recent.items():
            self._kept[key] = self._store.decode(recent.values)
            self._size += self._bytes(self._kept[key])
            if recent.begun:
                self._new.add(key)
        self._recent.clear()

    def _merge_later(self) -> None:
        mishaps = Mishaps(self._say, 'Tasks are merged into the table later')
        while not self._closing.wait(self._interval):
            with mishaps, self._lock:
                if not self._recent or self._store.closed:
                    self._merging = False
                    return
                with self._briefly():
                    self._merge()  # a failure is tried again: what is recent is logged

    # --- the log

    def _log_kept(self, key: str, change: Change) -> None:
        """Log a change that is kept; it is not, if the table has it."""
        if self._log is None or not self._kept:
            return
        self._logged.add(key)
        if not self._unlogged:
            with suppress(StorageError):
                self._log.append(pack(change))
                return
        self._unlogged.add(key)

    def _log_rest(self) -> None:
        if self._log is not None:
            with suppress(StorageError):
                for key in [*self._unlogged]:
                    change = self._kept_change(key)
                    if change.kind is Kind.ADD:
                        self._log.append(pack(change._replace(values=present(change.values))))
                    # To add a record that the log has already takes no value away.
                    self._log.append(pack(change._replace(kind=Kind.SET)))
                    self._unlogged.discard(key)

    def _kept_change(self, key: str) -> Change:
        """All that is kept of a record."""
        kind = Kind.ADD if key in self._new else Kind.SET
        return Change(kind, encode_text(key), self._store.table.encode(self._kept[key]))

    def _write_some(self, end: float) -> bool:
        # One by one, records in the table would be newer than those in the log, which a kill would then restore.
        return self._write_all() is None if self._unlogged else super()._write_some(end)

    def _write_all(self) -> StorageError | None:
        """Write all that is kept in one transaction; why not, if that fails."""
        try:
            self._resolve_all()
            self._merge_all([self._kept_change(key) for key in self._kept])
        except StorageError as e:
            return e
        self._written += len(self._kept)
        for key in [*self._kept]:
            self._forget(key)
        return None

    def _forget(self, msg_id: str) -> None:
        super()._forget(msg_id)
        self._unlogged.discard(msg_id)
        if not self._kept and not self._recent:
            self._clear_log()

    def _clear_log(self) -> None:
        if self._log is not None and self._logged:
            self._log.clear()
            self._logged.clear()

    def _ready(self) -> bool:
        with self._lock:
            self._log_rest()
        return True

    def close(self) -> None:
        """As Store's, after a last try to write what is kept."""
        self._closing.set()
        if self._lock.inherited:
            return
        self._store.end_queries()
        with self._lock.after(self._store.end_queries):
            if not self._store.closed:
                self._merge_or_keep()
            super().close()
            if self._log is not None:
                self._log.close(merged=not self._kept)

    def _say_lost(self) -> None:
        if self._log is None or self._unlogged:
            super()._say_lost()
        else:
            self._say(
                f'{len(self._kept):,} tasks could not be written; they are when {self._store.path} is opened again.'
            )

    # --- reading

    def get_record(self, msg_id: str) -> Record:
        """As Store's."""
        key = self._store.read_known_key(msg_id)
        with self._lock:
            recent = self._recent.get(key)
            if recent is None:
                return super().get_record(key) if key in self._kept else self._get(key)
            record = self._begun(key) if recent.begun else self._stored(key)
            record.update(self._store.decode(recent.values))
            return record

    def _get(self, key: str) -> Record:
        try:
            return self._stored(key)
        except MissingRecordError:
            self._absent = key, monotonic()
            raise

    def find_records(self, query: Query, keys: Keys = None) -> list[Record]:
        """As Store's; what is kept comes last."""
        with self._lock:
            self._merge_or_keep()
        return super().find_records(query, keys)

    def get_history(self) -> list[str]:
        """As Store's; what is kept and new comes last."""
        with self._lock:
            self._merge_or_keep()
        return super().get_history()


def _has_large(values: Record) -> bool:
    """Whether a value is too large to be written twice."""
    for value in values.values():
        kind = type(value)
        if (kind is str and len(value) > LARGE) or (kind is list and sum(map(len, value)) > LARGE):
            return True
    return False
