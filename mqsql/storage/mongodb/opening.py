"""Opens the store at an address."""

from mqsql.schema import Table
from mqsql.schema.rows import warn
from mqsql.settings import Settings
from mqsql.storage.mishaps import Warn
from mqsql.storage.mongodb.address import read_address
from mqsql.storage.mongodb.store import MongoStore


def open_store(url: str, *, readonly: bool, table: Table, settings: Settings, say: Warn = warn) -> MongoStore:
    """The store at an address, whose indexes are there; StorageError if the server does not answer within `busy_timeout`."""
    address = read_address(url, table.name)
    store = MongoStore(
        address.client(settings.busy_timeout),
        address.database,
        address.collection,
        name=address.name,
        readonly=readonly,
        table=table,
        timeout=settings.busy_timeout,
        query_timeout=settings.query_timeout,
        say=say,
    )
    try:
        store.prepare()
    except BaseException:
        store.close()
        raise
    return store
