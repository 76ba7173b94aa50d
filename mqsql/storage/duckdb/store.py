"""The store in a DuckDB file: records by key and by query."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, TypeVar, Unpack

import duckdb

from mqsql.compiler import Query as CompiledQuery
from mqsql.compiler import Statement, compile, compile_count, compile_delete, compile_distinct
from mqsql.compiler.dialects.duckdb import encoder
from mqsql.errors import DuplicateRecordError, StorageError
from mqsql.limits import Deadline
from mqsql.schema import TASKS, Index, Record, Table
from mqsql.schema.rows import Damages, warn
from mqsql.settings import MEMORY
from mqsql.storage import statements
from mqsql.storage.base import CountOptions, DistinctOptions, Explanation, Keys, Options, Query, Store
from mqsql.storage.duckdb import ddl
from mqsql.storage.duckdb.batches import insertions
from mqsql.storage.duckdb.connection import Connection, Database, number_of
from mqsql.storage.duckdb.failures import Failures, is_duplicate
from mqsql.storage.duckdb.functions import provide_functions
from mqsql.storage.duckdb.layout import open_table
from mqsql.storage.duckdb.reader import DuckReader, Params
from mqsql.storage.duckdb.transaction import Transaction
from mqsql.storage.duckdb.watch import WATCH
from mqsql.storage.encoding import present
from mqsql.storage.indexes import IndexKeys, without_index
from mqsql.storage.mishaps import Warn
from mqsql.storage.paths import replacing, size_of
from mqsql.storage.queries import Cursor
from mqsql.storage.readers import ReaderPool, Row
from mqsql.values.codec import decode_text, encode_text

DIALECT = 'duckdb'

Compiled = TypeVar('Compiled', bound=Statement)


class DuckStore(Store):
    """Records in the DuckDB file at `path`, or in memory for ":memory:".

    One connection, behind a lock, changes records and reads them by key. Each query has a connection of its own, so that its
    answer is that of the moment of the call whatever is written meanwhile, and writers never wait for it.
    """

    def __init__(
        self,
        path: str,
        *,
        readonly: bool = False,
        table: Table = TASKS,
        busy_timeout: float = 5.0,
        query_timeout: float = 0.0,
        say: Warn = warn,
    ) -> None:
        """Open the file. `say` is told, once each, of the values of other programs that cannot be read."""
        super().__init__(path, replace(table, indexes=()), readonly=readonly, query_timeout=query_timeout)
        self.path = path
        self._failures = Failures(path)
        with self._failures:
            self._database = self._open(busy_timeout)
            self._connection = self._connect()
        self._readers = ReaderPool(self._queries, self._failures, lambda: DuckReader(self._connect(), self._failures))
        self._tell = Damages(table.name, say)
        self._encoders = {column: encoder(kind) for column, kind in table.columns.items()}

    def _open(self, busy_timeout: float) -> Database:
        return open_table(self.path, self.table, readonly=self.readonly, busy_timeout=busy_timeout)

    def _connect(self) -> Connection:
        return self._database.connect()

    def size(self) -> int | None:
        """See Store; with the write-ahead log."""
        return None if self.path == MEMORY else size_of(self.path, f'{self.path}.wal')

    # --- records by key

    @contextmanager
    def _using(self) -> Iterator[Connection]:
        """The connection, for this thread alone; errors of DuckDB leave the block as StorageError."""
        with self._lock, self._failures:
            yield self._connection

    def _run(self, sql: str, params: Params) -> list[Row]:
        with self._using() as connection:
            return connection.execute(sql, params).fetchall()

    def _encode(self, record: Record) -> Record:
        """Values as the driver takes them."""
        return self.table.encode(record, self._encoders)

    def _add(self, key: str, record: Record) -> None:
        given = present(self._encode(record))
        with self._using() as connection:
            try:
                connection.execute(statements.insert(self.table, tuple(given)), list(given.values()))
            except duckdb.Error as e:
                if not is_duplicate(e):
                    raise
                raise self._duplicate(key) from None

    def _add_all(self, records: list[Record]) -> None:
        with self._using() as connection:
            try:
                with Transaction(connection):
                    for sql, lists in insertions(self.table, records):
                        connection.execute(sql, lists)
            except duckdb.Error as e:
                if not is_duplicate(e):
                    raise
                raise self._first_duplicate([record[self.table.key] for record in records]) from None

    def _first_duplicate(self, keys: list[str]) -> DuplicateRecordError:
        seen = {key for (key,) in self._run(ddl.select_known(self.table), [keys])}
        for key in keys:
            if key in seen:
                break
            seen.add(key)
        return self._duplicate(decode_text(key))

    def _get(self, key: str) -> Record:
        query = self._compile({self.table.key: key}, self.table.all_keys)
        rows = self._run(query.sql, query.params)
        if not rows:
            raise self._missing(key)
        return query.record(rows[0])

    def _update(self, key: str, changes: Record) -> None:
        given = self._encode(changes)
        if given:
            sql = statements.update(self.table, tuple(given))
            self._check_one(key, self._run(sql, [*given.values(), encode_text(key)]))
        elif not self._run(statements.exists(self.table), [encode_text(key)]):
            raise self._missing(key)

    def _drop(self, key: str) -> None:
        self._check_one(key, self._run(statements.delete(self.table), [encode_text(key)]))

    def _check_one(self, key: str, rows: list[Row]) -> None:
        ((number,),) = rows
        if not number:
            raise self._missing(key)

    # --- records by query

    def _compile(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> CompiledQuery:
        query = {} if query is None else query
        return self._provided(compile(query, keys, table=self.table, dialect=DIALECT, tell=self._tell, **options))

    def _provided(self, statement: Compiled) -> Compiled:
        """The statement, whose functions the database knows."""
        with self._failures:
            provide_functions(self._database, statement)
        return statement

    def _fetch(self, deadline: Deadline, statement: Statement, before: str = '') -> list[Row]:
        """All rows of the statement, or of `before` it."""
        with self._readers.reading(deadline) as reader:
            return reader.fetch(before + self._provided(statement).sql, statement.params)

    def _find(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Cursor:
        with self._queries.answering() as deadline:
            compiled = self._compile(query, keys, **options)
            found = self._readers.find(deadline, lambda reader: reader.begin(compiled), compiled.records)
        found.compiled = compiled
        return found

    def _count(self, query: Query | None, **options: Unpack[CountOptions]) -> int:
        with self._queries.answering() as deadline:
            statement = compile_count(query, table=self.table, dialect=DIALECT, **options)
            return int(self._fetch(deadline, statement)[0][0])

    def _distinct(self, key: str, query: Query | None, **options: Unpack[DistinctOptions]) -> list[Any]:
        with self._queries.answering() as deadline:
            statement = compile_distinct(key, query, table=self.table, dialect=DIALECT, tell=self._tell, **options)
            return statement.values(self._fetch(deadline, statement))

    def _explain(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Explanation:
        with self._queries.answering() as deadline:
            compiled = self._compile(query, keys, **options)
            rows = self._fetch(deadline, compiled, 'EXPLAIN ')
        plan = [line for _, text in rows for line in text.splitlines()]
        return Explanation(compiled.sql, compiled.params, tuple(plan), ())

    def _drop_matching(self, query: Query) -> None:
        with self._queries.answering():
            statement = self._provided(compile_delete(query, table=self.table, dialect=DIALECT))
            with (
                self._using() as connection,
                Transaction(connection),
                WATCH.watching(number_of(connection), connection),
            ):
                connection.execute(statement.sql, statement.params)

    def _to_parquet(self, path: str, query: Any) -> int:
        if query is not None:
            return super()._to_parquet(path, query)
        with self._queries.answering() as deadline, replacing(path) as unfinished:
            with self._readers.reading(deadline) as reader:
                params = [unfinished, str(ddl.LAYOUT_VERSION), ddl.definition(self.table)]
                ((number,),) = reader.fetch(ddl.copy_to_parquet(self.table), params)
            return int(number)

    # --- indexes

    def _look_for_indexes(self) -> int:
        """There are none."""
        self._queries.check_open()
        return 0

    def _create_index(self, index: Index) -> None:
        raise StorageError(
            f'{self.path}: a store in DuckDB has no indexes, such as {index.name!r}, and needs none: DuckDB reads only the '
            'columns that a query names, and skips the parts of a table whose least and greatest values exclude it'
        )

    def _drop_index(self, index_or_name: IndexKeys) -> None:
        without_index(self.table, index_or_name)  # says that there is none

    def _close(self) -> None:
        with self._failures, ExitStack() as all_of_it:
            all_of_it.callback(self._database.close)
            all_of_it.callback(self._connection.close)
            all_of_it.callback(self._readers.close)
