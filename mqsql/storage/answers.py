"""What `find` returns: records, one by one or as tables; and hints for users of pymongo whose methods have other names here."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from mqsql.errors import QueryError, short_repr

if TYPE_CHECKING:
    from mqsql.storage.base import Collation, Sort, Store
    from mqsql.storage.frames.tables import ArrowTable, Documents, PandasFrame, PolarsFrame

Record = dict[str, Any]


class Asked(NamedTuple):
    """What `find` was called with."""

    store: 'Store'
    query: Any
    keys: Any
    options: Mapping[str, Any]

    def answer(self, **options: Any) -> 'Answer':
        """The answer, with other options in place of those of the same names."""
        return self.store.find(self.query, self.keys, **{**self.options, **options})

    def first(self, number: int) -> list[Record]:
        """So many first records of the answer; those of SQLite are read by the connection that does all but `find`."""
        most = min(number, self.options.get('limit') or number)
        return self.store._find_all(self.query, self.keys, **{**self.options, 'limit': most})

    def __str__(self) -> str:
        given = [_shown({} if self.query is None else self.query)]
        given += [] if self.keys is None else [_shown(self.keys)]
        given += [f'{name}={_shown(value)}' for name, value in self.options.items() if value]
        return f'find({", ".join(given)})'


def _shown(value: object) -> str:
    """The value, cut to a length that fits a line."""
    return short_repr(value).removesuffix(f' ({type(value).__name__})')


class Answer(Iterator[Record]):
    """The records of a `find`, in the order of the answer: an iterator, which reads them a few at a time.

    Before the first one is read, `sort`, `limit`, `skip` and `collation` change what is asked, as they do in pymongo. Each asks
    again, for the records as they are at the time of that call. Or all records are read at once: `to_list`, `to_arrow`,
    `to_pandas` and `to_polars`; every library that knows the Arrow PyCapsule interface takes an answer as it is.
    """

    asked: Asked

    # --- what is asked

    def sort(self, key: 'Sort', direction: int | None = None) -> Self:
        """Sort by a key, in a direction of 1 or -1, or by what `find` takes as `sort`."""
        return self._again('sort', key if direction is None else (key, direction))

    def limit(self, limit: int | None) -> Self:
        """Give so many records at most; 0 and None are no limit."""
        return self._again('limit', limit)

    def skip(self, skip: int) -> Self:
        """Leave out so many records at the beginning."""
        return self._again('skip', skip)

    def collation(self, collation: 'Collation') -> Self:
        """Compare texts so; see `find`."""
        return self._again('collation', collation)

    def _again(self, name: str, value: Any) -> Self:
        self.check_unread(f'{name}()')
        if _has_iterator(self.asked.query):
            raise QueryError(f'the query has an iterator, which can be read once; write find(…, {name}=…)', name)
        self._replace(self.asked.answer(**{name: value}))
        return self

    def _replace(self, other: Any) -> None:
        """Give the records of another answer."""
        raise NotImplementedError

    def check_unread(self, what: str) -> None:
        """QueryError if the first record has been read, or may have been; `what` comes before that."""
        if self.begun:
            raise QueryError(f'{what} comes before the first record is read; call find again')

    @property
    def begun(self) -> bool:
        """Whether it has begun to be read, or was closed."""
        raise NotImplementedError

    # --- the records

    def __next__(self) -> Record:
        raise NotImplementedError

    def close(self) -> None:
        """Stop reading; closing twice is fine."""
        raise NotImplementedError

    def to_list(self, length: int | None = None) -> list[Record]:
        """The records, or the next `length` of them."""
        if length is None:
            return list(self)
        if type(length) is not int or length < 0:
            raise QueryError(f'takes a number of records or None, not {short_repr(length)}', 'to_list')
        return list(islice(self, length))

    def to_arrow(self, documents: 'Documents' = 'json') -> 'ArrowTable':
        """The records as a table of pyarrow, with a column for each key. It needs mqsql[arrow].

        Documents are JSON text, with times and bytes as in MongoDB's Extended JSON; 'struct' makes structs and lists of them.
        """
        from mqsql.storage.frames.tables import to_arrow

        return to_arrow(self, documents)

    def to_pandas(self, documents: 'Documents' = 'json') -> 'PandasFrame':
        """The same as a data frame of pandas. It needs mqsql[pandas]."""
        from mqsql.storage.frames.tables import to_pandas

        return to_pandas(self, documents)

    def to_polars(self, documents: 'Documents' = 'json') -> 'PolarsFrame':
        """The same as a data frame of Polars. It needs mqsql[polars]."""
        from mqsql.storage.frames.tables import to_polars

        return to_polars(self, documents)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """An Arrow stream of the same, as a PyCapsule, which pandas, Polars, DuckDB and others read. It needs mqsql[arrow]."""
        from mqsql.storage.frames.tables import stream

        return stream(self, requested_schema)

    # --- how it is shown

    def __repr__(self) -> str:
        return f'<{"read" if self.begun else "unread"} answer of {self.asked}>'

    def _repr_html_(self) -> str:
        from mqsql.storage.showing import answer_html

        return answer_html(self)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(no_attribute('the answer of find', name, IN_PLACE_OF_CURSORS), name=name, obj=self)


def _has_iterator(query: Any) -> bool:
    """Whether there is an iterator in a query, which has been read by the first answer."""
    kind = type(query)
    if issubclass(kind, Iterator):
        return True
    parts = query.values() if issubclass(kind, dict) else query if issubclass(kind, list | tuple) else ()
    return any(map(_has_iterator, parts))


def no_attribute(what: str, name: str, known: dict[str, str]) -> str:
    """The message for a missing attribute."""
    return f'{what} has no attribute {name!r}' + (f'; write {known[name]}' if name in known else '')


def no_option(method: str, name: str) -> TypeError:
    """The error for an option that a method does not have."""
    said = f'{method}() got an unexpected keyword argument {name!r}'
    return TypeError(f'{said}; {IN_PLACE_OF_OPTIONS[name]}' if name in IN_PLACE_OF_OPTIONS else said)


IN_PLACE_OF_CURSORS = {
    'count': 'store.count(query)',
    'distinct': 'store.distinct(key, query)',
    'explain': 'store.explain(query)',
    'next': 'next(store.find(…))',
    'rewind': 'store.find(…), which asks again',
    'clone': 'store.find(…), which asks again',
    'batch_size': 'nothing: records are read one by one',
    'hint': 'nothing: the index is chosen by the query; store.explain(query) names it',
    'max_time_ms': 'mqsql.open(…, query_timeout=seconds)',
}
"""Methods of pymongo's cursors, and what to write in their place."""

