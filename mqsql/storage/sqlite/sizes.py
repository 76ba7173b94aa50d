"""Measures how much of a file some records take."""

from collections.abc import Iterable, Iterator
from itertools import islice

import apsw
import orjson

from mqsql.schema import BUFFERS, Table
from mqsql.storage.sqlite.guard import sound
from mqsql.storage.statements import quote
from mqsql.values.codec import encode_text

AT_ONCE = 1_000  # records that one statement measures


def stored_bytes(connection: apsw.Connection, table: Table, keys: Iterable[str], *, buffers_only: bool) -> int:
    """Bytes that the records of these keys have in the file, about: their values, or only their buffers."""
    statements = [_of_buffers(table, column) for column, kind in table.columns.items() if kind is BUFFERS]
    if not buffers_only:
        statements.append(_of_values(table))
    return sum(_sum(connection, statement, page) for page in _pages(keys) for statement in statements)


def _pages(keys: Iterable[str]) -> Iterator[str]:
    """The keys as JSON arrays of a statement each."""
    rest = iter(keys)
    while page := list(map(encode_text, islice(rest, AT_ONCE))):
        yield orjson.dumps(page).decode()


def _sum(connection: apsw.Connection, statement: str, keys: str) -> int:
    ((found,),) = connection.execute(statement, (keys,)).fetchall()
    return int(str(found or 0))


def _where(table: Table) -> str:
    return f'WHERE {quote(table.name)}.{quote(table.key)} IN (SELECT value FROM json_each(?))'


def _of_values(table: Table) -> str:
    lengths = ' + '.join(f'coalesce(octet_length({quote(column)}), 0)' for column in table.columns)
    return f'SELECT sum({lengths}) FROM {quote(table.name)} {_where(table)}'


def _of_buffers(table: Table, column: str) -> str:
    # Another program may have stored anything in place of the ids.
    ids = f'json_each({sound(column, BUFFERS)}) AS named'
    blobs = f'{quote(table.buffers_table)} AS blobs ON blobs.id = named.value'
    return (
        f'SELECT sum(octet_length(data)) FROM {quote(table.name)} CROSS JOIN {ids} CROSS JOIN {blobs} {_where(table)}'
    )
