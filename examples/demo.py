"""A tour: a real IPython Parallel cluster keeps its task history with mqsql, and is asked about it in MongoDB's words.

Run by `make demo`. Starts a controller and two engines on this machine, in a temporary directory, and stops them again.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from rich import box
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

import mqsql

ENGINES = 2
PATIENCE_SECONDS = 240  # so many that only a cluster that hangs is given up
HEARD_SECONDS = 2
CELL = 24


@dataclass(frozen=True)
class Question:
    """A query as a user writes it between the brackets of rc.db_query(…), what comes before it, and the columns to show."""

    title: str
    query: str
    columns: tuple[str, ...]
    before: str = ''


HOUR_AGO = 'hourago = datetime.now().astimezone() - timedelta(1./24)'
QUESTIONS = (
    Question('What is pending?', "{'complete': None}, keys=['msg_id', 'started']", ('msg_id', 'started')),
    Question(
        'What did I start in the last hour?',
        "{'started': {'$gte': hourago}, 'client_uuid': rc.session.session}",
        ('msg_id', 'label', 'started', 'stdout'),
        HOUR_AGO,
    ),
    Question(
        'What did others start before that?',
        "{'started': {'$le': hourago}, 'client_uuid': {'$ne': rc.session.session}}",
        ('msg_id', 'label', 'started', 'stdout'),
        HOUR_AGO,
    ),
    Question(
        'The result headers of engines 0 and 1',
        "{'engine_uuid': {'$in': uuids}}, keys='result_header'",
        ('msg_id', 'result_header'),
        'uuids = map(rc._engines.get, (0, 1))',
    ),
    Question(
        'Which tasks divided by zero? (a query into a document)',
        "{'result_content.ename': 'ZeroDivisionError'}, keys=['label', 'result_content.evalue']",
        ('msg_id', 'label', 'result_content'),
    ),
)

console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)


def main() -> None:
    """The whole tour; whatever happens, nothing is left running and the directory is removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix='mqsql-demo-') as name:
        directory = Path(name)
        os.environ['IPYTHONDIR'] = str(directory / 'ipython')
        path = directory / 'tasks.db'
        write_yesterday(path)
        with cluster(directory) as running, running.connect_client_sync(timeout=PATIENCE_SECONDS) as rc:
            run_tasks(rc, directory / 'go')
            ask(rc)
            show_history(rc)
            show_result_of_another_client(rc, running)
            (directory / 'go').touch()
        show_file(path)


def heading(text: str) -> None:
    """A line that begins a part of the tour."""
    console.print()
    console.rule(f'[bold]{text}', align='left')


def show_code(code: str, language: str) -> None:
    """Source text, wrapped and coloured."""
    console.print(Syntax(code, language, theme='ansi_dark', word_wrap=True, background_color='default'))


# --- the cluster


def write_yesterday(path: Path) -> None:
    """What an earlier session of somebody else left in the file."""
    yesterday = datetime.now() - timedelta(days=1)
    with mqsql.open(path) as store:
        for i in range(2):
            start = yesterday + timedelta(minutes=i)
            times = {'submitted': start, 'started': start, 'completed': start + timedelta(seconds=30)}
            who = {'client_uuid': 'somebody-else', 'label': 'nightly', 'stdout': f'checked {100 + i} files\n'}
            store.add_record(f'yesterday_{i}', {**times, **who})


@contextmanager
def cluster(directory: Path) -> Iterator[Any]:
    """A running cluster whose hub keeps its records in `directory`; stopped at the end of the block."""
    import ipyparallel  # only now: it reads IPYTHONDIR

    heading('A controller and two engines')
    options = ['--IPController.db_class=mqsql.hub.SQLiteDB', f'--SQLiteDB.location={directory}']
    console.print('ipcontroller', *options)
    running = ipyparallel.Cluster(n=ENGINES, controller_args=options, log_level=40)
    try:
        running.start_cluster_sync()
        with running.connect_client_sync(timeout=PATIENCE_SECONDS) as rc:
            rc.wait_for_engines(ENGINES, timeout=PATIENCE_SECONDS, interactive=False)
            console.print(f'running: engines {rc.ids}')
            wait_until_heard(rc)
        yield running
    finally:
        stop(running.stop_cluster_sync)


def wait_until_heard(rc: Any) -> None:
    """Return when the hub hears of tasks: the first ones after its start are not in the history (docs/hub.md)."""
    tried: list[Any] = []
    for view in (rc.load_balanced_view(), rc[:]):
        heard = False
        while not heard:
            tried.append(view.apply_async(print, 'Is anybody there?'))
            heard = is_recorded(rc, tried[-1])
    rc.purge_hub_results(tried)


def is_recorded(rc: Any, task: Any) -> bool:
    """Whether the hub gets to know all of a task that prints, soon after its end."""
    task.get(timeout=PATIENCE_SECONDS)
    parts = {key: {'$ne': None} for key in ('submitted', 'completed', 'stdout')}
    known = {'msg_id': {'$in': task.msg_ids}, **parts}
    return in_time(lambda: len(rc.db_query(known, keys=[])) == len(task.msg_ids), HEARD_SECONDS)


def stop(ask: Callable[[], object]) -> None:
    """Ask the cluster to stop, then end by its id any process that did not."""
    children = psutil.Process().children(recursive=True)
    try:
        ask()
    finally:
        _, alive = psutil.wait_procs(children, timeout=5)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=5)


# --- the tasks


def square(x: int) -> int:
    """A task with a result and some output."""
    print(f'the square of {x} is {x * x}')
    return x * x


def divide(x: int, y: int) -> float:
    """A task that fails for some arguments."""
    return x / y


