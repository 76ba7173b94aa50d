"""Buffers that are read from the database when they are first used.

The hub reads a record for every line of output that its task prints, and its buffers, which may be large, almost never.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from mqsql.errors import DamagedValueError, StorageError, short_repr

Ids = TypeVar('Ids', bound=Sequence[object])
"""How a database names the buffers of a record."""


_BYTES = frozenset({bytes})


class GoneError(StorageError):
    """Buffers were replaced or dropped after their record was read."""

    def __init__(self, path: str = '') -> None:
        where = f'{path}: ' if path else ''
        super().__init__(f'{where}these buffers are gone; their record was changed or dropped after it was read')


class LazyBuffers(Sequence[bytes], Generic[Ids]):
    """A list of bytes as it was when its record was read; the length is known, the content is read at the first look.

    It equals the list of its content. Looking raises StorageError if the record's buffers have been replaced or dropped
    since, or the store is closed, unless they have been read ahead with those of another record.
    """

    __slots__ = ('_content', '_ids', '_length', '_read')
    __hash__ = None  # type: ignore[assignment]  # as a list

    def __init__(self, ids: Ids, length: int | None, read: Callable[[Ids], list[bytes]]) -> None:
        """`read` is called with the ids, unless the length is 0; None is an unknown length."""
        self._ids, self._length, self._read = ids, length, read
        self._content: list[bytes] | None = None

    @property
    def ids(self) -> Ids:
        """How the database names them."""
        return self._ids

    def read_by(self, read: Callable[[Ids], list[bytes]]) -> None:
        """Read them by another function, if they have not been read yet."""
        self._read = read

    @property
    def damaged(self) -> bool:
        """Whether they could not be read when their record was."""
        return self._length is None

    def _look(self) -> list[bytes]:
        if self._content is None:
            content = [] if self._length == 0 else self._read(self._ids)
            if not _BYTES.issuperset(map(type, content)):
                raise DamagedValueError(
                    f'of the buffers {short_repr(self._ids)} one is no bytes; another program stored it'
                )
            self._content = content
        return self._content

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look()) if self._length is None else self._length

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        return self._look()[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyBuffers):
            same = self._ids == other._ids and self._read == other._read
            return same or (len(self) == len(other) and self._look() == other._look())
        return self._look() == other if isinstance(other, list) else NotImplemented

    def __repr__(self) -> str:
        return '<damaged buffers>' if self.damaged else f'<{self._length} buffers>'

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy or a pickle is a plain list: it must not depend on the store.
        return list, (list(self._look()),)


def damaged_buffers(sentence: str) -> LazyBuffers[str]:
    """Buffers that cannot be found: reading them raises DamagedValueError with this sentence."""

    def read(ids: str) -> list[bytes]:
        raise DamagedValueError(sentence)

    return LazyBuffers('', None, read)
