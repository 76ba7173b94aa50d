"""ipyparallel's own tests of labels on a real controller, for any database."""

from pathlib import Path
from typing import Any

import pytest
from hub_cluster import PATIENCE, finished, make_engines_patient, stop, wait_until_heard
from ipyparallel.cluster.launcher import LocalControllerLauncher
from ipyparallel.tests.test_label import TaskLabelTest


class ShippedLabels(TaskLabelTest):  # type: ignore[misc]
    """These tests, as they are, once the hub hears of tasks."""

    __test__ = False
    directory: Path

    def database(self) -> list[str]:
        """The options of the controller that choose the database."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = tmp_path
        monkeypatch.setenv('IPYTHONDIR', str(make_engines_patient(tmp_path / 'ipython')))

    def setUp(self) -> None:
        super().setUp()
        wait_until_heard(self.rc)

    def run_tasks(self, view: Any) -> Any:
        before = len(self.rc.history)
        labels = super().run_tasks(view)
        finished(self.rc, self.rc.get_result(self.rc.history[before:], owner=False))
        return labels

    def get_controller_launcher(self) -> type[LocalControllerLauncher]:
        return type('Launcher', (LocalControllerLauncher,), {'controller_args': [*self.database(), *PATIENCE]})

    def tearDown(self) -> None:
        stop(self.cluster)
