"""Output in files of earlier versions, which wrote what a long text became longer by, a tail, into a table of its own.

A tail has the length of the text where it begins; a longer text has taken up the tail already. What a process left there when
it was killed is added to its text, once.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mqsql.errors import DamagedValueError, MissingRecordError, RecordError
from mqsql.storage.sqlite.layout import objects_of
from mqsql.storage.statements import folded, quote
from mqsql.values.codec import decode_text

if TYPE_CHECKING:
    from mqsql.storage.sqlite.store import SqliteStore

_COLUMNS = '(record TEXT, name TEXT, start INTEGER, tail TEXT)'


def take_up_tails(store: 'SqliteStore') -> None:
    """Add the tails of this history to their texts, and drop their table when it has no other."""
    name = f'{store.table.name.removesuffix("_records")}_tails'
    with store.using() as connection:
        there = objects_of(connection)
        made = f'CREATE TABLE {quote(name)} {_COLUMNS}'
        laden = any(folded(found.table) == folded(name) for found in there.values() if found.type != 'table')
        if name not in there or there[name].sql != made or laden:
            return
        typed = "typeof(record) = 'text' AND typeof(start) = 'integer' AND typeof(tail) = 'text'"
        known = f'record IN (SELECT {quote(store.table.key)} FROM {quote(store.table.name)})'
        wanted = f"name IN ('stdout', 'stderr') AND {typed} AND {known}"
        tails: list[Any] = connection.execute(
            f'SELECT rowid, record, name, start, CAST(tail AS BLOB) FROM {quote(name)} WHERE {wanted} ORDER BY rowid'
        ).fetchall()
    done = [(row,) for row, *tail in tails if _take_up(store, *tail)]
    with store.using() as connection:
        connection.executemany(f'DELETE FROM {quote(name)} WHERE rowid = ?', done)
        if not connection.execute(f'SELECT 1 FROM {quote(name)} LIMIT 1').fetchall():
            connection.execute(f'DROP TABLE {quote(name)}')


def _take_up(store: 'SqliteStore', record: str, column: str, start: int, tail: bytes) -> bool:
    """Add a tail to its text; whether that has it now. Text that another program has damaged stays as it is."""
    with suppress(MissingRecordError, DamagedValueError, RecordError, UnicodeDecodeError):
        key = decode_text(record)
        text = store.get_record(key)[column] or ''
        if len(text) == start:
            store.update_record(key, {column: text + decode_text(tail.decode())})
        return len(text) >= start
    return False
