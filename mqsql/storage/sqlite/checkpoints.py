"""Moves the write-ahead log into the file, in a thread of its own.

SQLite does that inside a commit when the log has 1,000 pages, and the commit then waits for the disk. In another thread it
blocks nobody. But a log that is written to all the time never starts again from its beginning, so the writer still does it
itself when the log has become long; little is left to do then.
"""

from collections.abc import Callable
from contextlib import closing, suppress
from threading import Event, Thread

import apsw

from mqsql.storage.mishaps import Mishaps, Warn

WORTH_IT = 1_000  # pages that are not in the file yet: the more, the longer the disk holds up commits meanwhile
LONGEST_LOG = 16_000  # pages, 64 MiB


class Checkpoints:
    """Checkpoints of the file that `writer` writes to, on a connection made by `connect`, from `start` to `close`."""

    def __init__(self, writer: apsw.Connection, connect: Callable[[], apsw.Connection]) -> None:
        self._writer, self._connect = writer, connect
        self._due, self._closing = Event(), False
        self._length = self._moved = 0  # pages of the log, and how many of them the thread has been asked to move
        self._thread: Thread | None = None

    def start(self, say: Warn) -> None:
        """Begin, if not yet begun; to be called when the process makes no more forks of itself."""
        if self._thread is None:
            self._writer.set_wal_hook(self._committed)  # in place of SQLite's own
            self._thread = Thread(target=self._run, args=(say,), name='mqsql checkpoints', daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._closing = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _committed(self, writer: apsw.Connection, name: str, pages: int) -> int:
        if pages < self._length:
            self._moved = 0  # the log has started again
        self._length = pages
        if pages >= LONGEST_LOG:
            # The commit is done even if this fails.
            with suppress(apsw.Error):
                _checkpoint(writer)
        elif pages - self._moved >= WORTH_IT:
            self._moved = pages
            self._due.set()
        return apsw.SQLITE_OK

    def _run(self, say: Warn) -> None:
        mishaps = Mishaps(say, 'The write-ahead log is not moved into the file just now')
        while self._wait():
            # A connection that fails is made again the next time.
            with mishaps, closing(self._connect()) as connection:
                _checkpoint(connection)
                while self._wait():
                    _checkpoint(connection)

    def _wait(self) -> bool:
        self._due.wait()
        if not self._closing:
            self._due.clear()
        return not self._closing


def _checkpoint(connection: apsw.Connection) -> None:
    # The next checkpoint does what this one could not; nothing is lost, as the log is part of the file.
    with suppress(apsw.BusyError):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
