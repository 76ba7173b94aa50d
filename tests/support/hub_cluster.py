"""Real controllers and engines for the tests of the hub's database, on this machine and in a directory of the test.

A client hears of results before the hub does, and the hub hears of the parts of a task one by one: its request, its engine,
its output, its result. So tests wait until the hub knows (`finished`, `wait_for_record`), never for time to pass, and a task
that is to be pending is one that ends when the test says so (`held`).
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import ipyparallel
import psutil  # type: ignore[import-untyped]
import pytest
from hub_kinds import arguments as arguments_of
from waiting import SECONDS, holds_in_time, wait_until

# An engine is known to the hub after its second heartbeat, and is taken for dead when it has missed two minutes of them.
PATIENCE = (
    '--HeartMonitor.period=500',
    '--HeartMonitor.max_heartmonitor_misses=240',
    '--IPController.registration_timeout=240',
)
ENGINES_PATIENCE = 'c.IPEngine.timeout = 240\nc.IPEngine.max_heartbeat_misses = 240\n'
ROUND_SECONDS = 2.0
"""How long `wait_until_heard` waits for what may have been lost, before it tries again."""

_numbers = count()


# --- clusters


@contextmanager
def controller(directory: Path, *arguments: str, engines: int = 2, database: Sequence[str] = ()) -> Iterator[Any]:
    """A running cluster whose files are in `directory`, and whose hub hears of all tasks; its processes are gone after the
    block. `database` tells the controller which database to use: without it the file tasks.db, there, too.
    """
    options = [*(database or sqlite_in(directory)), *PATIENCE, *arguments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('IPYTHONDIR', str(make_engines_patient(directory / 'ipython')))
        cluster = ipyparallel.Cluster(n=engines, controller_args=options, log_level=40)
        try:
            cluster.start_cluster_sync()
            with client(cluster, engines) as rc:
                wait_until_heard(rc)
            yield cluster
        finally:
            stop(cluster)


def sqlite_in(directory: Path) -> list[str]:
    """What tells a controller to keep its records in tasks.db in this directory."""
    return arguments_of('SQLiteDB', {'location': str(directory)})


def make_engines_patient(ipython: Path) -> Path:
    """Write the engines' configuration into that IPYTHONDIR: on a busy machine the hub may answer late."""
    profile = ipython / 'profile_default'
    profile.mkdir(parents=True, exist_ok=True)
    (profile / 'ipengine_config.py').write_text(ENGINES_PATIENCE)
    return ipython


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


def kill_controller(directory: Path) -> None:
    """End the controller of this directory, with all its processes, at once and without notice."""
    found = [p for p in _processes(str(directory / 'ipython')) if 'ipyparallel.controller' in p.cmdline()]
    assert found, 'there is no controller'
    for process in found:
        process.kill()


def hub_process(directory: Path) -> Any:
    """The process of the hub itself, which the schedulers are children of."""
    return next(p for p in _processes(str(directory / 'ipython')) if 'ipyparallel.controller' in p.cmdline())


@contextmanager
def client(cluster: Any, engines: int = 2) -> Iterator[Any]:
    """A client of the cluster, when its engines are there."""
    with cluster.connect_client_sync(timeout=SECONDS) as rc:
        rc.wait_for_engines(engines, timeout=SECONDS, interactive=False)
        yield rc


# --- tasks


@ipyparallel.interactive  # type: ignore[untyped-decorator]  # engines cannot import this module
def say(text: str) -> None:
    print(text, end='')


@ipyparallel.interactive  # type: ignore[untyped-decorator]
def wait_for_file(path: str) -> None:
    import os
    import time

    while not os.path.exists(path):
        time.sleep(0.01)


@contextmanager
def held(view: Any, directory: Path) -> Iterator[Any]:
    """A task that the hub knows, and that ends after the block."""
    gate = directory / f'gate-{next(_numbers)}'
    task = view.apply_async(wait_for_file, str(gate))
    try:
        wait_for_record(view.client, {'msg_id': task.msg_ids[0], 'submitted': {'$ne': None}})
        yield task
    finally:
        gate.touch()


# --- what the hub knows


def wait_for_record(rc: Any, query: dict[str, Any]) -> dict[str, Any]:
    """The record that matches, when the hub has it."""
    wait_until(lambda: rc.db_query(query, keys=[]), f'the hub has no record that matches {query}')
    return dict(rc.db_query(query)[0])


def ended(rc: Any, *tasks: Any) -> list[str]:
    """The ids of these tasks, when the hub has the end of each, and the client, too."""
    ids = [msg_id for task in tasks for msg_id in task.msg_ids]
    done = {'msg_id': {'$in': ids}, 'completed': {'$ne': None}}
    wait_until(lambda: len(rc.db_query(done, keys=[])) == len(ids), 'the hub does not know that these tasks have ended')
    for task in tasks:
        assert task.wait(SECONDS), 'the client does not know that a task has ended'
    return ids


def finished(rc: Any, *tasks: Any) -> list[str]:
    """The ids of these tasks, when the hub has the end of each and all that they printed and showed; engines must be free."""
    ids = ended(rc, *tasks)
    wait_for_output(rc)
    return ids


def wait_for_output(rc: Any) -> None:
    """Return when the hub has all output so far: an engine's messages reach it in order, so that a last one tells."""
    marks = _speak(rc[i] for i in rc.ids)
    ended(rc, *marks.values())
    wait_until(lambda: _heard(rc, marks), 'the hub does not hear what engines print')
    rc.purge_hub_results(_ids(marks))


def forget_all(rc: Any) -> None:
    """Purge everything once nothing is pending and no message is on its way that would begin a record again."""
    pending = {'completed': None, 'submitted': {'$ne': None}}
    wait_until(lambda: not rc.db_query(pending, keys=[]), 'the hub does not know that all tasks have ended')
    wait_for_output(rc)
    rc.purge_hub_results('all')
    assert rc.hub_history() == []


def wait_until_heard(rc: Any) -> None:
    """Return when the hub hears of all tasks: those who publish them do so before it has subscribed, and repeat nothing."""
    deadline = time.monotonic() + SECONDS
    tried: dict[str, Any] = {}
    heard = False
    while not heard:
        assert time.monotonic() < deadline, 'the hub does not hear of tasks'
        marks = _speak([*(rc[i] for i in rc.ids), rc.load_balanced_view()])
        tried |= marks
        heard = holds_in_time(partial(_heard, rc, marks), ROUND_SECONDS)
    pending = {'msg_id': {'$in': _ids(tried)}, 'submitted': {'$ne': None}, 'completed': None}
    wait_until(lambda: not rc.db_query(pending, keys=[]), 'the hub does not hear of the end of tasks')
    wait_for_output(rc)
    rc.purge_hub_results(_ids(tried))


def _speak(views: Any) -> dict[str, Any]:
    """A task in each view, by what it prints."""
    return {text: view.apply_async(say, text) for view in views for text in [f'mark {next(_numbers)}']}


def _heard(rc: Any, marks: dict[str, Any]) -> bool:
    """Whether the hub has all of these tasks."""
    all_of_it = {'stdout': {'$in': list(marks)}, 'submitted': {'$ne': None}, 'completed': {'$ne': None}}
    return len(rc.db_query(all_of_it, keys=[])) == len(marks)


def _ids(marks: dict[str, Any]) -> list[str]:
    return [msg_id for task in marks.values() for msg_id in task.msg_ids]
