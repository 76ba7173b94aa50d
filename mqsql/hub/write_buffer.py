"""A store that keeps changes in memory while they cannot be written, and writes them later.

A hub cannot wait for a disk to get room or for another program to give up a lock: the tasks go on, and what it is told of
them comes once. While anything is kept, all further changes are kept too, in order, and what is read is the store's records
with the kept changes upon them.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, suppress
from threading import Event, Thread
from time import monotonic
from typing import Any, Generic, TypeVar

from mqsql import limits, reference
from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, StorageError, short_repr
from mqsql.hub.joining import CONTINUED, joined
from mqsql.schema import Record
from mqsql.storage.base import Keys, Query, Store
from mqsql.storage.locks import Lock
from mqsql.storage.mishaps import Mishaps, Warn
from mqsql.values.canonical import copied
from mqsql.values.plain import read_plain

RETRY_SECONDS = 1.0
SLICE_SECONDS = 0.02  # the longest that writing what was kept holds others up
PAUSE_SECONDS = 0.001  # between two slices, so that others get their turn

Write = Callable[[str, Mapping[str, Any]], None]


Buffered = TypeVar('Buffered', bound=Store)


class WriteBuffer(Generic[Buffered]):
    """`store`, and up to `limit` bytes of changes that it could not write; `say` is told when that begins and ends.

    The methods are those of Store; those that change something raise StorageError only when `limit` is reached, or for
    `drop_record` and `drop_matching_records`, which are not kept.
    """

    def __init__(self, store: Buffered, limit: int, say: Warn) -> None:
        self._store, self._limit, self._say = store, limit, say
        self._lock = Lock(store.name)
        self._kept: dict[str, Record] = {}
        self._new: set[str] = set()
        """Of what is kept, the records that were begun here."""
        self._continuing: dict[str, set[str]] = {}
        """Of these, the records that the store may have all the same, and which of their columns then go on where its end."""
        self._size = 0
        self._written = 0
        self._waiting = False
        self._closing = Event()

    @property
    def busy(self) -> bool:
        """Whether anything is kept."""
        return bool(self._kept)

    # --- changes

    def add_record(self, msg_id: str, record: Mapping[str, Any]) -> None:
        """As Store's. Where it cannot be known whether there is a record of this key, it is continued with this one."""
        with self._lock:
            if not self._write(self._store.add_record, msg_id, record):
                key, given = self._store.read_new(msg_id, record)
                self._keep_new(key, self._store.table.normalize(given))

    def _keep_new(self, key: str, record: Record) -> None:
        known = self._known(key)
        if known:
            raise self._duplicate(key)
        before = self._kept.get(key, {})
        self._keep(key, record | before | joined(before, record))
        self._new.add(key)
        if known is None:
            self._continuing.setdefault(key, set()).update(c for c in CONTINUED if c not in before)

    def _duplicate(self, key: str) -> DuplicateRecordError:
        return DuplicateRecordError(f'there is already a record with {self._store.table.key} {short_repr(key)}')

    def update_record(self, msg_id: str, changes: Mapping[str, Any]) -> None:
        """As Store's."""
        with self._lock:
            if not self._write(self._store.update_record, msg_id, changes):
                key, given = self._store.read_changes(msg_id, changes)
                if self._known(key) is False:
                    raise MissingRecordError(f'there is no record with {self._store.table.key} {short_repr(key)}')
                self._keep(key, self._kept.get(key, {}) | self._store.table.normalize(given))

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

    @property
    def _deferring(self) -> bool:
        """Whether changes are kept without being tried."""
        return bool(self._kept)

    def _write(self, write: Write, msg_id: str, values: Mapping[str, Any]) -> bool:
        if self._deferring and not self._store.closed:
            return False
        try:
            write(msg_id, values)
        except StorageError as e:
            if self._store.closed:
                raise
            self._begin(e)
            return False
        return True

    def _begin(self, cause: StorageError) -> None:
        if self._waiting:
            return
        self._waiting = True
        self._watch()
        self._say(f'{cause}. Tasks are kept in memory, up to {self._limit:,} bytes, and written once that is possible.')

    def _watch(self) -> None:
        Thread(target=self._write_later, name='mqsql backlog', daemon=True).start()

    def _keep(self, msg_id: str, changes: Record) -> None:
        size = self._bytes(changes) - self._bytes(self._kept.get(msg_id, {}))
        if self._size + size > self._limit:
            raise StorageError(f'what could not be written has reached {self._limit:,} bytes; this change is lost')
        self._kept[msg_id] = changes
        self._size += size

    def _forget(self, msg_id: str) -> None:
        self._size -= self._bytes(self._kept.pop(msg_id))
        self._new.discard(msg_id)
        self._continuing.pop(msg_id, None)

    def _bytes(self, changes: Record) -> int:
        stored = self._store.table.encode(changes).values()
        return sum(sum(map(len, v)) if isinstance(v, list) else len(str(v)) for v in stored if v is not None)

    # --- later

    def _write_later(self) -> None:
        mishaps = Mishaps(self._say, 'What is kept in memory cannot be written')
        while not self._closing.wait(RETRY_SECONDS):
            with mishaps:
                if self._ready() and self._write_kept() and self._end():
                    return

    def _ready(self) -> bool:
        """Whether to try; called without the lock."""
        return True

    def _end(self) -> bool:
        with self._lock:
            if self._deferring:  # meanwhile a change has failed again
                return False
            self._waiting = False
            count, self._written = self._written, 0
        self._say_end(count)
        return True

    def _say_end(self, count: int) -> None:
        if count:
            self._say(f'{count:,} tasks that were kept in memory have been written.')

    def _write_kept(self) -> bool:
        """Write what is kept, without waiting for a lock of the file; whether nothing is left."""
        while True:
            with self._lock:
                if self._store.closed:
                    return False
                with self._briefly():
                    failed = not self._write_some(monotonic() + SLICE_SECONDS)
                if failed or not self._kept:
                    return not failed
            self._closing.wait(PAUSE_SECONDS)

    def _briefly(self) -> AbstractContextManager[object]:
        """A block that waits for nothing, since it holds others up."""
        return self._store.waiting(0)

    def _write_some(self, end: float) -> bool:
        """Write until a time what is kept; whether none of it failed."""
        while self._kept and monotonic() < end:
            if not self._write_one(next(iter(self._kept))):
                return False
        return True

    def _write_one(self, msg_id: str) -> bool:
        try:
            self._resolve(msg_id)
            self._write_to_store(msg_id, self._kept[msg_id])
            self._written += 1
        except StorageError:
            return False
        except (MissingRecordError, RecordError) as e:
            # Another controller has dropped it, or the store holds nothing so large; it would hold up the rest.
            self._say(f'What was kept of a task is not written: {e}')
        self._forget(msg_id)
        return True

    def _write_to_store(self, msg_id: str, changes: Record) -> None:
        if msg_id not in self._new:
            return self._store.update_record(msg_id, changes)
        try:
            return self._store.add_record(msg_id, changes)
        except DuplicateRecordError:
            # Another controller has added it meanwhile, or an attempt to add it succeeded that had seemed to fail.
            return self._store.update_record(msg_id, {key: value for key, value in changes.items() if value})

    def _resolve(self, msg_id: str) -> None:
        """Continue the store's record, if it has one, with a record that was begun while that could not be known."""
        if msg_id not in self._continuing:
            return
        with suppress(MissingRecordError):
            stored = self._stored(msg_id)
            changes = joined(stored, self._kept[msg_id], self._continuing[msg_id])
            self._size += self._bytes(changes) - self._bytes(self._kept[msg_id])
            self._kept[msg_id] = changes
            self._new.discard(msg_id)
        del self._continuing[msg_id]

    def close(self) -> None:
        """As Store's, after a last try to write what is kept."""
        self._closing.set()
        if self._lock.inherited:
            return
        self._store.end_queries()
        with self._lock.after(self._store.end_queries), closing(self._store):
            # Nobody is held up any more: it may take as long as the file is waited for.
            if not self._store.closed and not self._write_some(float('inf')):
                self._say_lost()

    def _say_lost(self) -> None:
        self._say(f'{len(self._kept):,} tasks could not be written and are lost.')

    # --- reading

    def get_record(self, msg_id: str) -> Record:
        """As Store's."""
        msg_id = self._store.read_known_key(msg_id)
        with self._lock:
            if msg_id not in self._kept:
                return self._stored(msg_id)
            if msg_id in self._continuing:
                # Until it can be read, what was begun here is all that is known.
                with suppress(StorageError), self._briefly():
                    self._resolve(msg_id)
            found: Record = self._begun(msg_id) if msg_id in self._new else self._stored(msg_id)
            found.update(copied(self._kept[msg_id]))  # callers may change what they are given
            return found

    def _stored(self, msg_id: str) -> Record:
        """The record without what is kept of it."""
        return self._store.get_record(msg_id)

    def _begun(self, msg_id: str) -> Record:
        """A record without values."""
        record: Record = dict.fromkeys(self._store.table.all_keys)
        record[self._store.table.key] = msg_id
        return record

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
        self._resolve_all()
        table = self._store.table
        changed = [msg_id for msg_id in self._kept if msg_id not in self._new]
        stored = self._store.find_records({table.key: {'$in': changed}}) if changed else []
        known = {record[table.key]: record for record in stored}
        records = []
        for msg_id, changes in self._kept.items():
            limits.check()
            before = self._begun(msg_id) if msg_id in self._new else known.get(msg_id)
            if before is not None:  # another controller may have dropped it
                records.append(before | changes)
        return reference.find(records, query, table.all_keys if keys is None else keys, table=table)

    def _resolve_all(self) -> None:
        for msg_id in list(self._continuing):
            limits.check()
            self._resolve(msg_id)

    def get_history(self) -> list[str]:
        """As Store's; what is kept and new comes last."""
        with self._lock:
            self._resolve_all()
            return self._store.get_history() + [msg_id for msg_id in self._kept if msg_id in self._new]

    def _known(self, msg_id: str) -> bool | None:
        """Whether there is a record of this key; None if the store cannot be read either."""
        try:
            self.get_record(msg_id)
        except MissingRecordError:
            return False
        except StorageError:
            return None
        return True
