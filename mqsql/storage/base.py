"""The methods of every store, and the checks that all share."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

from mqsql import limits
from mqsql.errors import (
    DuplicateRecordError,
    MissingRecordError,
    QueryError,
    RecordError,
    StorageError,
    cut,
    printable,
    short_repr,
)
from mqsql.schema import STRING, Index, Record, Table
from mqsql.storage.answers import IN_PLACE_OF_COLLECTIONS, Answer, Asked, no_attribute, no_option
from mqsql.storage.encoding import encode_each
from mqsql.storage.extras import require_duckdb
from mqsql.storage.garbage import no_collection
from mqsql.storage.indexes import IndexKeys, index_keys, read_index
from mqsql.storage.locks import Lock
from mqsql.storage.queries import Queries
from mqsql.values.canonical import coerce_value
from mqsql.values.libraries import UnstorableError
from mqsql.values.plain import as_text, either, read_plain

Keys = str | Iterable[str] | Mapping[str, Any] | None
Sort = IndexKeys | None
Projection = Mapping[str, Any] | Iterable[str] | None
Query = Mapping[str, Any]
Collation = Mapping[str, Any] | None


class CountOptions(TypedDict, total=False):
    """What the methods that count or find take by name."""

    filter: Query | None
    """The query, by pymongo's name."""
    limit: int | None
    """Records at most; None and 0 are no limit."""
    skip: int
    """Records to leave out at the beginning."""
    collation: Collation
    """How texts compare, as MongoDB says it: locale en, strength 1 to 3, numericOrdering."""


class DistinctOptions(TypedDict, total=False):
    """What `distinct` takes by name."""

    filter: Query | None
    collation: Collation


class KeyOptions(CountOptions, total=False):
    """What `keys` takes by name."""

    sort: Sort
    """A key, a pair (key, 1 | -1), a dict, or an iterable of these; '$natural' is the order of insertion."""


class NoOptions(TypedDict):
    """What methods take by name that have no options; others of pymongo are refused with a hint."""


class Options(KeyOptions, total=False):
    """What the methods that find take by name."""

    projection: Projection
    """MongoDB's dict of what to return, in place of `keys`, or a list of keys."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """How a query is answered: SQL, parameters by name, the database's plan line by line, and the indexes it uses."""

    sql: str
    params: Mapping[str, object]
    plan: tuple[str, ...]
    indexes: tuple[str, ...]

    def __repr__(self) -> str:
        indexes = f'indexes: {", ".join(self.indexes) or "none"}'
        return f'<explanation of {cut(self.sql or self.plan[0])}; {indexes}>'

    def _repr_html_(self) -> str:
        from mqsql.storage.showing import explanation_html

        return explanation_html(self)

    def __str__(self) -> str:
        params = [f'  :{name} = {short_repr(value)}' for name, value in self.params.items()]
        plan = [f'  {line}' for line in self.plan]
        return '\n'.join((self.sql, *params, 'plan', *plan, f'indexes: {", ".join(self.indexes) or "none"}'))


def _asked(method: str, query: Any, options: Any, known: type[Any]) -> Any:
    """The query, given by either of its names; TypeError for an option that the method does not have."""
    if not options.keys() <= known.__optional_keys__:
        raise no_option(method, next(name for name in options if name not in known.__optional_keys__))
    return either(query, options.pop('filter', None))


_READ_TWICE = frozenset({'sort', 'projection'})
"""Options that an answer has read again, when more is asked of it."""


def _listed(given: Any, what: str) -> Any:
    """What an iterator gives, which can be read once, in a list; anything else as it is."""
    return read_plain(given, what, iterable=True) if issubclass(type(given), Iterator) else given


