"""Purges that take longer than a caller can wait: the records are marked at once, and deleted later, a few at a time.

The marks are ranges of row ids in a table that exists as long as a purge goes on. They are set in one transaction, so that a
purge is done or not done whenever the process is killed. Until the rows are gone, whoever reads the file leaves out those that
are marked. Row ids are never used again, so that no mark means a later record.
"""

from collections.abc import Iterable, Iterator
from time import monotonic

import apsw
import orjson

from mqsql.schema import Table
from mqsql.storage.sqlite.ddl import POSITION
from mqsql.storage.statements import folded, quote

BATCH = 10  # records that one statement deletes

Range = tuple[int, int]
"""The first and the last of some row ids, of which not all need exist."""


def purges_table(table: Table) -> str:
    """The name of the table of ranges."""
    return f'{table.name.removesuffix("_records")}_purged'


def _made(table: Table) -> str:
    return f'CREATE TABLE {quote(purges_table(table))} (first INTEGER PRIMARY KEY, last INTEGER)'


def goes_on(connection: apsw.Connection, table: Table) -> bool:
    """Whether the file has records that are to be deleted; a table that is not as we make it marks nothing."""
    name = purges_table(table)
    rows = connection.execute('SELECT name, tbl_name, sql FROM sqlite_schema').fetchall()
    on_it = [(found, sql) for found, on, sql in rows if folded(str(on)) == folded(name)]
    return on_it == [(name, _made(table))]


def unmarked(table: Table) -> str:
    """The SQL condition that a row of the table has no mark; one search for each row."""
    row = f'{quote(table.name)}.{POSITION}'
    nearest = f'SELECT last FROM main.{quote(purges_table(table))} WHERE first <= {row} ORDER BY first DESC LIMIT 1'
    return f'(({nearest}) >= {row}) IS NOT TRUE'


def ends(connection: apsw.Connection, table: Table) -> Range:
    """The first and the last row id of a table; zeros if it is empty."""
    # SQLite looks up one of them, and would read the table for both.
    found = [connection.execute(f'SELECT {which}({POSITION}) FROM {quote(table.name)}') for which in ('min', 'max')]
    first, last = (int(str(position or 0)) for cursor in found for (position,) in cursor)
    return first, last


# --- marking, in a transaction of the caller


def ranges(positions: Iterable[int]) -> Iterator[Range]:
    """The ranges of these row ids, which are sorted."""
    first = last = None
    for position in positions:
        if first is None or last is None:
            first = position
        elif position > last + 1:
            yield first, last
            first = position
        last = position
    if first is not None and last is not None:
        yield first, last


def mark(connection: apsw.Connection, table: Table, marks: Iterable[Range]) -> None:
    """Mark what is in these ranges, none of which is marked already."""
    if not goes_on(connection, table):
        connection.execute(_made(table))
    insert = f'INSERT INTO {quote(purges_table(table))} (first, last) VALUES (?, ?)'
    connection.executemany(insert, marks)


def mark_all_but(connection: apsw.Connection, table: Table, kept: Iterable[int]) -> None:
    """Mark all but the rows of these ids, which are sorted; what is marked already stays marked."""
    if goes_on(connection, table):
        connection.execute(f'DELETE FROM {quote(purges_table(table))}')
    mark(connection, table, _ranges_between(connection, table, kept))


def _ranges_between(connection: apsw.Connection, table: Table, kept: Iterable[int]) -> Iterator[Range]:
    first, last = ends(connection, table)
    for position in kept:
        if first < position:
            yield first, position - 1
        first = position + 1
    if first <= last:
        yield first, last


# --- deleting


def delete(connection: apsw.Connection, table: Table, positions: list[int]) -> None:
    """Delete the rows of these ids."""
    listed = 'SELECT value FROM json_each(?)'
    sql = f'DELETE FROM {quote(table.name)} WHERE {POSITION} IN ({listed})'
    connection.execute(sql, (orjson.dumps(positions).decode(),))


def delete_marked(connection: apsw.Connection, table: Table, seconds: float) -> bool:
    """Delete marked rows for so long; whether there may be more. The last one takes the table of marks with it."""
    name, end = quote(purges_table(table)), monotonic() + seconds
    find = (
        f'SELECT t.{POSITION} FROM {name} AS p CROSS JOIN {quote(table.name)} AS t ON t.{POSITION} BETWEEN p.first AND p.last '
        f'ORDER BY p.first, t.{POSITION} LIMIT {BATCH}'
    )
    while True:
        found = [position for (position,) in connection.execute(find)]
        if not found:
            connection.execute(f'DROP TABLE {name}')
            return False
        delete(connection, table, found)
        connection.execute(f'DELETE FROM {name} WHERE first <= :last AND last <= :last', {'last': found[-1]})
        connection.execute(f'UPDATE {name} SET first = :last + 1 WHERE first <= :last', {'last': found[-1]})
        if monotonic() >= end:
            return True
