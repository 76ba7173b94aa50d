"""What a database last held of the records that were used here, for the time in which it cannot be asked."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from mqsql.errors import MissingRecordError, RecordError, short_repr
from mqsql.schema import BUFFERS, Record, Table
from mqsql.schema.columns import decoder

ROOM = 16 * 2**20
"""Bytes, about."""

_OVERHEAD = 1_000  # bytes of a record besides its values

_Stored = dict[str, Any]


class RecentRecords:
    """The records of a table that were last used, without buffers, in up to `room` bytes; and the keys that had no record.

    What it says is true only while nobody else changes them: of a task, one hub writes the record.
    """

    def __init__(self, table: Table, room: int = ROOM) -> None:
        self._table, self._room, self._size = table, room, 0
        self._decoders = {column: decoder(kind) for column, kind in table.columns.items() if kind is not BUFFERS}
        self._records: OrderedDict[str, _Stored | None] = OrderedDict()

    def note(self, key: str, record: Mapping[str, Any]) -> None:
        """This is the record of the key."""
        self._put(key, record, {})

    def note_missing(self, key: str) -> None:
        """There is no record of this key."""
        self.forget(key)
        self._keep(key, None)

    def note_changes(self, key: str, changes: Mapping[str, Any]) -> None:
        """These values of the record have changed, or it is new and has no others."""
        if key in self._records:
            self._put(key, changes, self._records[key] or {})

    def _put(self, key: str, values: Mapping[str, Any], before: _Stored) -> None:
        self.forget(key)
        try:
            stored = self._table.encode(values)
        except RecordError:
            return  # the database takes more than this; it is simply not known here
        self._keep(key, before | {column: value for column, value in stored.items() if column in self._decoders})

    def _keep(self, key: str, stored: _Stored | None) -> None:
        self._records[key] = stored
        self._size += _bytes(key, stored)
        while self._size > self._room:
            self.forget(next(iter(self._records)))

    def forget(self, key: str) -> None:
        """Say nothing of this key."""
        if key in self._records:
            self._size -= _bytes(key, self._records.pop(key))

    def clear(self) -> None:
        """Say nothing of any key."""
        self._records.clear()
        self._size = 0

    def get(self, key: str) -> Record | None:
        """The record, or None if it is not known; MissingRecordError if there is none."""
        if key not in self._records:
            return None
        stored = self._records[key]
        if stored is None:
            raise MissingRecordError(f'there is no record with {self._table.key} {short_repr(key)}')
        values = {column: self._decoders[column](value) for column, value in stored.items() if value is not None}
        return dict.fromkeys(self._table.all_keys) | {self._table.key: key} | values


def _bytes(key: str, stored: _Stored | None) -> int:
    return _OVERHEAD + len(key) + sum(len(str(value)) for value in (stored or {}).values())
