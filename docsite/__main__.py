"""Makes the site: `python -m docsite [DIRECTORY]`. A broken link, anchor or reference ends it with 1."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from docsite import ROOT
from docsite.assemble import assemble

CONFIGURATION = ROOT / 'docsite' / 'zensical.toml'


def build(directory: Path) -> subprocess.CompletedProcess[str]:
    """Make the site in `html` of a directory, which is emptied; what the program that builds it said."""
    shutil.rmtree(directory, ignore_errors=True)
    assemble(directory / 'docs')
    shutil.copyfile(CONFIGURATION, directory / CONFIGURATION.name)
    # The references are made from the code in this directory, not from what is installed.
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'NO_COLOR': '1'}
    command = [sys.executable, '-m', 'zensical', 'build', '--strict']
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, encoding='utf-8')


def main(name: str = '.site') -> None:
    """Make the site and say where it is."""
    directory = Path(name)
    done = build(directory)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    sys.stdout.write(f'{directory / "html" / "index.html"}\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
