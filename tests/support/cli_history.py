"""A small history for the tests of commands, and how they run: in the process, or as a program of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import mqsql
from mqsql.cli import main

START = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)
ENGINES = ['aaaaaaaa-0000-4000-8000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000000']
CLIENT = 'cccccccc-0000-4000-8000-000000000000'


def task(number: int, **more: Any) -> dict[str, Any]:
    """A task that was submitted so many minutes after START, and is done."""
    submitted = START + timedelta(minutes=number)
    return {
        'msg_id': f'{CLIENT}_10_{number}',
        'client_uuid': CLIENT,
        'engine_uuid': ENGINES[number % 2],
        'submitted': submitted,
        'started': submitted + timedelta(seconds=1),
        'completed': submitted + timedelta(seconds=3.5),
        'label': f'a/{number}',
        'result_content': {'status': 'ok'},
        'stdout': '',
        **more,
    }


def failed(number: int, ename: str, **more: Any) -> dict[str, Any]:
    """A task that failed."""
    return task(number, result_content={'status': 'error', 'ename': ename, 'evalue': 'x'}, **more)


def pending(number: int, **more: Any) -> dict[str, Any]:
    """A task that has not ended."""
    return task(number, started=None, completed=None, result_content=None, **more)


TASKS = [
    task(0),
    failed(1, 'KeyError'),
    pending(2),  # an engine has it
    pending(3, engine_uuid=None),
    task(4, result_content={'status': 'aborted'}, label=7),
    {'msg_id': 'output-only', 'stdout': 'x'},
    failed(6, 'ValueError', label=['b', {'n': 1}]),
]
"""One or two tasks of each state."""


def write_history(path: Path, tasks: list[dict[str, Any]] = TASKS) -> Path:
    """A history of these tasks."""
    with mqsql.open(path) as store:
        store.add_records(tasks)
    return path


def run(*words: object, **environment: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words], env=environment)


def lines(*words: object) -> list[str]:
    """The lines that a command prints; it must succeed and say nothing else."""
    done = run(*words)
    assert (done.exit_code, done.stderr) == (0, ''), done.output
    return done.stdout.splitlines()


@contextmanager
def program(*words: object, code: str = '', **options: Any) -> Iterator['subprocess.Popen[bytes]']:
    """`mqsql` in a process of its own, or other code, which is ended after the block."""
    command = [sys.executable, *(['-c', code] if code else ['-m', 'mqsql']), *map(str, words)]
    environment = {**os.environ, **options.pop('env', {})}
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **options}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()
