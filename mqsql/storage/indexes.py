"""The indexes that users create, in addition to those of a table's definition."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

import apsw

from mqsql.compiler.keys import read_directions
from mqsql.errors import QueryError, UnknownNameError, named, shown, unknown
from mqsql.schema import BUFFERS, DOCUMENT, Index, Table
from mqsql.schema.codec import decode_text
from mqsql.schema.indexes import index_on_columns, index_on_paths
from mqsql.schema.plain import read_plain
from mqsql.storage import ddl

IndexKeys = str | Iterable[str | tuple[str, int]] | Mapping[str, int]


def read_index(keys: IndexKeys, table: Table) -> Index:
    """The index on keys, given in any form that `sort` takes."""
    pairs = read_directions(keys, 'index')
    if not pairs:
        raise QueryError(f'takes a key or a list of keys, not {shown(keys)}', 'index')
    columns = tuple(_read_key(key, table) for key, _ in pairs)
    if len(set(columns)) < len(columns):
        raise QueryError(f'has a key twice: {shown(keys)}', 'index')
    return Index(columns, tuple(direction for _, direction in pairs))


def _read_key(key: str, table: Table) -> str:
    name, *steps = key.split('.')
    column = table.column(name, 'index')
    kind = table.columns[column]
    if kind is BUFFERS or (steps and not kind.mixed):
        raise QueryError(f'{named(column)} holds {kind.holds}, which have no index at {named(key)}', 'index')
    if not all(steps) or (kind is DOCUMENT and not steps):
        raise QueryError(f'takes a column or a path to a field, not {shown(key)}', 'index')
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
    name = given if isinstance(given, str) else read_index(given, table).name
    if name not in known:
        raise UnknownNameError(unknown('index', name, known), 'index')
    return replace(table, indexes=tuple(i for i in table.indexes if i != known[name])), known[name]


def index_keys(table: Table) -> dict[str, tuple[tuple[str, int], ...]]:
    """The keys of each index with their directions, by its name."""
    return {index.name: index.keys for index in table.indexes}


# --- in a file


def with_found_indexes(table: Table, connection: apsw.Connection) -> Table:
    """The table as the file has it: with the indexes that are there, and no others."""
    types, made = _types(connection), dict(connection.execute('SELECT name, sql FROM sqlite_schema'))
    on_columns = [index_on_columns(name, table.name) for name, kind in types.items() if kind == 'index']
    found = [index for index in on_columns if index and set(index.columns) <= table.columns.keys()]
    on_paths = [index_on_paths(name, table.name) for name in types if f'{name}~inserted' in types]
    found += [index for index in on_paths if index and _has_tables(table, index, made)]
    return table if set(found) == set(table.indexes) else replace(table, indexes=tuple(found))


def _has_tables(table: Table, index: Index, made: Mapping[str, str]) -> bool:
    """Whether the tables of an index on paths are as we make them."""
    if not {column for column, _ in index.paths} <= table.columns.keys():
        return False
    return all(made.get(name) == sql for name, sql in islice(ddl.index_objects(table, index), 2))


def old_indexes(connection: apsw.Connection, table: Table) -> dict[str, Index]:
    """The indexes on paths that an earlier version left, which had one table each, by the name of that."""
    types, start = _types(connection), f'{table.name}/'
    old = [name for name, kind in types.items() if kind == 'table' and f'{name}.inserted' in types]
    return {name: Index((decode_text(name.removeprefix(start)),)) for name in old if name.startswith(start)}


def renew_indexes(connection: apsw.Connection, table: Table) -> None:
    """Make these indexes again."""
    for name, index in old_indexes(connection, table).items():
        for sql in (*ddl.drop_old_path_index(name), *ddl.create_index(table, index)):
            connection.execute(sql)


def _types(connection: apsw.Connection) -> Mapping[str, str]:
    return dict(connection.execute('SELECT name, type FROM sqlite_schema'))
