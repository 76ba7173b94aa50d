"""What docs/fuzz.md shows works as it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / 'docs' / 'fuzz.md').read_text(encoding='utf-8')
BACKEND, SEARCH = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)


def run(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """What Python does with these arguments."""
    return subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)


def test_the_search_from_python(tmp_path: Path) -> None:
    (tmp_path / 'search.py').write_text(SEARCH)
    done = run('search.py', directory=tmp_path)
    assert (done.returncode, done.stderr) == (0, '')
    assert 'with several keys: too few records' in done.stdout


def test_the_function_that_makes_a_backend(tmp_path: Path) -> None:
    pytest.importorskip('neosqlite')
    (tmp_path / 'backends.py').write_text(BACKEND)
    done = run('-m', 'mqsql', 'fuzz', 'backends.py:collection', '--examples', '60', '--json', directory=tmp_path)
    assert (done.returncode, done.stderr) == (1, '')
    assert done.stdout.startswith('{')


def test_the_commands_are_those_of_the_help(tmp_path: Path) -> None:
    known = run('-m', 'mqsql', 'fuzz', '--help', directory=tmp_path).stdout
    options = set(re.findall(r'(?<![\w-])--[a-z][a-z-]*', PAGE)) - {'--seconds'}
    assert options
    assert all(option in known for option in options), options
