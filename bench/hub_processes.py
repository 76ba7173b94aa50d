"""Controllers and engines as processes of their own, on loopback and in one directory. Imports nothing of the project."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

START_SECONDS = 60
PORTS = 40  # more than a controller listens on
PORT_RANGE = range(10_000, 30_000, PORTS)  # below those that the system gives to outgoing connections


class Hub:
    """One controller at a time, and engines that stay when it goes. Each is a process group, ended by its id.

    `options` are the controller's. With `lasting` a next controller listens where the last one did and takes over its
    engines and clients, so that only the controller is to be started again.
    """

    def __init__(self, directory: Path, options: Sequence[str], *, engines: int = 2, lasting: bool = False) -> None:
        self.directory, self._options, self._engines, self._lasting = directory, options, engines, lasting
        self.connection_file = directory / 'profile' / 'security' / 'ipcontroller-client.json'
        self.log = directory / 'log'
        self._groups: list[subprocess.Popen[bytes]] = []
        self._controller: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start_controller()
            for _ in range(self._engines):
                self._start('engine', '--IPEngine.enable_nanny=False', '--IPEngine.max_heartbeat_misses=0')
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for group in self._groups:
            _kill(group)

    def start_controller(self) -> None:
        """Start a controller; returns when clients and engines know where it listens."""
        options = list(self._options)
        if self._lasting:
            options += ['--reuse', '--restore']
            # The second controller reads from the first one's files where to listen, and finds all else a place itself.
            options += [] if self.connection_file.exists() else [f'--ports={_free_ports()}']
        self._controller = self._start('controller', '--init', *options)
        deadline = time.monotonic() + START_SECONDS
        while not self.connection_file.exists():
            if self._controller.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'the controller does not start:\n{self.log.read_text()}')
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        """The process id of the latest controller."""
        assert self._controller is not None
        return self._controller.pid

    def kill_controller(self) -> None:
        """End the controller and its schedulers at once and without notice."""
        assert self._controller is not None
        _kill(self._controller)
        self._groups.remove(self._controller)

    def _start(self, program: str, *options: str) -> 'subprocess.Popen[bytes]':
        command = [sys.executable, '-m', f'ipyparallel.{program}', f'--profile-dir={self.directory / "profile"}']
        root = str(Path(__file__).parent.parent)
        with self.log.open('ab') as log:
            # A session of its own: an interrupt from the keyboard is for the one that measures, which then ends these.
            process = subprocess.Popen(
                [*command, '--log-level=40', *options],
                cwd=self.directory,
                env={**os.environ, 'PYTHONPATH': root},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._groups.append(process)
        return process

    @contextmanager
    def client(self) -> Iterator[Any]:
        """A client, when the engines are there."""
        with connect(self.connection_file) as rc:
            rc.wait_for_engines(self._engines, timeout=START_SECONDS, interactive=False)
            yield rc


def connect(connection_file: Path) -> Any:
    """A client of the hub that wrote this file."""
    import ipyparallel  # only now: it reads IPYTHONDIR

    return ipyparallel.Client(str(connection_file))


def _kill(group: 'subprocess.Popen[bytes]') -> None:
    try:
        # Until `wait` the id is this group's, even if its first process has ended.
        os.killpg(group.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        group.wait()


def _free_ports() -> str:
    for first in random.sample(PORT_RANGE, len(PORT_RANGE)):
        if all(_is_free(port) for port in range(first, first + PORTS)):
            return f'{first}-{first + PORTS - 1}'
    raise RuntimeError('no ports are free')


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(('127.0.0.1', port)) != 0


@contextmanager
def directory() -> Iterator[Path]:
    """A temporary directory where all of IPython's files are as well; removed also when a signal ends the program."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix='mqsql-bench-') as name:
        os.environ['IPYTHONDIR'] = str(Path(name) / 'ipython')
        yield Path(name)
