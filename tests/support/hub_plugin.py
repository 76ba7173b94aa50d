"""A plugin of pytest that runs ipyparallel's own tests, as they are, on one of mqsql's databases.

    make test-hub
    make test-hub DB=DictDB

Their controller is told `--dictdb`, which no configuration overrides, so the argument itself is exchanged. The environment
variable MQSQL_HUB_DB names the database.
"""

import os
from typing import Any

import ipyparallel.tests
import pytest

ARGUMENTS = {
    'SQLiteDB': ['--SQLiteDB.filename=shipped.db'],
    'DictDB': [],
}
"""Each database, and further arguments of its controller."""


def pytest_configure(config: pytest.Config) -> None:
    """Exchange the argument in each launcher that these tests start."""
    name = os.environ.get('MQSQL_HUB_DB', 'SQLiteDB')
    if name not in ARGUMENTS:
        raise pytest.UsageError(f'DB is one of {", ".join(ARGUMENTS)}, not {name!r}')
    database = [f'--IPController.db_class=mqsql.hub.{name}', *ARGUMENTS[name]]
    launcher: Any = ipyparallel.tests.TestProcessLauncher
    start = launcher.start

    def start_ours(self: Any) -> Any:
        arguments = [database if word == '--dictdb' else [word] for word in self.cmd_and_args]
        self.cmd_and_args = [word for words in arguments for word in words]
        return start(self)

    launcher.start = start_ours
