"""Moving the write-ahead log into the file in a thread of its own. Imports nothing of the project.

SQLite does that after every 1,000 pages, within the commit of the moment, which then waits for the disk. Beside the writer
it holds up nobody. But a log that is written to all the time never begins anew, so the writer still does it itself when the
log has become long; little is left to do then.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from time import sleep

import apsw

WORTH_IT = 1_000  # pages, as SQLite has it
LONGEST_LOG = 16_000  # pages, 64 MiB
PAUSE_SECONDS = 0.02  # in which the log may grow by as much again


class Checkpoints:
    """Checkpoints of the file that `writer` writes to, on a connection made by `connect`, from `start` to `close`."""

    def __init__(self, writer: apsw.Connection, connect: Callable[[], apsw.Connection]) -> None:
        self._writer, self._connect = writer, connect
        self._due, self._closing = Event(), False
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin, if not yet begun; to be called when the process makes no more forks of itself."""
        if self._thread is None:
            self._writer.set_wal_hook(self._committed)  # in place of SQLite's own
            self._thread = Thread(target=self._run, name='mqsql checkpoints', daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._closing = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _committed(self, writer: apsw.Connection, name: str, pages: int) -> int:
        if pages >= LONGEST_LOG:
            _checkpoint(writer)
        elif pages >= WORTH_IT:
            self._due.set()
        return apsw.SQLITE_OK

    def _run(self) -> None:
        connection = self._connect()
        while self._due.wait() and not self._closing:
            self._due.clear()
            _checkpoint(connection)
            sleep(PAUSE_SECONDS)
        connection.close()


def _checkpoint(connection: apsw.Connection) -> None:
    # What one could not do, the next does; the log is part of the file, and nothing is lost meanwhile.
    with suppress(apsw.Error):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
