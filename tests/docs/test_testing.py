"""docs/testing.md is true: its modules run, and give what it says."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mqsql.testing import BackendContract

TEXT = (Path(__file__).parents[2] / 'docs' / 'testing.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'^```python\n(.*?)^```', TEXT, re.MULTILINE | re.DOTALL)
FILES = {name: block for block in BLOCKS for name in re.findall(r'\A# (\w+\.py(?:, mended)?)\n', block)}
(SAID,) = re.findall(r'^```text\n(.*?)^```', TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with the files of the page, as they are first, and few examples."""
    for name in FILES:
        if ',' not in name:
            (tmp_path / name).write_text(FILES[name])
    profile = "from hypothesis import settings\nsettings.register_profile('quick', max_examples=50, derandomize=True)\n"
    (tmp_path / 'conftest.py').write_text(f"{profile}settings.load_profile('quick')\n")
    return tmp_path


def said_of(folder: Path, name: str) -> str:
    """What pytest says of a file."""
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-p', 'no:asyncio', name]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding='utf-8').stdout


def test_the_database_has_the_defect_that_is_shown(folder: Path) -> None:
    said = said_of(folder, 'test_my_db.py::TestMyDB::test_documented_queries_select_what_they_should')
    said = re.sub('^[E |]+', '', said, flags=re.MULTILINE)
    for line in SAID.splitlines():
        # Which column it is, and which operand, is for Hypothesis to choose.
        shape = re.sub(r"'\w+'", r"'\\w+'", re.escape(line.partition('datetime')[0].strip()))
        assert re.search(shape, said)
    assert re.search(r'\b1 failed', said)


def test_the_mended_database_keeps_the_contract(folder: Path) -> None:
    with (folder / 'my_db.py').open('a') as file:
        file.write(FILES['my_db.py, mended'])
    assert re.search(r'^\d+ passed, \d+ skipped', said_of(folder, 'test_my_db.py'), re.MULTILINE)


@pytest.mark.parametrize('name', ['test_file_db.py', 'test_filter.py'])
def test_the_other_tests_pass(folder: Path, name: str) -> None:
    assert re.search(r'^\d+ passed', said_of(folder, name), re.MULTILINE)


def test_every_module_is_run() -> None:
    assert len(FILES) == len([block for block in BLOCKS if '>>>' not in block])
    assert set(FILES) == {'my_db.py', 'my_db.py, mended', 'test_my_db.py', 'test_file_db.py', 'test_filter.py'}


def test_the_python_in_it_gives_what_it_shows() -> None:
    shown = ''.join(block for block in BLOCKS if '>>>' in block)
    test = doctest.DocTestParser().get_doctest(shown, {}, 'testing.md', 'testing.md', 0)
    said: list[str] = []
    doctest.DocTestRunner().run(test, out=said.append)
    assert len(test.examples) >= 5
    assert not ''.join(said)


def test_the_tables_name_every_test_and_attribute() -> None:
    named = re.findall(r'^\| `(\w+)` \|', TEXT, re.MULTILINE)
    there = {
        name for name in vars(BackendContract) if name.startswith('test_')
    } | BackendContract.__annotations__.keys()
    assert sorted(named) == sorted(there)
