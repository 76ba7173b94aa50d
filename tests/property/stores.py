"""Stores that hold a drawn collection. Imports `storage` and the schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mqsql import storage
from mqsql.schema import TASKS, Record, Table


@contextmanager
def filled(collection: list[Record], url: str = ':memory:', table: Table = TASKS) -> Iterator[storage.Store]:
    """A store that holds these records, closed at the end."""
    with storage.open(url, table=table) as store:
        for record in collection:
            store.add_record(record[table.key], record)
        yield store


def ids(store: storage.Store, query: dict[str, Any]) -> list[str]:
    """The ids of the records that match, in the order they come."""
    return [record['msg_id'] for record in store.find(query, 'msg_id')]
