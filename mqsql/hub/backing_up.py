"""Backs up a history that is named by a path or a URL."""

from pathlib import Path

from mqsql.errors import StorageError
from mqsql.hub.legacy import history_table
from mqsql.settings import LEGACY_TABLE, MEMORY
from mqsql.storage.findings import Track
from mqsql.storage.sqlite.backups import Backup, back_up
from mqsql.storage.urls import SQLITE, read_url, shown


def back_up_history(url: str, out: str, track: Track, *, replace: bool) -> Backup:
    """See `back_up`; StorageError if one of the two is no SQLite file."""
    for one in (url, out):
        location = read_url(one)
        if location.kind != SQLITE or location.path == MEMORY:
            name = shown(one, history_table(LEGACY_TABLE).name)
            raise StorageError(f'{name}: only an SQLite file is backed up, and into one; copy others with mqsql import')
    return back_up(read_url(url).path, Path(read_url(out).path), track, replace=replace)
