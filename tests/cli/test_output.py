"""Where output goes: full disks, closed outputs, encodings that lack a character."""

import os
import subprocess
from pathlib import Path

import pytest
from cli_history import program, task, write_history

COMMANDS = [
    ['find'],
    ['find', '--json'],
    ['find', '--format', 'csv'],
    ['count'],
    ['distinct', 'label'],
    ['sql', '{}'],
    ['explain'],
]


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_history(tmp_path_factory.mktemp('history') / 'tasks.db')


def words(command: list[str], file: Path) -> list[object]:
    name, *rest = command
    return [name, file, *rest] if name != 'sql' else [*command]


def ended(process: 'subprocess.Popen[bytes]') -> tuple[int, str]:
    assert process.stderr is not None
    said = process.stderr.read().decode()
    return process.wait(60), said


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='this system has no /dev/full')
@pytest.mark.parametrize('command', [*COMMANDS, ['--help']], ids=' '.join)
def test_a_full_disk_is_one_line(file: Path, command: list[str]) -> None:
    given = command if command == ['--help'] else words(command, file)
    with open('/dev/full', 'wb') as full, program(*given, stdout=full) as process:
        assert ended(process) == (1, 'Error: No space left on device\n')


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='only a shell of UNIX closes outputs')
@pytest.mark.parametrize('command', COMMANDS, ids=' '.join)
def test_a_closed_output_is_one_to_nowhere(file: Path, command: list[str]) -> None:
    with program(*words(command, file), stdout=None, preexec_fn=lambda: os.close(1)) as process:
        assert ended(process) == (0, '')


def test_what_the_encoding_lacks_is_escaped(tmp_path: Path) -> None:
    file = write_history(tmp_path / 'tasks.db', [task(0, label='ä' * 100)])
    with program('find', file, '--keys', 'label,stdout', env={'PYTHONIOENCODING': 'ascii'}) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b'')
    assert out.splitlines()[1].startswith(b'\\xe4\\xe4')
    assert b'\\u2026' in out
