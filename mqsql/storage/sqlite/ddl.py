"""The fixed SQL of a table, built from its definition alone: no value ever enters it.

A table of records has one column per key. A Buffers column holds the JSON array of the ids of its blobs, which are rows
of a table of their own: an UPDATE rewrites its row, and a change of a small value must not rewrite large ones.
Ids are never used again and blobs never change in place; triggers delete the blobs that a record no longer names.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from mqsql.compiler.dialects.sqlite.objects import SchemaObject
from mqsql.compiler.dialects.sqlite.path_indexes import fill_path_index, path_index
from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, ColumnType, Index, Table
from mqsql.storage.statements import listed, quote

POSITION = 'rowid'
"""The order of insertion. Declared, so that VACUUM keeps it; never used again, so that what names it never means another."""

APPLICATION_ID = 0x6D71736C
"""Marks a file of mqsql; the ASCII codes of "mqsl"."""

MIGRATIONS: tuple[str, ...] = (
    '',  # indexes on paths have other names inside; they are made again where they are missing
    '',  # blobs are deleted by more triggers, which are made where they are missing
)
"""SQL that takes a file from each layout version, 1 first, to the next."""

# A column of TEXT keeps a BLOB as it is. Only a column without a type keeps 1 and 1.0 apart.
_TYPES: Mapping[ColumnType, str] = {
    STRING: ' TEXT',
    NUMBER: '',
    BOOLEAN: ' INTEGER',
    TIMESTAMP: ' INTEGER',
    DOCUMENT: ' TEXT',
    BUFFERS: ' TEXT',
    ANY: ' TEXT',
}


def layout_version() -> int:
    """The version of the layout that this module writes, kept in the file's `user_version`."""
    return 1 + len(MIGRATIONS)


# --- what a file must hold


def objects(table: Table) -> Iterator[SchemaObject]:
    """The tables, indexes and triggers of a table."""
    columns = ', '.join(f'{quote(c)}{_TYPES[kind]}' + _constraint(table, c) for c, kind in table.columns.items())
    yield _table(table.name, f'{POSITION} INTEGER PRIMARY KEY AUTOINCREMENT, {columns}')
    for index in table.indexes:
        yield from index_objects(table, index)
    buffers = [c for c, kind in table.columns.items() if kind is BUFFERS]
    if buffers:
        yield _table(table.buffers_table, 'id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL')
    for column in buffers:
        yield from _triggers(table, column)


def _table(name: str, columns: str) -> SchemaObject:
    return SchemaObject('table', name, f'CREATE TABLE {quote(name)} ({columns})')


def _constraint(table: Table, column: str) -> str:
    return ' NOT NULL UNIQUE' if column == table.key else ''


def index_objects(table: Table, index: Index) -> Iterator[SchemaObject]:
    """What an index consists of, tables first."""
    if index.first_path is None:
        name = index.stored_name(table.name)
        keys = ', '.join(quote(key) + ('' if direction > 0 else ' DESC') for key, direction in _keys(table, index))
        yield SchemaObject('index', name, f'CREATE INDEX {quote(name)} ON {quote(table.name)} ({keys})')
    else:
        yield from path_index(table, index)


def _keys(table: Table, index: Index) -> Iterator[tuple[str, int]]:
    """What an index on columns has. The table's key at its end sorts nothing but ties, whose order is that of insertion."""
    *first, last = index.keys
    yield from first
    if first and last[0] == table.key:
        yield POSITION, 1
    yield last


def make_index(table: Table, index: Index) -> Iterator[str]:
    """What makes an index, filled; the tables of one on paths are filled first, which is faster than to keep them sorted."""
    objects = list(index_objects(table, index))
    yield from (made.sql for made in objects if made.kind == 'table')
    yield from fill_path_index(table, index) if index.first_path else ()
    yield from (made.sql for made in objects if made.kind != 'table')


def create_index(table: Table, index: Index) -> Iterator[str]:
    """What makes an index, and what tells the planner how large it is."""
    yield from make_index(table, index)
    tables = [made.name for made in index_objects(table, index) if made.kind == 'table']
    yield from (f'ANALYZE {quote(name)}' for name in (table.name, *tables))


@lru_cache(maxsize=8)  # making the triggers of an index on paths takes milliseconds
def index_names(table: Table) -> Mapping[str, str]:
    """The name that users know, by the names of what each index consists of."""
    return {made.name: index.name for index in table.indexes for made in index_objects(table, index)}


def drop(kind: str, name: str) -> str:
    """DROP of a table, view, index or trigger."""
    return f'DROP {kind.upper()} {quote(name)}'


