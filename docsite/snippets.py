"""Runs what a page shows, from its first block to its last, as a reader would, and compares what each prints with the page.
`python -m docsite.rewriting docs/howto/PAGE.md` writes into a page what it prints.

- A block `python` or `pycon` with prompts is a doctest; one without is a program. All of a page share their names.
- A block `console` has commands after `$ `, each with what it prints, or `...` for some of that. A command that fails must be
  followed by `$ echo $?`. After `<!-- figures vary -->` only the words must be the same: on a cluster times and ids never are.
- A block with a title is a file of this name. A block `text` without one is a drawing.
- `<!-- history: tasks.db -->` is the history of `examples/history.py`, in this file; `<!-- old history: … -->` is the same,
  as ipyparallel's own SQLiteDB writes it.

Nothing is installed: of `pip install` the packages and their extras are looked up in pyproject.toml.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from docsite import ROOT
from docsite.blocks import Block, blocks, commands

_HISTORY = re.compile(r'^<!-- ((?:old )?history): (\S+) -->$', re.MULTILINE)
_WRITERS = {'history': [str(ROOT / 'examples' / 'history.py')], 'old history': ['-m', 'docsite.old_history']}
_WORD = re.compile(r'(?<!\S)\.\.\.(?!\S)|(?<![\w.…/\'-])[A-Za-z]{3,}(?![\w.…/\'-])')
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
"""How Python's output is compared."""

PATIENCE_SECONDS = 300


@contextmanager
def surroundings(directory: Path) -> Iterator[None]:
    """A directory to work in, where nothing of the user's own is read, with a terminal of 80 columns and times in UTC."""
    before = dict(os.environ)
    home = directory.with_name(f'{directory.name}-home')
    home.mkdir()
    os.environ.update(
        COLUMNS='80',
        HOME=str(home),
        IPYTHONDIR=str(home / '.ipython'),
        LC_ALL='C.UTF-8',
        NO_COLOR='1',
        PATH=os.pathsep.join((str(Path(sys.executable).parent), os.environ['PATH'])),
        PYTHONPATH=str(ROOT),
        PYTHONUTF8='1',
        TZ='UTC',
    )
    _set_zone()
    try:
        with chdir(directory):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _set_zone()


def _set_zone() -> None:
    if hasattr(time, 'tzset'):
        time.tzset()


@dataclass
class Follower:
    """Follows a page in the current directory; `problems` are the places where something else came than is shown."""

    name: str
    names: dict[str, Any] = field(default_factory=lambda: {'__name__': '__main__'})
    problems: list[str] = field(default_factory=list)
    status: int = 0
    """Of the last command."""

    def follow(self, page: str) -> None:
        """Do all that the page says."""
        self.prepare(page)
        for block in blocks(page):
            self.do(block)

    def prepare(self, page: str) -> None:
        """Write the histories that the page is about."""
        for kind, file in _HISTORY.findall(page):
            subprocess.run([sys.executable, *_WRITERS[kind], file], check=True, capture_output=True)

    def do(self, block: Block) -> None:
        """Do what a block says, and compare."""
        if block.title:
            Path(block.title).write_text(block.text, encoding='utf-8')
        elif block.language == 'console':
            self._run(block)
        elif block.language in ('python', 'pycon'):
            self._evaluate(block)
        elif block.language != 'text':
            self.problems.append(f'{self.name}:{block.line}: a block of "{block.language}" is not run')

    def _evaluate(self, block: Block) -> None:
        if '>>> ' not in block.text:
            exec(compile(block.text, f'{self.name}:{block.line}', 'exec'), self.names)
            return
        test = doctest.DocTestParser().get_doctest(block.text, self.names, self.name, self.name, block.line - 1)
        runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
        runner.run(test, out=self.problems.append, clear_globs=False)
        self.names = test.globs

    def _run(self, block: Block) -> None:
        found = commands(block.text)
        for command, following in zip(found, [*found[1:], None], strict=True):
            printed = self.printed(command.text)
            if not (alike if block.varies else same)(command.printed, printed):
                self.problems.append(
                    f'{self.name}:{block.line}: {command.text}\nshown:\n{command.printed}\nprinted:\n{printed}'
                )
            if self.status and not (following and following.text == 'echo $?'):
                self.problems.append(f'{self.name}:{block.line}: {command.text}: exit status {self.status}\n{printed}')

    def printed(self, command: str) -> str:
        """What a command prints on a terminal."""
        if command.startswith('pip install '):
            check_packages(command)
            return ''
        shell = ['bash', '-o', 'pipefail', '-c', f'(exit {self.status}); {command}']
        # A file, as what a command leaves running would keep a pipe open.
        with tempfile.TemporaryFile('w+', encoding='utf-8') as said:
            done = subprocess.run(
                shell, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, timeout=PATIENCE_SECONDS
            )
            said.seek(0)
            lines = said.read().splitlines()
        self.status = done.returncode if done.returncode >= 0 else 128 - done.returncode  # as a shell has it
        return ''.join(f'{line.rstrip()}\n' for line in lines)


def same(shown: str, printed: str) -> bool:
    """Whether a command prints what is shown, where `...` is any text."""
    return doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS)


def alike(shown: str, printed: str) -> bool:
    """Whether a command prints the words that are shown, whatever the numbers, times and ids beside them."""
    return same(_words(shown), _words(printed))


def _words(text: str) -> str:
    return ' '.join(word.removesuffix('s') for word in _WORD.findall(text))


def check_packages(command: str) -> None:
    """ValueError unless the extras of mqsql that a command installs exist."""
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text(encoding='utf-8'))['project']
    for word in shlex.split(command)[2:]:
        wanted = Requirement(re.sub(r'^\.', 'mqsql', word))
        if wanted.name == 'mqsql' and not wanted.extras <= project['optional-dependencies'].keys():
            raise ValueError(f'{command}: there are no such extras')
