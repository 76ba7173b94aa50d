"""Checks of a table's definition: ValueError for a part of the wrong type, and for names, columns or indexes that contradict
each other or that SQLite cannot have. Each message says what to write.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from mqsql.errors import did_you_mean, named, short_repr
from mqsql.schema.indexes import Index
from mqsql.schema.types import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType

MAX_COLUMNS = 1_900
"""SQLite takes 2,000 columns in a table or an answer; mqsql adds some to those of the table."""

ROW_IDS = ('rowid', 'oid', '_rowid_')
"""SQLite's own names for the position of a row, which is the order of insertion."""

_TAKEN = re.compile('(sqlite_.*|pragma_.*|json_each|json_tree|[beo][0-9]*)?', re.IGNORECASE | re.DOTALL)
"""Names that a table cannot have: those that SQLite reserves, and those of tables inside a statement."""

TYPES = (STRING, NUMBER, BOOLEAN, TIMESTAMP, DOCUMENT, BUFFERS, ANY)

_OF_PYTHON: dict[object, ColumnType] = {
    str: STRING,
    int: NUMBER,
    float: NUMBER,
    bool: BOOLEAN,
    datetime: TIMESTAMP,
    date: TIMESTAMP,
    dict: DOCUMENT,
    list: DOCUMENT,
    bytes: BUFFERS,
    object: ANY,
}
"""The types of columns for the values of Python's types."""


# --- the type of each part


def check_parts(name: object, columns: object, key: object, aliases: object, indexes: object, history: object) -> None:
    """ValueError unless each part of a table is of its type."""
    _check(isinstance(name, str), "the name of a table is text, such as 'orders'", name)
    table = f'table {name!r}'
    _check(
        isinstance(columns, Mapping),
        f"{table}: columns are a dict of names and types, such as {{'id': STRING, 'price': NUMBER}}",
        columns,
    )
    _check(isinstance(key, str), f"{table}: the key is the name of a STRING column, such as 'id'", key)
    _check(isinstance(aliases, Mapping), f"{table}: aliases are a dict, such as {{'other name': 'column'}}", aliases)
    _check(
        isinstance(indexes, list | tuple),
        f"{table}: indexes are a tuple, such as (Index(('price',)), Index(('paid', 'at'), (1, -1)))",
        indexes,
    )
    _check(history is None or isinstance(history, str), f'{table}: history is the name of a column or None', history)
    _check_items(table, columns, aliases, indexes)


def _check_items(table: str, columns: Any, aliases: Any, indexes: Any) -> None:
    for column, kind in columns.items():
        _check(isinstance(column, str), f'{table}: the name of a column is text', column)
        _check(isinstance(kind, ColumnType), f'{table}: the type of the column {column!r} is {_types(kind)}', kind)
    for pair in aliases.items():
        for part in pair:
            _check(isinstance(part, str), f'{table}: an alias and its column are text', part)
    for index in indexes:
        _check(isinstance(index, Index), f"{table}: an index is an Index, such as Index(('price',))", index)


def _check(right: bool, rule: str, given: object) -> None:
    if not right:
        raise ValueError(f'{rule}, not {short_repr(given)}')


def _types(given: object) -> str:
    """The type of column that was meant, if that can be told, or all of them."""
    by_name = {kind.name.upper(): kind for kind in TYPES}
    meant = by_name.get(given.upper()) if isinstance(given, str) else _of_python(given)
    return f'{meant!r}' if meant else f'{", ".join(map(repr, TYPES[:-1]))} or {TYPES[-1]!r}'


def _of_python(given: object) -> ColumnType | None:
    return _OF_PYTHON.get(given) if isinstance(given, type) else None


# --- names


def check_names(
    name: str,
    derived: str,
    columns: Mapping[str, ColumnType],
    key: str,
    aliases: Mapping[str, str],
    history: str | None,
) -> None:
    """ValueError unless SQLite and queries can use the names, including that of the `derived` table of buffers."""
    _check_table(name, derived)
    if len(columns) > MAX_COLUMNS:
        raise ValueError(f'table {name!r}: a table has at most {MAX_COLUMNS:,} columns, not {len(columns):,}')
    twins: dict[str, str] = {}
    for one in columns:
        _check_column(name, one, twins)
    if columns.get(_known(name, 'key', key, columns)) is not STRING:
        raise ValueError(f'table {name!r}: the key {key!r} holds {columns[key].holds}; a key is a STRING column')
    for alias, column in aliases.items():
        _known(name, f'alias {alias!r}', column, columns)
        if alias in columns and alias != column:
            raise ValueError(f'table {name!r}: {alias!r} is a column and an alias of another; write another alias')
        _check_column(name, alias, twins)
    if history is not None and columns[_known(name, 'history', history, columns)] is BUFFERS:
        raise ValueError(f'table {name!r}: nothing is sorted by {history!r}, which holds {BUFFERS.holds}')


def _check_table(name: str, derived: str) -> None:
    if not _is_storable(name):
        raise ValueError(f'a table cannot be named {name!r}: {_NOT_STORABLE}')
    if _TAKEN.fullmatch(name) or _TAKEN.fullmatch(derived):
        why = 'SQLite, or the statements of mqsql, use such names' if name else 'a name has characters'
        raise ValueError(f'a table cannot be named {name!r}: {why}; write another, such as {name + "_table"!r}')


def _known(table: str, what: str, column: str, columns: Mapping[str, ColumnType]) -> str:
    if column not in columns:
        raise ValueError(f'table {table!r}: {what}: {did_you_mean("column", column, columns)}')
    return column


def _check_column(table: str, name: str, twins: dict[str, str]) -> None:
    """ValueError if a column cannot have the name; `twins` are those before it, by what SQLite compares."""
    if why := _why_no_column(name, twins.setdefault(name.lower(), name)):
        raise ValueError(f'table {table!r}: a column cannot be named {named(name)}: {why}')


def _why_no_column(name: str, twin: str) -> str:
    """Why a column cannot have the name; empty if it can."""
    if not name:
        return 'a name has characters'
    if name.startswith('$') or '.' in name:
        return 'queries take a $ for an operator and a dot for a path; write it without'
    if name.lower() in ROW_IDS:
        return 'SQLite calls the position of a row so; write another'
    if not _is_storable(name):
        return _NOT_STORABLE
    return f'SQLite does not tell it from {twin!r}; write another' if twin != name else ''


_NOT_STORABLE = 'SQLite takes names in UTF-8 without NUL'


def _is_storable(name: str) -> bool:
    """Whether SQLite can have the name: UTF-8 without NUL."""
    return '\0' not in name and not any('\ud800' <= character <= '\udfff' for character in name)


# --- indexes


def check_indexes(name: str, columns: Mapping[str, ColumnType], indexes: Any) -> None:
    """ValueError unless each index is on columns or on paths into columns of mixed types."""
    for index in indexes:
        for column, steps in index.paths:
            kind, path = columns[_known(name, f'index {index.name!r}', column, columns)], '.'.join((column, *steps))
            if steps and not kind.mixed:
                raise ValueError(f'table {name!r}: no path leads into {column!r}, which holds {kind.holds}')
            if kind is BUFFERS:
                raise ValueError(f'table {name!r}: there is no index on {path!r}, which holds {kind.holds}')
            if not all(steps):
                raise ValueError(f'table {name!r}: there is no index on {path!r}, a path with an empty step')
    names = [index.name for index in indexes]
    if twice := [one for one in names if names.count(one) > 1]:
        raise ValueError(f'table {name!r}: there are two indexes {twice[0]!r}; write one')
