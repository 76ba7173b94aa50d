"""README.md and CONTRIBUTING.md are true: tables are what programs write; commands, files and names exist.

`test_pages` runs the Python.
"""

import re
from pathlib import Path

import benchmark_table
import pytest
from operator_table import written

ROOT = Path(__file__).parents[2]
TEXTS = README, CONTRIBUTING = [(ROOT / name).read_text(encoding='utf-8') for name in ('README.md', 'CONTRIBUTING.md')]


def test_the_tables_say_what_the_operators_do() -> None:
    assert written(README) == README, 'run python tests/support/operator_table.py, and read what changed'


def test_the_table_of_the_benchmark_is_what_it_wrote() -> None:
    assert benchmark_table.written(README) == README, 'run python tests/support/benchmark_table.py'


@pytest.mark.parametrize('text', TEXTS, ids=['README', 'CONTRIBUTING'])
def test_the_commands_exist(text: str) -> None:
    targets = re.findall(r'^([a-z-]+):', (ROOT / 'Makefile').read_text(encoding='utf-8'), re.MULTILINE)
    asked = re.findall(r'^ +make ([a-z-]+)', text, re.MULTILINE)
    assert asked
    assert set(asked) <= set(targets)


@pytest.mark.parametrize('text', TEXTS, ids=['README', 'CONTRIBUTING'])
def test_the_files_exist(text: str) -> None:
    linked = [name for name in re.findall(r'\]\(([^)]+)\)', text) if not name.startswith('https://')]
    named = re.findall(r'`((?:mqsql|tests)/[^`]*)`', text)
    assert [name for name in linked + named if not (ROOT / name).exists()] == []


def test_the_tables_to_extend_exist() -> None:
    pairs = re.findall(r'`([A-Z_]{4,})`[^`]*? in\s+`((?:mqsql|tests)/[^`]*)`', CONTRIBUTING)
    assert len(pairs) >= 6
    assert [
        pair
        for pair in pairs
        if not re.search(rf'^{pair[0]}\b', (ROOT / pair[1]).read_text(encoding='utf-8'), re.MULTILINE)
    ] == []
