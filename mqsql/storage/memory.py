"""The store over plain dicts, searched by the reference."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Unpack

from mqsql import limits, reference
from mqsql.errors import QueryError, StorageError
from mqsql.schema import TASKS, Index, Record, Table
from mqsql.storage.base import CountOptions, DistinctOptions, Explanation, Keys, Options, Query, Store
from mqsql.storage.dict_records import DictRecords, Selection, first_path
from mqsql.storage.indexes import IndexKeys, with_index, without_index
from mqsql.storage.queries import Cursor, ListFetch
from mqsql.values.canonical import copied


class DictStore(Store):
    """Records in a dict of this process, gone when it is closed; the slow and plain counterpart of the others.

    The first key of each index is one of a hash index, which finds the records for tests of equality, `$in` and missing
    values; these are then tested as all are without one.
    """

    def __init__(self, *, readonly: bool = False, table: Table = TASKS, query_timeout: float = 0) -> None:
        super().__init__('dict:', table, readonly=readonly, query_timeout=query_timeout)
        self._records = DictRecords(table)

    @property
    def _open(self) -> DictRecords:
        if self.closed:
            raise StorageError('dict:: the store is closed; open it again')
        return self._records

    def _encode(self, record: Record) -> Record:
        """The values themselves are stored."""
        return self.table.normalize(record)

    def _add(self, key: str, record: Record) -> None:
        self._add_all([self._encode(record)])

    def _add_all(self, records: list[Record]) -> None:
        new: dict[str, Record | None] = {}
        with self._lock:
            for record in records:
                key = record[self.table.key]
                if self._open.get(key) is not None or key in new:
                    raise self._duplicate(key)
                new[key] = self._present(record)
            self._write(new)

    def _present(self, record: Record) -> Record:
        """What is not None, in the order of the columns."""
        return {column: record[column] for column in self.table.columns if record.get(column) is not None}

    def _known(self, key: str) -> Record:
        record = self._open.get(key)
        if record is None:
            raise self._missing(key)
        return record

    def _get(self, key: str) -> Record:
        with self._lock:
            found = self._known(key)
        record: Record = dict.fromkeys(self.table.all_keys)
        record.update(copied(found))
        return record

    def _update(self, key: str, changes: Record) -> None:
        values = self.table.normalize(changes)
        with self._lock:
            known = self._known(key)
            record = known | values
            same_columns = len(record) == len(known) and None not in values.values()
            self._write({key: record if same_columns else self._present(record)})

    def _drop(self, key: str) -> None:
        with self._lock:
            self._known(key)
            self._write({key: None})

    def _write(self, changes: Mapping[str, Record | None]) -> None:
        """Put these records in place of those of their keys, and drop those of None; every change ends here, in the lock."""
        with limits.unlimited():  # it would leave a part undone
            for key, record in changes.items():
                self._open.change(key, record)

    def _selection(self) -> Selection:
        return Selection(self._open, self._lock)

    def _find(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Cursor:
        return self._found(self._selection(), query, keys, **options)

    @contextmanager
    def _worded(self, query: Query | None, keys: Keys = None, **options: Unpack[Options]) -> Iterator[None]:
        """The compiler says why it refuses what the reference refuses in this block: all stores use the same words."""
        try:
            yield
        except QueryError:
            from mqsql.compiler import compile  # takes long, and is needed for this alone

            compile(query, keys, **options, table=self.table)
            raise

    def _found(self, records: Selection, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Cursor:
        with self._queries.answering() as deadline, self._worded(query, keys, **options):
            found = reference.found(records, query, keys, **options, table=self.table)
        return Cursor(self._queries, deadline, ListFetch(found), partial(map, copied), nullcontext())

    def _count(self, query: Query | None, **options: Unpack[CountOptions]) -> int:
        with self._queries.answering(), self._worded(query, **options):
            return reference.count(self._selection(), query, **options, table=self.table)

    def _distinct(self, key: str, query: Query | None, **options: Unpack[DistinctOptions]) -> list[Any]:
        with self._queries.answering(), self._worded(query, **options):
            values: list[Any] = copied(reference.distinct(self._selection(), key, query, **options, table=self.table))
        return values

    def _explain(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Explanation:
        """See Store; there is no SQL here, and the records are tested to count them."""
        records = self._selection()
        self._found(records, query, keys, **options)
        indexes = tuple(index.name for index in self.table.indexes if first_path(index) == records.path)[:1]
        how = f'found by {".".join(records.path)}' if records.path else 'read one by one'
        plan = f'{records.tested:,} of {len(records):,} records are tested, {how}'
        return Explanation('', {}, (plan,), indexes)

    def _drop_matching(self, query: Query) -> None:
        with self._queries.answering(), self._lock, self._worded(query):
            found = reference.find(self._selection(), query, [], table=self.table)
            limits.check()
            self._write({record[self.table.key]: None for record in found})

    def _look_for_indexes(self) -> int:
        """No other process has these."""
        return 0

    def _create_index(self, index: Index) -> None:
        with self._lock:
            self._set_indexes(with_index(self.table, index))

    def _drop_index(self, index_or_name: IndexKeys) -> None:
        with self._lock:
            self._set_indexes(without_index(self.table, index_or_name)[0])

    def _set_indexes(self, table: Table) -> None:
        self._open.set_indexes(table)
        self.table = table

    def _close(self) -> None:
        self._records.clear()
