"""A cache with a limit in bytes."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar('Key')
Value = TypeVar('Value')


class _Entry(Generic[Value]):
    __slots__ = ('size', 'used', 'value')

    def __init__(self, value: Value, size: int) -> None:
        self.value, self.size, self.used = value, size, False


class Kept(Generic[Key, Value]):
    """Values by key. When it is full, those go first that were not used since it was last full.

    A value larger than a fourth of the room is not kept. Threads may share the cache.
    """

    def __init__(self, room: int) -> None:
        self.room, self.size = room, 0
        self._entries: dict[Key, _Entry[Value]] = {}
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[Key], tuple[Value, int]]) -> Value:
        """The value of the key; if it is not kept, `make` makes it and says how many bytes it and its key take, about."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.used = True
            return entry.value
        value, size = make(key)
        if size <= self.room // 4:
            self._keep(key, _Entry(value, size))
        return value

    def _keep(self, key: Key, entry: _Entry[Value]) -> None:
        with self._lock:
            if self._entries.setdefault(key, entry) is not entry:  # another thread was quicker
                return
            self.size += entry.size
            while self.size > self.room:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._entries))
        entry = self._entries.pop(oldest)
        if entry.used:
            entry.used = False
            self._entries[oldest] = entry
        else:
            self.size -= entry.size

    def cache_clear(self) -> None:
        """Keep nothing, as `cache_clear` of functools does for its caches."""
        with self._lock:
            self._entries.clear()
            self.size = 0
