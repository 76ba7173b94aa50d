"""What the databases of a hub share: the methods that the hub calls, and what they promise.

A hub hears of a task once, and cannot ask again. So a value that cannot be stored costs only itself, and no error but KeyError
leaves the methods that record tasks.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from dateutil.tz import tzlocal
from ipyparallel.controller.dictdb import BaseDB
from traitlets import Float, TraitError

from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, StorageError, short_repr
from mqsql.hub.joining import joined, with_earlier
from mqsql.hub.storable import Storable
from mqsql.schema import TASKS, Record
from mqsql.settings import MAX_TIMEOUT
from mqsql.storage.base import Keys, Query, Store
from mqsql.values.plain import read_plain

DEEPEST = 300
"""Levels of a query that are read here; a store takes less and refuses more."""

MAX_SECONDS = 1e10
"""Three centuries; much more leads to times outside the years of Python."""

FINISHED = {'$or': [{'completed': {'$ne': None}}, {'submitted': None}]}
"""What the hub's purge of all finished records drops: also those that will never finish, as only output is known of them."""


class Seconds(Float[float, Any]):
    """A number of seconds, neither infinite nor NaN."""

    def __init__(self, default: float, *, min: float = 0, max: float = MAX_SECONDS, help: str) -> None:
        super().__init__(default, min=min, max=max, help=help)

    def validate(self, obj: Any, value: Any) -> Any:
        """The number; TraitError says what to write."""
        seconds = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
        if not self.min <= seconds <= self.max:
            raise TraitError(
                f'{self.name} is a number of seconds from {self.min:g} to {self.max:,.0f}, not {short_repr(value)}'
            )
        return float(seconds)


def query_timeout() -> Seconds:
    """The option of each database, which is listed for the class that has it."""
    words = 'Seconds that a query of a client may take; 0 is no limit. The hub is blocked meanwhile.'
    return Seconds(10.0, max=MAX_TIMEOUT, help=words).tag(config=True)


class Tasks(Protocol):
    """A store, or what stands before one, through which a hub records and asks; the methods are those of Store."""

    def add_record(self, key: str, record: Mapping[str, Any], /) -> None: ...

    def get_record(self, key: str, /) -> Record: ...

    def update_record(self, key: str, changes: Mapping[str, Any], /) -> None: ...

    def drop_record(self, key: str, /) -> None: ...

    def drop_matching_records(self, query: Query, /) -> None: ...

    def find_records(self, query: Query, keys: Keys = None, /) -> list[Record]: ...

    def get_history(self) -> list[str]: ...

    def close(self) -> None: ...


class HubDatabase(BaseDB):  # type: ignore[misc]
    """The task records of a hub, with the methods of ipyparallel's own databases."""

    _store: Store
    """Where the records are."""
    _tasks: Tasks
    """Through which they are read and changed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._storable = Storable(TASKS, self.log.error, lambda value, depth: self._store.coerce_value(value, depth))
        self._reported = set[object]()

    def _culled(self, msg_id: str) -> bool:
        """Whether the record of this id was dropped to keep a limit."""
        return False

    def add_record(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        """Store a new record. If output of the task has come first, the record exists, and the values of `rec` are added.

        A value that cannot be stored, or an unknown key, is left out, of a document as little as possible; the log names it
        once for each key and type. A task whose `msg_id` is not text is not stored; the log names it.
        """
        try:
            key = self._store.read_key(msg_id)
        except RecordError as e:
            self._report(f'A task whose msg_id is {short_repr(msg_id)} cannot be recorded', e)
            return
        self._write(self._add, key, rec)

    def _add(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        try:
            self._tasks.add_record(msg_id, rec)
        except DuplicateRecordError:
            self._tasks.update_record(msg_id, joined(self._tasks.get_record(msg_id), rec))

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
        key = self._store.read_known_key(msg_id)
        try:
            return self._tasks.get_record(key)
        except MissingRecordError:
            if self._culled(key):
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
        self._write(self._update, self._store.read_known_key(msg_id), rec)

    def _update(self, msg_id: str, rec: Mapping[str, Any]) -> None:
        if display := rec.get('display_data'):
            before = self._tasks.get_record(msg_id)['display_data']
            rec = {**rec, 'display_data': with_earlier(before, display)}
        self._tasks.update_record(msg_id, rec)

    def drop_record(self, msg_id: Any) -> None:
        """Delete a record; KeyError if there is none."""
        self._tasks.drop_record(self._store.read_known_key(msg_id))

    def drop_matching_records(self, check: Query) -> None:
        """Delete the records that match a query.

        The hub's query for all finished records also includes those that will never finish, since only output is
        known of them: of a broadcast, or of a task whose request did not reach the hub.
        """
        check = read_plain(check)
        self._tasks.drop_matching_records(FINISHED if check == {'completed': {'$ne': None}} else check)

    def find_records(self, check: Query, keys: Keys = None) -> list[Record]:
        """The records that match a query, with all keys or those asked for; msg_id always."""
        return self._tasks.find_records(_as_written(read_plain(check), {}), keys)

    def get_history(self) -> list[str]:
        """All msg_ids by time of submission; those without one, of which only output is known, come first."""
        return self._tasks.get_history()

    def close(self) -> None:
        """Close the database. The controller never calls this, and need not unless something is kept in memory."""
        self._tasks.close()


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
