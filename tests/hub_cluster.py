"""Real controllers and engines for the tests of the hub's database, on this machine and in a directory of the test."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ipyparallel
import psutil  # type: ignore[import-untyped]
import pytest

SECONDS = 60
DATABASE = '--IPController.db_class=mqsql.hub.SQLiteDB'
# An engine is known to the hub after its second heartbeat, and is taken for dead when it has missed 30 seconds of them.
HEARTBEATS = ('--HeartMonitor.period=500', '--HeartMonitor.max_heartmonitor_misses=60')


@contextmanager
def controller(
    directory: Path, *arguments: str, engines: int = 2, database: str = DATABASE, location: Path | None = None
) -> Iterator[Any]:
    """A running cluster whose hub keeps its records in tasks.db at `location`, or else in `directory`, where all its other
    files are; its processes are gone after the block.
    """
    options = [database, f'--SQLiteDB.location={location or directory}', *HEARTBEATS, *arguments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('IPYTHONDIR', str(directory / 'ipython'))
        cluster = ipyparallel.Cluster(n=engines, controller_args=options, log_level=40)
        try:
            cluster.start_cluster_sync()
            yield cluster
        finally:
            stop(cluster)


def stop(cluster: Any) -> None:
    """Stop a cluster, and end by its id whatever process of it does not."""
    processes = psutil.Process(os.getpid()).children(recursive=True)
    try:
        # At the same time they take five seconds: the engines wait for an answer of the controller.
        cluster.stop_controller_sync()
        cluster.stop_engines_sync()
    finally:
        # Those that watch over the engines take five seconds more.
        _, alive = psutil.wait_procs(processes, timeout=1)
        for process in alive:
            process.kill()


@contextmanager
def client(cluster: Any, engines: int = 2) -> Iterator[Any]:
    """A client of the cluster, when its engines are there."""
    with cluster.connect_client_sync() as rc:
        rc.wait_for_engines(engines, timeout=SECONDS, interactive=False)
        yield rc


def wait_for_records(rc: Any, query: dict[str, Any]) -> None:
    """Return when the hub has a record that matches, and none of a task at work: a client hears of results before it."""
    deadline = time.monotonic() + SECONDS
    while rc.db_query({'completed': None}, keys=[]) or not rc.db_query(query, keys=[]):
        assert time.monotonic() < deadline, f'the hub has no record that matches {query}, or one that is not completed'
        time.sleep(0.05)


def kill_controller(directory: Path) -> None:
    """End the controller of this directory, with all its processes, at once and without notice."""
    for process in psutil.Process(os.getpid()).children(recursive=True):
        if str(directory) in ' '.join(process.cmdline()) and 'ipyparallel.controller' in process.cmdline():
            for each in (process, *process.children(recursive=True)):
                each.kill()
            return
    raise AssertionError('there is no controller')
