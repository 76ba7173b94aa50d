"""The task database of an IPython Parallel hub, in an SQLite file. Imports `errors`, `schema` and `storage`.

One line of ipcontroller_config.py turns it on:

    c.IPController.db_class = 'mqsql.hub.SQLiteDB'

The options that ipyparallel's own SQLiteDB has keep their meaning: `c.SQLiteDB.filename`, `location`, `table`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dateutil.tz import tzlocal
from ipyparallel.controller.dictdb import BaseDB
from IPython.core.application import BaseIPythonApplication
from traitlets import Bool, CaselessStrEnum, Float, Integer, Unicode

from mqsql.errors import DuplicateRecordError, MissingRecordError, shown
from mqsql.schema import TASKS, Record
from mqsql.storage.backlog import Backlog
from mqsql.storage.base import Keys, Query
from mqsql.storage.connection import JOURNAL_MODES, SYNCHRONOUS, Settings
from mqsql.storage.output import Output
from mqsql.storage.retention import Limits, Retention
from mqsql.storage.shipped import SHIPPED_TABLE, History, history_table
from mqsql.storage.sqlite import SqliteStore

DEEPEST = 300
"""Levels of a query, more than a store takes; it says so."""


class SQLiteDB(BaseDB):  # type: ignore[misc]
    """Keeps the hub's task records in an SQLite file. Each call is on disk when it returns."""

    filename = Unicode('tasks.db', help='The name of the file.').tag(config=True)
    location = Unicode('', help="The directory of the file; by default the profile's, or else the current one.").tag(
        config=True
    )
    table = Unicode(
        SHIPPED_TABLE,
        help=f"""The name of the history in the file. Controllers that name the same one share their records, those of
        earlier sessions included; '' starts a new one for each session. The table is called {TASKS.name} for the
        default and <name>_records for any other.""",
    ).tag(config=True)
    journal_mode = CaselessStrEnum(
        JOURNAL_MODES,
        Settings.journal_mode,
        help="""SQLite's journal. With 'wal' readers never delay the hub; on a network file system use 'delete'.""",
    ).tag(config=True)
    synchronous = CaselessStrEnum(
        SYNCHRONOUS,
        Settings.synchronous,
        help="""How hard each call is made to last. With 'normal' the end of a process loses nothing, a loss of power
        perhaps the last moments; with 'full' not even that, at a price for each call; 'off' risks the file.""",
    ).tag(config=True)
    busy_timeout = Float(
        0.2,
        min=0,
        help="""How many seconds to wait while another process writes to the file. The hub does nothing meanwhile; then it
        keeps in memory what it has to write.""",
    ).tag(config=True)
    memory_limit = Integer(
        256 * 2**20,
        min=0,
        help="""How many bytes of records are kept in memory while the file cannot be written (the disk is full, another
        program keeps it locked). They are written as soon as that is possible again; what goes beyond is lost.""",
    ).tag(config=True)

    query_timeout = Float(
        10.0,
        min=0,
        help="""How many seconds a query of a client may take, 0 for any time. The hub does nothing else meanwhile.""",
    ).tag(config=True)
    record_limit = Integer(
        0, min=0, help='How many records are kept, 0 for all. The oldest finished tasks go first, pending ones never.'
    ).tag(config=True)
    size_limit = Integer(
        0, min=0, help='How many bytes of the file may be in use, 0 for any number. The oldest finished tasks go first.'
    ).tag(config=True)
    max_age = Float(0, min=0, help='How many seconds after its end a task is dropped, 0 for never.').tag(config=True)
    drop_buffers_after = Float(
        0,
        min=0,
        help="""How many seconds after its end the buffers of a task are dropped, its arguments and its result; the rest of
        its record stays. 0 for never.""",
    ).tag(config=True)
    adopt = Bool(
        True,
        help="""Whether a file that ipyparallel's own SQLiteDB wrote is adopted when it is first opened: its records are
        copied into our table, all or none. Its tables are left as they are, and the records of later use of that class
        are not copied.""",
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.location = self.location or _profile_directory()
        self._file = SqliteStore(
            str(Path(self.location, self.filename).absolute()),
            table=history_table(self.table or f'_{self.session}'),
            settings=Settings(self.journal_mode, self.synchronous, self.busy_timeout, self.query_timeout),
            history=History(self.table, self.log.warning, adopt=self.adopt),
        )
        tasks = Backlog(self._file, self.memory_limit, self.log.error)
        self._store = Output(tasks, self._file)
        limits = Limits(self.record_limit, self.size_limit, self.max_age, self.drop_buffers_after)
        self._retention = Retention(tasks, self._file, limits, self.log.warning)
        self._reported: set[str] = set()

    def add_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """Store a new record. If its output came first and began it, only what `rec` knows is added."""
        # Not in __init__: the controller forks its schedulers after that.
        self._retention.start()
        self._file.checkpoint_beside()
        try:
            self._store.add_record(msg_id, rec)
        except DuplicateRecordError:
            self._store.update_record(msg_id, {key: value for key, value in rec.items() if value})

    def get_record(self, msg_id: str) -> Record:
        """The record of a task; KeyError, which is all that the hub expects, if there is none or it cannot be read."""
        try:
            return self._store.get_record(msg_id)
        except MissingRecordError:
            if self._retention.culled(msg_id):
                raise MissingRecordError(f'the record with msg_id {shown(msg_id)} was culled to keep a limit') from None
            raise
        except Exception as e:
            # The hub would not record the task at all if anything but KeyError left this.
            if str(e) not in self._reported:
                self._reported.add(str(e))
                self.log.error('The record of a task cannot be read (said once): %s', e, exc_info=True)
            raise KeyError(str(e)) from e

    def update_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """Give some keys of a record new values; KeyError if there is no such record.

        Of several messages in `display_data` the last stands there, the others under its key "earlier", in order.
        """
        self._store.update_record(msg_id, {**rec, **self._with_earlier(msg_id, rec.get('display_data'))})

    def _with_earlier(self, msg_id: str, shown: dict[str, Any] | None) -> Record:
        before = self._store.get_record(msg_id)['display_data'] if shown else None
        if not before or before == shown:
            return {}
        return {'display_data': {**shown, 'earlier': [*before.pop('earlier', []), before]}} if shown else {}

    def drop_record(self, msg_id: str) -> None:
        """Delete a record; KeyError if there is none."""
        self._store.drop_record(msg_id)

    def drop_matching_records(self, check: Query) -> None:
        """Delete the records that match a query.

        The hub's words for all records that are finished also stand for those that never will be, since only output is
        known of them: of a broadcast, or of a task whose request did not reach the hub.
        """
        every = dict(check) == {'completed': {'$ne': None}}
        self._store.drop_matching_records({'$or': [check, {'submitted': None}]} if every else check)

    def find_records(self, check: Query, keys: Keys = None) -> list[Record]:
        """The records that match a query, with all keys or those asked for; msg_id always."""
        return self._store.find_records(_as_written(check), keys)

    def get_history(self) -> list[str]:
        """All msg_ids by time of submission; those without one, of which only output is known, come first."""
        return self._store.get_history()

    def close(self) -> None:
        """Close the file. The controller never calls this, and need not unless something is kept in memory."""
        self._retention.close()
        self._store.close()


def _as_written(value: Any, depth: int = 0) -> Any:
    """A query whose texts without a zone are in UTC, as they are for every store.

    The hub makes datetimes of the texts in a query, by which dateutil's `tzlocal` marks those that have no zone.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if isinstance(value.tzinfo, tzlocal) else value
    if depth > DEEPEST:
        return value
    if isinstance(value, dict):
        return {key: _as_written(each, depth + 1) for key, each in value.items()}
    return [_as_written(each, depth + 1) for each in value] if isinstance(value, list) else value


def _profile_directory() -> str:
    profile = BaseIPythonApplication.instance().profile_dir if BaseIPythonApplication.initialized() else None
    return str(profile.location) if profile is not None else '.'


def config() -> str:
    """All options as lines for ipcontroller_config.py, each with its help and commented out."""
    return "c.IPController.db_class = 'mqsql.hub.SQLiteDB'\n\n" + str(SQLiteDB.class_config_section())
