"""Gives the space of deleted records back to the disk.

A file that mqsql has made can do so a few pages at a time, between the changes of others. One that another program has made,
such as ipyparallel's own SQLiteDB, is made smaller only as a whole, and can do it in steps after that.
"""

from contextlib import closing, suppress
from dataclasses import replace

import apsw

from mqsql.errors import StorageError
from mqsql.settings import INTERRUPTIBLE, Settings
from mqsql.storage.sqlite.connection import connect
from mqsql.storage.sqlite.failures import Failures

MOVES = 5  # of the log, one after another, as others write meanwhile


def free_pages(connection: apsw.Connection) -> int:
    """Pages that `shrink_some` can remove from the file."""
    return int(connection.pragma('freelist_count')) if connection.pragma('auto_vacuum') else 0


def shrink_some(connection: apsw.Connection, pages: int) -> None:
    """Remove so many free pages from the file, or all if there are fewer."""
    connection.pragma('incremental_vacuum', pages)


def move_log(path: str) -> None:
    """Move the write-ahead log into the file, which changes only then. That may take long, and nobody waits for it here.

    If another process is doing that, it is left to that.
    """
    with (
        Failures(path),
        closing(connect(path, Settings(), readonly=False)) as connection,
        suppress(apsw.BusyError),
    ):
        pages = 0
        for _ in range(MOVES):
            # When nothing was written meanwhile, the log begins anew.
            before, (pages, _moved) = pages, connection.wal_checkpoint()
            if pages == before:
                return


def vacuum(path: str) -> None:
    """Write the file anew, without free pages; StorageError if another process has it open.

    Killed in the middle, it leaves the file as it was.
    """
    alone = replace(INTERRUPTIBLE, busy_timeout=0)
    with Failures(path), closing(connect(path, alone, readonly=False)) as connection:
        mode = connection.pragma('journal_mode')
        try:
            # SQLite leaves the write-ahead log only when nobody else has the file open.
            connection.pragma('journal_mode', 'delete')
            connection.pragma('auto_vacuum', 'incremental')
            connection.execute('VACUUM')
        except apsw.BusyError as e:
            raise StorageError(
                f'{path}: another process has it open, and would wait for as long as it is written anew; end that first'
            ) from e
        finally:
            if mode == 'wal':
                connection.pragma('journal_mode', mode)
