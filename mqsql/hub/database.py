"""The task database of an IPython Parallel hub, in an SQLite file.

One line of ipcontroller_config.py turns it on:

    c.IPController.db_class = 'mqsql.hub.SQLiteDB'

The options that ipyparallel's own SQLiteDB has keep their meaning: `c.SQLiteDB.filename`, `location`, `table`.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dateutil.tz import tzlocal
from ipyparallel.controller.dictdb import BaseDB
from IPython.core.application import BaseIPythonApplication
from traitlets import Bool, CaselessStrEnum, Float, Integer, TraitError, Unicode, validate

from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, StorageError, short_repr
from mqsql.hub.append_log import AppendLog
from mqsql.hub.legacy import LegacyHistory, history_table
from mqsql.hub.retention import Limits, Retention
from mqsql.hub.storable import Storable
from mqsql.hub.write_buffer import WriteBuffer
from mqsql.schema import TASKS, Record
from mqsql.settings import JOURNAL_MODES, LEGACY_TABLE, MAX_TIMEOUT, SYNCHRONOUS, Settings
from mqsql.storage.base import Keys, Query
from mqsql.storage.sqlite.store import SqliteStore
from mqsql.values.plain import read_plain

DEEPEST = 300
"""Levels of a query that are read here; a store takes less and refuses more."""

MAX_SECONDS = 1e10
"""Three centuries; much more leads to times outside the years of Python."""


class Seconds(Float[float, Any]):
    """A number of seconds, neither infinite nor NaN."""

    def __init__(self, default: float, *, max: float = MAX_SECONDS, help: str) -> None:
        super().__init__(default, min=0, max=max, help=help)

    def validate(self, obj: Any, value: Any) -> Any:
        """The number; TraitError says what to write."""
        seconds = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
        if not 0 <= seconds <= self.max:
            raise TraitError(f'{self.name} is a number of seconds from 0 to {self.max:,.0f}, not {short_repr(value)}')
        return float(seconds)


class SQLiteDB(BaseDB):  # type: ignore[misc]
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

    query_timeout = Seconds(
        10.0,
        max=MAX_TIMEOUT,
        help="""Seconds that a query of a client may take; 0 is no limit. The hub is blocked meanwhile.""",
    ).tag(config=True)
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
        self._file = SqliteStore(
            self._path(),
            table=history_table(self.table or f'_{self.session}'),
            settings=Settings(self.journal_mode, self.synchronous, self.busy_timeout, self.query_timeout),
            history=LegacyHistory(self.table, self.log.warning, adopt=self.adopt),
            say=self.log.warning,
        )
        tasks = WriteBuffer(self._file, self.memory_limit, self.log.error)
        self._store = AppendLog(tasks, self._file, self.log.error)
        limits = Limits(self.record_limit, self.size_limit, self.max_age, self.drop_buffers_after)
        self._retention = Retention(tasks, self._file, limits, self.log.warning)
        self._storable, self._reported = Storable(TASKS, self.log.error), set[object]()

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
        """Store a new record. If output of the task has come first, the record exists, and the values of `rec` are added.

        A value that cannot be stored, or an unknown key, is left out, of a document as little as possible; the log names it
        once for each key and type. A task whose `msg_id` is not text is not stored; the log names it.
        """
        try:
            key = self._file.read_key(msg_id)
        except RecordError as e:
            self._report(f'A task whose msg_id is {short_repr(msg_id)} cannot be recorded', e)
            return
        self._write(self._add, key, rec)
        # Not in __init__: the controller forks its schedulers after that.
        self._retention.start()
        self._file.checkpoint_in_background(self.log.error)

    def _add(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        try:
            self._store.add_record(msg_id, rec)
        except DuplicateRecordError:
            self._store.update_record(msg_id, {key: value for key, value in rec.items() if value})

    def _write(self, write: Callable[[str, Mapping[str, Any]], None], msg_id: str, rec: Mapping[str, Any]) -> None:
        """Write a record, or changes of one, without the values that cannot be stored."""
        try:
            write(msg_id, rec)
        except (MissingRecordError, StorageError):
            raise
        except Exception:  # objects of other libraries may raise anything when they are read
            self._write_storable(write, msg_id, self._storable.record(rec))

    def _write_storable(self, write: Callable[[str, Record], None], msg_id: str, rec: Record) -> None:
        try:
            write(msg_id, rec)
        except RecordError as e:  # a value is larger than SQLite stores, say, or nested too deep with earlier displays
            if not rec:
                raise
            self._write_storable(write, msg_id, self._storable.less(rec, e))

    def _report(self, what: str, error: Exception) -> None:
        kind = type(error), type(error.__cause__)
        if kind not in self._reported:
            self._reported.add(kind)
            self.log.error('%s (said once): %s', what, error, exc_info=True)

    def get_record(self, msg_id: str) -> Record:
        """The record of a task; KeyError, which is all that the hub expects, if there is none or it cannot be read."""
        key = self._file.read_known_key(msg_id)
        try:
            return self._store.get_record(key)
        except MissingRecordError:
            if self._retention.culled(key):
                raise MissingRecordError(
                    f'the record with msg_id {short_repr(key)} was culled to keep a limit'
                ) from None
            raise
        except Exception as e:
            # The hub would not record the task at all if anything but KeyError left this.
            self._report('The record of a task cannot be read', e)
            raise KeyError(str(e)) from e

    def update_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """Give some keys of a record new values; KeyError if there is no such record.

        Of several messages in `display_data` the last one is kept, with the others under its key "earlier", in order; if the
        last is not a dict, or has a key "earlier" itself, all are under "earlier". Values that cannot be stored are left out
        as in `add_record`.
        """
        self._write(self._update, self._file.read_known_key(msg_id), rec)

    def _update(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        self._store.update_record(msg_id, {**rec, **self._with_earlier(msg_id, rec.get('display_data'))})

    def _with_earlier(self, msg_id: str, short_repr: Any) -> Record:
        before = self._store.get_record(msg_id)['display_data'] if short_repr else None
        if not before or before == short_repr:
            return {}
        earlier = []
        if isinstance(before, dict) and isinstance(before.get('earlier'), list):
            earlier = before.pop('earlier')
        displays = [*earlier, *([before] if before else [])]
        if isinstance(short_repr, Mapping) and 'earlier' not in short_repr:
            return {'display_data': {**short_repr, 'earlier': displays}}
        return {'display_data': {'earlier': [*displays, short_repr]}}

    def drop_record(self, msg_id: Any) -> None:
        """Delete a record; KeyError if there is none."""
        self._store.drop_record(self._file.read_known_key(msg_id))

    def drop_matching_records(self, check: Query) -> None:
        """Delete the records that match a query.

        The hub's query for all finished records also includes those that will never finish, since only output is
        known of them: of a broadcast, or of a task whose request did not reach the hub.
        """
        check = read_plain(check)
        every = check == {'completed': {'$ne': None}}
        self._store.drop_matching_records({'$or': [check, {'submitted': None}]} if every else check)

    def find_records(self, check: Query, keys: Keys = None) -> list[Record]:
        """The records that match a query, with all keys or those asked for; msg_id always."""
        return self._store.find_records(_as_written(read_plain(check), {}), keys)

    def get_history(self) -> list[str]:
        """All msg_ids by time of submission; those without one, of which only output is known, come first."""
        return self._store.get_history()

    def close(self) -> None:
        """Close the file. The controller never calls this, and need not unless something is kept in memory."""
        with closing(self._store):
            self._retention.close()


def _as_written(value: Any, seen: dict[int, Any], depth: int = 0) -> Any:
    """The query with its times of texts without a zone in UTC, as in every store; `seen` holds the parts that are done.

    The hub makes datetimes of the texts in a query; those without a zone have dateutil's `tzlocal`.
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


def config() -> str:
    """All options as lines for ipcontroller_config.py, each with its help and commented out."""
    return "c.IPController.db_class = 'mqsql.hub.SQLiteDB'\n\n" + str(SQLiteDB.class_config_section())
