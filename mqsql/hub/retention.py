"""Keeps a history within limits, and deletes what was purged, in steps of some milliseconds.

A step blocks other writers only while it changes the file. It finds out what to do on a connection of its own, which blocks
nobody.
"""

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Event, Thread
from time import monotonic
from typing import Any

from mqsql.errors import MissingRecordError, StorageError, short_repr
from mqsql.hub.culled import ORPHAN_SECONDS, CulledIds
from mqsql.hub.purging import PurgingStore
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.schema import BUFFERS, Record
from mqsql.storage.locks import STOP_SECONDS
from mqsql.storage.mishaps import Mishaps, Warn
from mqsql.storage.sqlite.hiding import HidingStore
from mqsql.storage.sqlite.purges import ends
from mqsql.storage.sqlite.shrinking import free_pages, move_log, shrink_some
from mqsql.storage.sqlite.store import SqliteStore

STEP_SECONDS = 0.005  # after which a step begins nothing new
BATCH = 10  # records that one statement drops
KEPT_PAGES = 256  # free pages that stay in the file for new records
VACUUM_PAGES = 32  # that one statement removes from the file
SLICE_SECONDS = 0.003  # of a purge; what it changes is then written, and the pages that it needs may not be in memory
SLICES = 10  # of a purge, between two moves of the log
BUSY_SECONDS, IDLE_SECONDS = 0.025, 2.0  # between steps while there is something to do, and while not
WATCHED = 10_000  # records without a request

EVER = datetime(1, 1, 1, tzinfo=UTC)
ORPHANS = {'submitted': None, 'completed': None}


@dataclass(frozen=True)
class Limits:
    """The limits of a history: records, bytes of the file in use, seconds after the end of a task, and seconds after which
    its buffers go. 0 is no limit.
    """

    record_limit: int = 0
    size_limit: int = 0
    max_age: float = 0
    drop_buffers_after: float = 0

    def __post_init__(self) -> None:
        for name, limit in vars(self).items():
            if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit >= 0:
                raise StorageError(f'{name} is a number from 0 on, not {short_repr(limit)}')


