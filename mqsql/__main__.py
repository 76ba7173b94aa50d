"""The program `mqsql`, also as `python -m mqsql`: the command line, and how it ends by signals at any moment."""

import signal
import sys
from typing import Any

TERMINATED = 128 + signal.SIGTERM
"""The exit status, as a shell has it for a program that the signal ended."""


def main() -> None:
    """Run the command line. Ctrl-C ends it with one line while it is being imported, too; SIGTERM as tidily as Ctrl-C."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        from mqsql.cli import main as command_line
    except KeyboardInterrupt:
        sys.exit('Aborted!')
    command_line()


def _terminate(*_: Any) -> None:
    """End through all blocks, so that no unfinished file is left."""
    sys.exit(TERMINATED)


if __name__ == '__main__':
    main()
