"""Locks between the threads of a store.

A query that waits for a lock ends at its deadline.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import TIMEOUT_MAX, RLock

from mqsql import limits
from mqsql.errors import StorageError

STOP_SECONDS = 0.01  # between two calls that stop another thread

_forks = 0
"""The number of forks that led to this process; faster to compare than a process id."""


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_count_fork)


class Lock:
    """A reentrant lock for the threads of the process that made it.

    In a fork of that process it raises StorageError, where it would wait for ever if another thread held it at the fork.
    """

    def __init__(self, path: str) -> None:
        self.path, self._lock, self._forks = path, RLock(), _forks

    @property
    def inherited(self) -> bool:
        """Whether this process is a child of the one that made it."""
        return self._forks != _forks

    def check_process(self) -> None:
        """StorageError in a child of the process that made it."""
        if self._forks != _forks:
            raise StorageError(
                f'{self.path}: the store was opened in another process, of which this one is a fork; open it again here'
            )

    @contextmanager
    def after(self, stop: Callable[[], object]) -> Iterator[None]:
        """A block in the lock; `stop` is called until the thread that holds it releases it."""
        while not self._lock.acquire(timeout=STOP_SECONDS):
            stop()
        try:
            yield
        finally:
            self._lock.release()

    def __enter__(self) -> None:
        if self._forks != _forks:
            self.check_process()
        if not self._lock.acquire(False):
            self._wait()

    def _wait(self) -> None:
        deadline = limits.current()
        while not self._lock.acquire(timeout=min(deadline.left(), TIMEOUT_MAX)):
            deadline.check()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._lock.release()
