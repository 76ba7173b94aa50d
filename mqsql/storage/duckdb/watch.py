"""Statements while they run: they end at the deadlines of their queries, which the functions that they call know too."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock, Thread, current_thread, main_thread
from time import monotonic, sleep

import duckdb

from mqsql import limits
from mqsql.errors import StorageError
from mqsql.limits import Deadline
from mqsql.storage.duckdb.connection import Connection

TICK = 0.01  # seconds, between two looks at the deadlines
LONGEST_END = 2.0  # seconds that the end of a process waits for queries to end


@dataclass
class Running:
    """The statements of one query, and what a function raised that they called."""

    connection: Connection
    deadline: Deadline
    error: Exception | None = None


class Watch:
    """Interrupts connections whose query has reached its deadline, in a thread that begins with the first statement."""

    def __init__(self) -> None:
        self._running: dict[int, Running] = {}
        self._lock, self._busy = Lock(), Event()
        self._thread: Thread | None = None
        self._ending = False

    @contextmanager
    def watching(self, number: int, connection: Connection) -> Iterator[None]:
        """A block with statements of a connection, which has this number, for the query that this thread is answering.

        An error of a function that a statement calls leaves the block as it is, in place of the error that DuckDB makes of it.
        """
        running = Running(connection, limits.current())
        self._add(number, running)
        try:
            yield
        except duckdb.Error as e:
            raise running.error or e from None
        finally:
            with self._lock:
                del self._running[number]

    def running(self, number: int | None) -> Running | None:
        """The statements that run on the connection of this number, if any."""
        return self._running.get(number) if number is not None else None

    def end(self) -> None:
        """End the queries of other threads. After the end of the interpreter, DuckDB could not return to a daemon thread."""
        self._ending, end = True, monotonic() + LONGEST_END
        while self._running and monotonic() < end:
            sleep(TICK)

    def _add(self, number: int, running: Running) -> None:
        if self._ending and current_thread() is not main_thread():
            raise StorageError('the process ends; no other thread reads any more')
        with self._lock:
            self._running[number] = running
            if not self._busy.is_set():
                self._busy.set()
            if self._thread is None:
                self._thread = Thread(target=self._run, name='mqsql deadlines', daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while self._busy.wait():
            sleep(TICK)
            self._look()

    def _look(self) -> None:
        # An interrupt between two statements has no effect, so it is repeated until the block ends.
        with self._lock:
            now = monotonic()
            for running in self._running.values():
                if self._ending or now > running.deadline.end:
                    running.connection.interrupt()
            if not self._running:
                self._busy.clear()


WATCH = Watch()
"""That of this process."""


atexit.register(WATCH.end)
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=WATCH.__init__)  # type: ignore[misc]
