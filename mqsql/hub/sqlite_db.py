"""The task database of an IPython Parallel hub, in an SQLite file.

One line of ipcontroller_config.py turns it on:

    c.IPController.db_class = 'mqsql.hub.SQLiteDB'

The options that ipyparallel's own SQLiteDB has keep their meaning: `c.SQLiteDB.filename`, `location`, `table`.
"""

import atexit
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from IPython.core.application import BaseIPythonApplication
from traitlets import Bool, CaselessStrEnum, Integer, TraitError, Unicode, validate

from mqsql.errors import StorageError, short_repr
from mqsql.hub.database import HubDatabase, Seconds, query_timeout
from mqsql.hub.delta import Delta
from mqsql.hub.legacy import LegacyHistory, history_table
from mqsql.hub.purging import PurgingStore
from mqsql.hub.retention import Limits, Retention
from mqsql.schema import TASKS
from mqsql.settings import JOURNAL_MODES, LEGACY_TABLE, MAX_TIMEOUT, SYNCHRONOUS, Settings
from mqsql.storage.base import Query


class SQLiteDB(HubDatabase):
    """Keeps the hub's task records in an SQLite file. Each call is on disk when it returns."""

    filename = Unicode('tasks.db', help='The name of the file.').tag(config=True)
    location = Unicode(
        '',
        help="""The directory of the file, which must exist; ~ is the home directory. The default is the directory of the
        profile, or the current one without a profile.""",
    ).tag(config=True)
    table = Unicode(
        LEGACY_TABLE,
        help=f"""The name of the history in the file. Controllers with the same name share their records, including those of
        earlier sessions; '' starts a new history for each session. The table of the default is {TASKS.name}, that of
        another name <name>_records.""",
    ).tag(config=True)
    journal_mode = CaselessStrEnum(
        JOURNAL_MODES,
        Settings.journal_mode,
        help="""SQLite's journal. With 'wal' readers never delay the hub; on a network file system use 'delete'.""",
    ).tag(config=True)
    synchronous = CaselessStrEnum(
        SYNCHRONOUS,
        Settings.synchronous,
        help="""How safely each call is written. With 'normal' a killed process loses nothing, and a loss of power may lose
        the last moments; with 'full' nothing is lost, but each call is slower; 'off' risks the file.""",
    ).tag(config=True)
    commit_interval = Seconds(
        0,
        help="""Seconds after which the changes of this time are written. A killed process loses those that are not; they cost
        less. With 0 each change is written, to a log beside the file, before its call returns.""",
    ).tag(config=True)
    busy_timeout = Seconds(
        0.2,
        max=MAX_TIMEOUT,
        help="""Seconds to wait while another process writes to the file. The hub is blocked meanwhile; after that it keeps
        its records in memory.""",
    ).tag(config=True)
    memory_limit = Integer(
        256 * 2**20,
        min=0,
        help="""Bytes of records that are kept in memory while the file cannot be written (the disk is full, or another
        program locks the file). They are written as soon as possible; records beyond the limit are lost.""",
    ).tag(config=True)

    query_timeout = query_timeout()
    record_limit = Integer(
        0, min=0, help='Records to keep; 0 is no limit. The oldest finished tasks go first, pending ones never.'
    ).tag(config=True)
    size_limit = Integer(
        0, min=0, help='Bytes of the file in use; 0 is no limit. The oldest finished tasks go first.'
    ).tag(config=True)
    max_age = Seconds(0, help='Seconds after its end at which a task is dropped; 0 is never.').tag(config=True)
    drop_buffers_after = Seconds(
        0,
        help="""Seconds after its end at which the buffers of a task (its arguments and its result) are dropped; the rest of
        its record stays. 0 is never.""",
    ).tag(config=True)
    adopt = Bool(
        True,
        help="""Whether to adopt a file that ipyparallel's own SQLiteDB wrote, when it is first opened: all of its records
        are copied into the table of mqsql, or none. The old tables stay unchanged; records that are added to them later
        are not copied.""",
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.location = os.path.expanduser(self.location) or _profile_directory()
        self._store: PurgingStore = PurgingStore(
            self._path(),
            table=history_table(self.table or f'_{self.session}'),
            settings=Settings(self.journal_mode, self.synchronous, self.busy_timeout, self.query_timeout),
            history=LegacyHistory(self.table, self.log.warning, adopt=self.adopt),
            say=self.log.warning,
        )
        tasks = Delta(self._store, self.memory_limit, self.log.error, commit_interval=self.commit_interval)
        self._tasks = tasks
        limits = Limits(self.record_limit, self.size_limit, self.max_age, self.drop_buffers_after)
        # The controller is told to end, and does not close its database.
        atexit.register(self.close)
        self._retention = Retention(tasks, self._store, limits, self.log.warning)
        self._started = False
        """Whether the threads run that care for the file."""

    @validate('filename', 'location', 'table')
    def _usable_text(self, proposal: Any) -> str:
        name, given = proposal['trait'].name, str(proposal['value'])
        if '\0' in given or any('\ud800' <= character <= '\udfff' for character in given):
            raise TraitError(f'{name} is text that a file can be named by, not {short_repr(given)}')
        if name == 'table' and given:
            try:
                history_table(given)
            except StorageError as e:
                raise TraitError(str(e)) from None
        if name == 'filename' and Path(given).name in ('', '.', '..'):
            raise TraitError(f"filename is the name of a file, such as 'tasks.db', not {short_repr(given)}")
        return given

    def _path(self) -> str:
        path = Path(self.location, os.path.expanduser(self.filename)).absolute()
        if not path.parent.is_dir():
            raise StorageError(
                f'{path.parent}: there is no such directory; create it, or set c.SQLiteDB.location to another'
            )
        if path.is_dir():
            raise StorageError(f'{path}: this is a directory; c.SQLiteDB.filename is the name of a file')
        return str(path)

    def add_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """See HubDatabase."""
        super().add_record(msg_id, rec)
        if not self._started:
            # Not in __init__: the controller forks its schedulers after that.
            self._retention.start()
            self._store.checkpoint_in_background(self.log.error)
            self._started = True

    def drop_matching_records(self, check: Query) -> None:
        """See HubDatabase. Of many records the call waits only until no answer has them any more."""
        super().drop_matching_records(check)
        self._retention.start()

    @property
    def purging(self) -> bool:
        """Whether the file still holds records that were purged."""
        return self._store.purging

    def _culled(self, msg_id: str) -> bool:
        return self._retention.culled(msg_id)

    def close(self) -> None:
        """Close the file. The end of the process does it, too, unless it is killed."""
        atexit.unregister(self.close)
        with closing(self._tasks):
            self._retention.close()


def _profile_directory() -> str:
    profile = BaseIPythonApplication.instance().profile_dir if BaseIPythonApplication.initialized() else None
    return str(profile.location) if profile is not None else '.'
