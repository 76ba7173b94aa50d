"""Finds what is wrong with a history in a database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import apsw

from mqsql.errors import StorageError
from mqsql.hub.legacy import all_legacy, history_name, history_table
from mqsql.schema import Table
from mqsql.settings import INTERRUPTIBLE, Settings
from mqsql.storage.extras import require_pymongo
from mqsql.storage.findings import MOST_NAMED, Finding, Track
from mqsql.storage.sqlite.check import check_records, other_tables
from mqsql.storage.sqlite.connection import check_owner, connect
from mqsql.storage.sqlite.facts import Facts, facts_of
from mqsql.storage.sqlite.failures import Failures
from mqsql.storage.sqlite.files import check_path
from mqsql.storage.sqlite.hiding import HidingStore
from mqsql.storage.sqlite.layout import objects_of
from mqsql.storage.sqlite.statistics import renew
from mqsql.storage.statements import folded
from mqsql.storage.urls import MONGODB, SQLITE, read_url

PATIENCE = 30.0
"""Seconds to wait for a server."""


def check_history(url: str, history: str, track: Track, *, delete_orphans: bool = False) -> Iterator[Finding]:
    """All that is wrong with a history, in an SQLite file or a collection of MongoDB; StorageError if there is none.

    It is only read, but for chunks of buffers in MongoDB that no record names: `delete_orphans` deletes those.
    """
    location, table = read_url(url), history_table(history)
    if location.kind == MONGODB:
        require_pymongo()
        from mqsql.storage.mongodb.address import read_address
        from mqsql.storage.mongodb.check import check_collection

        address = read_address(location.path, table.name)
        return check_collection(address, table, track, PATIENCE, delete_orphans=delete_orphans)
    if location.kind != SQLITE:
        raise StorageError(f'{url}: only SQLite files and collections of MongoDB can be checked')
    if delete_orphans:
        raise StorageError(f'{url}: only the chunks of a collection of MongoDB can be deleted')
    return check_file(Path(location.path), history, track)


def check_file(path: Path, history: str, track: Track) -> Iterator[Finding]:
    """All that is wrong with the file as far as a history is concerned; StorageError if it holds no such history."""
    with _opened(path, history) as (connection, table):
        yield from check_records(connection, str(path.absolute()), table, track)


def history_facts(url: str, history: str) -> Facts | None:
    """What else is known of a history in an SQLite file; None for another database."""
    location = read_url(url)
    if location.kind != SQLITE:
        return None
    with _opened(Path(location.path), history) as (connection, table):
        return facts_of(connection, location.path, table)


def renew_statistics(url: str, history: str) -> None:
    """Make the planner's statistics of a history in an SQLite file anew; StorageError for another database."""
    location = read_url(url)
    if location.kind != SQLITE:
        raise StorageError(f'{url}: only an SQLite file has statistics that can be made anew')
    with _opened(Path(location.path), history) as (_, table):
        pass
    with (
        closing(HidingStore(location.path, table=table, settings=Settings(busy_timeout=PATIENCE))) as store,
        store.using() as connection,
    ):
        renew(connection, table, always=True)


@contextmanager
def _opened(path: Path, history: str) -> Iterator[tuple[apsw.Connection, Table]]:
    """A connection that only reads a file, and the table of the history in it; StorageError if it holds no such history."""
    name, table = str(path.absolute()), history_table(history)
    check_path(name)
    if not path.exists():
        raise StorageError(f'{path}: there is no such file')
    with Failures(name), closing(connect(name, INTERRUPTIBLE, readonly=True)) as connection:
        if all_legacy(connection):
            raise StorageError(
                f'{path}: ipyparallel itself wrote this file; "mqsql import" copies it into one of mqsql'
            )
        check_owner(connection, name, None)
        if folded(table.name) not in map(folded, objects_of(connection)):
            raise StorageError(
                f'{path}: it has no history called {history!r}{known_histories(connection, name, table)}'
            )
        yield connection, table


def known_histories(connection: apsw.Connection, path: str, table: Table) -> str:
    """The end of a message that there is no such table: the histories that a file of mqsql has; empty if there is none."""
    histories = (history_name(table) for table in other_tables(connection, path, table))
    known = ', '.join(map(repr, islice(histories, MOST_NAMED)))
    return known and f'; write --table with one of {known}'
