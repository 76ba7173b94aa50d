"""Opens the store at an address."""

from mqsql.schema import Table
from mqsql.storage.mongodb.address import read_address
from mqsql.storage.mongodb.store import MongoStore


def open_store(url: str, *, readonly: bool, table: Table, timeout: float, query_timeout: float) -> MongoStore:
    """The store at an address, whose indexes are there; StorageError if the server does not answer within `timeout` seconds."""
    address = read_address(url, table.name)
    store = MongoStore(
        address.client(timeout),
        address.database,
        address.collection,
        name=address.name,
        readonly=readonly,
        table=table,
        timeout=timeout,
        query_timeout=query_timeout,
    )
    try:
        store.prepare()
    except BaseException:
        store.close()
        raise
    return store
