"""What is known to be wrong with ipyparallel's own databases is found, and nothing in ours; the written tests show it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mqsql.fuzzing.causes import Category
from mqsql.fuzzing.describing import title
from mqsql.fuzzing.fuzzer import Options, Report, fuzz
from mqsql.fuzzing.reproducing import VARIABLE, written_module
from mqsql.fuzzing.steps import DropMatching
from mqsql.fuzzing.targets import read_spec

DICT, SQLITE = 'ipyparallel.controller.dictdb:DictDB', 'ipyparallel.controller.sqlitedb:SQLiteDB'


@pytest.fixture(scope='module')
def of_dict() -> Report:
    """What is found in DictDB."""
    return fuzz(read_spec(DICT), Options('documented', 5000))


@pytest.fixture(scope='module')
def of_sqlite() -> Report:
    """What is found in SQLiteDB."""
    return fuzz(read_spec(SQLITE), Options('documented', 1200))


def titles(report: Report) -> list[str]:
    """The defects in words."""
    return [f'{cause.category}: {title(cause)}' for cause in report.causes]


def test_the_known_defects_of_dict_db(of_dict: Report) -> None:
    found = titles(of_dict)
    assert 'operator: $gt: too many records' in found
    assert 'null handling: $gt, $gte, $lt, $lte where the field is null or missing: fails with TypeError' in found
    assert [one for one in found if 'with several keys: ' in one], found
    dropped = [cause for cause in of_dict.causes if cause.category is Category.WRITES]
    assert any(isinstance(step, DropMatching) for cause in dropped for step in cause.fault.steps), found


def test_the_known_defects_of_sqlite_db(of_sqlite: Report) -> None:
    found = titles(of_sqlite)
    for known in (
        'operator: find with the empty query: fails with OperationalError',
        'operator: $in, $nin with an empty list: fails with OperationalError',
        'null handling: $ne, $nin where the field is null or missing: too few records',
        'reopening: after the backend is opened again: too few records',
        'arguments: find changes the keys that it is given',
    ):
        assert known in found, found
    assert [one for one in found if one.startswith('time zone: ')], found
    assert [one for one in found if one.startswith('operator: $glob: ')], found


@pytest.mark.parametrize('name', ['SQLiteDB', 'DictDB'])
@pytest.mark.parametrize('language', ['documented', 'full'])
def test_nothing_is_found_in_ours(name: str, language: str) -> None:
    report = fuzz(read_spec(f'mqsql.hub:{name}'), Options(language, 250, seed=5))
    assert titles(report) == []
    assert report.examples >= 250


def run(path: Path, target: str | None = None) -> tuple[int, str]:
    """The exit status of pytest on a file, and its last line; on another backend than the file's, if one is given."""
    named = {} if target is None else {VARIABLE: target}
    command = [
        sys.executable,
        '-m',
        'pytest',
        '-q',
        '-p',
        'no:cacheprovider',
        '-p',
        'no:asyncio',
        '-c',
        os.devnull,
        path.name,
    ]
    done = subprocess.run(
        command, cwd=path.parent, env={**os.environ, **named}, stdout=subprocess.PIPE, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()[-1]


def test_the_written_tests_fail_there_and_pass_on_ours(of_sqlite: Report, tmp_path: Path) -> None:
    path = tmp_path / 'test_defects.py'
    path.write_text(written_module(of_sqlite))
    status, last = run(path)
    assert (status, last.split(' in ')[0]) == (1, f'{len(of_sqlite.causes)} failed')
    status, last = run(path, 'mqsql.hub:SQLiteDB')
    assert (status, last.split(' in ')[0]) == (0, f'{len(of_sqlite.causes)} passed')
