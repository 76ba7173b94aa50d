"""A store that keeps changes in memory while they cannot be written, and writes them later.

A hub cannot wait for a disk to get room or for another program to give up a lock: the tasks go on, and what it is told of
them comes once. While anything is kept, all further changes are kept too, in order, and what is read is the file's records
with the kept changes upon them.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from threading import Event, Thread
from time import monotonic
from typing import Any

from mqsql import limits, reference
from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, StorageError, short_repr
from mqsql.schema import Record
from mqsql.storage.base import Keys, Query
from mqsql.storage.locks import Lock
from mqsql.storage.mishaps import Mishaps, Warn
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.values.canonical import copied
from mqsql.values.plain import read_plain

RETRY_SECONDS = 1.0
SLICE_SECONDS = 0.02  # the longest that writing what was kept holds others up


class WriteBuffer:
    """`store`, and up to `limit` bytes of changes that it could not write; `say` is told when that begins and ends.

    The methods are those of Store; those that change something raise StorageError only when `limit` is reached, or for
    `drop_record` and `drop_matching_records`, which are not kept.
    """

    def __init__(self, store: SqliteStore, limit: int, say: Warn) -> None:
        self._store, self._limit, self._say = store, limit, say
        self._lock = Lock(store.path)
        self._kept: dict[str, Record] = {}
        self._new: set[str] = set()
        self._size = 0
        self._waiting = False
        self._closing = Event()

    @property
    def busy(self) -> bool:
        """Whether anything is kept."""
        return bool(self._kept)

    # --- changes

    def add_record(self, msg_id: str, record: Mapping[str, Any]) -> None:
        """As Store's."""
        with self._lock:
            if not self._write(lambda: self._store.add_record(msg_id, record)):
                key, given = self._store.read_new(msg_id, record)
                if self._known(key):
                    raise DuplicateRecordError(
                        f'there is already a record with {self._store.table.key} {short_repr(key)}'
                    )
                self._keep(key, self._store.table.normalize(given))
                self._new.add(key)

    def update_record(self, msg_id: str, changes: Mapping[str, Any]) -> None:
        """As Store's."""
        with self._lock:
            if not self._write(lambda: self._store.update_record(msg_id, changes)):
                key, given = self._store.read_changes(msg_id, changes)
                if self._known(key) is False:
                    raise MissingRecordError(f'there is no record with {self._store.table.key} {short_repr(key)}')
                self._keep(key, self._store.table.normalize(given))

    def drop_record(self, msg_id: str) -> None:
        """As Store's; not kept for later."""
        self.get_record(msg_id)
        self.drop_matching_records({self._store.table.key: msg_id})

    def drop_matching_records(self, query: Query) -> None:
        """As Store's; not kept for later."""
        key = self._store.table.key
        with self._store.answering(), self._lock:
            if not self._kept:
                return self._store.drop_matching_records(query)
            query = read_plain(query)  # which may hold iterators, and is read twice
            dropped = [record[key] for record in self._find_kept(query, [])]
            others = {'$and': [query, {key: {'$nin': list(self._kept)}}]}
            self._store.drop_matching_records({'$or': [others, {key: {'$in': dropped}}]})
            for msg_id in dropped:
                self._forget(msg_id)
        return None

    def _write(self, write: Callable[[], None]) -> bool:
        if self._kept and not self._store.closed:
            return False
        try:
            write()
        except StorageError as e:
            if self._store.closed:
                raise
            self._begin(e)
            return False
        return True

    def _begin(self, cause: StorageError) -> None:
        if self._waiting:
            return
        Thread(target=self._write_later, name='mqsql backlog', daemon=True).start()
        self._waiting = True
        self._say(f'{cause}. Tasks are kept in memory, up to {self._limit:,} bytes, and written once that is possible.')

    def _keep(self, msg_id: str, changes: Record) -> None:
        before = self._kept.get(msg_id, {})
        after = before | changes
        size = self._size + self._bytes(after) - self._bytes(before)
        if size > self._limit:
            raise StorageError(f'what could not be written has reached {self._limit:,} bytes; this change is lost')
        self._kept[msg_id], self._size = after, size

    def _forget(self, msg_id: str) -> None:
        self._size -= self._bytes(self._kept.pop(msg_id))
        self._new.discard(msg_id)

    def _bytes(self, changes: Record) -> int:
        stored = self._store.table.encode(changes).values()
        return sum(sum(map(len, v)) if isinstance(v, list) else len(str(v)) for v in stored if v is not None)

    # --- later

    def _write_later(self) -> None:
        mishaps = Mishaps(self._say, 'What is kept in memory cannot be written')
        while not self._closing.wait(RETRY_SECONDS):
            with mishaps:
                count = len(self._kept)
                if self._write_kept() and self._end(count):
                    return

    def _end(self, count: int) -> bool:
        with self._lock:
            if self._kept:  # meanwhile a change has failed again
                return False
            self._waiting = False
        if count:
            self._say(f'{count:,} tasks that were kept in memory have been written.')
        return True

    def _write_kept(self) -> bool:
        """Write what is kept, without waiting for a lock of the file; whether nothing is left."""
        while True:
            with self._lock:
                if self._store.closed:
                    return False
                with self._store.waiting(0):
                    failed = not self._write_some(monotonic() + SLICE_SECONDS)
                if failed or not self._kept:
                    return not failed

    def _write_some(self, end: float) -> bool:
        """Write until a time what is kept; whether none of it failed."""
        while self._kept and monotonic() < end:
            if not self._write_one(next(iter(self._kept))):
                return False
        return True

    def _write_one(self, msg_id: str) -> bool:
        try:
            self._write_to_file(msg_id, self._kept[msg_id])
        except StorageError:
            return False
        except (MissingRecordError, RecordError) as e:
            # Another controller on the same file has dropped it, or SQLite stores nothing so large; it would hold up the rest.
            self._say(f'What was kept of a task is not written: {e}')
        self._forget(msg_id)
        return True

    def _write_to_file(self, msg_id: str, changes: Record) -> None:
        if msg_id not in self._new:
            return self._store.update_record(msg_id, changes)
        try:
            return self._store.add_record(msg_id, changes)
        except DuplicateRecordError:
            # Another controller has added it meanwhile, or the file could not be read when it was added here.
            return self._store.update_record(msg_id, {key: value for key, value in changes.items() if value})

    def close(self) -> None:
        """As Store's, after a last try to write what is kept."""
        self._closing.set()
        if self._lock.inherited:
            return
        self._store.end_queries()
        with self._lock.after(self._store.end_queries), closing(self._store):
            # Nobody is held up any more: it may take as long as the file is waited for.
            if not self._store.closed and not self._write_some(float('inf')):
                self._say(f'{len(self._kept):,} tasks could not be written and are lost.')

    # --- reading

    def get_record(self, msg_id: str) -> Record:
        """As Store's."""
        msg_id = self._store.read_known_key(msg_id)
        with self._lock:
            if msg_id not in self._kept:
                return self._store.get_record(msg_id)
            key, keys = self._store.table.key, self._store.table.all_keys
            found = dict.fromkeys(keys) | {key: msg_id} if msg_id in self._new else self._store.get_record(msg_id)
            found.update(copied(self._kept[msg_id]))  # callers may change what they are given
            return found

    def find_records(self, query: Query, keys: Keys = None) -> list[Record]:
        """As Store's; what is kept comes last."""
        with self._store.answering(), self._lock:
            # Either may hold iterators, and both are read twice.
            query, keys = read_plain(query), read_plain(keys, 'keys', iterable=True)
            found = self._store.find_records(query, keys)
            if not self._kept:
                return found
            key = self._store.table.key
            return [record for record in found if record[key] not in self._kept] + self._find_kept(query, keys)

    def _find_kept(self, query: Query, keys: Keys) -> list[Record]:
        table = self._store.table
        records = []
        for msg_id in self._kept:
            limits.check()
            records.append(self.get_record(msg_id))
        return reference.find(records, query, table.all_keys if keys is None else keys, table=table)

    def get_history(self) -> list[str]:
        """As Store's; what is kept and new comes last."""
        with self._lock:
            return self._store.keys(sort='submitted') + [msg_id for msg_id in self._kept if msg_id in self._new]

    def _known(self, msg_id: str) -> bool | None:
        """Whether there is a record of this key; None if the file cannot be read either."""
        try:
            self.get_record(msg_id)
        except MissingRecordError:
            return False
        except StorageError:
            return None
        return True
