"""Deletes old tasks of a history, or only their buffers, also while a hub writes it.

Some tasks are deleted at a time, each time in a change of some milliseconds, and others have a turn after each. So whoever is
interrupted has deleted some tasks whole and others not at all, and a repeat goes on.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from time import monotonic, sleep
from typing import Any, NamedTuple

from mqsql.errors import MissingRecordError, StorageError
from mqsql.hub.copying import size_of
from mqsql.hub.legacy import history_table
from mqsql.hub.purging import FEW, PurgingStore
from mqsql.schema import BUFFERS, Table
from mqsql.schema.rows import warn
from mqsql.settings import INTERRUPTIBLE, MEMORY
from mqsql.storage import open_location
from mqsql.storage.base import Query, Store
from mqsql.storage.buffers import LazyBuffers
from mqsql.storage.extras import require_pymongo
from mqsql.storage.mishaps import Warn
from mqsql.storage.sqlite.delta_log import Change, Kind
from mqsql.storage.sqlite.hiding import HidingStore
from mqsql.storage.sqlite.shrinking import free_pages, move_log, shrink_some, vacuum
from mqsql.storage.sqlite.sizes import stored_bytes
from mqsql.storage.urls import DICT, MONGODB, PARQUET, SQLITE, read_url, shown
from mqsql.values.codec import encode_text

FIRST = 10  # tasks of the first change; of later ones as many as take the time
SHORT_SECONDS, LONG_SECONDS = (
    0.005,
    0.015,
)  # a change that took less is followed by a larger one, and after more by a smaller
PAGES = 64  # that are removed from the file at once
SLICE_SECONDS = 0.005  # of a purge that a hub has begun


@dataclass(frozen=True)
class Choice:
    """The tasks that are old: those that were finished `before` this time.

    With `unfinished` also those that never were, but were submitted before it. `query` says what else must hold of them;
    `keep_errors` leaves out those that failed. `buffers_only` keeps the tasks, and drops their arguments and results.
    """

    before: datetime
    query: Query = field(default_factory=dict)
    keep_errors: bool = False
    unfinished: bool = False
    buffers_only: bool = False

    def conditions(self, table: Table) -> Query:
        """The query for these tasks."""
        return {'$and': [*self._conditions(table)]}

    def _conditions(self, table: Table) -> Iterator[Query]:
        finished = {'completed': {'$lt': self.before}}
        pending = {'completed': None, 'submitted': {'$lt': self.before}}
        yield {'$or': [finished, pending]} if self.unfinished else finished
        if self.keep_errors:
            yield {'result_content.status': {'$ne': 'error'}}
        if self.buffers_only:
            yield {'$or': [{column: {'$ne': None}} for column in _buffers(table)]}
        if self.query:
            yield self.query


Track = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Passes rows on and shows how far they are of that number, and what is done."""


class Amount(NamedTuple):
    """How many tasks, and how many bytes of them."""

    tasks: int
    bytes: int


