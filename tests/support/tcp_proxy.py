"""A way to a server on this machine that can be slow, or cut."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread

BYTES = 65_536


class Proxy:
    """Passes on what it receives at `port` to another port of this machine, and back, each part after `delay` seconds."""

    def __init__(self, target: int) -> None:
        self._target, self.delay = target, 0.0
        self._open, self._closed = True, Event()
        self._sockets: set[socket.socket] = set()
        self._lock = Lock()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of a MongoDB server behind it."""
        return f'mongodb://127.0.0.1:{self.port}'

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # it is closed
                return
            try:
                server = socket.create_connection(('127.0.0.1', self._target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._sockets |= {client, server}
                if not self._open:
                    self._end()
            for source, sink in ((client, server), (server, client)):
                Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(BYTES):
                self._closed.wait(self.delay)
                sink.sendall(part)
        with self._lock:
            self._end_one(source)
            self._end_one(sink)

    def cut(self) -> None:
        """End all connections, and each new one at once."""
        with self._lock:
            self._open = False
            self._end()

    def mend(self) -> None:
        """Let connections through again."""
        self._open = True

    def _end(self) -> None:
        for one in list(self._sockets):
            self._end_one(one)

    def _end_one(self, one: socket.socket) -> None:
        self._sockets.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

    def close(self) -> None:
        """End all."""
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A way to the server at this port."""
    made = Proxy(target)
    try:
        yield made
    finally:
        made.close()