def wait_for(path: str) -> None:
    """A task that runs until a file appears."""
    import os
    import time

    while not os.path.exists(path):
        time.sleep(0.05)


def run_tasks(rc: Any, go: Path) -> None:
    """Tasks of every sort; the last is still running when this returns."""
    heading('Some tasks: results, prints, failures, and one still running')
    direct, balanced = rc[:], rc.load_balanced_view()
    tasks: dict[str, Callable[[], Any]] = {
        'rc[:].apply(square, 12)': lambda: direct.apply_async(square, 12),
        'rc[:].apply(divide, 1, 0)': lambda: direct.apply_async(divide, 1, 0),
        'view.map(square, range(4))': lambda: balanced.map_async(square, range(4)),
        'view.apply(divide, 22, 7)': lambda: balanced.apply_async(divide, 22, 7),
        'view.apply(divide, 22, None)': lambda: balanced.apply_async(divide, 22, None),
        'view.apply(wait_for, file)': lambda: balanced.apply_async(wait_for, str(go)),
    }
    for call, submit in tasks.items():
        label = call.partition('(')[2].partition(',')[0]
        with direct.temp_flags(label=label), balanced.temp_flags(label=label):
            task = submit()
        console.print(f'{call:30} {"still running" if label == "wait_for" else results(task)}', markup=False)
        wait_until(partial(is_known, rc, task, ends=label != 'wait_for'))
    squares = {'client_uuid': rc.session.session, 'stdout': {'$regex': 'square'}}
    wait_until(lambda: len(rc.db_query(squares, keys=[])) == ENGINES + 4)


def results(task: Any) -> str:
    """The results of a task, or its errors."""
    return str(task.get(timeout=PATIENCE_SECONDS, return_exceptions=True))


def is_known(rc: Any, task: Any, *, ends: bool) -> bool:
    """Whether the hub knows that a task is there, or has ended: the client hears of results before it."""
    known = {'msg_id': {'$in': task.msg_ids}, 'completed' if ends else 'submitted': {'$ne': None}}
    return len(rc.db_query(known, keys=[])) == len(task.msg_ids)


def wait_until(holds: Callable[[], bool]) -> None:
    """Return when `holds` does; fail if it does not in time."""
    if not in_time(holds, PATIENCE_SECONDS):
        raise TimeoutError('the cluster did not do it in time')


def in_time(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it holds within so many seconds; returns as soon as it does."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


# --- the questions


def ask(rc: Any) -> None:
    """Each query through the real client, with the SQL it becomes and the answer."""
    for question in QUESTIONS:
        heading(question.title)
        call = f'rc.db_query({question.query})'
        show_code(f'{question.before}\n{call}'.lstrip(), 'python')
        show_code(run(f'mqsql.compile({question.query})', question.before, rc).sql, 'sql')
        show_records(run(call, question.before, rc), question.columns)


def run(code: str, before: str, rc: Any) -> Any:
    """The value of the very text that is shown, after what comes before it: an iterator serves one use."""
    names: dict[str, Any] = {'rc': rc, 'mqsql': mqsql, 'datetime': datetime, 'timedelta': timedelta}
    exec(before, names)
    return eval(code, names)


def show_records(records: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """A small table."""
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, no_wrap=True, min_width=CELL if column == 'msg_id' else None)
    for record in records:
        table.add_row(*(Text(cell(record[column])) for column in columns))
    console.print(table, f'{len(records)} record{"s" * (len(records) != 1)}')


def cell(value: object) -> str:
    """A value as short text; of a message id the end, which tells one from another."""
    if isinstance(value, datetime):
        return value.astimezone().strftime('%a %H:%M:%S.%f')[:-3]
    if isinstance(value, dict):
        return ', '.join(f'{key}: {cell(value[key])}' for key in sorted(value, key=lambda k: k == 'msg_id'))
    text = '' if value is None else ' '.join(str(value).split())
    return text if len(text) <= CELL else f'…{text[1 - CELL :]}'


def show_history(rc: Any) -> None:
    """All tasks that the hub knows, those of yesterday too."""
    heading('All tasks, in order of submission')
    show_code('rc.hub_history()', 'python')
    history = rc.hub_history()
    console.print(f'{len(history)} tasks: {cell(history[0])}, {cell(history[1])}, … {cell(history[-1])}')


def show_result_of_another_client(rc: Any, running: Any) -> None:
    """A result, from a client that did not ask for it."""
    heading('The result of a task that another client submitted')
    (record,) = rc.db_query({'stdout': {'$regex': 'square of 3'}}, keys=[])
    with running.connect_client_sync(timeout=PATIENCE_SECONDS) as second:
        show_code(f"second = ipyparallel.Client()\nsecond.get_result('{record['msg_id']}').get()", 'python')
        result = second.get_result(record['msg_id'])
        console.print(f'{result.get(timeout=PATIENCE_SECONDS)!r}, having printed {result.stdout!r}')


def show_file(path: Path) -> None:
    """The file, when the cluster is gone."""
    heading('The cluster is gone; the file remains')
    show_code(
        "store = mqsql.open('tasks.db', readonly=True)\nprint(store.explain({'complete': None}, ['started']))", 'python'
    )
    with mqsql.open(path, readonly=True) as store:
        console.print(str(store.explain({'complete': None}, ['started'])), markup=False)
        heading('What was submitted last?')
        show_records(list(store.find(sort=[('submitted', -1)], limit=3)), ('msg_id', 'label', 'submitted', 'completed'))
        console.print(f'{store.count()} records in {path.stat().st_size // 1024} KiB. Nothing is left running.')


if __name__ == '__main__':
    main()