class Store(ABC):
    """Records of one table, by key and by query. Each call that changes something is committed when it returns.

    A store may be used from several threads, and as a context that closes it. Every method raises StorageError when the
    database fails or is closed, and in a fork of the process that opened it; queries, keys and options raise QueryError.
    A query ends with StorageError after query_timeout, counted from reading it to its last record.
    """

    def __init__(self, name: str, table: Table, *, readonly: bool, query_timeout: float) -> None:
        self.name, self.table, self.readonly, self.closed = name, table, readonly, False
        self._lock = Lock(name)
        self._queries = Queries(self._lock, query_timeout)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(no_attribute('a store', name, IN_PLACE_OF_COLLECTIONS), name=name, obj=self)

    # --- records by key

    def add_record(self, key: str, record: Mapping[str, Any]) -> None:
        """Store a new record; DuplicateRecordError if there is one of this key, RecordError if it cannot be stored."""
        self._check_writable()
        self._add(*self.read_new(key, record))

    def add_records(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Store new records, each of which holds its key, in one transaction: all of them or none. Returns how many.

        Faster than `add_record` for each; a hundred times with DuckDB. All records are held in memory until they are stored.
        Raises what `add_record` raises; `path` in a RecordError begins with the number of the record: `[3].content.a`.
        """
        self._check_writable()
        encoded = encode_each(records, lambda record: self._encode(self._read_keyed(record)))
        self._add_all(encoded)
        return len(encoded)

    def get_record(self, key: str) -> Record:
        """The record of a key, with all keys, None where it has no value; MissingRecordError if there is none."""
        return self._get(self.read_known_key(key))

    def update_record(self, key: str, changes: Mapping[str, Any]) -> None:
        """Give some keys of a record new values, None to remove one; MissingRecordError if there is no such record."""
        self._check_writable()
        self._update(*self.read_changes(key, changes))

    def drop_record(self, key: str) -> None:
        """Delete the record of a key; MissingRecordError if there is none."""
        self._check_writable()
        self._drop(self.read_known_key(key))

    # --- records by query

    def answering(self) -> AbstractContextManager[object]:
        """A block whose queries share one query_timeout; `end_queries` ends it."""
        return self._queries.answering()

    def end_queries(self) -> None:
        """End the queries of other threads with StorageError, and answer no more; for callers that write before they close."""
        self._queries.close()

    def find_records(self, query: Query, keys: Keys = None) -> list[Record]:
        """The records that match; None for `keys` is all keys, buffers included, as the hub expects."""
        return self._find_all(query, self.table.all_keys if keys is None else keys)

    def find(self, query: Query | None = None, keys: Keys = None, **options: Unpack[Options]) -> Answer:
        """The records that match, as they are at the time of this call: an iterator, of which `Answer` says more.

        None for `keys` is all keys but the buffers; a dict is a projection. The query is checked and begun by the call itself.
        query_timeout counts the time of this call and of reading records, not the time of the caller between two records.
        When it is over, the next record raises StorageError and the iterator ends.
        """
        query = _asked('find', query, options, Options)
        keys = _listed(keys, 'keys')
        for name in _READ_TWICE & options.keys():
            options[name] = _listed(options[name], name)  # type: ignore[literal-required]
        found = self._find(query, keys, **options)
        found.asked = Asked(self, query, keys, options)
        return found

    def find_one(
        self, query: Query | str | None = None, keys: Keys = None, **options: Unpack[Options]
    ) -> Record | None:
        """The first record that `find` gives with these options, or None; text is the key of a record."""
        asked: Any = _asked('find_one', query, options, Options)
        if issubclass(type(asked), str) and not str.lstrip(asked).startswith(('{', '[')):
            asked = {self.table.key: asked}
        return next(iter(self._find(asked, keys, **Options(**{**options, 'limit': 1}))), None)

    def keys(self, query: Query | None = None, **options: Unpack[KeyOptions]) -> list[str]:
        """The keys of the records that match, by `sort` or else as inserted; without any that cannot be read."""
        query = _asked('keys', query, options, KeyOptions)
        return self._find_keys(query, **options)

    def get_history(self) -> list[str]:
        """All keys in the order of the table's `history`; records without a value there come first."""
        return self.keys(sort=self.table.history)

    def count(self, query: Query | None = None, **options: Unpack[CountOptions]) -> int:
        """How many records match, after `skip` of them and up to `limit`."""
        query = _asked('count', query, options, CountOptions)
        return self._count(query, **options)

    def distinct(self, key: str, query: Query | None = None, **options: Unpack[DistinctOptions]) -> list[Any]:
        """The different values at a key or path of the records that match, an array's elements one by one.

        In no certain order, as in MongoDB; missing gives none.
        """
        query = _asked('distinct', query, options, DistinctOptions)
        return self._distinct(key, query, **options)

    def explain(self, query: Query | None = None, keys: Keys = None, **options: Unpack[Options]) -> Explanation:
        """How `find` with the same arguments would be answered."""
        query = _asked('explain', query, options, Options)
        return self._explain(query, keys, **options)

    def drop_matching_records(self, query: Query | None = None, *, filter: Query | None = None) -> None:
        """Delete all records that match, in one transaction."""
        self._check_writable()
        asked: Any = either(query, filter)
        if asked is None:
            raise QueryError('a query is a dict, not None; {} drops every record')
        self._drop_matching(asked)

    def to_parquet(
        self, path: str | os.PathLike[str], query: Query | None = None, *, filter: Query | None = None
    ) -> int:
        """Write the records that match, in the order of insertion, into a Parquet file; how many. It needs mqsql[duckdb], and
        takes little memory with mqsql[arrow].

        They are as at the time of this call. `mqsql.open('parquet:path')` reads them, as do DuckDB, Spark or pandas. A file of
        this name is replaced when the new one is complete; StorageError if that cannot be written.
        """
        name = as_text(os.fspath(path)) if isinstance(path, str | os.PathLike) else None
        if not isinstance(name, str):
            raise StorageError(f'the path of a file is text, not {short_repr(path)}')
        require_duckdb(name)
        return self._to_parquet(os.path.abspath(name), either(query, filter))

    # --- indexes

    def create_index(self, keys: IndexKeys, **options: Unpack[NoOptions]) -> str:
        """Make queries and sorts on a column or a path into a Document fast, or on several keys, given in any form of `sort`.

        No answer changes. Returns the index's name, MongoDB's ("price_1"); an index that is there already is kept.
        """
        if options:
            raise no_option('create_index', next(iter(options)))
        self._check_writable()
        self._look_for_indexes()
        index = read_index(keys, self.table)
        if index not in self.table.indexes:
            self._create_index(index)
        return index.name

    def drop_index(self, index_or_name: IndexKeys) -> None:
        """Take an index away, by its name or its keys; UnknownNameError if there is no such index.

        One of the table's definition is made again when the store is next opened.
        """
        self._check_writable()
        self._drop_index(index_or_name)

    def list_indexes(self) -> dict[str, tuple[tuple[str, int], ...]]:
        """The keys of each index, with their directions, by its name."""
        self._look_for_indexes()
        return index_keys(self.table)

    def close(self) -> None:
        """Release the database; closing twice is fine, any other use afterwards is a StorageError.

        It waits for changes of other threads; their queries, and unfinished iterators, end with StorageError.
        In a fork of the process that opened the store it does nothing.
        """
        self.end_queries()
        if self._lock.inherited:
            return
        with self._lock.after(self.end_queries):
            if not self.closed:
                self._close()
                self.closed = True

    def __repr__(self) -> str:
        return f'<mqsql.Store {cut(printable(self.name))}{" (closed)" if self.closed else ""}>'

    def _repr_html_(self) -> str:
        from mqsql.storage.showing import store_html

        return store_html(self)

    def size(self) -> int | None:
        """The bytes of the store's files; None if it has none."""
        return None

    def briefly(self, seconds: float) -> AbstractContextManager[object]:
        """A block of one thread whose queries end with StorageError after so many seconds, also without a query_timeout."""
        return limits.deadline(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: TracebackType | None) -> None:
        self.close()

    # --- what the kinds of store do; records are by column, their values still as given

    @abstractmethod
    def _close(self) -> None:
        """Release the database, for this thread alone and while no query runs."""

    @abstractmethod
    def _encode(self, record: Record) -> Record:
        """What the columns hold for a record; RecordError names what cannot be stored."""

    @abstractmethod
    def _add(self, key: str, record: Record) -> None: ...

    @abstractmethod
    def _add_all(self, records: list[Record]) -> None:
        """Add records, which are encoded, in one transaction."""

    @abstractmethod
    def _get(self, key: str) -> Record: ...

    @abstractmethod
    def _update(self, key: str, changes: Record) -> None: ...

    @abstractmethod
    def _drop(self, key: str) -> None: ...

    @abstractmethod
    def _find(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Answer: ...

    def _find_all(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> list[Record]:
        with no_collection():
            return list(self._find(query, keys, **options))

    def _find_keys(self, query: Query | None, **options: Unpack[KeyOptions]) -> list[str]:
        keys = (record[self.table.key] for record in self._find_all(query, [], **options))
        return [key for key in keys if key is not None]

    @abstractmethod
    def _count(self, query: Query | None, **options: Unpack[CountOptions]) -> int: ...

    @abstractmethod
    def _distinct(self, key: str, query: Query | None, **options: Unpack[DistinctOptions]) -> list[Any]: ...

    @abstractmethod
    def _explain(self, query: Query | None, keys: Keys, **options: Unpack[Options]) -> Explanation: ...

    @abstractmethod
    def _drop_matching(self, query: Query) -> None: ...

    def _to_parquet(self, path: str, query: Any) -> int:
        from mqsql.storage.duckdb.export import export

        return export(self.find(query, self.table.all_keys), self.table, path)

    @abstractmethod
    def _look_for_indexes(self) -> int:
        """Read again the indexes that another process may have created or dropped; a number that changes with them."""

    @abstractmethod
    def _create_index(self, index: Index) -> None: ...

    @abstractmethod
    def _drop_index(self, index_or_name: IndexKeys) -> None: ...

    def data_version(self) -> object:
        """A value that is another one when somebody has changed the records; None where nothing tells that."""
        return None

    def waiting(self, seconds: float) -> AbstractContextManager[object]:
        """A block whose calls wait no longer than that for other processes or for a server; other stores wait for nothing."""
        return nullcontext()

    # --- shared checks

    def _check_writable(self) -> None:
        if self.readonly:
            raise StorageError('the store was opened read-only; open it without readonly=True to change it')

    def read_new(self, key: object, record: object) -> tuple[str, Record]:
        """The key of a new record, and what it has by column; RecordError unless both are of one record."""
        known = self.read_key(key)
        given = self.table.resolve(record)
        named = given.get(self.table.key)
        if named is not None and self.read_key(named) != known:
            raise RecordError(f'names another record, {short_repr(named)}', self.table.key)
        return known, given if type(named) is str else {**given, self.table.key: known}

    def _read_keyed(self, record: object) -> Record:
        """A new record by column; RecordError if it does not hold its key."""
        given = self.table.resolve(record)
        return {**given, self.table.key: self.read_key(given.get(self.table.key))}

    def read_changes(self, key: object, changes: object) -> tuple[str, Record]:
        """The key of a record, and what is to change by column; RecordError if the key itself is."""
        known = self.read_known_key(key)
        given = self.table.resolve(changes)
        named = given.get(self.table.key, known)
        if named is None or self.read_key(named) != known:
            raise RecordError('the key of a record never changes', self.table.key)
        if self.table.key in given:
            given = {column: value for column, value in given.items() if column != self.table.key}
        return known, given

    def coerce_value(self, value: object, depth: int) -> Any:
        """The canonical form of a value that is so many levels deep in a column; UnstorableError for what cannot be there."""
        return coerce_value(value, depth=depth)

    def read_key(self, key: object) -> str:
        """The key as plain text; RecordError if it is no text."""
        if type(key) is str:
            return key
        try:
            text: str = STRING.coerce(key)
        except UnstorableError as e:
            raise RecordError(str(e), self.table.key) from e.__cause__
        return text

    def read_known_key(self, key: object) -> str:
        """The key as plain text; MissingRecordError if it is no text, and no record's."""
        try:
            return self.read_key(key)
        except RecordError:
            raise self._missing(key) from None

    def _missing(self, key: object) -> MissingRecordError:
        return MissingRecordError(f'there is no record with {self.table.key} {short_repr(key)}')

    def _duplicate(self, key: object) -> DuplicateRecordError:
        return DuplicateRecordError(f'there is already a record with {self.table.key} {short_repr(key)}')
