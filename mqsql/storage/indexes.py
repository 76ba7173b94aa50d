"""The indexes that users create, in addition to those of a table's definition."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mqsql.errors import QueryError, UnknownNameError, did_you_mean, named, short_repr
from mqsql.schema import BUFFERS, DOCUMENT, Index, Table
from mqsql.schema.directions import read_directions
from mqsql.values.plain import read_plain

IndexKeys = str | Iterable[str | tuple[str, int]] | Mapping[str, int]


def read_index(keys: IndexKeys, table: Table) -> Index:
    """The index on keys, given in any form that `sort` takes."""
    pairs = read_directions(keys, 'index')
    if not pairs:
        raise QueryError(f'takes a key or a list of keys, not {short_repr(keys)}', 'index')
    columns = tuple(_read_key(key, table) for key, _ in pairs)
    if len(set(columns)) < len(columns):
        raise QueryError(f'has a key twice: {short_repr(keys)}', 'index')
    return Index(columns, tuple(direction for _, direction in pairs))


def _read_key(key: str, table: Table) -> str:
    name, *steps = key.split('.')
    column = table.column(name, 'index')
    kind = table.columns[column]
    if kind is BUFFERS or (steps and not kind.mixed):
        raise QueryError(f'{named(column)} holds {kind.holds}, which have no index at {named(key)}', 'index')
    if not all(steps) or (kind is DOCUMENT and not steps):
        raise QueryError(f'takes a column or a path to a field, not {short_repr(key)}', 'index')
    return '.'.join((column, *steps))


def with_index(table: Table, index: Index) -> Table:
    """The table, having this index as well."""
    if index in table.indexes:
        return table
    if index.name in index_keys(table):
        raise QueryError(f'there is another index of the name {named(index.name)}', 'index')
    return replace(table, indexes=(*table.indexes, index))


def without_index(table: Table, index_or_name: IndexKeys) -> tuple[Table, Index]:
    """The table without an index, named or given by its keys, and that index; UnknownNameError names the nearest."""
    known = {index.name: index for index in table.indexes}
    given = read_plain(index_or_name, 'index', iterable=True)
    is_name = isinstance(given, str) and (given in known or f'{given}_1' not in known)
    name = str(given) if is_name else read_index(given, table).name
    if name not in known:
        raise UnknownNameError(did_you_mean('index', name, known), 'index')
    return replace(table, indexes=tuple(i for i in table.indexes if i != known[name])), known[name]


def index_keys(table: Table) -> dict[str, tuple[tuple[str, int], ...]]:
    """The keys of each index with their directions, by its name."""
    return {index.name: index.keys for index in table.indexes}
