"""A store in memory that keeps within limits: the oldest finished tasks go, pending ones never."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from heapq import heapify, heappop, heappush
from time import monotonic
from typing import Protocol

from mqsql.errors import MissingRecordError, short_repr
from mqsql.hub.culled import ORPHAN_SECONDS, CulledIds
from mqsql.schema import BUFFERS, Record
from mqsql.storage.memory import DictStore
from mqsql.storage.mishaps import Warn

STALE = 1_000  # entries of the heap that are of no use, before it is made anew


class Limits(Protocol):
    """What a history may hold; the limits may change."""

    record_limit: int
    """Records; 0 is no limit."""
    size_limit: int
    """Bytes of buffers; 0 is no limit."""
    cull_fraction: float
    """The part of a limit that becomes free when it is exceeded."""


class CulledStore(DictStore):
    """Records in dicts. A change that exceeds a limit drops records until its `cull_fraction` is free.

    First those go of which only output is known, since before any request could still come, then the tasks that finished
    first. `say` is told once that tasks go, and once that those that are pending exceed a limit.
    """

    def __init__(self, limits: Limits, say: Warn, *, query_timeout: float = 0) -> None:
        super().__init__(query_timeout=query_timeout)
        self._limits, self._say = limits, say
        self._said: set[str] = set()
        self._blobs = [column for column, kind in self.table.columns.items() if kind is BUFFERS]
        self._bytes = 0
        self._finished: list[tuple[datetime, str]] = []
        """A heap of the tasks by the time of their end; an entry is stale once its task is gone or has another end."""
        self._stale = 0
        self._orphans: OrderedDict[str, float] = OrderedDict()
        """Records of which only output is known, and since when, in this order."""
        self._culled = CulledIds()

    def culled(self, key: object) -> bool:
        """Whether the record of this key has been dropped to keep a limit (of the last 100,000)."""
        return key in self._culled

    def _missing(self, key: object) -> MissingRecordError:
        if not self.culled(key):
            return super()._missing(key)
        return MissingRecordError(f'the record with {self.table.key} {short_repr(key)} was culled to keep a limit')

    def _write(self, changes: Mapping[str, Record | None]) -> None:
        self._change(changes)
        for key in self._excess():
            self._change({key: None})
            self._culled.add([key])

    def _change(self, changes: Mapping[str, Record | None]) -> None:
        before = {key: self._records.get(key) for key in changes}
        super()._write(changes)
        for key, record in changes.items():
            self._note(key, before[key] or {}, record or {})
        if self._stale > max(STALE, len(self._finished) / 2):
            self._finished, self._stale = list({entry for entry in self._finished if self._is_current(*entry)}), 0
            heapify(self._finished)

    # --- what is there

    def _note(self, key: str, before: Record, after: Record) -> None:
        """Note that a record has become another; an empty one is none."""
        for column in self._blobs:
            old, new = before.get(column, ()), after.get(column, ())
            if old is not new:
                self._bytes += sum(map(len, new)) - sum(map(len, old))
        ended, ends = before.get('completed'), after.get('completed')
        if ended != ends:
            self._stale += ended is not None
            if ends is not None:
                heappush(self._finished, (ends, key))
        if after and ends is None and 'submitted' not in after:
            self._orphans.setdefault(key, monotonic())
        else:
            self._orphans.pop(key, None)
        if after:
            self._culled.discard(key)

    # --- what goes

    def _excess(self) -> Iterator[str]:
        """The keys of the records to drop; each is dropped before the next is asked for."""
        limits = self._limits
        oldest = self._oldest_orphan, self._oldest_finished
        if 0 < limits.record_limit < len(self._records):
            yield from self._beyond('record_limit', limits.record_limit, lambda: len(self._records), oldest)
        if 0 < limits.size_limit < self._bytes:  # orphans have no buffers
            yield from self._beyond('size_limit', limits.size_limit, lambda: self._bytes, oldest[1:])

    def _beyond(
        self, name: str, limit: int, used: Callable[[], int], oldest: tuple[Callable[[], str | None], ...]
    ) -> Iterator[str]:
        most = limit - limit * self._limits.cull_fraction
        for key in (key for find in oldest for key in iter(find, None)):
            if used() <= most:
                return
            self._tell(f'{name} ({limit:,}) is reached: the oldest finished tasks are dropped')
            yield key
        if used() > limit:
            self._tell(f'{name} ({limit:,}) is exceeded by tasks that have not finished; they are kept')

    def _oldest_orphan(self) -> str | None:
        key = next(iter(self._orphans), None)
        return key if key is not None and self._orphans[key] <= monotonic() - ORPHAN_SECONDS else None

    def _oldest_finished(self) -> str | None:
        while self._finished:
            ended, key = self._finished[0]
            if self._is_current(ended, key):
                return key
            heappop(self._finished)
            self._stale -= 1
        return None

    def _is_current(self, ended: datetime, key: str) -> bool:
        record = self._records.get(key)
        return record is not None and record.get('completed') == ended

    def _tell(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            self._say(f'{words} (said once).')
