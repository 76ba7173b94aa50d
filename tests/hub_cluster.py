"""Real controllers and engines for the tests of the hub's database, on this machine and in a directory of the test."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """Stop a controller, and end its engines and whatever else it leaves by their ids. IPYTHONDIR is the cluster's."""
    processes = _processes(os.environ['IPYTHONDIR'])
    try:
        cluster.stop_controller_sync()
        # Engines at work, and those that watch over them, would take five seconds.
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        cluster.stop_engines_sync()
    finally:
        psutil.wait_procs(processes)


def _processes(ipython: str) -> list[Any]:
    """The processes below this one that have started with that IPYTHONDIR."""
    found = []
    for process in psutil.Process(os.getpid()).children(recursive=True):
        # Some end meanwhile.
        with suppress(psutil.NoSuchProcess):
            if process.environ().get('IPYTHONDIR') == ipython:
                found.append(process)
    return found


@contextmanager
def client(cluster: Any, engines: int = 2) -> Iterator[Any]:
    """A client of the cluster, when its engines are there."""
    with cluster.connect_client_sync() as rc:
        rc.wait_for_engines(engines, timeout=SECONDS, interactive=False)
        yield rc


def wait_for_record(rc: Any, query: dict[str, Any]) -> dict[str, Any]:
    """The record that matches, when the hub has it: a client hears of results before it."""
    deadline = time.monotonic() + SECONDS
    while not (found := rc.db_query(query)):
        assert time.monotonic() < deadline, f'the hub has no record that matches {query}'
        time.sleep(0.02)
    return dict(found[0])


def finished(rc: Any, *tasks: Any) -> list[str]:
    """The ids of these tasks, when the hub has the end of each."""
    ids = [msg_id for task in tasks for msg_id in task.msg_ids]
    deadline = time.monotonic() + SECONDS
    while len(rc.db_query({'msg_id': {'$in': ids}, 'completed': {'$ne': None}}, keys=[])) < len(ids):
        assert time.monotonic() < deadline, 'the hub does not know that these tasks have finished'
        time.sleep(0.05)
    return ids


def kill_controller(directory: Path) -> None:
    """End the controller of this directory, with all its processes, at once and without notice."""
    found = [p for p in _processes(str(directory / 'ipython')) if 'ipyparallel.controller' in p.cmdline()]
    assert found, 'there is no controller'
    for process in found:
        process.kill()


def hub_process(directory: Path) -> Any:
    """The process of the hub itself, which the schedulers are children of."""
    return next(p for p in _processes(str(directory / 'ipython')) if 'ipyparallel.controller' in p.cmdline())
