"""How long a query may take. Imports `errors` of the project."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import apsw

from mqsql.errors import StorageError

STEPS = 20_000  # of SQLite's machine between two looks at the clock; some milliseconds


class Deadline:
    """The end of a query that may take `seconds`, 0 for as long as it likes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = monotonic() + seconds if seconds else None

    def left(self) -> float:
        """The seconds that are left."""
        return float('inf') if self._end is None else max(0.0, self._end - monotonic())

    def passed(self) -> bool:
        """Whether it is over."""
        return not self.left()

    def check(self) -> None:
        """StorageError if it is over."""
        if self.passed():
            raise StorageError(f'the query took longer than query_timeout ({self.seconds:g} s) and was stopped')

    @contextmanager
    def stopping(self, connection: apsw.Connection) -> Iterator[None]:
        """Statements of this connection end with StorageError when it is over."""
        if self._end is None:
            yield
            return
        connection.set_progress_handler(self.passed, STEPS)
        try:
            yield
        except apsw.InterruptError:
            self.check()
            raise
        finally:
            connection.set_progress_handler(None)
