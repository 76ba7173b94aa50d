"""Indexes: their keys and their names.

An index has two names: `name`, which users see, is MongoDB's ("header.date_1_queue_-1"); in the file it follows its
table's name, in a form that can be read back whatever the keys hold.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mqsql.errors import short_repr
from mqsql.values.codec import decode_text, encode_text
from mqsql.values.plain import as_text

Path = tuple[str, tuple[str, ...]]
"""A column, and the steps of a path into it; none for the column itself."""

_DESCENDING = '$desc'  # no column's name begins so
_PART = re.compile('((?:[^~]|~[01])*)(~?)')


@dataclass(frozen=True, repr=False)
class Index:
    """An index on columns and paths into Documents (`Index(('items.name', 'price'), (1, -1))`).

    `directions` are 1 for ascending, which they all are if none are given, and -1.
    """

    columns: tuple[str, ...]
    directions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for what, example in (('columns', "such as ('price',)"), ('directions', 'such as (1, -1)')):
            if not isinstance(getattr(self, what), list | tuple):
                raise ValueError(
                    f'the {what} of an index are a tuple, {example}, not {short_repr(getattr(self, what))}'
                )
        object.__setattr__(self, 'columns', tuple(map(as_text, self.columns)))
        object.__setattr__(self, 'directions', tuple(self.directions))
        if odd := [key for key in self.columns if not isinstance(key, str)]:
            raise ValueError(f'an index is on the names of columns and paths, not on {short_repr(odd[0])}')
        if not self.columns or len(set(self.columns)) < len(self.columns):
            raise ValueError(f'an index is on one or more keys, each once, not on {short_repr(self.columns)}')
        object.__setattr__(self, 'directions', self.directions or (1,) * len(self.columns))
        if len(self.directions) != len(self.columns) or any(way not in (1, -1) for way in self.directions):
            raise ValueError(
                f'the directions of an index are 1 or -1, one for each key, not {short_repr(self.directions)}'
            )

    def __repr__(self) -> str:
        directions = '' if set(self.directions) == {1} else f', {self.directions!r}'
        return f'Index({self.columns!r}{directions})'

    @property
    def keys(self) -> tuple[tuple[str, int], ...]:
        """Each key with its direction."""
        return tuple(zip(self.columns, self.directions, strict=True))

    @property
    def name(self) -> str:
        """The name that MongoDB gives such an index."""
        return '_'.join(f'{key}_{direction}' for key, direction in self.keys)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The column and the steps of each key."""
        split = (key.split('.') for key in self.columns)
        return tuple((column, tuple(steps)) for column, *steps in split)

    @cached_property
    def first_path(self) -> Path | None:
        """The first key that is a path into a Document; None for an index on columns alone."""
        return next((path for path in self.paths if path[1]), None)

    def stored_name(self, table: str) -> str:
        """Its name in the file: on columns, table and columns joined by the dots that none of them has; else by slashes."""
        if self.first_path is None:
            parts = [part for key, way in self.keys for part in ([key] if way > 0 else [key, _DESCENDING])]
            return '.'.join((table, *parts))
        escaped = (encode_text(key).replace('~', '~0').replace('/', '~1') for key in self.columns)
        return '/'.join(
            (table, *(key if way > 0 else f'{key}~' for key, way in zip(escaped, self.directions, strict=True)))
        )


def index_on_columns(stored_name: str, table: str) -> Index | None:
    """The index on columns of this name in the file, if it can be one."""
    if not stored_name.startswith(f'{table}.'):
        return None
    keys: list[tuple[str, int]] = []
    for part in stored_name.removeprefix(f'{table}.').split('.'):
        keys.append((part, 1) if part != _DESCENDING or not keys else (keys.pop()[0], -1))
    return _index(iter(keys))


def index_on_paths(stored_name: str, table: str) -> Index | None:
    """The index on paths of this name in the file, if it can be one."""
    if not stored_name.startswith(f'{table}/'):
        return None
    parts = [_PART.fullmatch(part) for part in stored_name.removeprefix(f'{table}/').split('/')]
    found = [(part[1], part[2]) for part in parts if part]
    if len(found) < len(parts):
        return None
    keys = ((decode_text(key.replace('~1', '/').replace('~0', '~')), -1 if down else 1) for key, down in found)
    return _index(keys)


def _index(keys: Iterator[tuple[str, int]]) -> Index:
    columns, directions = zip(*keys, strict=True)
    return Index(columns, directions)
