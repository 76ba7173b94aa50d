"""Finds what is wrong with a history in a file."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import apsw

from mqsql.errors import StorageError
from mqsql.hub.legacy import all_legacy, history_name, history_table
from mqsql.schema import Table
from mqsql.settings import Settings
from mqsql.storage.sqlite.check import MOST_NAMED, Finding, Track, check_records, other_tables
from mqsql.storage.sqlite.connection import check_owner, connect
from mqsql.storage.sqlite.failures import Failures
from mqsql.storage.sqlite.files import check_path
from mqsql.storage.sqlite.layout import objects_of
from mqsql.storage.statements import folded


def check_file(path: Path, history: str, track: Track) -> Iterator[Finding]:
    """All that is wrong with the file as far as a history is concerned; StorageError if it holds no such history."""
    name, table = str(path.absolute()), history_table(history)
    check_path(name)
    if not path.exists():
        raise StorageError(f'{path}: there is no such file')
    with Failures(name), closing(connect(name, Settings(), readonly=True)) as connection:
        if all_legacy(connection):
            raise StorageError(
                f'{path}: ipyparallel itself wrote this file; "mqsql import" copies it into one of mqsql'
            )
        check_owner(connection, name, None)
        if folded(table.name) not in map(folded, objects_of(connection)):
            raise StorageError(
                f'{path}: it has no history called {history!r}{known_histories(connection, name, table)}'
            )
        yield from check_records(connection, name, table, track)


def known_histories(connection: apsw.Connection, path: str, table: Table) -> str:
    """The end of a message that there is no such table: the histories that a file of mqsql has; empty if there is none."""
    histories = (history_name(table) for table in other_tables(connection, path, table))
    known = ', '.join(map(repr, islice(histories, MOST_NAMED)))
    return known and f'; write --table with one of {known}'
