"""How long a query may take: one deadline, from the first line of parsing to the last row; and where Python itself ends.

Whoever answers a query opens a block with `deadline(seconds)`; whatever runs inside it, in the same thread, calls `check` as
often as a query can make it work: the parser, the functions that SQLite calls for a row, the decoding of rows, the reference.

A Deadline itself is a block that may be opened again: the time between its blocks does not count.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from time import monotonic
from typing import ParamSpec, Self, TypeVar

from mqsql.errors import QueryError, StorageError

Parameters = ParamSpec('Parameters')
Result = TypeVar('Result')
Item = TypeVar('Item')


class Deadline:
    """The end of a query that may take `seconds`, 0 for as long as it likes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left_at = monotonic()
        self.end = self._left_at + seconds if seconds else float('inf')
        self._reason = ''
        self.computed = 0
        """Bytes of the values that have been computed for the answer."""

    def left(self) -> float:
        """The seconds that are left; infinite without a limit."""
        return max(0.0, self.end - monotonic())

    def passed(self) -> bool:
        """Whether it is over."""
        return monotonic() > self.end

    def check(self) -> None:
        """StorageError if it is over."""
        if monotonic() > self.end:
            late = f'the query took longer than query_timeout ({self.seconds:g} s) and was stopped'
            raise StorageError(self._reason or late)

    def spent(self) -> float:
        """The seconds that the last block took."""
        return self._left_at - self._entered_at

    def stop(self, reason: str) -> None:
        """End it now, from any thread: the query raises StorageError with this reason."""
        self._reason, self.end = reason, float('-inf')

    def __enter__(self) -> Self:
        self._entered_at = monotonic()
        self.end += self._entered_at - self._left_at
        outer = _CURRENT.get()
        self._token = _CURRENT.set(self if self.end <= outer.end else outer)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        _CURRENT.reset(self._token)
        self._left_at = monotonic()

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
def unlimited() -> Iterator[None]:
    """A block that is finished however long it takes, such as a commit, whatever query it belongs to."""
    token = _CURRENT.set(_ENDLESS)
    try:
        yield
    finally:
        _CURRENT.reset(token)


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
