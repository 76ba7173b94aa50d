"""What commands write to a terminal."""

import errno
import os

from cli_history import program


def on_a_terminal(*words: object, **environment: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    ours, theirs = os.openpty()
    given = {'TERM': 'xterm-256color', 'COLUMNS': '80', **environment}
    with program(*words, stdout=theirs, stderr=theirs, env=given) as process:
        os.close(theirs)
        with open(ours, 'rb') as terminal:
            shown = b''.join(iter(lambda: _read(terminal.fileno()), b''))
        assert process.wait() == 0
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError as e:
        if e.errno != errno.EIO:  # which is how Linux says that the other side is closed
            raise
        return b''
