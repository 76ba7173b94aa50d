"""The store in an SQLite file: records by key and by query."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar, Unpack

import apsw

from mqsql import limits
from mqsql.compiler import Distinct, Statement, compile, compile_count, compile_delete, compile_distinct
from mqsql.compiler import Query as CompiledQuery
from mqsql.errors import DamagedValueError, StorageError
from mqsql.limits import Deadline
from mqsql.schema import BUFFERS, TASKS, Index, Record, Table
from mqsql.schema.columns import decode_all, decoder
from mqsql.schema.rows import Damages, RowReader, warn
from mqsql.settings import MEMORY, Settings
from mqsql.storage import statements
from mqsql.storage.base import CountOptions, DistinctOptions, Explanation, KeyOptions, Keys, Options, Query
from mqsql.storage.buffers import GoneError, LazyBuffers, damaged_buffers
from mqsql.storage.encoding import present
from mqsql.storage.garbage import no_collection
from mqsql.storage.indexes import IndexKeys, with_index, without_index
from mqsql.storage.mishaps import Warn
from mqsql.storage.queries import Cursor, ListFetch
from mqsql.storage.sqlite import ddl
from mqsql.storage.sqlite.blobs import NewBlobs, read_blobs, read_small_blobs
from mqsql.storage.sqlite.connection import OPENING_SECONDS, Adoptable, Guest
from mqsql.storage.sqlite.delta_log import Change, left_logs
from mqsql.storage.sqlite.file import SqliteFile
from mqsql.storage.sqlite.guard import guarded, select_sound
from mqsql.storage.sqlite.indexes import with_found_indexes
from mqsql.storage.sqlite.merging import merge, merge_left
from mqsql.storage.sqlite.plans import explanation
from mqsql.storage.sqlite.read_ahead import BufferReader
from mqsql.storage.sqlite.statistics import limit_analysis
from mqsql.storage.sqlite.tails import take_up_tails
from mqsql.values.codec import DamagedError, decode_text, encode_text

Row = tuple[Any, ...]
Said = TypeVar('Said', bound=Statement)
Answer = TypeVar('Answer')

_MERGING = 'python -c "import sys, mqsql; mqsql.open(sys.argv[1]).close()"'
"""The command that merges the log of a file, which is to follow."""

_SCHEMA_CHANGED = (apsw.SQLError, apsw.SchemaChangeError)


class SqliteStore(SqliteFile):
    """Records in the SQLite file at `path`, or in memory for ":memory:"."""

    def __init__(
        self,
        path: str,
        *,
        readonly: bool = False,
        table: Table = TASKS,
        settings: Settings | None = None,
        history: Adoptable | None = None,
        say: Warn = warn,
    ) -> None:
        """Open the file. `history` is what a file of another application is adopted as, if it accepts the file.

        `say` is told, once each, of the values of other programs that cannot be read.
        """
        guest = Guest(history.accepts, partial(self._adopt, history)) if history else None
        super().__init__(path, table, settings or Settings(), readonly=readonly, guest=guest)
        self._schema_version = self._data_version = -1
        self._buffers = BufferReader(self._read_blobs, self._read_small_blobs)
        self._decoders = {c: self._decoder(c) for c in table.all_keys}
        self._buffered = [c for c in table.all_keys if table.columns[c] is BUFFERS]
        self._row_reader = RowReader(tuple(self._decoders.items()))
        self._damages = Damages(table.name, say)
        self._look_for_indexes()
        if path != MEMORY:
            try:
                self._merge_left(say)
            except BaseException:
                self.close()
                raise

    def _decoder(self, column: str) -> Callable[[Any], Any]:
        kind = self.table.columns[column]
        return self._buffers if kind is BUFFERS else decoder(kind)

    def _tell(self, key: object, name: str, what: str) -> LazyBuffers[str] | None:
        """What a record has in place of a value that cannot be read; see `Tell`."""
        sentence = self._damages.report(key, name, what)
        return damaged_buffers(sentence) if self.table.columns[self.table.column(name)] is BUFFERS else None

    def _adopt(self, history: Adoptable, connection: apsw.Connection) -> None:
        for record in history.adopted(connection):
            self._insert(connection, record)

    # --- records by key

    def add_missing(self, records: Iterable[Record]) -> int:
        """Add the records (as `Table.normalize` gives them) whose keys are not there yet, all or none. Returns their number."""
        with self._changing() as connection:
            return sum(self._insert_missing(connection, record) for record in records)

    def _insert_missing(self, connection: apsw.Connection, record: Record) -> bool:
        key = encode_text(record[self.table.key])
        missing = not connection.execute(statements.exists(self.table), (key,)).fetchall()
        if missing:
            self._insert(connection, record)
        return missing

    def _insert(self, connection: apsw.Connection, record: Record) -> None:
        self._insert_encoded(connection, present(self._encode(record)))

    def _insert_encoded(self, connection: apsw.Connection, given: Record) -> None:
        blobs = NewBlobs(connection, self.table)
        connection.execute(statements.insert(self.table, tuple(given)), blobs.row(given.values()))
        blobs.add()

    def _encode(self, record: Record) -> Record:
        """Buffers become lists of bytes, see NewBlobs."""
        return self.table.encode(record)

    def _add(self, key: str, record: Record) -> None:
        given = present(self._encode(record))
        with self._changing(several=_has_blobs(given)) as connection:
            try:
                self._insert_encoded(connection, given)
            except apsw.ConstraintError:
                raise self._duplicate(key) from None

    def _add_all(self, records: list[Record]) -> None:
        with self._changing() as connection:
            for record in records:
                try:
                    self._insert_encoded(connection, present(record))
                except apsw.ConstraintError:
                    raise self._duplicate(decode_text(record[self.table.key])) from None

    def _get(self, key: str) -> Record:
        try:
            rows = self._select(ddl.select(self.table), key)
        except DamagedValueError:
            rows = self._select(select_sound(self.table), key)
        if not rows:
            raise self._missing(key)
        record = self._row_reader.record(rows[0], self._tell)
        self._buffers.join([record[column] for column in self._buffered])
        return record

    def _select(self, sql: str, key: str) -> list[Row]:
        with self._use as connection:
            rows = connection.execute(sql, (encode_text(key),)).fetchall()
            if connection.data_version() != self._data_version:  # of what has just been read
                self._look_for_indexes()
            return rows

    def _update(self, key: str, changes: Record) -> None:
        if not changes:
            self._check_known(key)
            return
        given = self.table.encode(changes)
        with self._changing(several=_has_blobs(given)) as connection:
            blobs = NewBlobs(connection, self.table)
            values = [*blobs.row(given.values()), encode_text(key)]
            connection.execute(statements.update(self.table, tuple(given)), values)
            if not connection.changes():
                raise self._missing(key)
            blobs.add()

    def _drop(self, key: str) -> None:
        with self._changing(several=False) as connection:
            connection.execute(statements.delete(self.table), (encode_text(key),))
            if not connection.changes():
                raise self._missing(key)

    def _check_known(self, key: str) -> None:
        if not self.has(key):
            raise self._missing(key)

    def has(self, key: str) -> bool:
        """Whether there is a record of this key."""
        with self._use as connection:
            return connection.execute(statements.exists(self.table), (encode_text(key),)).get is not None

    def _read_blobs(self, ids: str) -> list[bytes]:
        with self._use as connection:
            blobs = read_blobs(connection, self.table, ids)
        if len(blobs) != ids.count(',') + 1:
            raise GoneError(self.path)
        return blobs

    def _read_small_blobs(self, listed: Sequence[str]) -> dict[str, list[bytes]]:
        with self._use as connection:
            return read_small_blobs(connection, self.table, listed)

    # --- changes that a process logs, and merges later

    def merge(self, changes: Iterable[Change]) -> list[str]:
        """Make changes, all or none; the keys of those whose record does not exist."""
        with self._changing() as connection:
            return merge(connection, self.table, changes)

    def stored_text(self, key: str, column: str) -> str | None:
        """What the table has in a column of texts for a key; None if that is no text."""
        with self._use as connection:
            rows = connection.execute(ddl.select_text(self.table, column), (encode_text(key),)).fetchall()
        return next((text for (text,) in rows if isinstance(text, str)), None)

    def decode(self, values: Record) -> Record:
        """The values of a change, as they are read."""
        decoders = self._decoders
        return {
            column: value if value is None else [*value] if type(value) is list else decoders[column](value)
            for column, value in values.items()
        }

    def _merge_left(self, say: Warn) -> None:
        """Merge what processes have left that ended before they merged it."""
        for log in left_logs(self.path, self.table, readonly=self.readonly):
            if self.readonly:
                merging = f'{_MERGING} {self.path!r}'
                say(f'{log.name}: a process that was killed has left changes here; merge them: {merging}')
                continue
            with self.waiting(max(self._settings.busy_timeout, OPENING_SECONDS)), self._changing() as connection:
                merge_left(connection, self.table, log.changes(self.table))
            log.delete()
        if not self.readonly:
            take_up_tails(self)

    # --- records by query

    def _compile(self, query: Query | None, keys: Keys, *, table: Table, **options: Unpack[Options]) -> CompiledQuery:
        query = {} if query is None else query
        return compile(query, keys, table=table, buffers=self._buffers, tell=self._tell, **options)

    def _answer(self, read: Callable[..., Said], run: Callable[[Said], Answer]) -> Answer:
        """Read a query, and run the statement; once more without indexes if one that it uses goes meanwhile."""
        version = self._look_for_indexes()
        statement = read(table=self.table)
        try:
            return run(statement)
        except StorageError as e:
            if not isinstance(e.__cause__, _SCHEMA_CHANGED) or version == self._look_for_indexes():
                raise
        return run(statement.unindexed())

    def _find_all(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> list[Record]:
        """The records, read at once and from the connection whose cache is warm."""
        with self._queries.answering():
            return self._answer(partial(self._compile, query, keys, **options), self._records)

    def _records(self, query: CompiledQuery) -> list[Record]:
        rows = self._fetch_sound(query)
        records: list[Record] = []
        with self._failures, no_collection():
            for start in range(0, len(rows), limits.MANY):
                limits.check()
                records += query.records(rows[start : start + limits.MANY])
        return records

    def _find_keys(self, query: Query | None, **options: Unpack[KeyOptions]) -> list[str]:
        with self._queries.answering():
            return self._answer(partial(self._compile, query, [], **options), self._read_keys)

    def _read_keys(self, query: CompiledQuery) -> list[str]:
        try:
            with self._stoppable as connection:
                keys = [key for (key,) in connection.execute(query.sql, query.params)]
            return [key for key in decode_all(decode_text, keys) if key is not None]
        except (DamagedValueError, DamagedError):
            found = (record[self.table.key] for record in self._records(query))
            return [key for key in found if key is not None]

    def _fetch_sound(self, query: Statement) -> list[Row]:
        """All rows; what SQLite cannot read of them is replaced."""
        return self._sound(self._fetch, query)

    def _sound(self, run: Callable[[Said], Answer], query: Said) -> Answer:
        """Run a query; over a view that replaces what SQLite cannot read, if there is such a value."""
        try:
            return run(query)
        except DamagedValueError:
            return run(self._guarded(query))

    def _guarded(self, query: Said) -> Said:
        """The query over a view that has no value that SQLite cannot read."""
        return guarded(query, self.table)

    def _fetch(self, query: Statement) -> list[Row]:
        with self._stoppable as connection:
            return connection.execute(query.sql, query.params).fetchall()

    def _find(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Cursor:
        with self._queries.answering() as deadline:
            return self._answer(partial(self._compile, query, keys, **options), partial(self._begin, deadline))

    def _begin(self, deadline: Deadline, query: CompiledQuery) -> Cursor:
        if self._streams:
            keyed = query.keys[:1] == (self.table.key,)
            spare = partial(self._guarded, query)
            found = self._readers.find(deadline, lambda reader: reader.run(query, spare, keyed=keyed), query.records)
        else:
            rows = ListFetch(self._fetch_sound(query))
            found = Cursor(self._queries, deadline, rows, query.records, self._failures)
        found.compiled = query
        return found

    def _count(self, query: Query | None, **options: Unpack[CountOptions]) -> int:
        with self._queries.answering():
            return int(self._answer(partial(compile_count, query, **options), self._fetch_sound)[0][0])

    def _distinct(self, key: str, query: Query | None, **options: Unpack[DistinctOptions]) -> list[Any]:
        with self._queries.answering():
            return self._answer(partial(compile_distinct, key, query, tell=_refuse, **options), self._values)

    def _values(self, query: Distinct) -> list[Any]:
        try:
            with self._stoppable as connection:
                cursor = connection.execute(query.sql, query.params)
                # So that a row is not held once for each record that has the same.
                rows = cursor.fetchall() if query.once else list(dict.fromkeys(cursor))
            with self._failures:
                return query.values(rows)
        except DamagedValueError:
            # The rows of all records, with their keys, say where the damage is.
            return query.values(self._fetch(self._guarded(query)), self._tell)

    def _drop_matching(self, query: Query) -> None:
        with self._queries.answering():
            self._answer(partial(compile_delete, query), partial(self._sound, self._delete))

    def _delete(self, query: Statement) -> None:
        with self._stoppable, self._changing() as connection:
            connection.execute(query.sql, query.params)

    # --- indexes

    def _create_index(self, index: Index) -> None:
        with self._changing() as connection:
            found = with_found_indexes(self.table, connection)
            table = with_index(found, index)
            limit_analysis(connection, table)
            for sql in ddl.create_index(table, index) if table is not found else ():
                connection.execute(sql)

    def _drop_index(self, index_or_name: IndexKeys) -> None:
        with self._changing() as connection:
            found = with_found_indexes(self.table, connection)
            _, index = without_index(found, index_or_name)
            for sql in ddl.drop_index(found, index):
                connection.execute(sql)

    def _look_for_indexes(self) -> int:
        """The version of the schema, whose indexes the table has."""
        with self._use as connection:
            ((found,),) = connection.execute('PRAGMA schema_version')  # prepared once, unlike by `pragma`
            version = int(found)
            self._data_version = connection.data_version()
            if version != self._schema_version:
                self.table = with_found_indexes(self.table, connection)
                self._schema_version = version
            return version

    def _explain(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Explanation:
        with self._queries.answering():
            return self._answer(partial(self._compile, query, keys, **options), self._explanation)

    def _explanation(self, query: CompiledQuery) -> Explanation:
        with self._stoppable as connection:
            return explanation(connection, query, ddl.index_names(self.table))


def _has_blobs(given: Record) -> bool:
    return any(isinstance(value, list) for value in given.values())


def _refuse(key: object, name: str, what: str) -> None:
    raise DamagedValueError(f'the {name} of a record {what}')
