"""A program that a signal ends, at any moment, says at most one line and leaves no file behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_history import program, write_history
from waiting import wait_until

pytestmark = pytest.mark.skipif(os.name == 'nt', reason='this system sends no signals')

WHILE_IMPORTING = (
    'import os, runpy, signal, sys\n'
    'class Finder:\n'
    '    def find_spec(self, name, *_):\n'
    '        if name == "mqsql.cli.showing": os.kill(os.getpid(), signal.SIGINT)\n'
    'sys.meta_path.insert(0, Finder())\n'
    'runpy.run_module("mqsql", run_name="__main__", alter_sys=True)\n'
)


def test_ctrl_c_while_the_program_starts_is_one_line() -> None:
    done = subprocess.run([sys.executable, '-c', WHILE_IMPORTING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, '', 'Aborted!\n')


@pytest.mark.parametrize('words', [['find', '--json'], ['trace'], ['report']], ids=' '.join)
def test_a_program_that_is_told_to_end_leaves_no_unfinished_file(tmp_path: Path, words: list[str]) -> None:
    history, out = write_history(tmp_path / 'tasks.db'), tmp_path / 'out'
    out.mkdir()
    slow = '{$expr: {$gt: [{$size: {$filter: {input: {$range: [0, 900000]}, cond: {$lt: ["$$this", 0]}}}}, 0]}}'
    command, *options = words
    with program(command, history, slow, *options, '-o', out / 'file') as process:
        assert process.stderr is not None
        wait_until(lambda: list(out.iterdir()) or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
        assert process.stderr.read() == b''
    assert list(out.iterdir()) == []
