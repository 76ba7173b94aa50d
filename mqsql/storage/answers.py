"""The iterator that `find` returns, and hints for users of pymongo whose methods have other names here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

Record = dict[str, Any]


class Answer(Iterator[Record]):
    """The records of a `find`, one by one."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records

    def __next__(self) -> Record:
        return next(self._records)

    def close(self) -> None:
        """Stop reading; closing twice is fine."""
        self._records = iter(())

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(no_attribute('the answer of find', name, IN_PLACE_OF_CURSORS), name=name, obj=self)


def no_attribute(what: str, name: str, known: dict[str, str]) -> str:
    """The message for a missing attribute."""
    return f'{what} has no attribute {name!r}' + (f'; write {known[name]}' if name in known else '')


def no_option(method: str, name: str) -> TypeError:
    """The error for an option that a method does not have."""
    said = f'{method}() got an unexpected keyword argument {name!r}'
    return TypeError(f'{said}; {IN_PLACE_OF_OPTIONS[name]}' if name in IN_PLACE_OF_OPTIONS else said)


IN_PLACE_OF_CURSORS = {
    'sort': 'find(…, sort=…)',
    'limit': 'find(…, limit=…)',
    'skip': 'find(…, skip=…)',
    'collation': 'find(…, collation=…)',
    'count': 'store.count(query)',
    'distinct': 'store.distinct(key, query)',
    'explain': 'store.explain(query)',
    'to_list': 'list(store.find(…))',
    'next': 'next(store.find(…))',
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
    'min': 'write $gte in the query',
    'max': 'write $lt in the query',
}
"""Options of pymongo's methods, and what to do without them."""
