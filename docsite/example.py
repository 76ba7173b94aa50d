"""The report of the example's history, which the page on timelines shows."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from docsite import ROOT


def write_report(path: Path) -> None:
    """Write what `mqsql report` makes of the history of `examples/history.py`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'TZ': 'UTC'}
    with TemporaryDirectory() as directory:
        for command in (
            [str(ROOT / 'examples' / 'history.py'), 'tasks.db'],
            ['-m', 'mqsql', 'report', 'tasks.db', '-o', str(path.absolute())],
        ):
            subprocess.run([sys.executable, *command], cwd=directory, env=environment, check=True, capture_output=True)
