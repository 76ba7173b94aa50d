"""A real hub under load: killed at random moments, and side by side with the databases that ipyparallel ships.

    python tests/hub_soak.py --kills 100 --tasks 3000 --seed 1

Prints a line for each kill and each database, and fails if an acknowledged task is not in the file, or one that nobody
submitted is.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

import apsw
import ipyparallel
from hub_cluster import client, controller, kill_controller

import mqsql

DATABASES = {
    'none': '--nodb',
    'DictDB': '--dictdb',
    'SQLiteDB': '--sqlitedb',
    'mqsql': '--IPController.db_class=mqsql.hub.SQLiteDB',
}


@ipyparallel.interactive  # type: ignore[untyped-decorator]
def task(i: int) -> object:
    """Prints, and gives a megabyte, or fails, or gives a number."""
    print('task', i)
    if i % 10 == 3:
        raise ValueError(i)
    return bytes(1_000_000) if i % 10 == 5 else i


# --- killed


def soak(kills: int, seed: int) -> None:
    """Kill controllers, all with one file, and look each time whether what was acknowledged is there, and nothing else."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        submitted: set[str] = set()
        for kill in range(kills):
            acknowledged = run_until_killed(directory, submitted, chance.uniform(0.2, 3))
            stored = check(directory / 'tasks.db', submitted, acknowledged)
            print(f'kill {kill + 1}: {len(acknowledged)} tasks acknowledged, {stored} in the file', flush=True)


def run_until_killed(directory: Path, submitted: set[str], seconds: float) -> dict[str, bool]:
    """The tasks that a client of one controller saw in its hub, and whether as finished."""
    acknowledged: dict[str, bool] = {}
    with controller(directory) as cluster, client(cluster) as rc, client(cluster) as observer:
        view = rc.load_balanced_view()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for i in range(20):
                submitted.update(view.apply_async(task, i).msg_ids)
            for record in observer.db_query({}, keys=['completed']):
                acknowledged[record['msg_id']] = record['completed'] is not None
        kill_controller(directory)
    return acknowledged


def check(path: Path, submitted: set[str], acknowledged: dict[str, bool]) -> int:
    """How many tasks the file holds; AssertionError if they are not those that they must be."""
    with mqsql.open(path, readonly=True) as store:
        stored = {record['msg_id']: record['completed'] is not None for record in store.find(keys=['completed'])}
    assert acknowledged.keys() <= stored.keys(), 'an acknowledged task is lost'
    assert all(stored[msg_id] for msg_id, finished in acknowledged.items() if finished), (
        'an acknowledged result is lost'
    )
    assert stored.keys() <= submitted, 'there is a task that nobody submitted'
    connection = apsw.Connection(str(path))
    assert connection.pragma('integrity_check') == 'ok'
    connection.close()
    return len(stored)


# --- side by side


def compare(tasks: int) -> None:
    """Tasks per second with each database, and how long the hub takes to answer another client meanwhile."""
    for name, option in DATABASES.items():
        with tempfile.TemporaryDirectory() as directory, controller(Path(directory), database=option) as cluster:
            rate, middle, worst = measure(cluster, tasks)
        print(f'{name:10}{rate:6.0f} tasks/s; queue_status {middle:.0f} ms, at worst {worst:.0f}', flush=True)


def measure(cluster: Any, tasks: int) -> tuple[float, float, float]:
    """Tasks per second, and the median and the longest answer in milliseconds."""
    with client(cluster) as rc, client(cluster) as observer:
        view = rc.load_balanced_view()
        view.map_sync(task, [0] * 20)
        with delays(observer.queue_status) as measured:
            start = time.perf_counter()
            for result in [view.apply_async(task, 0) for _ in range(tasks)]:
                result.get(timeout=600)
            seconds = time.perf_counter() - start
    return tasks / seconds, 1000 * median(measured), 1000 * max(measured)


@contextmanager
def delays(call: Callable[[], object]) -> Iterator[list[float]]:
    """The seconds that a call takes, made again and again in a thread during the block."""
    measured: list[float] = []
    done = Event()

    def run() -> None:
        while not done.wait(0.02):
            start = time.perf_counter()
            call()
            measured.append(time.perf_counter() - start)

    thread = Thread(target=run)
    thread.start()
    try:
        yield measured
    finally:
        done.set()
        thread.join()


def main() -> None:
    """The parts that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=0)
    parser.add_argument('--tasks', type=int, default=0)
    parser.add_argument('--seed', type=int, default=1)
    asked = parser.parse_args()
    # So that the cluster is stopped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    soak(asked.kills, asked.seed)
    if asked.tasks:
        compare(asked.tasks)


if __name__ == '__main__':
    main()
