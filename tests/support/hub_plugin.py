"""A plugin of pytest that runs ipyparallel's own tests, as they are, on mqsql's database.

    make test-hub

Their controller is told `--dictdb`, which no configuration overrides, so the argument itself is exchanged.
"""

from typing import Any

import ipyparallel.tests
import pytest

DATABASE = ['--IPController.db_class=mqsql.hub.SQLiteDB', '--SQLiteDB.filename=shipped.db']


def pytest_configure(config: pytest.Config) -> None:
    """Exchange the argument in each launcher that these tests start."""
    launcher: Any = ipyparallel.tests.TestProcessLauncher
    start = launcher.start

    def start_ours(self: Any) -> Any:
        arguments = [DATABASE if word == '--dictdb' else [word] for word in self.cmd_and_args]
        self.cmd_and_args = [word for words in arguments for word in words]
        return start(self)

    launcher.start = start_ours
