"""Stores that hold a drawn collection, and what comes out of them. Imports `storage`, the errors and the schema."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tables import TABLE

from mqsql import storage
from mqsql.errors import MqsqlError
from mqsql.schema import BUFFERS, TASKS, Record, Table


@contextmanager
def filled(collection: list[Record], url: str = ':memory:', table: Table = TASKS) -> Iterator[storage.Store]:
    """A store that holds these records, closed at the end."""
    with storage.open(url, table=table) as store:
        for record in collection:
            store.add_record(record[table.key], record)
        yield store


def holding(
    collection: list[Record], url: str = ':memory:', table: Table = TABLE
) -> AbstractContextManager[storage.Store]:
    """The same for a drawn collection."""
    return filled(collection, url, table)


def ids(store: storage.Store, query: dict[str, Any]) -> list[str]:
    """The ids of the records that match, in the order they come."""
    return [record['msg_id'] for record in store.find(query, 'msg_id')]


def outcome(call: Callable[..., Any], *args: object, **options: Any) -> str:
    """What a call gives, in a form that is equal only if all is (1 is not 1.0, but NaN is NaN), or the class of its error.

    Of an iterator it is one line for each row.
    """
    try:
        result = call(*args, **options)
        if isinstance(result, Iterable) and not isinstance(result, dict):
            return '\n'.join(repr(plain(row)) for row in result)
        return repr(plain(result))
    except MqsqlError as e:
        return f'raises {type(e).__name__}'


def plain(value: Any) -> Any:
    """A record with lazy lists of buffers as lists; anything else as it is."""
    if not isinstance(value, dict):
        return value
    lists = {key: list(v) for key, v in value.items() if v is not None and TABLE.columns.get(key) is BUFFERS}
    return {**value, **lists}
