"""What the pages of the documentation show is true: each command and each line of Python is run, and gives what they say."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mongo_servers import Place
from mongo_stores import url_of
from traitlets.config.loader import Config, PyFileConfigLoader

from docsite import ROOT
from docsite.blocks import Block, blocks, commands
from docsite.rewriting import rewritten
from docsite.snippets import Follower, same, surroundings
from mqsql import hub

DOCS = ROOT / 'docs'
OTHERS = {'docs/fuzz.md', 'docs/testing.md'}
"""Pages whose programs a test of their own runs: test_fuzz_page and test_testing."""
PAGES = sorted({path.relative_to(ROOT).as_posix() for path in (*DOCS.rglob('*.md'), ROOT / 'README.md')} - OTHERS)
ON_CLUSTERS = {'docs/tutorial.md'}
SERVER = 'mongodb://user:password@host:27017/database.collection?authSource=admin'
"""The address that pages show, in place of which that of a server of the tests is used."""
CONFIGURATION = 'ipcontroller_config.py'

needs_bash = pytest.mark.skipif(os.name == 'nt' or not shutil.which('bash'), reason='commands are for a POSIX shell')


def marks(name: str) -> list[pytest.MarkDecorator]:
    """Those of the test of a page."""
    has_commands = '```console' in (ROOT / name).read_text(encoding='utf-8')
    return [*([needs_bash] if has_commands else []), *([pytest.mark.hub] if name in ON_CLUSTERS else [])]


@pytest.mark.parametrize('name', [pytest.param(name, marks=marks(name)) for name in PAGES])
def test_what_a_page_shows(name: str, tmp_path: Path, mongo_place: Callable[[str], Place]) -> None:
    text = (ROOT / name).read_text(encoding='utf-8')
    if SERVER in text:
        text = text.replace(SERVER, url_of(mongo_place('secantus')))
    (directory := tmp_path / 'work').mkdir()
    with surroundings(directory):
        follower = Follower(name)
        try:
            follower.follow(text)
        finally:
            if name in ON_CLUSTERS:
                follower.printed('ipcluster stop --profile tutorial')  # or a failure would leave it running
    assert not follower.problems, '\n'.join(follower.problems)


@pytest.mark.parametrize('name', PAGES)
def test_no_snippet_is_left_out(name: str) -> None:
    text = (ROOT / name).read_text(encoding='utf-8')
    prose = re.sub(r'^ *```.*?^ *```$', '', text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r'\n\n((?: {4}\S.*\n)+)', prose) if name != 'README.md' else []
    assert not indented, 'a block in a fence is run, one that is indented is not'


CONFIGURATIONS = [
    (name, block)
    for name in PAGES
    for block in blocks((ROOT / name).read_text(encoding='utf-8'))
    if block.title == CONFIGURATION
]


@pytest.mark.parametrize(
    ('name', 'block'), CONFIGURATIONS, ids=[f'{name}:{block.line}' for name, block in CONFIGURATIONS]
)
def test_configurations_name_options_that_exist(name: str, block: Block, tmp_path: Path) -> None:
    (tmp_path / CONFIGURATION).write_text(block.text, encoding='utf-8')
    config: Config = PyFileConfigLoader(CONFIGURATION, str(tmp_path)).load_config()
    database = config.pop('IPController').pop('db_class')
    assert database in {f'mqsql.hub.{known}' for known in hub.DATABASES}
    for section, options in config.items():
        getattr(hub, section)  # it is one of the databases
        assert options.keys() <= getattr(hub, section).class_traits(config=True).keys(), name


# --- how pages are followed


def follow(page: str, directory: Path) -> list[str]:
    (work := directory / 'work').mkdir(parents=True)
    with surroundings(work):
        follower = Follower('page')
        follower.follow(page)
    return follower.problems


@needs_bash
@pytest.mark.parametrize(
    ('page', 'problem'),
    [
        ('```pycon\n>>> 1 + 1\n3\n```', 'Expected:'),
        ('```console\n$ echo one\ntwo\n```', 'printed:\none'),
        ('```console\n$ echo one\n```', 'printed:\none'),
        ('```console\n$ exit 3\n```', 'exit status 3'),
        ('```json\n{}\n```', 'is not run'),
        ('<!-- figures vary -->\n\n```console\n$ echo 5 tasks\n7 records\n```', 'printed:\n5 tasks'),
    ],
)
def test_what_is_not_true_is_found(page: str, problem: str, tmp_path: Path) -> None:
    (found,) = follow(page, tmp_path)
    assert problem in found


@needs_bash
def test_what_is_true_is_not(tmp_path: Path) -> None:
    page = """
```python title="one.py"
print('one', flush=True)
```

```console
$ python one.py; \\
  echo two
one
two
$ exit 3
$ echo $?
3
$ seq 9
1
...
9
```

<!-- figures vary -->

```console
$ echo '5 tasks, 3.1s, f38b2ffc'
7 tasks, 12ms, d39252e1
```

```python
x = 1
```

```pycon
>>> x + 1
2
```
"""
    assert follow(page, tmp_path) == []


def test_packages_that_do_not_exist_are_found(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='no such extras'):
        follow("```console\n$ pip install 'mqsql[nothing]'\n```", tmp_path)


def test_commands_of_a_block() -> None:
    first, second = commands('$ a \\\n  b\nprinted\n$ c\n')
    assert (first.text, first.printed) == ('a \\\n  b', 'printed\n')
    assert (second.text, second.printed) == ('c', '')
    assert same('a ... c\n', 'a b c\n')


@needs_bash
def test_what_is_printed_is_written_into_a_page(tmp_path: Path) -> None:
    page = """
```console
$ echo one; \\
  echo two
one
...
$ echo three
```

```python title="a.py"
print(1)
```

```pycon
>>> for i in range(3):
...     i
7
>>> 1 / 0
>>> [5, 6]
[...]

```
"""
    (work := tmp_path / 'work').mkdir()
    with surroundings(work):
        made = rewritten(page, Follower('page'))
    assert made == page.replace('echo three\n', 'echo three\nthree\n').replace('7\n', '0\n1\n2\n').replace(
        '>>> 1 / 0\n', '>>> 1 / 0\nTraceback (most recent call last):\nZeroDivisionError: division by zero\n'
    )
    assert follow(made, tmp_path / 'again') == []
