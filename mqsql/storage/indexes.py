"""Which indexes a table has beside those of its definition. Imports `errors`, `schema` and `ddl`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import apsw

from mqsql.errors import QueryError, UnknownNameError, shown, unknown
from mqsql.schema import BUFFERS, DOCUMENT, Index, Table
from mqsql.schema.codec import decode_text
from mqsql.storage import ddl

IndexKeys = str | Iterable[str | tuple[str, int]]


def read_index(keys: IndexKeys, table: Table) -> Index:
    """The index on a key, or on a list of keys or (key, 1 | -1) pairs; SQLite reads an index in both directions."""
    listed = [keys] if isinstance(keys, str) else list(keys) if isinstance(keys, Iterable) else []
    if not listed:
        raise QueryError(f'takes a key or a list of keys, not {shown(keys)}', 'index')
    names = [key[0] if isinstance(key, tuple) and len(key) == 2 else key for key in listed]
    columns = tuple(_read_key(name, table) for name in names)
    if len(columns) > 1 and any('.' in column for column in columns):
        raise QueryError(f'an index on a path is on that path alone: {shown(keys)}', 'index')
    return Index(columns)


def _read_key(key: object, table: Table) -> str:
    if not isinstance(key, str):
        raise QueryError(f'a key is text, not {shown(key)}', 'index')
    name, *steps = key.split('.')
    column = table.column(name, 'index')
    kind = table.columns[column]
    if kind is BUFFERS or (steps and kind is not DOCUMENT):
        raise QueryError(f'{column!r} holds {kind.holds}, which have no index at {key!r}', 'index')
    if not all(steps) or (kind is DOCUMENT and not steps):
        raise QueryError(f'takes a column or a path to a field, not {shown(key)}', 'index')
    return '.'.join((column, *steps))


def with_index(table: Table, index: Index) -> Table:
    """The table, having this index as well."""
    return table if index in table.indexes else replace(table, indexes=(*table.indexes, index))


def without_index(table: Table, name: str) -> tuple[Table, Index]:
    """The table without the index of this name, and that index; UnknownNameError names the nearest."""
    names = index_names(table)
    if name not in names:
        raise UnknownNameError(unknown('index', name, names), 'index')
    index = Index(names[name])
    return replace(table, indexes=tuple(i for i in table.indexes if i != index)), index


def index_names(table: Table) -> dict[str, tuple[str, ...]]:
    """The keys of each index, by its name."""
    return {ddl.index_name(table, index): index.columns for index in table.indexes}


def with_found_indexes(table: Table, connection: apsw.Connection) -> Table:
    """The table as the file has it: with the indexes that are there, and no others."""
    types: Mapping[str, str] = dict(connection.execute('SELECT name, type FROM sqlite_schema'))
    found = [
        Index((decode_text(name.removeprefix(f'{table.name}/')),)) for name in types if _is_path(name, types, table)
    ]
    columns = [name.removeprefix(f'{table.name}.').split('.') for name in types if name.startswith(f'{table.name}.')]
    found += [Index(tuple(listed)) for listed in columns if set(listed) <= table.columns.keys()]
    return table if set(found) == set(table.indexes) else replace(table, indexes=tuple(found))


def _is_path(name: str, types: Mapping[str, str], table: Table) -> bool:
    return types[name] == 'table' and name.startswith(f'{table.name}/')
