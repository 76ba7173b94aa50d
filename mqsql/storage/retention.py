"""Keeping a history within limits, in steps too short to be noticed. Imports `backlog`, `sqlite` and `schema`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic

from mqsql.errors import StorageError
from mqsql.schema import BUFFERS
from mqsql.storage.backlog import Backlog
from mqsql.storage.sqlite import SqliteStore

STEP_SECONDS = 0.01  # after which a step begins nothing new
BATCH = 10  # records that one statement drops
KEPT_PAGES = 256  # free pages that stay in the file for what comes next
VACUUM_PAGES = 64  # that one statement gives back
REMEMBERED = 100_000  # culled ids
BUSY_SECONDS, IDLE_SECONDS = 0.05, 2.0  # between steps while there is something to do, and while not

EVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Limits:
    """What a history may come to: records, bytes of the file in use, seconds since a task was finished, and seconds after
    which its buffers go. 0 is no limit.
    """

    record_limit: int = 0
    size_limit: int = 0
    max_age: float = 0
    drop_buffers_after: float = 0


class Retention:
    """Drops the oldest finished tasks beyond the limits, never a pending one, and gives free pages back to the disk."""

    def __init__(self, tasks: Backlog, store: SqliteStore, limits: Limits, say: Callable[[str], object]) -> None:
        self._tasks, self._store, self._limits, self._say = tasks, store, limits, say
        self._culled: dict[str, None] = {}
        self._emptied = EVER
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
        if self._thread is not None:
            self._thread.join()

    def culled(self, msg_id: object) -> bool:
        """Whether the record of this id has been dropped here (of the last 100,000)."""
        return msg_id in self._culled

    def _run(self) -> None:
        pause = IDLE_SECONDS
        while not self._closing.wait(pause):
            try:
                pause = BUSY_SECONDS if self.step() else IDLE_SECONDS
            except StorageError as e:
                # The file is locked or full; the next step may do it.
                self._say(f'The history is not culled just now: {e}')
                pause = IDLE_SECONDS

    def step(self) -> bool:
        """Do a part of what is to be done; whether there may be more."""
        end = monotonic() + STEP_SECONDS
        more = False
        for part in (self._cull, self._drop_buffers, self._shrink):
            while (did := part()) and monotonic() < end:
                pass
            more |= did
        return more

    # --- the parts: each does a little, and says whether it did

    def _cull(self) -> bool:
        limits = self._limits
        excess = self._store.count() - limits.record_limit if limits.record_limit else 0
        if limits.size_limit and self._used() > limits.size_limit:
            excess = max(excess, 1)
        before = _ago(limits.max_age) if limits.max_age and excess <= 0 else None
        if excess <= 0 and before is None:
            return False
        finished = {'completed': {'$gt': EVER} if before is None else {'$gt': EVER, '$lt': before}}
        count = BATCH if before else min(excess, BATCH)
        return self._drop([r['msg_id'] for r in self._store.find(finished, [], sort='completed', limit=count)])

    def _drop(self, ids: list[str]) -> bool:
        if ids:
            self._tasks.drop_matching_records({self._store.table.key: {'$in': ids}})
            self._culled.update(dict.fromkeys(ids))
            while len(self._culled) > REMEMBERED:
                del self._culled[next(iter(self._culled))]
        return bool(ids)

    def _drop_buffers(self) -> bool:
        """Empty the buffers of some tasks finished before a time, the oldest first."""
        if not self._limits.drop_buffers_after:
            return False
        columns = [c for c, kind in self._store.table.columns.items() if kind is BUFFERS]
        before = _ago(self._limits.drop_buffers_after)
        old = {'completed': {'$gte': self._emptied, '$lt': before}, '$or': [{c: {'$ne': None}} for c in columns]}
        found = list(self._store.find(old, ['completed'], sort='completed', limit=BATCH))
        for record in found:
            self._tasks.update_record(record[self._store.table.key], dict.fromkeys(columns))
        # What lies before need not be looked at again.
        self._emptied = found[-1]['completed'] if found else before
        return bool(found)

    # --- the file

    def _used(self) -> int:
        with self._store.using() as connection:
            pages = connection.pragma('page_count') - connection.pragma('freelist_count')
            return int(pages * connection.pragma('page_size'))

    def _shrink(self) -> bool:
        with self._store.using() as connection:
            if connection.pragma('freelist_count') <= KEPT_PAGES:
                return False
            connection.pragma('incremental_vacuum', VACUUM_PAGES)
            if done := connection.pragma('freelist_count') <= KEPT_PAGES:
                # With a write-ahead log the file itself changes only now.
                connection.wal_checkpoint()
            return not done


def _ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)