class Retention:
    """Drops the oldest finished tasks beyond the limits, never a pending one, and gives free pages back to the disk.

    Records of which only output is known, since before any request could still come, go first: nothing tells their age.
    """

    def __init__(self, tasks: WriteBuffer[SqliteStore], store: PurgingStore, limits: Limits, say: Warn) -> None:
        self._tasks, self._store, self._limits = tasks, store, limits
        self._tell = say
        self._key = store.table.key
        self._reader: HidingStore | None = None
        self._more = self._told = False
        self._count, self._mean = 0, 1.0
        """Records, and bytes of each, when last looked at."""
        self._orphans: dict[str, float] = {}
        """Records of which only output is known, and since when."""
        self._emptied = EVER
        self._purged = 0
        """Slices of a purge since the log was moved."""
        self._culled = CulledIds()
        self._closing = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Go on with steps in a thread until `close`; to be called when the process makes no more forks of itself."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name='mqsql retention', daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._closing.set()
        while self._thread is not None and self._thread.is_alive():
            self._close_reader()  # ends its query
            self._thread.join(STOP_SECONDS)
        self._close_reader()

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def culled(self, msg_id: object) -> bool:
        """Whether the record of this id has been dropped here (of the last 100,000)."""
        return msg_id in self._culled

    def _run(self) -> None:
        # The file may be locked or full; a later step does it.
        mishaps = Mishaps(self._say, 'The history is not culled just now')
        while not self._closing.wait(BUSY_SECONDS if self._more else IDLE_SECONDS):
            with mishaps:
                self._look_for_the_file()
                self.step()

    def step(self) -> bool:
        """Do a part of what is to be done; whether there may be more."""
        if self._purge():
            self._more = True
            return True
        self._look()
        end = monotonic() + STEP_SECONDS
        more = self._more = False
        for part in (self._cull, self._drop_buffers, self._shrink):
            while (did := part()) and monotonic() < end:
                pass
            more |= did
        self._more = more
        return more

    def _say(self, words: str) -> None:
        if not self._closing.is_set():  # when nothing works any more
            self._tell(words)

    def _purge(self) -> bool:
        more = self._store.purge_some(SLICE_SECONDS)
        self._purged = self._purged + 1 if more else 0
        if self._purged == SLICES:
            # Or it would grow faster than it is moved, and never begin anew.
            self._purged = 0
            self._move_log()
        return more

    # --- looking

    def _look_for_the_file(self) -> None:
        if self._store.lost() and not self._told:
            self._told = True
            self._say(
                f'{self._store.path} has been deleted or replaced. What is written goes to the old file, which is gone when '
                'this process ends; restart it.'
            )

    def _reading(self) -> HidingStore:
        if self._reader is None:
            self._reader = HidingStore(self._store.path, readonly=True, table=self._store.table, say=self._say)
        return self._reader

    def _look(self) -> None:
        """Count the records, unless they are too few anyway: another controller may have dropped some since the last step."""
        limits = self._limits
        if limits.record_limit or limits.size_limit:
            used, most = self._used(), self._most()
            near = most > limits.record_limit > 0 or used > limits.size_limit > 0
            self._count = self._reading().count() if near else most
            self._mean = used / max(1, self._count)
        if not self._more and (limits.record_limit or limits.size_limit or limits.max_age):
            now = monotonic()
            orphans = self._reading().find(ORPHANS, [], limit=WATCHED)
            self._orphans = {key: self._orphans.get(key, now) for key in self._readable_keys(orphans)}

    def _readable_keys(self, records: Iterable[Record]) -> list[str]:
        """The keys of records; a damaged key cannot name a record to be dropped."""
        return [record[self._key] for record in records if record[self._key] is not None]

    def _used(self) -> int:
        with self._reading().using() as connection:
            pages = connection.pragma('page_count') - connection.pragma('freelist_count')
            return int(pages * connection.pragma('page_size'))

    def _most(self) -> int:
        """How many records there are at most, by the first and the last position, which are found at once."""
        with self._reading().using() as connection:
            first, last = ends(connection, self._store.table)
        return last - first + 1

    def _excess(self) -> int:
        """About how many records there are too many."""
        limits = self._limits
        too_many = self._count - limits.record_limit if limits.record_limit else 0
        too_large = (self._used() - limits.size_limit) / self._mean if limits.size_limit else 0
        return max(too_many, math.ceil(too_large))

    # --- the parts: each does a little, and says whether it did

    def _cull(self) -> bool:
        if self._tasks.busy:  # all of that would have to be written first
            return False
        excess, age = self._excess(), self._limits.max_age
        if excess > 0:
            return self._cull_some({'$gt': EVER}, ORPHAN_SECONDS, min(excess, BATCH))
        return bool(age) and self._cull_some({'$gt': EVER, '$lt': _ago(age)}, max(age, ORPHAN_SECONDS), BATCH)

    def _cull_some(self, completed: dict[str, Any], seconds: float, number: int) -> bool:
        """Drop up to so many orphans that have been there that long, or else of the tasks that were completed then."""
        last = monotonic() - seconds
        ids = list(islice((msg_id for msg_id, seen in self._orphans.items() if seen <= last), number))
        if ids:
            self._drop(ids, ORPHANS)
            return True
        found = self._reading().find({'completed': completed}, [], sort='completed', limit=number)
        ids = self._readable_keys(found)
        self._drop(ids, {})
        return bool(ids)

    def _drop(self, ids: list[str], only: dict[str, Any]) -> None:
        if ids:
            self._tasks.drop_matching_records({self._key: {'$in': ids}, **only})
        self._count -= len(ids)
        for msg_id in ids:
            self._orphans.pop(msg_id, None)
        self._culled.add(ids)

    def _drop_buffers(self) -> bool:
        """Empty the buffers of some tasks finished before a time, the oldest first."""
        # What is kept in memory is not in the file, where it is looked for here.
        if not self._limits.drop_buffers_after or self._tasks.busy:
            return False
        columns = [c for c, kind in self._store.table.columns.items() if kind is BUFFERS]
        before = _ago(self._limits.drop_buffers_after)
        old = {'completed': {'$gte': self._emptied, '$lt': before}, '$or': [{c: {'$ne': None}} for c in columns]}
        found = list(self._reading().find(old, ['completed'], sort='completed', limit=BATCH))
        for key in self._readable_keys(found):
            # Another controller on the same file may have dropped it.
            with suppress(MissingRecordError):
                self._tasks.update_record(key, dict.fromkeys(columns))
        # What lies before need not be looked at again.
        self._emptied = (found[-1]['completed'] or before) if found else before
        return bool(found)

    def _shrink(self) -> bool:
        with self._store.using() as connection:
            if free_pages(connection) <= KEPT_PAGES:
                return False
            shrink_some(connection, VACUUM_PAGES)
            done = free_pages(connection) <= KEPT_PAGES
        if done:
            self._move_log()
        return not done

    def _move_log(self) -> None:
        move_log(self._store.path)


def _ago(seconds: float) -> datetime:
    try:
        return max(EVER, datetime.now(UTC) - timedelta(seconds=seconds))
    except OverflowError:
        return EVER
