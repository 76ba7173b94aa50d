"""A server that speaks MongoDB's protocol, on loopback, in a directory; it belongs to the process group of its contender."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pymongo

COMMAND = 'secantusd-py'
START_SECONDS = 60


class Server:
    """SecantusDB as a program of its own."""

    def __init__(self, directory: Path) -> None:
        command = shutil.which(COMMAND, path=str(Path(sys.executable).parent))
        if command is None:
            raise RuntimeError(f'{COMMAND} is not installed')
        self.port = _free_port()
        data = directory / 'server'
        data.mkdir()
        options = ['--host', '127.0.0.1', '--port', str(self.port), '--storage-path', str(data), '--standalone']
        with open(directory / 'server.log', 'ab') as log:
            self._process = subprocess.Popen(
                [command, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory
            )
        self._wait()

    @property
    def url(self) -> str:
        """Its address, without a database."""
        return f'mongodb://127.0.0.1:{self.port}'

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with pymongo.MongoClient[dict[str, object]](self.url, serverSelectionTimeoutMS=500) as client:
            while self._process.poll() is None and time.monotonic() < deadline:
                try:
                    client.admin.command('ping')
                except pymongo.errors.PyMongoError:
                    continue
                return
        raise RuntimeError(f'{COMMAND} does not start')

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return int(one.getsockname()[1])
