"""The task database of an IPython Parallel hub, in a MongoDB server.

One line of ipcontroller_config.py turns it on:

    c.IPController.db_class = 'mqsql.hub.MongoDB'

The options that ipyparallel's own MongoDB has keep their meaning: `c.MongoDB.connection_args`, `connection_kwargs`, `database`.
"""

import atexit
from contextlib import closing
from typing import Any

from pymongo import MongoClient
from pymongo.errors import InvalidName
from traitlets import Dict, Integer, List, TraitError, Unicode, validate

from mqsql.errors import StorageError, short_repr
from mqsql.hub.database import HubDatabase, Seconds, query_timeout
from mqsql.hub.mongo_client import hosts_of, make_client
from mqsql.hub.server_buffer import AwayError, ServerBuffer
from mqsql.schema import TASKS
from mqsql.settings import LEGACY_TABLE, MAX_TIMEOUT
from mqsql.storage.mongodb.failures import unanswered
from mqsql.storage.mongodb.store import MongoStore

COLLECTION = TASKS.name
MAX_NAME = 63  # bytes (MongoDB's manual, "MongoDB Limits and Thresholds")
INDEXING_SECONDS = 10.0
"""How long the hub may wait at its start for the indexes of a collection that has none."""


class MongoDB(HubDatabase):
    """Keeps the hub's task records in a MongoDB server. Each call is in the server's journal when it returns."""

    connection_args: Any = List(
        help="""Positional arguments of pymongo.MongoClient: the host, or a URL that may hold a user and a password, and the
        port. The default is a server on this machine, at port 27017."""
    ).tag(config=True)
    connection_kwargs: Any = Dict(
        help="""Keyword arguments of pymongo.MongoClient. Unless one says otherwise (journal, w), the server acknowledges a
        change when it is in its journal, and a server that is killed loses nothing."""
    ).tag(config=True)
    database = Unicode(
        LEGACY_TABLE,
        help=f"""The database on the server; the records are in its collection {COLLECTION}. Controllers with the same
        database share their records, including those of earlier sessions; '' is a new database for each session.""",
    ).tag(config=True)
    timeout = Seconds(
        1.0,
        min=0.01,
        max=MAX_TIMEOUT,
        help="""Seconds to wait for an answer of the server. The hub is blocked meanwhile, once: when an answer does not come
        in time, the hub keeps its records in memory, and does not wait for the server again until that has answered a thread
        in the background. A call of the hub waits for one or two answers, and for one more for each 2 MiB of buffers.""",
    ).tag(config=True)
    memory_limit = Integer(
        256 * 2**20,
        min=0,
        help="""Bytes of records, with their buffers, that are kept in memory while the server does not answer or cannot write.
        They are written as soon as possible; records beyond the limit are lost.""",
    ).tag(config=True)
    query_timeout = query_timeout()

    _store: MongoStore
    _tasks: ServerBuffer

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.database = self.database or self.session
        absent = self._look()
        self._store = self._open()
        self._tasks = ServerBuffer(self._store, self.memory_limit, self.log.error, absent=absent)
        # What is kept is tried once more when the controller is told to end, which does not close its database.
        atexit.register(self.close)

    @validate('database')
    def _usable_name(self, proposal: Any) -> str:
        given = str(proposal['value'])
        try:
            MongoClient[Any](connect=False)[given or '_']
            fits = len(given.encode()) <= MAX_NAME
        except (InvalidName, UnicodeError):
            fits = False
        if not fits:
            raise TraitError(
                f'a database name has at most {MAX_NAME} bytes, no space and none of /\\."$; not {short_repr(given)}'
            )
        return given

    def close(self) -> None:
        """See HubDatabase. The end of the process does it, too, unless it is killed."""
        atexit.unregister(self.close)
        super().close()

    def _report(self, what: str, error: Exception) -> None:
        if not isinstance(error, AwayError):
            super()._report(what, error)

    def _open(self) -> MongoStore:
        client = make_client(self.connection_args, self.connection_kwargs, self.timeout)
        return MongoStore(
            client,
            self.database,
            COLLECTION,
            name=f'mongodb://{hosts_of(client)}/{self.database}.{COLLECTION}',
            timeout=self.timeout,
            query_timeout=self.query_timeout,
            say=self.log.warning,
        )

    def _look(self) -> StorageError | None:
        """Prepare the collection; how the server did not answer, if it did not. StorageError if it refuses.

        With a client for this alone: the controller forks its schedulers later, and a client that is in use has threads.
        """
        with closing(self._open()) as store:
            try:
                with store.waiting(max(INDEXING_SECONDS, self.timeout)):
                    store.prepare()
            except StorageError as e:
                if not unanswered(e):
                    raise
                return e
        return None
