"""Stores of MongoDB servers for tests, and what they ask their server."""

from typing import Any

import pymongo
from mongo_servers import Place
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

import mqsql
from mqsql.schema import TASKS, Table
from mqsql.storage.mongodb.documents import Document
from mqsql.storage.mongodb.store import MongoStore

COLLECTION = 'tasks'

_OF_THE_DRIVER = frozenset({'hello', 'ping', 'endSessions', 'killCursors', 'listIndexes', 'createIndexes'})


class Commands(CommandListener):
    """What a client asks its server about records: the names of the commands, and each as it was sent."""

    def __init__(self) -> None:
        self.sent: list[Document] = []

    @property
    def names(self) -> list[str]:
        """The command and the collection of each, such as `find tasks`."""
        return [
            f'{name} {command[name] if name != "getMore" else command["collection"]}' for name, command in self._each()
        ]

    def _each(self) -> list[tuple[str, Document]]:
        return [(next(iter(command)), command) for command in self.sent]

    def clear(self) -> None:
        """Forget what has been asked."""
        self.sent.clear()

    def started(self, event: CommandStartedEvent) -> None:
        """Called by pymongo."""
        if event.command_name not in _OF_THE_DRIVER:
            self.sent.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Called by pymongo."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Called by pymongo."""


def url_of(mongo: Place) -> str:
    """The URL of a store in the test's own database."""
    return f'{mongo.url}/{mongo.database}.{COLLECTION}'


def opened(mongo: Place, **options: Any) -> MongoStore:
    """A store in the test's own database."""
    store = mqsql.open(url_of(mongo), **options)
    assert isinstance(store, MongoStore)
    return store


def heard(mongo: Place, commands: Commands, table: Table = TASKS, **options: Any) -> MongoStore:
    """The same; `commands` hears what it asks from now on."""
    client = pymongo.MongoClient[Document](mongo.url, event_listeners=[commands])
    store = MongoStore(client, mongo.database, COLLECTION, name=url_of(mongo), table=table, **options)
    store.prepare()
    commands.clear()
    return store


def client_of(mongo: Place) -> 'pymongo.MongoClient[Document]':
    """A client of a test, as another program has it."""
    return pymongo.MongoClient(mongo.url, tz_aware=True)
