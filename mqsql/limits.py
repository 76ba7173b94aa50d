"""How long a query may take: one deadline, from the first line of parsing to the last row.

Whoever answers a query opens a block with `deadline(seconds)`; whatever runs inside it, in the same thread, calls `check` as
often as a query can make it work: the parser, the functions that SQLite calls for a row, the decoding of rows, the reference.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from mqsql.errors import StorageError


class Deadline:
    """The end of a query that may take `seconds`, 0 for as long as it likes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = monotonic() + seconds if seconds else float('inf')

    def left(self) -> float:
        """The seconds that are left; infinite without a limit."""
        return max(0.0, self.end - monotonic())

    def passed(self) -> bool:
        """Whether it is over."""
        return monotonic() > self.end

    def check(self) -> None:
        """StorageError if it is over."""
        if monotonic() > self.end:
            raise StorageError(f'the query took longer than query_timeout ({self.seconds:g} s) and was stopped')

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block whose work is for this deadline, or for the one of a block around it if that ends first."""
        outer = _CURRENT.get()
        token = _CURRENT.set(self if self.end <= outer.end else outer)
        try:
            yield
        finally:
            _CURRENT.reset(token)


_ENDLESS = Deadline(0)
_CURRENT = ContextVar('_CURRENT', default=_ENDLESS)


def current() -> Deadline:
    """The deadline of the query that this thread is answering; without one, a deadline that never ends."""
    return _CURRENT.get()


def check() -> None:
    """StorageError if the query that this thread is answering has taken too long."""
    _CURRENT.get().check()


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """A block that answers a query, which may take `seconds`, 0 for as long as it likes."""
    started = Deadline(seconds)
    with started.running():
        yield started
