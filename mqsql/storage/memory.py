"""The store over plain dicts, searched by the reference."""

from contextlib import nullcontext
from copy import deepcopy
from typing import Any, Unpack

from mqsql import limits, reference
from mqsql.errors import StorageError
from mqsql.schema import TASKS, Index, Record, Table
from mqsql.storage.base import CountOptions, DistinctOptions, Explanation, Keys, Options, Query, Store
from mqsql.storage.indexes import IndexKeys, with_index, without_index
from mqsql.storage.queries import Cursor


class DictStore(Store):
    """Records in a dict of this process, gone when it is closed; the slow and plain counterpart of the others."""

    def __init__(self, *, readonly: bool = False, table: Table = TASKS, query_timeout: float = 0) -> None:
        super().__init__('dict:', table, readonly=readonly, query_timeout=query_timeout)
        self._records: dict[str, Record] = {}

    @property
    def _open(self) -> dict[str, Record]:
        if self.closed:
            raise StorageError('dict:: the store is closed; open it again')
        return self._records

    def _encode(self, record: Record) -> Record:
        """The values themselves are stored."""
        return self.table.normalize(record)

    def _add(self, key: str, record: Record) -> None:
        self._add_all([self._encode(record)])

    def _add_all(self, records: list[Record]) -> None:
        new: dict[str, Record] = {}
        with self._lock:
            for record in records:
                key = record[self.table.key]
                if key in self._open or key in new:
                    raise self._duplicate(key)
                new[key] = dict.fromkeys(self.table.all_keys) | record
            self._open.update(new)

    def _known(self, key: str) -> Record:
        if key not in self._open:
            raise self._missing(key)
        return self._open[key]

    def _get(self, key: str) -> Record:
        with self._lock:
            return deepcopy(self._known(key))

    def _update(self, key: str, changes: Record) -> None:
        values = self.table.normalize(changes)
        with self._lock:
            self._open[key] = self._known(key) | values

    def _drop(self, key: str) -> None:
        with self._lock:
            self._known(key)
            del self._open[key]

    def _all(self) -> list[Record]:
        with self._lock:
            return list(self._open.values())

    def _find(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Cursor:
        with self._queries.answering() as deadline:
            found = reference.found(self._all(), query, keys, **options, table=self.table)
        return Cursor(self._queries, deadline, found, dict, nullcontext())

    def _count(self, query: Query | None, **options: Unpack[CountOptions]) -> int:
        with self._queries.answering():
            return reference.count(self._all(), query, **options, table=self.table)

    def _distinct(self, key: str, query: Query | None, **options: Unpack[DistinctOptions]) -> list[Any]:
        with self._queries.answering():
            return reference.distinct(self._all(), key, query, **options, table=self.table)

    def _explain(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Explanation:
        """See Store; there is no SQL here."""
        self._find(query, keys, **options)
        return Explanation('', {}, ('every record is tested in turn',), ())

    def _drop_matching(self, query: Query) -> None:
        with self._queries.answering(), self._lock:
            found = reference.find(self._all(), query, [], table=self.table)
            limits.check()
            for record in found:
                del self._open[record[self.table.key]]

    def _look_for_indexes(self) -> int:
        """No other process has these."""
        return 0

    def _create_index(self, index: Index) -> None:
        """Only remember it: dicts are searched from end to end."""
        with self._lock:
            self.table = with_index(self.table, index)

    def _drop_index(self, index_or_name: IndexKeys) -> None:
        with self._lock:
            self.table, _ = without_index(self.table, index_or_name)

    def _close(self) -> None:
        self._records.clear()
