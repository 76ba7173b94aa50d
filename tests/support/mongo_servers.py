"""Servers that speak MongoDB's protocol, on this machine and in a directory of the test; for tests of what asks such a server.

SecantusDB and NX-27017 are programs, which the tests start and stop. A third server, such as MongoDB itself, is one that runs
already: MQSQL_TEST_MONGODB is its URL. `mongo_deviations` lists where the first two do not answer as MongoDB does.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]
import pymongo
import pytest
from waiting import SECONDS, wait_until

GIVEN = os.environ.get('MQSQL_TEST_MONGODB', '')
"""The URL of a server that runs already, or ''."""

ANSWER_MS = 500
"""How long one attempt to reach a server that starts may take."""

_numbers = count()


class Program(NamedTuple):
    """A server: its command, where `pip` has installed it, and the options that give it a port and a directory."""

    command: str
    options: Callable[[int, Path], list[str]]


def _secantus(port: int, directory: Path) -> list[str]:
    return ['--host', '127.0.0.1', '--port', str(port), '--storage-path', str(directory / 'data'), '--standalone']


def _nx(port: int, directory: Path) -> list[str]:
    files = [
        '--data-dir',
        str(directory / 'data'),
        '--log-file',
        str(directory / 'log'),
        '--pid-file',
        str(directory / 'pid'),
    ]
    return ['--host', '127.0.0.1', '--port', str(port), *files]


PROGRAMS = {'secantus': Program('secantusd-py', _secantus), 'nx': Program('nx-27017', _nx)}
"""The servers that the tests can start."""

JOURNALED = {'secantus': ['--sync-on-commit'], 'nx': []}
"""More options with which a server that is killed has lost no write; without them the last ones may be lost."""

KINDS = [*PROGRAMS, *(['given'] if GIVEN else [])]
"""All servers that there are to be tried; 'given' is that of GIVEN."""


def installed(kind: str) -> str:
    """The path of a server's command; skips the test if it is not installed."""
    command = PROGRAMS[kind].command
    found = shutil.which(command, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f'{command} is not installed for Python {sys.version_info.major}.{sys.version_info.minor}')
    return found


class Server:
    """A server in a process of this test's, with its data in a directory."""

    def __init__(self, kind: str, directory: Path, *options: str) -> None:
        self.kind, self.directory = kind, directory
        self._command, self._options = installed(kind), options
        self.port = _free_port()
        self.process: Any = None
        (directory / 'data').mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Where it answers, without a database."""
        return f'mongodb://127.0.0.1:{self.port}'

    @property
    def output(self) -> str:
        """What it has printed."""
        return (self.directory / 'output').read_text(errors='replace')

    def start(self) -> None:
        """Start it, on the port and the data of the last time, and return when it answers."""
        options = PROGRAMS[self.kind].options(self.port, self.directory)
        with open(self.directory / 'output', 'ab') as output:
            self.process = psutil.Popen(
                [self._command, *options, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
            )
        wait_until(self._answers_or_ended, f'{self.kind} does not answer')
        assert self.process.poll() is None, f'{self.kind} has ended:\n{self.output}'

    def _answers_or_ended(self) -> bool:
        return self.process.poll() is not None or answers(self.url)

    def stop(self) -> None:
        """Ask it to end, and return when it has."""
        self.process.terminate()
        self.process.wait(SECONDS)

    def kill(self) -> None:
        """End it at once, also while it is frozen, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(SECONDS)

    def restart(self) -> None:
        """Kill it and start it again, with its port and its data."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Let it do nothing: its connections stay open, and nobody answers."""
        self.process.suspend()
        wait_until(self._is_stopped, f'{self.kind} goes on')

    def _is_stopped(self) -> bool:
        threads = list(Path(f'/proc/{self.process.pid}/task').glob('*/stat')) or None
        if threads is None:  # this system says it of the process only
            return bool(self.process.status() == psutil.STATUS_STOPPED)
        return all(stat.read_text().rpartition(')')[2].split()[0] == 'T' for stat in threads)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self.process.resume()


@contextmanager
def running(kind: str, directory: Path, *options: str) -> Iterator[Server]:
    """A server that answers; its process is gone after the block. The block may stop, freeze and restart it."""
    server = Server(kind, directory, *options)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.kill()


@contextmanager
def guarded(directory: Path, user: str, password: str) -> Iterator[Server]:
    """A server that asks for a password, with one user, who may do everything."""
    options = JOURNALED['secantus']
    with running('secantus', directory, *options) as server, pymongo.MongoClient[dict[str, Any]](server.url) as client:
        client.admin.command('createUser', user, pwd=password, roles=['root'])
    with running('secantus', directory, '--auth', *options) as server:
        yield server


def answers(url: str) -> bool:
    """Whether a server answers there at once."""
    with pymongo.MongoClient[dict[str, Any]](
        url, serverSelectionTimeoutMS=ANSWER_MS, connectTimeoutMS=ANSWER_MS
    ) as client:
        try:
            client.admin.command('ping')
        except pymongo.errors.PyMongoError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return int(one.getsockname()[1])


class Place(NamedTuple):
    """A database of a test's own on a server that other tests use, too, and that it must leave running."""

    kind: str
    url: str
    database: str


@contextmanager
def place(kind: str, url: str) -> Iterator[Place]:
    """An empty database, which is dropped after the block."""
    name = f'mqsql-test-{os.getpid()}-{next(_numbers)}'
    try:
        yield Place(kind, url, name)
    finally:
        with pymongo.MongoClient[dict[str, Any]](url) as client:
            client.drop_database(name)
