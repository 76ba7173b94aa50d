"""Checks of a table's definition: ValueError for a part of the wrong type, and for names, columns or indexes that contradict
each other or that SQLite cannot have.
"""

import re
from collections.abc import Mapping
from typing import Any

from mqsql.errors import short_repr
from mqsql.schema.indexes import Index
from mqsql.schema.types import BUFFERS, STRING, ColumnType

MAX_COLUMNS = 1_900
"""SQLite takes 2,000 columns in a table or an answer; mqsql adds some to those of the table."""

ROW_IDS = ('rowid', 'oid', '_rowid_')
"""SQLite's own names for the position of a row, which is the order of insertion."""

_TAKEN = re.compile('(sqlite_.*|pragma_.*|json_each|json_tree|[beo][0-9]*)?', re.IGNORECASE | re.DOTALL)
"""Names that a table cannot have: those that SQLite reserves, and those of tables inside a statement."""


def check_parts(name: object, columns: object, key: object, aliases: object, indexes: object) -> None:
    """ValueError unless each part of a table is of its type."""
    _check(isinstance(name, str), 'the name of a table is text', name)
    _check(isinstance(columns, Mapping), f'table {name!r}: columns are a dict of names and kinds', columns)
    _check(isinstance(key, str), f'table {name!r}: the key is the name of a column', key)
    _check(isinstance(aliases, Mapping), f'table {name!r}: aliases are a dict of names and columns', aliases)
    _check(isinstance(indexes, list | tuple), f'table {name!r}: indexes are a tuple of Index', indexes)
    assert isinstance(columns, Mapping)
    assert isinstance(aliases, Mapping)
    assert isinstance(indexes, list | tuple)
    for column, kind in columns.items():
        _check(isinstance(column, str), f'table {name!r}: the name of a column is text', column)
        _check(isinstance(kind, ColumnType), f'table {name!r}: the column {column!r} takes a kind, such as TEXT', kind)
    for pair in aliases.items():
        for part in pair:
            _check(isinstance(part, str), f'table {name!r}: an alias and its column are text', part)
    for index in indexes:
        _check(isinstance(index, Index), f'table {name!r}: an index is an Index', index)


def _check(right: bool, rule: str, given: object) -> None:
    if not right:
        raise ValueError(f'{rule}, not {short_repr(given)}')


def check_names(
    name: str, derived: str, columns: Mapping[str, ColumnType], key: str, aliases: Mapping[str, str]
) -> None:
    """ValueError unless SQLite and queries can use the names, including that of the `derived` table of buffers."""
    if _TAKEN.fullmatch(name) or _TAKEN.fullmatch(derived) or not _is_storable(name):
        raise ValueError(f'a table cannot be named {name!r}')
    if len(columns) > MAX_COLUMNS:
        raise ValueError(f'table {name!r}: a table has at most {MAX_COLUMNS:,} columns, not {len(columns):,}')
    if columns.get(key) is not STRING:
        raise ValueError(f'table {name!r}: the key {key!r} must be one of its Text columns')
    if lost := [column for column in aliases.values() if column not in columns]:
        raise ValueError(f'table {name!r}: there is no column {lost[0]!r}')
    if hidden := [alias for alias, column in aliases.items() if alias in columns and alias != column]:
        raise ValueError(f'table {name!r}: {hidden[0]!r} is a column and an alias of another')
    folded = [column.lower() for column in columns]
    for one in (*columns, *aliases):
        if not _names_a_column(one) or folded.count(one.lower()) > 1:
            raise ValueError(f'table {name!r}: a column cannot be named {one!r}')


def _names_a_column(name: str) -> bool:
    return (
        bool(name)
        and not name.startswith('$')
        and '.' not in name
        and name.lower() not in ROW_IDS
        and _is_storable(name)
    )


def _is_storable(name: str) -> bool:
    """Whether SQLite can have the name: UTF-8 without NUL."""
    return '\0' not in name and not any('\ud800' <= character <= '\udfff' for character in name)


def check_indexes(name: str, columns: Mapping[str, ColumnType], indexes: Any) -> None:
    """ValueError unless each index is on columns or on paths into columns of mixed types."""
    for index in indexes:
        for column, steps in index.paths:
            if column not in columns:
                raise ValueError(f'table {name!r}: there is no column {column!r}')
            if steps and not columns[column].mixed:
                raise ValueError(f'table {name!r}: no path leads into {column!r}, which holds {columns[column].holds}')
            if columns[column] is BUFFERS or not all(steps):
                raise ValueError(f'table {name!r}: there is no index on {".".join((column, *steps))!r}')
    names = [index.name for index in indexes]
    if twice := [one for one in names if names.count(one) > 1]:
        raise ValueError(f'table {name!r}: there are two indexes {twice[0]!r}')
