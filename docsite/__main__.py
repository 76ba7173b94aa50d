"""Makes the site: `python -m docsite [DIRECTORY]`. A broken link, anchor or reference ends it with 1."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from docsite import ROOT
from docsite.assemble import assemble
from docsite.links import problems

_COLOUR = re.compile('\x1b\\[[0-9;]*m')
CONFIGURATION = ROOT / 'docsite' / 'zensical.toml'


def build(directory: Path) -> str:
    """Make the site in `html` of a directory, which is emptied; what is wrong with it, or ''."""
    shutil.rmtree(directory, ignore_errors=True)
    assemble(directory / 'docs')
    shutil.copyfile(CONFIGURATION, directory / CONFIGURATION.name)
    return rendered(directory)


def rendered(directory: Path) -> str:
    """Make the site of the pages and the configuration in a directory; what is wrong with it, or ''."""
    # The references are made from the code in this directory, not from what is installed.
    environment = os.environ | {'PYTHONPATH': str(ROOT)}
    command = [sys.executable, '-m', 'zensical', 'build', '--strict']
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, encoding='utf-8')
    if done.returncode:
        return _COLOUR.sub('', done.stdout + done.stderr.partition('Traceback')[0])
    return ''.join(f'{problem}\n' for problem in problems(directory / 'html'))


def main(name: str = '.site') -> None:
    """Make the site and say where it is."""
    directory = Path(name)
    if wrong := build(directory):
        sys.exit(wrong)
    sys.stdout.write(f'{directory / "html" / "index.html"}\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
