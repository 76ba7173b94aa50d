"""A plugin of pytest that runs ipyparallel's own tests, as they are, on one of mqsql's databases.

    make test-hub
    make test-hub DB=DictDB
    make test-hub DB=MongoDB    # on a server that the run starts and stops

Their controller is told `--dictdb`, which no configuration overrides, so the argument itself is exchanged. The environment
variable MQSQL_HUB_DB names the database.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ipyparallel.tests
import pytest
from mongo_servers import running


@contextmanager
def on_server() -> Iterator[list[str]]:
    """The arguments for a database on a server, which runs in the block."""
    with TemporaryDirectory() as directory, running('secantus', Path(directory)) as server:
        yield [f'--MongoDB.connection_args={server.url}', '--MongoDB.database=']  # one for each controller


ARGUMENTS: dict[str, Callable[[ExitStack], list[str]]] = {
    'SQLiteDB': lambda stack: ['--SQLiteDB.filename=shipped.db'],
    'DictDB': lambda stack: [],
    'MongoDB': lambda stack: stack.enter_context(on_server()),
}
"""Each database, and what gives further arguments of its controller, until the stack is closed."""


def pytest_configure(config: pytest.Config) -> None:
    """Exchange the argument in each launcher that these tests start."""
    name = os.environ.get('MQSQL_HUB_DB', 'SQLiteDB')
    if name not in ARGUMENTS:
        raise pytest.UsageError(f'DB is one of {", ".join(ARGUMENTS)}, not {name!r}')
    stack = ExitStack()
    config.add_cleanup(stack.close)
    database = [f'--IPController.db_class=mqsql.hub.{name}', *ARGUMENTS[name](stack)]
    launcher: Any = ipyparallel.tests.TestProcessLauncher
    start = launcher.start

    def start_ours(self: Any) -> Any:
        arguments = [database if word == '--dictdb' else [word] for word in self.cmd_and_args]
        self.cmd_and_args = [word for words in arguments for word in words]
        return start(self)

    launcher.start = start_ours
