"""The same load on hubs with different databases, side by side. Imports nothing of the project.

    python -m bench.hub_load --tasks 3000 --repeat 5
    python -m bench.hub_load --only DictDB --only 'mqsql DictDB'

Tasks that print a line go through a load-balanced view to two engines, with a new controller each time, in turn for each
database. Measured are

- tasks/s: until the client has all results,
- recorded/s: until the hub has dealt with all of them, which it does beside the way that tasks and results take,
- the 99th percentile and the worst time to answer `queue_status`, asked by a client in a process of its own, until then,
- hub ms: the processor time that the hub's own process needs for a task, which depends least on what else the machine does.

Printed are medians of the runs, and ratios to the hub without a database. `--json FILE` keeps every run.
"""

import argparse
import json
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil  # type: ignore[import-untyped]
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.hub_processes import Hub, connect, directory

DATABASES = {
    'none': '--nodb',
    'DictDB': '--dictdb',
    'SQLiteDB': '--sqlitedb',
    'mqsql SQLiteDB': '--IPController.db_class=mqsql.hub.SQLiteDB',
    'mqsql DictDB': '--IPController.db_class=mqsql.hub.DictDB',
}
WITHOUT = 'none'
WANTED = [
    ('mqsql SQLiteDB', 'none', 'tasks/s', 'at least 0.95'),
    ('mqsql SQLiteDB', 'none', 'worst ms', 'at most 1.5'),
    ('mqsql DictDB', 'DictDB', 'tasks/s', 'at least 1'),
    ('mqsql DictDB', 'DictDB', 'worst ms', 'at most 1'),
    ('mqsql DictDB', 'DictDB', 'hub ms', 'at most 1'),
]
"""What a database of ours is meant to reach of a figure of another one."""

WARM_UP = 100  # tasks before those that count
PAUSE_SECONDS = 0.01  # between two questions
PATIENCE_SECONDS = 120

FIGURES = {'tasks/s': '{:.0f}', 'recorded/s': '{:.0f}', 'p99 ms': '{:.1f}', 'worst ms': '{:.1f}', 'hub ms': '{:.2f}'}
Run = dict[str, float]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)


def prints(i: int) -> int:
    """A number, and a line of output."""
    print('the square of', i, 'is', i * i)
    return i * i


def measure(where: Path, database: str, tasks: int) -> Run:
    """One run with a hub of its own."""
    where.mkdir()
    with Hub(where, [database, f'--SQLiteDB.location={where}']) as hub, hub.client() as rc:
        view = rc.load_balanced_view()
        collect([view.apply_async(prints, i) for i in range(WARM_UP)])
        asker, answer = ask_beside(hub, WARM_UP, tasks)
        start, used = time.monotonic(), processor_seconds(hub.pid)
        collect([view.apply_async(prints, i) for i in range(tasks)])
        seconds = time.monotonic() - start
        if not answer.poll(PATIENCE_SECONDS):
            raise TimeoutError(f'the hub has not dealt with all tasks:\n{hub.log.read_text()}')
        delays, dealt_with = answer.recv()
        used = processor_seconds(hub.pid) - used
        asker.join()
    worst = {'p99 ms': 1000 * quantiles(delays, n=100, method='inclusive')[-1], 'worst ms': 1000 * max(delays)}
    rates = {'tasks/s': tasks / seconds, 'recorded/s': tasks / (dealt_with - start)}
    return {**rates, **worst, 'hub ms': 1000 * used / tasks}


def processor_seconds(pid: int) -> float:
    """What a process has used so far, without its children."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def collect(results: list[Any]) -> None:
    """Wait for all results."""
    for i, result in enumerate(results):
        if result.get(timeout=PATIENCE_SECONDS) != i * i:
            raise AssertionError(f'task {i} gave something else')


def ask_beside(hub: Hub, before: int, tasks: int) -> tuple[Any, 'Connection[Any, Any]']:
    """A process that asks the hub until it has dealt with all tasks, and what then receives `ask`'s answer."""
    ours, theirs = multiprocessing.Pipe()
    # Not a fork: sockets and threads of this process's client have no business there.
    spawn = multiprocessing.get_context('spawn')
    process = spawn.Process(target=ask, args=(hub.connection_file, before, tasks, theirs), daemon=True)
    process.start()
    ours.recv()
    return process, ours


def ask(connection_file: Path, before: int, tasks: int, to: 'Connection[Any, Any]') -> None:
    """Send the seconds that each answer took, and when (in `time.monotonic`'s terms) the last task was dealt with."""
    delays: list[float] = []
    with connect(connection_file) as rc:
        while count(rc) < before:
            time.sleep(PAUSE_SECONDS)
        to.send('ready')
        done = False
        while not done:
            start = time.monotonic()
            done = count(rc) >= before + tasks
            delays.append(time.monotonic() - start)
            time.sleep(PAUSE_SECONDS)
    to.send((delays, time.monotonic()))


def count(rc: Any) -> int:
    """The tasks that the hub has seen finished."""
    return sum(engine['completed'] for key, engine in rc.queue_status().items() if key != 'unassigned')


def compare(where: Path, databases: list[str], tasks: int, repeat: int) -> dict[str, list[Run]]:
    """The runs of each database, in turn, so that what else the machine does meets all of them."""
    runs: dict[str, list[Run]] = {name: [] for name in databases}
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task('', total=repeat * len(databases))
        for turn in range(repeat):
            for name in databases:
                progress.update(bar, description=f'{name:14}')
                runs[name].append(measure(where / f'{name}-{turn}'.replace(' ', '-'), DATABASES[name], tasks))
                progress.advance(bar)
    return runs


def medians(runs: list[Run]) -> Run:
    """The median of each figure."""
    return {figure: median(run[figure] for run in runs) for figure in FIGURES}


def show(runs: dict[str, list[Run]]) -> None:
    """The table, and how far ours are from what they are meant to reach."""
    table = Table('database', box=box.SIMPLE_HEAD)
    for figure in FIGURES:
        table.add_column(f'{figure} (ratio)', justify='right', no_wrap=True)
    found = {name: medians(of_name) for name, of_name in runs.items()}
    base = found[WITHOUT]
    for name, of_name in found.items():
        cells = (
            f'{text.format(of_name[figure])} ({of_name[figure] / base[figure]:.2f})' for figure, text in FIGURES.items()
        )
        table.add_row(name, *cells)
    console.print(table)
    for ours, other, figure, wanted in WANTED:
        if ours in found and other in found:
            ratio = found[ours][figure] / found[other][figure]
            console.print(f'{ours}: {figure} {ratio:.2f} of {other}; wanted: {wanted}')


def main() -> None:
    """The comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('.')[0])
    parser.add_argument('--tasks', type=int, default=3000)
    parser.add_argument('--repeat', type=int, default=5)
    parser.add_argument('--only', action='append', choices=list(DATABASES)[1:], help='instead of all; may be repeated')
    parser.add_argument('--json', type=Path, help='where to write every run')
    asked = parser.parse_args()
    with directory() as where:
        runs = compare(where, [WITHOUT, *(asked.only or list(DATABASES)[1:])], asked.tasks, asked.repeat)
    show(runs)
    if asked.json:
        asked.json.write_text(json.dumps({'tasks': asked.tasks, 'runs': runs}, indent=2))


if __name__ == '__main__':
    main()
