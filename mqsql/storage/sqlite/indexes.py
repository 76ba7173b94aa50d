"""The indexes that a file has."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile

import apsw

from mqsql.schema.indexes import Index, index_on_columns, index_on_paths
from mqsql.schema.tasks import Table
from mqsql.storage.sqlite import ddl
from mqsql.values.codec import decode_text


def with_found_indexes(table: Table, connection: apsw.Connection) -> Table:
    """The table as the file has it: with the indexes that are there, and no others."""
    types, stored = _types(connection), dict(connection.execute('SELECT name, sql FROM sqlite_schema'))
    on_columns = [index_on_columns(name, table.name) for name, kind in types.items() if kind == 'index']
    found = [index for index in on_columns if index and set(index.columns) <= table.columns.keys()]
    on_paths = [index_on_paths(name, table.name) for name in types if f'{name}~inserted' in types]
    found += [index for index in on_paths if index and _has_tables(table, index, stored)]
    return table if set(found) == set(table.indexes) else replace(table, indexes=tuple(found))


def _has_tables(table: Table, index: Index, stored: Mapping[str, str]) -> bool:
    """Whether the tables of an index on paths are as we make them."""
    if not {column for column, _ in index.paths} <= table.columns.keys():
        return False
    tables = takewhile(lambda made: made.kind == 'table', ddl.index_objects(table, index))
    return all(stored.get(made.name) == made.sql for made in tables)


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
