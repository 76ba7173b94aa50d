"""Copies records from one store to another, a few at a time: neither history is ever in memory as a whole."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mqsql.errors import DamagedValueError, DuplicateRecordError, RecordError, cut, printable, short_repr
from mqsql.hub.storable import Storable
from mqsql.schema import Record
from mqsql.storage.base import Store
from mqsql.storage.buffers import GoneError, LazyBuffers
from mqsql.values.libraries import UnstorableError

Warn = Callable[[str], object]

PAGE = 16
"""Records that are read at once: DuckDB gives their buffers with them, a server documents of up to 16 MiB."""

BATCH = 1_000
BATCH_BYTES = 16 * 2**20
"""The records that are added at once: so many at most, and so many bytes unless a single one has more."""


class StoredHistory:
    """The records of a store, in the order of insertion; `say` is given a line for each loss."""

    def __init__(self, store: Store, say: Warn) -> None:
        self._store, self._say, self._key = store, say, store.table.key
        keys = [record[self._key] for record in store.find({}, [], sort='$natural')]
        self._keys = list(dict.fromkeys(key for key in keys if key is not None))
        if unreadable := keys.count(None):
            say(f'Records without a {self._key} that can be read, which are left out: {unreadable:,}')

    def count(self) -> int:
        """How many records it has."""
        return len(self._keys)

    def records(self) -> Iterator[Record]:
        """The records without what cannot be read, one by one, their buffers as lists."""
        # By their keys: a server forgets an answer that is read slowly, and a long one holds up the log of a file.
        for start in range(0, len(self._keys), PAGE):
            page = self._keys[start : start + PAGE]
            found: dict[str, Record] = {}
            for record in self._store.find({self._key: {'$in': page}}, self._store.table.all_keys):
                found.setdefault(record[self._key], record)
            for key in page:
                if key in found:  # or it has been dropped meanwhile
                    yield dict(self._read(key, found.pop(key)))

    def _read(self, key: str, record: Record) -> Iterator[tuple[str, Any]]:
        for column, value in record.items():
            if not isinstance(value, LazyBuffers):
                yield column, value
            elif not value.damaged:  # of which the store has told
                try:
                    yield column, list(value)
                except (DamagedValueError, GoneError) as e:
                    self._say(f'The {column} of {_task(key)} cannot be read and is left out: {e}')


class Additions(Storable):
    """Adds records to a store, each without what the store cannot hold; `say` is given a line for each loss."""

    def __init__(self, store: Store, say: Warn) -> None:
        super().__init__(store.table, say, store.coerce_value)
        self._store, self._key = store, store.table.key
        self._current = ''
        self.added = self.present = self.refused = self.lost = 0
        """Records that were added, that were there already; values that were left out; records that were."""

    def add_missing(self, records: Iterable[Record]) -> None:
        """Add the records whose keys are not there yet, in batches."""
        for batch in self._batches(records):
            new = self._missing(batch)
            try:
                self.added += self._store.add_records(new)
            except RecordError:
                # One cannot be stored, or another process has just added it.
                for record in new:
                    self._add(record)

    def _batches(self, records: Iterable[Record]) -> Iterator[list[Record]]:
        batch: list[Record] = []
        size = 0
        for record in records:
            bytes_ = size_of(record)
            if batch and (len(batch) == BATCH or size + bytes_ > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(record)
            size += bytes_
        if batch:
            yield batch

    def _missing(self, batch: list[Record]) -> list[Record]:
        """Those of the batch that are not there yet, and whose keys can be stored."""
        given = {record[self._key]: record for record in batch if self._has_key(record[self._key])}
        known = self._store.keys({self._key: {'$in': list(given)}})
        self.present += len(known)
        for key in known:
            del given[key]
        return list(given.values())

    def _has_key(self, key: str) -> bool:
        """Whether the store can hold a record of this key; else the record is lost."""
        try:
            self._store.coerce_value(key, 0)
        except UnstorableError as e:
            self.lost += 1
            self._say(f'The {_task(key)} cannot be stored and is left out: {e}')
            return False
        return True

    def _add(self, record: Record) -> None:
        """Add a record, or what of it can be stored."""
        self._current = key = record[self._key]
        kept = self.record(record)
        while True:
            try:
                self._store.add_record(key, kept)
            except DuplicateRecordError:
                self.present += 1
            except RecordError as e:
                if not kept:
                    raise
                kept = self.less(kept, e)
                continue
            else:
                self.added += 1
            return

    def tell(self, where: str, value: object, why: object) -> None:
        """See Storable; each is told."""
        self.refused += 1
        self._say(f'{where} of {_task(self._current)}: {short_repr(value)} cannot be stored and is left out: {why}')


def _task(key: str) -> str:
    return f'task {cut(printable(key))}'


def size_of(value: Any) -> int:
    """Bytes of a canonical value, about."""
    if isinstance(value, dict):
        return sum(len(name) + size_of(part) for name, part in value.items())
    if isinstance(value, list):
        return sum(map(size_of, value))
    return len(value) if isinstance(value, str | bytes) else 8
