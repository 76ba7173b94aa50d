"""The task database of an IPython Parallel hub, in an SQLite file. Imports `errors`, `schema` and `storage`.

One line of ipcontroller_config.py turns it on:

    c.IPController.db_class = 'mqsql.hub.SQLiteDB'

The options that ipyparallel's own SQLiteDB has keep their meaning: `c.SQLiteDB.filename`, `location`, `table`.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dateutil.tz import tzlocal
from ipyparallel.controller.dictdb import BaseDB
from IPython.core.application import BaseIPythonApplication
from traitlets import Bool, CaselessStrEnum, Float, Integer, TraitError, Unicode, validate

from mqsql.errors import DuplicateRecordError, MissingRecordError, StorageError, shown
from mqsql.schema import TASKS, Record
from mqsql.storage.backlog import Backlog
from mqsql.storage.base import Keys, Query
from mqsql.storage.connection import JOURNAL_MODES, MAX_TIMEOUT, SYNCHRONOUS, Settings
from mqsql.storage.output import Output
from mqsql.storage.retention import Limits, Retention
from mqsql.storage.shipped import SHIPPED_TABLE, History, history_table
from mqsql.storage.sqlite import SqliteStore
from mqsql.storage.storable import Storable

DEEPEST = 300
"""Levels of a query, more than a store takes; it says so."""

MAX_SECONDS = 1e10
"""Three centuries; much more leads to times that Python does not have."""


class Seconds(Float[float, Any]):
    """A number of seconds, neither infinite nor NaN."""

    def __init__(self, default: float, *, max: float = MAX_SECONDS, help: str) -> None:
        super().__init__(default, min=0, max=max, help=help)

    def validate(self, obj: Any, value: Any) -> Any:
        """The number; TraitError says what to write."""
        seconds = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
        if not 0 <= seconds <= self.max:
            raise TraitError(f'{self.name} is a number of seconds from 0 to {self.max:,.0f}, not {shown(value)}')
        return float(seconds)


class SQLiteDB(BaseDB):  # type: ignore[misc]
    """Keeps the hub's task records in an SQLite file. Each call is on disk when it returns."""

    filename = Unicode('tasks.db', help='The name of the file.').tag(config=True)
    location = Unicode(
        '',
        help="""The directory of the file; by default the profile's, or else the current one. It must exist; ~ stands for
        the home directory.""",
    ).tag(config=True)
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
    busy_timeout = Seconds(
        0.2,
        max=MAX_TIMEOUT,
        help="""How many seconds to wait while another process writes to the file. The hub does nothing meanwhile; then it
        keeps in memory what it has to write.""",
    ).tag(config=True)
    memory_limit = Integer(
        256 * 2**20,
        min=0,
        help="""How many bytes of records are kept in memory while the file cannot be written (the disk is full, another
        program keeps it locked). They are written as soon as that is possible again; what goes beyond is lost.""",
    ).tag(config=True)

    query_timeout = Seconds(
        10.0,
        max=MAX_TIMEOUT,
        help="""How many seconds a query of a client may take, 0 for any time. The hub does nothing else meanwhile.""",
    ).tag(config=True)
    record_limit = Integer(
        0, min=0, help='How many records are kept, 0 for all. The oldest finished tasks go first, pending ones never.'
    ).tag(config=True)
    size_limit = Integer(
        0, min=0, help='How many bytes of the file may be in use, 0 for any number. The oldest finished tasks go first.'
    ).tag(config=True)
    max_age = Seconds(0, help='How many seconds after its end a task is dropped, 0 for never.').tag(config=True)
    drop_buffers_after = Seconds(
        0,
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
        self.location = os.path.expanduser(self.location) or _profile_directory()
        self._file = SqliteStore(
            self._path(),
            table=history_table(self.table or f'_{self.session}'),
            settings=Settings(self.journal_mode, self.synchronous, self.busy_timeout, self.query_timeout),
            history=History(self.table, self.log.warning, adopt=self.adopt),
            say=self.log.warning,
        )
        tasks = Backlog(self._file, self.memory_limit, self.log.error)
        self._store = Output(tasks, self._file, self.log.error)
        limits = Limits(self.record_limit, self.size_limit, self.max_age, self.drop_buffers_after)
        self._retention = Retention(tasks, self._file, limits, self.log.warning)
        self._storable, self._reported = Storable(TASKS, self.log.error), set[str]()

    @validate('filename', 'location', 'table')
    def _usable_text(self, proposal: Any) -> str:
        name, given = proposal['trait'].name, str(proposal['value'])
        if '\0' in given or any('\ud800' <= character <= '\udfff' for character in given):
            raise TraitError(f'{name} is text that a file can be named by, not {shown(given)}')
        if name == 'table' and given:
            try:
                history_table(given)
            except StorageError as e:
                raise TraitError(str(e)) from None
        if name == 'filename' and Path(given).name in ('', '.', '..'):
            raise TraitError(f"filename is the name of a file, such as 'tasks.db', not {shown(given)}")
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
        """Store a new record. If its output came first and began it, only what `rec` knows is added.

        A value that cannot be stored, or a key that is not known, is left out, of a document as little as can be; the log
        names it once for each key and type. A task whose `msg_id` is no text is named in the log only.
        """
        # Not in __init__: the controller forks its schedulers after that.
        self._retention.start()
        self._file.checkpoint_beside(self.log.error)
        self._write(self._add, msg_id, rec)

    def _add(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        try:
            self._store.add_record(msg_id, rec)
        except DuplicateRecordError:
            self._store.update_record(msg_id, {key: value for key, value in rec.items() if value})

    def _write(self, write: Callable[[str, Mapping[str, Any]], None], msg_id: Any, rec: Mapping[str, Any]) -> None:
        """Write a record or changes of one, without what cannot be stored."""
        try:
            write(msg_id, rec)
        except (MissingRecordError, StorageError):
            raise
        except Exception as e:  # whatever a foreign object raises when it is looked at
            if not _names_a_task(msg_id):
                self._report(f'A task whose msg_id is {shown(msg_id)} cannot be recorded', e)
            else:
                # The task is named by the call, whatever its record says.
                kept = {key: value for key, value in rec.items() if key != TASKS.key}
                write(msg_id, self._storable.record(kept))

    def _report(self, what: str, error: Exception) -> None:
        if str(error) not in self._reported:
            self._reported.add(str(error))
            self.log.error('%s (said once): %s', what, error, exc_info=True)

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
            self._report('The record of a task cannot be read', e)
            raise KeyError(str(e)) from e

    def update_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """Give some keys of a record new values; KeyError if there is no such record.

        Of several messages in `display_data` the last stands there, the others under its key "earlier", in order; the last
        too if it is no dict, or has a key "earlier" of its own. What cannot be stored is left out as in `add_record`.
        """
        self._write(self._update, msg_id, rec)

    def _update(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        self._store.update_record(msg_id, {**rec, **self._with_earlier(msg_id, rec.get('display_data'))})

    def _with_earlier(self, msg_id: str, shown: Any) -> Record:
        before = self._store.get_record(msg_id)['display_data'] if shown else None
        if not before or before == shown:
            return {}
        earlier = []
        if isinstance(before, dict) and isinstance(before.get('earlier'), list):
            earlier = before.pop('earlier')
        displays = [*earlier, *([before] if before else [])]
        if isinstance(shown, Mapping) and 'earlier' not in shown:
            return {'display_data': {**shown, 'earlier': displays}}
        return {'display_data': {'earlier': [*displays, shown]}}

    def drop_record(self, msg_id: Any) -> None:
        """Delete a record; KeyError if there is none."""
        if not _names_a_task(msg_id):
            raise MissingRecordError(f'there is no record with msg_id {shown(msg_id)}')
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
        return self._store.find_records(_as_written(check, {}), keys)

    def get_history(self) -> list[str]:
        """All msg_ids by time of submission; those without one, of which only output is known, come first."""
        return self._store.get_history()

    def close(self) -> None:
        """Close the file. The controller never calls this, and need not unless something is kept in memory."""
        self._retention.close()
        self._store.close()


def _as_written(value: Any, seen: dict[int, Any], depth: int = 0) -> Any:
    """A query whose texts without a zone are in UTC, as they are for every store; `seen` is what is written already.

    The hub makes datetimes of the texts in a query, by which dateutil's `tzlocal` marks those that have no zone.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if isinstance(value.tzinfo, tzlocal) else value
    if depth > DEEPEST or not isinstance(value, dict | list):
        return value
    if id(value) not in seen:
        seen[id(value)] = value  # what holds itself is refused later
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        written = {key: _as_written(part, seen, depth + 1) for key, part in parts}
        seen[id(value)] = written if isinstance(value, dict) else list(written.values())
    return seen[id(value)]


def _profile_directory() -> str:
    profile = BaseIPythonApplication.instance().profile_dir if BaseIPythonApplication.initialized() else None
    return str(profile.location) if profile is not None else '.'


def _names_a_task(msg_id: object) -> bool:
    return isinstance(msg_id, str) or (isinstance(msg_id, bytes) and msg_id.isascii())


def config() -> str:
    """All options as lines for ipcontroller_config.py, each with its help and commented out."""
    return "c.IPController.db_class = 'mqsql.hub.SQLiteDB'\n\n" + str(SQLiteDB.class_config_section())
