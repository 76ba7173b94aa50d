"""How long a query may take: one deadline, from the first line of parsing to the last row; and where Python itself ends.

Whoever answers a query opens a block with `deadline(seconds)`; whatever runs inside it, in the same thread, calls `check` as
often as a query can make it work: the parser, the functions that SQLite calls for a row, the decoding of rows, the reference.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from time import monotonic
from typing import ParamSpec, TypeVar

from mqsql.errors import QueryError, StorageError

Parameters = ParamSpec('Parameters')
Result = TypeVar('Result')
Item = TypeVar('Item')


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


MANY = 1_000
"""Items that are worked on between two looks at the clock."""


def checked(items: Collection[Item]) -> Iterable[Item]:
    """The items, with a `check` after every so many; few of them need none."""
    return items if len(items) <= MANY else _checked(items)


def _checked(items: Iterable[Item]) -> Iterator[Item]:
    for i, item in enumerate(items):
        if i % MANY == 0:
            check()
        yield item


def within_python(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The function of a query; QueryError where it goes deeper than Python does, or needs more memory than there is."""

    @wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except RecursionError:
            raise QueryError(
                'a query or a value in it is nested deeper than Python can follow (or holds itself)'
            ) from None
        except MemoryError:
            raise QueryError('the query takes more memory than there is') from None

    return run