class Pruning:
    """The pruning of a history at a path or a URL. `say` is told what cannot be read, `track` shows how far a step is."""

    def __init__(self, url: str, history: str, choice: Choice, say: Warn = warn) -> None:
        self._location, self._table = read_url(url), history_table(history)
        self._choice, self._say = choice, say
        if self._location.kind == MONGODB:
            require_pymongo()
        self.name = shown(url, self._table.name)
        """What the database is called, without a password."""
        self._query = choice.conditions(self._table)
        self.done = 0
        """Tasks that have been deleted, or whose buffers have."""
        if self._location.kind == DICT or self._location.path == MEMORY:
            raise StorageError('a store in memory begins empty, and ends with the command; name a file or a server')
        if self._location.kind == PARQUET:
            raise StorageError(f'{self.name}: Parquet files are never changed')

    def amount(self, track: Track) -> Amount:
        """What would be deleted; the database is only read."""
        with closing(self._open(readonly=True)) as store:
            keys = store.keys(self._query)
            rest = track(keys, len(keys), 'Measuring')
            if isinstance(store, HidingStore):
                with store.using() as connection:
                    size = stored_bytes(connection, store.table, rest, buffers_only=self._choice.buffers_only)
            else:
                size = sum(self._sizes(store, rest))
            return Amount(len(keys), size)

    def run(self, track: Track) -> None:
        """Delete the tasks, and give their space back to the disk."""
        self._open(readonly=True).close()  # which creates nothing
        with closing(self._open(readonly=False)) as store:
            if isinstance(store, PurgingStore):
                while store.purge_some(SLICE_SECONDS):
                    sleep(SLICE_SECONDS)
            keys = store.keys(self._query)
            change = self._drop_buffers if self._choice.buffers_only else self._drop
            for some in _slices(track(keys, len(keys), 'Deleting')):
                change(store, some)
                self.done += len(some)
            if isinstance(store, PurgingStore):
                self._shrink(store, track)

    @property
    def is_file(self) -> bool:
        """Whether it is an SQLite file."""
        return self._location.kind == SQLITE

    def vacuum(self) -> None:
        """Write the file anew, with no free page left; StorageError if another process has it open."""
        if not self.is_file:
            raise StorageError(f'{self.name}: only an SQLite file is written anew by --vacuum')
        vacuum(self._location.path)

    def file_bytes(self) -> int | None:
        """The size of the SQLite file; None for another database."""
        return os.path.getsize(self._location.path) if self.is_file else None

    def _open(self, *, readonly: bool) -> Store:
        if readonly or not self.is_file:
            return open_location(
                self._location, readonly=readonly, table=self._table, settings=INTERRUPTIBLE, say=self._say
            )
        return PurgingStore(self._location.path, table=self._table, settings=INTERRUPTIBLE, say=self._say)

    # --- changes

    def _drop(self, store: Store, keys: list[str]) -> None:
        # Together with the query: a task may have become another meanwhile.
        store.drop_matching_records({'$and': [{store.table.key: {'$in': keys}}, self._query]})

    def _drop_buffers(self, store: Store, keys: list[str]) -> None:
        nothing: dict[str, Any] = dict.fromkeys(_buffers(store.table))
        if isinstance(store, HidingStore):
            store.merge(Change(Kind.SET, encode_text(key), nothing) for key in keys)
            return
        for key in keys:
            # Another process may have dropped it.
            with suppress(MissingRecordError):
                store.update_record(key, nothing)

    def _shrink(self, store: PurgingStore, track: Track) -> None:
        with store.using() as connection:
            free = free_pages(connection)
        for _ in track(range(0, free, PAGES), -(-free // PAGES), 'Shrinking the file'):
            started = monotonic()
            with store.using() as connection:
                shrink_some(connection, PAGES)
            sleep((monotonic() - started) / 2)
        move_log(store.path)

    # --- sizes

    def _sizes(self, store: Store, keys: Iterable[str]) -> Iterator[int]:
        columns = _buffers(store.table) if self._choice.buffers_only else list(store.table.all_keys)
        rest = iter(keys)
        while some := list(islice(rest, FEW)):
            for record in store.find({store.table.key: {'$in': some}}, columns):
                yield sum(_size(record[column]) for column in columns)


def _buffers(table: Table) -> list[str]:
    return [column for column, kind in table.columns.items() if kind is BUFFERS]


def _size(value: Any) -> int:
    return size_of([*value] if isinstance(value, LazyBuffers) and not value.damaged else value)


def _slices(keys: Iterable[str]) -> Iterator[list[str]]:
    """The keys in parts, each of as many as the caller changes in some milliseconds; half as long nothing is changed then."""
    rest, number = iter(keys), FIRST
    while some := list(islice(rest, number)):
        started = monotonic()
        yield some
        seconds = monotonic() - started
        if seconds < SHORT_SECONDS:
            number = min(FEW, number * 2)
        elif seconds > LONG_SECONDS:
            number = max(1, number // 2)
        sleep(seconds / 2)
