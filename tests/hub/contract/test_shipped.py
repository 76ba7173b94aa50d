"""ipyparallel's own tests of a task database, as they are."""

from typing import Any

import pytest
from ipyparallel.tests.test_db import TaskDBTest


class TestShipped(TaskDBTest):  # type: ignore[misc]
    """What every database of ipyparallel has to pass."""

    @pytest.fixture(autouse=True)
    def _prepared(self, db: Any) -> None:
        self.made = db
        self.setUp()

    def create_db(self) -> Any:
        return self.made
