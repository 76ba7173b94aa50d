"""A defect that is put into a copy of mqsql's compiler by hand is found by the command there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mqsql

PACKAGE = Path(mqsql.__file__).parent

FAULTS = {
    '$gt is $gte': (
        'compiler/lower/operators/comparison.py',
        "'$gt': exp.GT, ",
        "'$gt': exp.GTE, ",
        'operator: $gt: too many records',
    ),
    '$nin skips null': (
        'compiler/lower/sql.py',
        'exp.Is(this=exp.Paren(this=condition), expression=exp.Not(this=exp.true()))',
        'exp.Not(this=exp.Paren(this=condition))',
        'where the field is null or missing: too few records',
    ),
    'ties are turned round': (
        'compiler/lower/order.py',
        'expressions=[*by, ordered(position, False)]',
        'expressions=[*by, ordered(position, True)]',
        'order of results: ',
    ),
    'a limit is one too low': (
        'compiler/parse/window.py',
        'return {LIMIT: limit}',
        'return {LIMIT: limit - 1}',
        'limit and skip: find with a limit: too few records',
    ),
}


def found(copy: Path) -> list[dict[str, Any]]:
    """What the command of a copy finds in its own store."""
    command = [sys.executable, '-m', 'mqsql', 'fuzz', ':memory:', '--json', '--no-writes', '--examples', '500']
    environment = {**os.environ, 'PYTHONPATH': str(copy), 'PYTHONDONTWRITEBYTECODE': '1'}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)['defects']  # type: ignore[no-any-return]


@pytest.mark.parametrize('fault', FAULTS)
def test_a_fault_in_a_copy_is_found(fault: str, tmp_path: Path) -> None:
    name, old, new, words = FAULTS[fault]
    copy = tmp_path / 'mqsql'
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns('__pycache__'))
    text = (copy / name).read_text()
    assert old in text
    (copy / name).write_text(text.replace(old, new))
    titles = [f'{one["category"]}: {one["title"]}' for one in found(tmp_path)]
    assert any(words in title for title in titles), titles