def drop_index(table: Table, index: Index) -> Iterator[str]:
    """What takes an index away."""
    return (drop(made.kind, made.name) for made in reversed(list(index_objects(table, index))))


def drop_old_path_index(name: str) -> Iterator[str]:
    """What takes away an index on a path as it was before there were indexes that sort."""
    for what in ('inserted', 'updated', 'deleted'):
        yield drop('trigger', f'{name}.{what}')
    yield drop('table', name)


def _triggers(table: Table, column: str) -> Iterator[SchemaObject]:
    """What deletes the blobs of a column that a record no longer names: nearly always a few ids, each the next of the last."""
    name = quote(column)
    first, last = _run(f'old.{name}')
    # Ids that another program has changed must not prevent a delete, nor delete the blobs of other records.
    is_json = f"CASE WHEN typeof(old.{name}) = 'text' AND json_valid(old.{name}) THEN old.{name} END"
    ids = f"CASE WHEN json_type({is_json}) = 'array' THEN old.{name} END"
    listed = f"SELECT value FROM json_each({ids}) WHERE type = 'integer'"
    for part, when, which in (
        ('', f"old.{name} IS NOT NULL AND old.{name} IS NOT '[]' AND {last} IS NULL", f'IN ({listed})'),
        ('.run', f'old.{name} IS NOT NULL', f'BETWEEN {first} AND {last}'),
    ):
        drop = f'DELETE FROM {quote(table.buffers_table)} WHERE id {which}'
        changed = f'{when} AND old.{name} IS NOT new.{name}'
        yield _trigger(table, f'{column}.deleted{part}', 'DELETE', when, drop)
        yield _trigger(table, f'{column}.updated{part}', f'UPDATE OF {name}', changed, drop)


_RUN = 3
"""Ids of a list that are read without the functions for JSON, which take longer than to delete the blobs."""


def _run(ids: str) -> tuple[str, str]:
    """The first and the last id of a list of up to `_RUN` ids, each the next of the last; NULL for the last of other lists."""
    first = f'CAST(substr({ids}, 2) AS INTEGER)'
    listed, cases = first, ''
    for n in range(_RUN):
        cases += f" WHEN '[' || {listed} || ']' THEN {first} + {n}"
        listed += f" || ',' || ({first} + {n + 1})"
    return first, f'CASE {ids}{cases} END'


def _trigger(table: Table, what: str, event: str, when: str, work: str) -> SchemaObject:
    name = f'{table.name}.{what}'
    sql = f'CREATE TRIGGER {quote(name)} AFTER {event} ON {quote(table.name)} WHEN {when} BEGIN {work}; END'
    return SchemaObject('trigger', name, sql)


# --- what a store does; the placeholders are positional


@lru_cache(maxsize=16)
def select(table: Table) -> str:
    """SELECT of all columns, in the order of `all_keys`, of the record of a key."""
    return f'SELECT {listed(table.all_keys)} FROM {quote(table.name)} WHERE {quote(table.key)} = ?'


@lru_cache(maxsize=16)
def select_text(table: Table, column: str) -> str:
    """SELECT of one column of the record of a key."""
    return f'SELECT {quote(column)} FROM {quote(table.name)} WHERE {quote(table.key)} = ?'


@lru_cache(maxsize=16)
def insert_blob(table: Table) -> str:
    """INSERT of one blob whose id is known."""
    return f'INSERT INTO {quote(table.buffers_table)} (id, data) VALUES (?, ?)'


@lru_cache(maxsize=16)
def last_id(table: Table) -> str:
    """SELECT of the last id that a blob of a table has had, the parameter being the name of the table of blobs."""
    known = 'SELECT seq FROM sqlite_sequence WHERE name = ?'
    used = f'SELECT max(id) FROM {quote(table.buffers_table)}'  # another program may have lowered what is known
    return f'SELECT max(coalesce(({known}), 0), coalesce(({used}), 0))'


@lru_cache(maxsize=16)
def select_blob(table: Table) -> str:
    """SELECT of the blob of an id."""
    return f'SELECT data FROM {quote(table.buffers_table)} WHERE id = ?'


@lru_cache(maxsize=16)
def select_blobs(table: Table) -> str:
    """SELECT of the blobs whose ids a JSON array has, each with its position there; unsorted, as sorting copies them."""
    blobs = f'{quote(table.buffers_table)} AS blobs'
    return f'SELECT named.key, data FROM json_each(?) AS named CROSS JOIN {blobs} ON blobs.id = named.value'


@lru_cache(maxsize=16)
def select_small_blobs(table: Table) -> str:
    """The same without the blobs that have more than so many bytes, of which SQLite reads no more than the length."""
    return f'{select_blobs(table)} WHERE length(data) <= ?'
