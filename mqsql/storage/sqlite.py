"""The store in an SQLite file. Imports `compiler`, `errors` and `schema` of the project.

One connection, behind a lock, does all but `find`, which streams: it reads from a connection of its own, so that the
answer is that of the moment of the call whatever is written meanwhile, and writers never wait for it. That needs the
write-ahead log; in memory and with other journal modes `find` holds the undecoded rows instead.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from threading import RLock
from typing import Any, Unpack

import apsw

from mqsql.compiler import Distinct, Statement, compile, compile_count, compile_delete, compile_distinct
from mqsql.compiler import Query as CompiledQuery
from mqsql.errors import DamagedValueError, DuplicateRecordError, StorageError, shown
from mqsql.schema import BUFFERS, TASKS, Index, Record, Table
from mqsql.schema.codec import decode_ids, decoder, encode_text
from mqsql.schema.rows import Damages, read_row, warn
from mqsql.storage import ddl
from mqsql.storage.base import Collation, CountOptions, Explanation, Keys, Options, Query, Store
from mqsql.storage.buffers import LazyBuffers, damaged_buffers
from mqsql.storage.checkpoints import Checkpoints
from mqsql.storage.connection import Guest, Settings, connect, open_file, transaction
from mqsql.storage.failures import Failures
from mqsql.storage.files import MEMORY
from mqsql.storage.guard import guarded, select_sound
from mqsql.storage.indexes import with_found_indexes
from mqsql.storage.limits import Deadline
from mqsql.storage.plans import explanation
from mqsql.storage.shipped import History, all_shipped
from mqsql.storage.streaming import Found, Readers
from mqsql.storage.worker import Worker

Row = tuple[Any, ...]

FIRST_STATISTICS = 500  # changes after which the planner's statistics are first renewed; then each time twice as many

_UNSTOPPABLE = re.compile(r'\bmqsql_(?:regex|expr)')


class SqliteStore(Store):
    """Records in the SQLite file at `path`, or in memory for ":memory:"."""

    def __init__(
        self,
        path: str,
        *,
        readonly: bool = False,
        table: Table = TASKS,
        settings: Settings | None = None,
        history: History | None = None,
        say: Callable[[str], object] = warn,
    ) -> None:
        """Open the file. `history` is what a file of ipyparallel's own database is to be adopted as, if it is one.

        `say` is told, once each, of the values of other programs that cannot be read.
        """
        super().__init__(table, readonly=readonly)
        self.path, self._settings = path, settings or Settings()
        self._failures, self._lock = Failures(path), RLock()
        guest = Guest(all_shipped, partial(self._adopt, history)) if history else None
        with self._failures:
            self._connection = open_file(path, table, self._settings, readonly=readonly, guest=guest)
            self._streams = path != MEMORY and self._connection.pragma('journal_mode') == 'wal'
        self._readers = Readers(path, partial(connect, path, self._settings, readonly=True))
        self._worker = Worker(path)
        self._checkpoints = Checkpoints(self._connection, partial(connect, path, self._settings, readonly=False))
        self.closed = False
        self._changes, self._next_statistics = 0, FIRST_STATISTICS
        self._schema_version = -1
        self._decoders = [(c, self._decoder(c)) for c in table.all_keys]
        self._damages = Damages(table.name, say)

    def _decoder(self, column: str) -> Callable[[Any], Any]:
        kind = self.table.columns[column]
        return self._lazy_buffers if kind is BUFFERS else decoder(kind)

    def _tell(self, key: object, name: str, what: str) -> LazyBuffers | None:
        """What a record has in place of a value that cannot be read; see `Tell`."""
        column = self.table.column(name.removeprefix('$'))
        sentence = self._damages.report(key, name, what)
        return damaged_buffers(sentence) if self.table.columns[column] is BUFFERS else None

    def _adopt(self, history: History, connection: apsw.Connection) -> None:
        for record in history.adopted(connection):
            self._insert(connection, record)

    @contextmanager
    def using(self) -> Iterator[apsw.Connection]:
        """The connection, for this thread alone; errors of SQLite leave the block as StorageError."""
        with self._lock, self._failures:
            yield self._connection

    @contextmanager
    def _changing(self, *, several: bool = True) -> Iterator[apsw.Connection]:
        """The connection for a change, which is all done or not at all; one statement needs no transaction for that."""
        with self._lock, self._failures:
            with transaction(self._connection) if several else nullcontext():
                yield self._connection
            self._count_change()

    def _count_change(self) -> None:
        self._changes += 1
        if self._changes >= self._next_statistics:
            self._next_statistics *= 2
            self._renew_statistics()

    def _renew_statistics(self) -> None:
        # Only advice for the planner: what the caller asked for is done, whatever becomes of this.
        with suppress(apsw.Error):
            self._connection.pragma('optimize')

    # --- records by key

    def add_missing(self, records: Iterable[Record]) -> int:
        """Add those of these records (as `Table.read` gives them) whose keys are not there yet, all or none; their number."""
        with self._changing() as connection:
            return sum(self._insert_missing(connection, record) for record in records)

    def _insert_missing(self, connection: apsw.Connection, record: Record) -> bool:
        key = encode_text(record[self.table.key])
        missing = not connection.execute(ddl.exists(self.table), (key,)).fetchall()
        if missing:
            self._insert(connection, record)
        return missing

    def _insert(self, connection: apsw.Connection, record: Record) -> None:
        given = _present(self.table.encode(record))
        connection.execute(ddl.insert(self.table, tuple(given)), self._with_blobs(connection, given))

    def _add(self, key: str, record: Record) -> None:
        given = _present(self.table.encode(record))
        with self._changing(several=_has_blobs(given)) as connection:
            try:
                connection.execute(ddl.insert(self.table, tuple(given)), self._with_blobs(connection, given))
            except apsw.ConstraintError:
                raise DuplicateRecordError(f'there is already a record with {self.table.key} {shown(key)}') from None

    def _get(self, key: str) -> Record:
        try:
            rows = self._select(ddl.select(self.table), key)
        except DamagedValueError:
            rows = self._select(select_sound(self.table), key)
        if not rows:
            raise self._missing(key)
        return read_row(self._decoders, rows[0], self._tell)

    def _select(self, sql: str, key: str) -> list[Row]:
        with self.using() as connection:
            return connection.execute(sql, (encode_text(key),)).fetchall()

    def _update(self, key: str, changes: Record) -> None:
        if not changes:
            self._check_known(key)
            return
        given = self.table.encode(changes)
        with self._changing(several=_has_blobs(given)) as connection:
            values = (*self._with_blobs(connection, given), encode_text(key))
            connection.execute(ddl.update(self.table, tuple(given)), values)
            if not connection.changes():
                raise self._missing(key)

    def _drop(self, key: str) -> None:
        with self._changing(several=False) as connection:
            connection.execute(ddl.delete(self.table), (encode_text(key),))
            if not connection.changes():
                raise self._missing(key)

    def _check_known(self, key: str) -> None:
        with self.using() as connection:
            if not connection.execute(ddl.exists(self.table), (encode_text(key),)).fetchall():
                raise self._missing(key)

    def _with_blobs(self, connection: apsw.Connection, given: Record) -> tuple[Any, ...]:
        """The values, each list of bytes stored as blobs and replaced by their ids."""
        return tuple([self._add_blobs(connection, v) if isinstance(v, list) else v for v in given.values()])

    def _add_blobs(self, connection: apsw.Connection, blobs: list[bytes]) -> str:
        ids = []
        for blob in blobs:
            connection.execute(ddl.insert_blob(self.table), (blob,))
            ids.append(str(connection.last_insert_rowid()))
        return f'[{",".join(ids)}]'

    def _lazy_buffers(self, ids: str) -> LazyBuffers:
        return LazyBuffers(ids, len(decode_ids(ids)), self._read_blobs)

    def _read_blobs(self, ids: str) -> list[bytes]:
        with self.using() as connection:
            blobs = [blob for (blob,) in connection.execute(ddl.select_blobs(self.table), (ids,))]
        if len(blobs) != ids.count(',') + 1:
            raise StorageError(
                f'{self.path}: these buffers are gone; their record was changed or dropped after it was read'
            )
        return blobs

    # --- records by query

    def _compile(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> CompiledQuery:
        query = {} if query is None else query
        self._look_for_indexes()
        return compile(query, keys, table=self.table, buffers=self._lazy_buffers, tell=self._tell, **options)

    def find_records(self, query: Query, keys: Keys = None) -> list[Record]:
        """See Store; reads at once, and from the connection whose cache is warm."""
        compiled = self._compile(query, self.table.all_keys if keys is None else keys)
        return self._records(compiled)

    def _records(self, query: CompiledQuery) -> list[Record]:
        records = []
        rows = self._fetch_sound(query, self._settings.query_timeout)
        deadline = Deadline(self._settings.query_timeout)
        with self._failures:
            for row in rows:
                deadline.check()
                records.append(query.record(row))
        return records

    def _fetch_sound(self, query: Statement, seconds: float) -> list[Row]:
        """All rows; what SQLite cannot read of them is replaced."""
        try:
            return self._fetch(query, seconds)
        except DamagedValueError:
            return self._fetch(guarded(query, self.table), seconds)

    def _fetch(self, query: Statement, seconds: float) -> list[Row]:
        if seconds and self.path != MEMORY and _UNSTOPPABLE.search(query.sql):
            return self._worker.fetch(query.sql, query.params, seconds)
        with self.using() as connection, Deadline(seconds).stopping(connection):
            return connection.execute(query.sql, query.params).fetchall()

    def find(self, query: Query | None = None, keys: Keys = None, **options: Unpack[Options]) -> Iterator[Record]:
        """See Store."""
        compiled = self._compile(query, keys, **options)
        if self._streams:
            keyed = compiled.keys[:1] == (self.table.key,)
            return Found(self._readers, compiled, lambda: guarded(compiled, self.table), keyed=keyed)
        return self._decoded(compiled, self._fetch_sound(compiled, 0))

    def _decoded(self, query: CompiledQuery, rows: list[Row]) -> Iterator[Record]:
        for row in rows:
            with self._failures:
                record = query.record(row)
            yield record

    def count(self, query: Query | None = None, **options: Unpack[CountOptions]) -> int:
        """See Store."""
        self._look_for_indexes()
        compiled = compile_count({} if query is None else query, **options, table=self.table)
        return int(self._fetch_sound(compiled, self._settings.query_timeout)[0][0])

    def distinct(self, key: str, query: Query | None = None, *, collation: Collation = None) -> list[Any]:
        """See Store."""
        self._look_for_indexes()
        compiled = compile_distinct(key, query, table=self.table, collation=collation, tell=_refuse)
        try:
            rows = self._fetch(compiled, self._settings.query_timeout)
            with self._failures:
                return compiled.values(rows)
        except DamagedValueError:
            return compiled.within(self._distinct_sound(compiled))

    def _distinct_sound(self, query: Distinct) -> Iterator[Any]:
        """The values of a column, with the keys of their records, which say where the damage is."""
        decoders = [(name, decoder(self.table.columns[name])) for name in (self.table.key, query.column)]
        for row in self._fetch(guarded(query, self.table), self._settings.query_timeout):
            yield read_row(decoders, row, self._tell)[query.column]

    def _drop_matching(self, query: Query) -> None:
        self._look_for_indexes()
        compiled = compile_delete(query, table=self.table)
        try:
            self._delete(compiled)
        except DamagedValueError:
            self._delete(guarded(compiled, self.table))

    def _delete(self, statement: Statement) -> None:
        with self._changing(several=False) as connection:
            connection.execute(statement.sql, statement.params)

    # --- indexes

    def _create_index(self, table: Table, index: Index) -> None:
        with self._changing() as connection:
            for sql in ddl.create_index(table, index):
                connection.execute(sql)

    def _drop_index(self, table: Table, index: Index) -> None:
        with self._changing() as connection:
            for sql in ddl.drop_index(table, index):
                connection.execute(sql)

    def _look_for_indexes(self) -> None:
        with self.using() as connection:
            version = connection.pragma('schema_version')
            if version != self._schema_version:
                self.table = with_found_indexes(self.table, connection)
                self._schema_version = version

    def get_history(self) -> list[str]:
        """See Store."""
        rows = self._fetch_sound(Statement(ddl.history(self.table), {}), 0)
        key = self._decoders[:1]
        records = [read_row(key, row, self._tell) for row in rows]
        return [record[self.table.key] for record in records if record[self.table.key] is not None]

    def explain(self, query: Query | None = None, keys: Keys = None, **options: Unpack[Options]) -> Explanation:
        """See Store."""
        compiled = self._compile(query, keys, **options)
        with self.using() as connection:
            return explanation(connection, compiled, ddl.index_names(self.table))

    # --- locks, threads and the end

    def checkpoint_beside(self) -> None:
        """Move the write-ahead log into the file in a thread from now on, for who writes all the time. May be repeated."""
        if self._streams:
            self._checkpoints.start()

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Changes in the block fail at once while another process writes; other threads have to wait for the block."""
        with self.using() as connection:
            connection.set_busy_timeout(0)
            try:
                yield
            finally:
                connection.set_busy_timeout(int(self._settings.busy_timeout * 1000))

    def close(self) -> None:
        """See Store; iterators that are not at their end raise StorageError from then on."""
        with self._lock, self._failures:
            if self.closed:
                return
            self.closed = True
            self._checkpoints.close()
            self._worker.close()
            self._readers.close()
            if not self.readonly:
                self._renew_statistics()
            self._connection.close()


def _refuse(key: object, name: str, what: str) -> None:
    raise DamagedValueError(f'the {name} of a record {what}')


def _present(given: Record) -> Record:
    return {column: value for column, value in given.items() if value is not None}


def _has_blobs(given: Record) -> bool:
    return any(isinstance(value, list) for value in given.values())
