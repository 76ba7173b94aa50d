"""Copies a file that is in use, as it is at one moment, with what processes have logged beside it by then.

A copy of the file alone, as `cp` makes it, may be torn by who writes meanwhile, and lacks the write-ahead log. Here SQLite
copies the pages as one transaction sees them. Changes that a hub has logged and not yet merged are merged into the copy; those
too that a killed hub has left.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from glob import escape, glob
from pathlib import Path
from typing import NamedTuple

import apsw

from mqsql.errors import StorageError
from mqsql.schema import TASKS, Table
from mqsql.settings import INTERRUPTIBLE
from mqsql.storage.findings import Track
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.check import faults, tables_like
from mqsql.storage.sqlite.connection import Transaction, check_owner, connect
from mqsql.storage.sqlite.delta_log import Change, Logged, read_logs
from mqsql.storage.sqlite.failures import Failures
from mqsql.storage.sqlite.files import check_path
from mqsql.storage.sqlite.merging import merge_left
from mqsql.storage.sqlite.unfinished import new
from mqsql.storage.statements import quote

STEP_BYTES = 1 << 20  # that are copied at once
TRIES = 100  # to begin while a hub merges what it has logged
SIDE_FILES = ('-wal', '-journal', '-*delta', '-*delta-[2-9]')
"""What may be next to a database, by its name, and has a part of its content."""
EMPTY_FILES = ('-wal', '-shm')
"""What a process that only reads leaves."""


class Backup(NamedTuple):
    """A complete copy: how many records its histories have, how many of these were in logs only, and how many bytes."""

    records: int
    logged: int
    bytes: int


def back_up(source: str, out: Path, track: Track, *, replace: bool = False) -> Backup:
    """Copy a file of mqsql to `out`, which appears when the copy is complete and checked.

    `track` shows how far it is, in steps of 1 MiB. StorageError if `source` cannot be read or is damaged, or `out` exists,
    unless it is to `replace` that; or is in use.
    """
    _check_place(source, out, replace=replace)
    with new(out, 'backup', replace=replace) as unfinished:
        with Failures(source), closing(connect(source, INTERRUPTIBLE, readonly=True)) as connection:
            _check_ours(connection, source)
            tables = [*tables_like(connection, source, TASKS)]
            logs = _begin(connection, source, tables)
            counts = [_count(connection, table) for table in tables]
            with Failures(str(out)):
                _copy(connection, unfinished, track)
        with Failures(str(out)), closing(connect(str(unfinished), INTERRUPTIBLE, readonly=False)) as copy:
            if [_count(copy, table) for table in tables] != counts:
                raise StorageError(f'{source}: the copy does not have as many records; repeat the backup')
            for table, changes in zip(tables, logs, strict=True):
                _merge(copy, table, changes)
            records = sum(_count(copy, table) for table in tables)
            _check(copy, source)
        _check_side_files(out)
        # What only its owner may read stays so.
        os.chmod(unfinished, stat.S_IMODE(os.stat(source).st_mode))
        size = unfinished.stat().st_size
        for suffix in EMPTY_FILES:
            # Or who has the file open that is replaced would write there what is then taken for the copy's.
            Path(f'{out}{suffix}').unlink(missing_ok=True)
    return Backup(records, records - sum(counts), size)


def _check_place(source: str, out: Path, *, replace: bool) -> None:
    check_path(source)
    if not os.path.exists(source):
        raise StorageError(f'{source}: there is no such file')
    check_path(str(out.absolute()))
    if out.exists():
        if os.path.samefile(source, out):
            raise StorageError(f'{out}: this is the file itself; name another')
        if not replace:
            raise StorageError(f'{out}: it exists already; --force replaces it')
    _check_side_files(out)


def _check_side_files(out: Path) -> None:
    """StorageError if something would be taken for a part of the copy."""
    beside = (name for suffix in SIDE_FILES for name in glob(escape(str(out)) + suffix))
    for name in filter(os.path.getsize, beside):
        raise StorageError(f'{out}: it is in use, or its last user was killed: there is {name}; name another file')


def _check_ours(connection: apsw.Connection, path: str) -> None:
    check_owner(connection, path, None)
    if connection.pragma('application_id') != ddl.APPLICATION_ID:
        raise StorageError(f'{path}: it has no history of mqsql; "mqsql import" copies what ipyparallel itself wrote')


def _begin(connection: apsw.Connection, path: str, tables: list[Table]) -> list[list[Change]]:
    """Begin to read the file as it is now; what the logs have that is not in it, by table."""
    for _ in range(TRIES):
        before = [read_logs(path, table) for table in tables]
        connection.execute('BEGIN')
        connection.execute('SELECT 1 FROM sqlite_schema LIMIT 1').fetchall()
        logs = [read_logs(path, table) for table in tables]
        if [*_begun(logs)] == [*_begun(before)]:
            return [[change for log in found for change in log.changes] for found in logs]
        # A hub has merged a log into the file, and that may have been after this transaction began.
        connection.execute('ROLLBACK')
    raise StorageError(f'{path}: a hub writes too much for a backup just now; repeat it later')


def _begun(logs: list[list[Logged]]) -> Iterator[tuple[object, ...]]:
    return ((log.name, log.began) for found in logs for log in found)


def _count(connection: apsw.Connection, table: Table) -> int:
    ((found,),) = connection.execute(f'SELECT count(*) FROM {quote(table.name)}').fetchall()
    return int(str(found))


def _copy(connection: apsw.Connection, path: Path, track: Track) -> None:
    size, pages = connection.pragma('page_size'), connection.pragma('page_count')
    at_once = max(1, STEP_BYTES // size)
    with (
        closing(apsw.Connection(str(path))) as copy,
        copy.backup('main', connection, 'main') as backup,
    ):
        for _ in track(range(0, pages, at_once), -(-pages // at_once)):
            backup.step(at_once)
        while not backup.done:
            backup.step(at_once)


def _merge(connection: apsw.Connection, table: Table, changes: list[Change]) -> None:
    if changes:
        with Transaction(connection):
            merge_left(connection, table, changes)


def _check(connection: apsw.Connection, source: str) -> None:
    for finding in faults(connection):
        raise StorageError(f'{source}: it is damaged, and so is its copy, which is deleted again: {finding}')
