"""The deadline of a query, from parsing to the last record, and the limits of Python itself.

A store opens a block with `deadline(seconds)` to answer a query. Code that runs in the block, in the same thread, calls `check`
in every loop that a query can make long: the parser, the functions that SQLite calls, the decoding of rows, the reference.

A Deadline itself is a block that can be opened several times: the time between its blocks does not count.
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
    """The time at which a query that may take `seconds` must end; 0 is no limit."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left_at = monotonic()
        self.end = self._left_at + seconds if seconds else float('inf')
        self._reason = ''
        self.computed = 0
        """Bytes of the values that have been computed for the answer."""

    def left(self) -> float:
        """The remaining seconds; infinite without a limit."""
        return max(0.0, self.end - monotonic())

    def check(self, ahead: float = 0.0) -> None:
        """StorageError if it is over, or will be in so many seconds."""
        if monotonic() + ahead > self.end:
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
        """A block that must end by this deadline, or by that of an outer block if it is earlier."""
        outer = _CURRENT.get()
        token = _CURRENT.set(self if self.end <= outer.end else outer)
        try:
            yield
        finally:
            _CURRENT.reset(token)


_ENDLESS = Deadline(0)
_CURRENT = ContextVar('_CURRENT', default=_ENDLESS)


def current() -> Deadline:
    """The deadline of the query that this thread is answering, or one that never ends."""
    return _CURRENT.get()


def check() -> None:
    """StorageError if the query that this thread is answering has taken too long."""
    _CURRENT.get().check()


def adopt(deadline: Deadline | None) -> None:
    """From now on this thread, one of a database, answers the query of this deadline; None is no deadline."""
    deadline = deadline or _ENDLESS
    if _CURRENT.get() is not deadline:
        _CURRENT.set(deadline)


@contextmanager
def unlimited() -> Iterator[None]:
    """A block without a deadline, such as a commit, which must not be interrupted."""
    token = _CURRENT.set(_ENDLESS)
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """A block that answers a query, which may take `seconds`; 0 is no limit."""
    started = Deadline(seconds)
    with started.running():
        yield started


MANY = 1_000
"""How many items are processed between two checks of the deadline."""


def checked(items: Collection[Item]) -> Iterable[Item]:
    """The items, with a `check` after every MANY of them."""
    return items if len(items) <= MANY else _checked(items)


def _checked(items: Iterable[Item]) -> Iterator[Item]:
    for i, item in enumerate(items):
        if i % MANY == 0:
            check()
        yield item


def within_python(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorates a function on queries: it raises QueryError where Python runs out of stack or of memory."""

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
