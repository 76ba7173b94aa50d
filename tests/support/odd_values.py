"""Values that no record and no query should hold, but that a hub's database gets all the same."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any


class Hostile:
    """Raises whenever it is looked at."""

    def __getattribute__(self, name: str) -> Any:
        if name == '__class__':  # which pytest looks at
            return Hostile
        raise ZeroDivisionError(name)

    def __bool__(self) -> bool:
        raise ZeroDivisionError('bool')

    def __repr__(self) -> str:
        raise ZeroDivisionError('repr')


class Name(str, Enum):  # noqa: UP042
    FIRST = 'm'


class Own(str):
    """Text that equals nothing."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


class OddItems(dict[Any, Any]):
    """Its own items are no pairs."""

    def items(self) -> Any:
        raise ZeroDivisionError


class OddMapping(Mapping[Any, Any]):
    """Gives pairs whose keys no dict takes."""

    def __getitem__(self, key: Any) -> Any:
        raise KeyError

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 3

    def items(self) -> Any:
        return [([], 1), ('label', 'kept'), ('nope', 2)]


UNSTORABLE: list[tuple[str, Any]] = [
    ('engine_uuid', 3),
    ('queue', b'\xff'),
    ('label', {1, 2}),
    ('label', Hostile()),
    ('started', 'yesterday'),
    ('completed', 5),
    ('submitted', Hostile()),
    ('buffers', 5),
    ('buffers', ['text']),
    ('result_buffers', b'one'),
    ('content', 'text'),
    ('content', Hostile()),
    ('metadata', {1, 2}),
    ('error', 5),
    ('execute_input', ['code']),
    ('stdout', 5),
    ('display_data', 5),
    ('a key of tomorrow', 5),
]
"""Keys with values that they cannot have."""