IN_PLACE_OF_COLLECTIONS = {
    'count_documents': 'count(query)',
    'estimated_document_count': 'count()',
    'insert_one': 'add_record(key, record)',
    'insert_many': 'add_records(records)',
    'insert': 'add_record(key, record)',
    'save': 'add_record(key, record) or update_record(key, changes)',
    'update_one': 'update_record(key, changes)',
    'update_many': 'update_record(key, changes) for each that find gives',
    'update': 'update_record(key, changes)',
    'replace_one': 'update_record(key, changes)',
    'find_one_and_update': 'update_record(key, changes)',
    'delete_one': 'drop_record(key)',
    'delete_many': 'drop_matching_records(query)',
    'remove': 'drop_matching_records(query)',
    'drop': 'drop_matching_records({})',
    'aggregate': 'find(query, projection=…, sort=…, limit=…)',
    'create_indexes': 'create_index(keys) for each',
    'ensure_index': 'create_index(keys)',
    'drop_indexes': 'drop_index(name) for each of list_indexes()',
    'index_information': 'list_indexes()',
}
"""Methods of pymongo's collections, and what to write in their place."""

IN_PLACE_OF_OPTIONS = {
    'hint': 'the index is chosen by the query; explain() names it',
    'max_time_ms': 'write mqsql.open(…, query_timeout=seconds)',
    'maxTimeMS': 'write mqsql.open(…, query_timeout=seconds)',
    'batch_size': 'records are read one by one',
    'no_cursor_timeout': 'an answer never times out',
    'cursor_type': 'an answer has the records of the time when find was called',
    'comment': "write {'$comment': …} in the query",
    'allow_disk_use': 'SQLite decides that itself',
    'session': 'each call is a transaction of its own',
    'let': 'write the values into the query',
    'fields': 'write keys=… or projection=…',
    'order_by': 'write sort=…',
    'direction': 'write sort={key: 1 or -1}',
    'offset': 'write skip=…',
    'where': 'write filter=…',
    'unique': 'only the key of a table is unique',
    'name': 'an index has the name that its keys make',
    'background': 'nothing: an index is complete when the call returns',
    'sparse': 'an index has all records',
    'partialFilterExpression': 'an index has all records',
    'expireAfterSeconds': 'a hub has max_age; mqsql prune --older-than deletes old tasks',
    'min': 'write $gte in the query',
    'max': 'write $lt in the query',
}
"""Options of pymongo's methods, and what to do without them."""
