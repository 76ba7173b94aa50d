"""What asks a server: blocks that end in time, and whose failures are explained."""

import math
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

import pymongo

from mqsql import limits
from mqsql.storage.mongodb.failures import Failures

SHORTEST = 0.001  # seconds; pymongo takes 0 for no limit


class Server:
    """The server of a collection, which messages call `path`. Its client is closed when the last block has ended.

    Until then the client looks after the server, so that a block without a limit ends, too, if the server falls silent.
    """

    def __init__(self, client: 'pymongo.MongoClient[Any]', path: str) -> None:
        self._client, self._path, self._lock = client, path, Lock()
        self._asking, self._closing, self._closed = 0, False, False

    def asking(self, seconds: float = math.inf, fields: dict[str, Any] | None = None) -> 'Asking':
        """A block, opened as often as needed, that waits at most so long each time, and at most what is left to the query.

        `fields` are what it is to store.
        """
        return Asking(self, seconds, Failures(self._path, fields))

    def enter(self) -> None:
        """A block begins."""
        with self._lock:
            self._asking += 1

    def leave(self) -> None:
        """A block has ended."""
        with self._lock:
            self._asking -= 1
            if not self._closing or self._asking or self._closed:
                return
            self._closed = True
        self._client.close()

    def close(self, seconds: float) -> None:
        """Close the client, or let the last block do it; what is said to the server may take so long."""
        self._closing = True
        with self.asking(seconds):
            pass


class Asking:
    """See `Server.asking`; a class, since a generator would slow every call."""

    _timeout: AbstractContextManager[object]

    def __init__(self, server: Server, seconds: float, failures: Failures) -> None:
        self._server, self._seconds, self._failures = server, seconds, failures

    def __enter__(self) -> None:
        limits.check()
        left = min(self._seconds, limits.current().left())
        # Without a limit of its own, that of an outer block holds.
        self._timeout = pymongo.timeout(max(left, SHORTEST)) if left < math.inf else nullcontext()
        self._server.enter()
        self._timeout.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._server.leave()
        self._timeout.__exit__(kind, error, trace)
        self._failures.__exit__(kind, error, trace)
