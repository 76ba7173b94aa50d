"""Finds what is wrong with a file: damaged values, missing or changed indexes and triggers, faults that SQLite finds.

The file is only read. Values are tried as a store reads them, by `decoder`, so that what is named here is what it leaves out.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import apsw

from mqsql.errors import StorageError
from mqsql.schema import BUFFERS, ColumnType, Table
from mqsql.schema.columns import decoder
from mqsql.storage.findings import Finding, Track, shown_key, some
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.guard import sound
from mqsql.storage.sqlite.layout import check_kinds, check_table, computing, objects_of, problems
from mqsql.storage.statements import folded, quote
from mqsql.values.codec import DamagedError, decode_ids, decode_text


def check_records(connection: apsw.Connection, path: str, table: Table, track: Track) -> Iterator[Finding]:
    """All that is wrong with a table of the file, and with the file; StorageError if the table is none of mqsql."""
    check_kinds(connection, path, table)
    check_table(connection, path, table)
    yield from faults(connection)
    yield from (Finding(table.name, '', what, problem) for what, problem in problems(connection, table))
    yield from _of_values(connection, path, table, track)


def faults(connection: apsw.Connection) -> Iterator[Finding]:
    """What SQLite itself finds."""
    if odd := computing(connection):
        # SQLite would compute all of it.
        yield Finding(
            '', '', odd[0], 'computes or checks what it holds, so that SQLite itself does not check this file'
        )
        return
    for (line,) in connection.execute('PRAGMA integrity_check').fetchall():
        if line != 'ok':
            yield Finding('', '', '', f'SQLite: {line}')


# --- values


def _of_values(connection: apsw.Connection, path: str, table: Table, track: Track) -> Iterator[Finding]:
    columns = [(column, table.columns[column]) for column in table.all_keys]
    reads = [decode_ids if kind is BUFFERS else decoder(kind) for _, kind in columns]
    listed = ', '.join(sound(column, kind) for column, kind in columns)
    rows = connection.execute(f'SELECT {ddl.POSITION}, {listed} FROM {quote(table.name)} ORDER BY {ddl.POSITION}')
    named: Counter[int] = Counter()
    blobs = _blob_ids(connection, table)
    for other in _sharing(connection, path, table):
        named.update(_named_ids(connection, other))
    for position, *row in track(rows, _count(connection, table)):
        key = _key(row[0], position)
        for (column, kind), read, stored in zip(columns, reads, row, strict=True):
            try:
                value = None if stored is None and column != table.key else read(stored)
            except DamagedError:
                yield Finding(table.name, key, column, _describe(connection, table, column, kind, position))
                continue
            if kind is BUFFERS and value:
                named.update(value)
                if lost := [id for id in value if id not in blobs]:
                    yield Finding(table.name, key, column, f'names buffers that are not there: {some(lost)}')
    if shared := [id for id, number in named.items() if number > 1 and id in blobs]:
        yield Finding(table.buffers_table, '', '', f'several records name these buffers: {some(shared)}')
    if odd := _odd_blobs(connection, table):
        yield Finding(table.buffers_table, '', '', f'these buffers are no bytes: {some(odd)}')
    if orphans := sorted(blobs - named.keys()):
        yield Finding(table.buffers_table, '', '', f'no record names these buffers: {some(orphans)}')


def _sharing(connection: apsw.Connection, path: str, table: Table) -> Iterator[Table]:
    """The other tables of the file whose buffers are in the same table: those of the histories "run" and "runs" are."""
    shared = folded(table.buffers_table)
    return (other for other in other_tables(connection, path, table) if folded(other.buffers_table) == shared)


def other_tables(connection: apsw.Connection, path: str, table: Table) -> Iterator[Table]:
    """The other tables of the file that are as `table` is."""
    return (other for other in tables_like(connection, path, table) if folded(other.name) != folded(table.name))


def tables_like(connection: apsw.Connection, path: str, table: Table) -> Iterator[Table]:
    """The tables of the file that are as `table` is."""
    for name, found in objects_of(connection).items():
        if found.type == 'table':
            with suppress(ValueError, StorageError):  # none of mqsql
                other = table.rename(name)
                check_table(connection, path, other)
                yield other


def _named_ids(connection: apsw.Connection, table: Table) -> Iterator[int]:
    """The ids of buffers that the records of a table name."""
    for column in (column for column, kind in table.columns.items() if kind is BUFFERS):
        stored = f'SELECT {sound(column, BUFFERS)} FROM {quote(table.name)} WHERE {quote(column)} IS NOT NULL'
        for (ids,) in connection.execute(stored):
            with suppress(DamagedError):
                yield from decode_ids(ids)


def _key(stored: object, position: int) -> str:
    try:
        return shown_key(decode_text(stored)) if isinstance(stored, str) else f'row {position}'
    except DamagedError:
        return f'row {position}'


def _count(connection: apsw.Connection, table: Table) -> int:
    rows: list[tuple[int]] = list(connection.execute(f'SELECT count(*) FROM {quote(table.name)}'))
    return rows[0][0]


def _blob_ids(connection: apsw.Connection, table: Table) -> set[int]:
    if BUFFERS not in table.columns.values():
        return set()
    return {id for (id,) in connection.execute(f'SELECT id FROM {quote(table.buffers_table)}')}


def _odd_blobs(connection: apsw.Connection, table: Table) -> list[int]:
    if BUFFERS not in table.columns.values():
        return []
    odd = f"SELECT id FROM {quote(table.buffers_table)} WHERE typeof(data) <> 'blob'"
    return [id for (id,) in connection.execute(odd)]


def _describe(connection: apsw.Connection, table: Table, column: str, kind: ColumnType, position: int) -> str:
    """What is wrong with a value, from what is stored itself."""
    name = quote(column)
    value = f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
    where = f'{quote(table.name)} WHERE {ddl.POSITION} = ?'
    rows: list[tuple[Any, str]] = list(connection.execute(f'SELECT {value}, typeof({name}) FROM {where}', (position,)))
    stored, type = rows[0]
    if stored is None:
        return 'is NULL'
    try:
        text = stored.decode() if type == 'text' else stored
        (decode_ids if kind is BUFFERS else decoder(kind))(text)
    except UnicodeDecodeError as e:
        return f'is no text in UTF-8: {e.reason} at byte {e.start}'
    except DamagedError as e:
        return str(e)
    return 'is no JSON that SQLite reads'
