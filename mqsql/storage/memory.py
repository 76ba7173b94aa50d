"""The store over plain dicts, searched by the reference. Imports `errors`, `reference` and `schema` of the project."""

from collections.abc import Iterator
from copy import deepcopy
from threading import RLock
from typing import Any, Unpack

from mqsql import reference
from mqsql.errors import DuplicateRecordError, StorageError, shown
from mqsql.schema import TASKS, Index, Record, Table
from mqsql.storage.base import CountOptions, DistinctOptions, Explanation, Keys, Options, Query, Store


class DictStore(Store):
    """Records in a dict of this process, gone when it is closed; the slow and plain counterpart of the others."""

    def __init__(self, *, readonly: bool = False, table: Table = TASKS) -> None:
        super().__init__(table, readonly=readonly)
        self._records: dict[str, Record] | None = {}
        self._lock = RLock()

    @property
    def _open(self) -> dict[str, Record]:
        if self._records is None:
            raise StorageError('dict:: the store is closed; open it again')
        return self._records

    def _add(self, key: str, record: Record) -> None:
        values = self.table.read(record)
        with self._lock:
            if key in self._open:
                raise DuplicateRecordError(f'there is already a record with {self.table.key} {shown(key)}')
            self._open[key] = dict.fromkeys(self.table.all_keys) | values

    def _known(self, key: str) -> Record:
        if key not in self._open:
            raise self._missing(key)
        return self._open[key]

    def _get(self, key: str) -> Record:
        with self._lock:
            return deepcopy(self._known(key))

    def _update(self, key: str, changes: Record) -> None:
        values = self.table.read(changes)
        with self._lock:
            self._open[key] = self._known(key) | values

    def _drop(self, key: str) -> None:
        with self._lock:
            self._known(key)
            del self._open[key]

    def _find(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Iterator[Record]:
        with self._lock:
            records = list(self._open.values())
        return iter(reference.find(records, query, keys, **options, table=self.table))

    def _count(self, query: Query | None, **options: Unpack[CountOptions]) -> int:
        with self._lock:
            return reference.count(list(self._open.values()), query, **options, table=self.table)

    def _distinct(self, key: str, query: Query | None, **options: Unpack[DistinctOptions]) -> list[Any]:
        with self._lock:
            return reference.distinct(list(self._open.values()), key, query, **options, table=self.table)

    def _explain(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Explanation:
        """See Store; there is no SQL here."""
        self._find(query, keys, **options)
        return Explanation('', {}, ('every record is tested in turn',), ())

    def _drop_matching(self, query: Query) -> None:
        with self._lock:
            for record in reference.find(list(self._open.values()), query, [], table=self.table):
                del self._open[record[self.table.key]]

    def _look_for_indexes(self) -> None:
        """No other process has these."""

    def _create_index(self, table: Table, index: Index) -> None:
        """Dicts are searched from end to end."""

    def _drop_index(self, table: Table, index: Index) -> None:
        """See `_create_index`."""

    def get_history(self) -> list[str]:
        """See Store."""
        sort = 'submitted' if 'submitted' in self.table.columns else None
        return [record[self.table.key] for record in self.find({}, [], sort=sort)]

    def close(self) -> None:
        """See Store; the records are gone."""
        self._records = None
