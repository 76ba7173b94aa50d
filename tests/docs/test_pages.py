"""What the pages of the documentation show is true: each command and each line of Python is run, and gives what they say."""

import os
import shutil
from pathlib import Path

import pytest

from docsite import ROOT
from docsite.snippets import Follower, surroundings

DOCS = ROOT / 'docs'
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*DOCS.rglob('*.md'), ROOT / 'README.md'))
ON_CLUSTERS = {'docs/tutorial.md'}

needs_bash = pytest.mark.skipif(os.name == 'nt' or not shutil.which('bash'), reason='commands are for a POSIX shell')


@needs_bash
@pytest.mark.parametrize(
    'name', [pytest.param(name, marks=pytest.mark.hub if name in ON_CLUSTERS else ()) for name in PAGES]
)
def test_what_a_page_shows(name: str, tmp_path: Path) -> None:
    (directory := tmp_path / 'work').mkdir()
    with surroundings(directory):
        follower = Follower(name)
        follower.follow((ROOT / name).read_text(encoding='utf-8'))
    assert not follower.problems, '\n'.join(follower.problems)
