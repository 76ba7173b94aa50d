"""Commands of the command line, run as a user runs them: in a process of their own, on a terminal, interrupted, killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from click.testing import CliRunner, Result
from waiting import wait_until

from mqsql.cli import main


def run(*words: object) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words])


def start(*words: object, program: str = '') -> 'subprocess.Popen[str]':
    """The command in a process of its own, in which `program` has run before."""
    code = f'import sys\n{program}\nfrom mqsql.cli import main\nmain(prog_name="mqsql")'
    command = [sys.executable, '-c', code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupted(holds: Callable[[], object], *words: object, program: str = '') -> tuple[int, str]:
    """The exit status and the errors of a command that gets Ctrl-C when something holds."""
    return _ended(signal.SIGINT, holds, *words, program=program)


def killed(holds: Callable[[], object], *words: object, program: str = '') -> None:
    """Kill a command when something holds."""
    status, errors = _ended(signal.SIGKILL, holds, *words, program=program)
    assert (status, errors) == (-signal.SIGKILL, '')


def _ended(how: signal.Signals, holds: Callable[[], object], *words: object, program: str) -> tuple[int, str]:
    with start(*words, program=program) as process:
        wait_until(lambda: holds() or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        os.kill(process.pid, how)
        _, errors = process.communicate()
    return process.returncode, errors


def said_on_terminal(answer: str, *words: object) -> str:
    """What a command writes on a terminal, on which the user types an answer."""
    import pty

    seen, terminal = pty.openpty()
    env = os.environ | {'TERM': 'xterm', 'NO_COLOR': '1', 'COLUMNS': '80'}
    command = [sys.executable, '-m', 'mqsql', *map(str, words)]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=env):
        os.close(terminal)
        os.write(seen, answer.encode())
        said = b''
        while True:
            try:
                part = os.read(seen, 4096)
            except OSError:  # which is how Linux says that the other side is closed
                break
            if not part:
                break
            said += part
    os.close(seen)
    return said.decode()
