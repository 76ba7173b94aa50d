"""Files in places that cannot be written: archives are read; otherwise the error says what to do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from store_files import fill

import mqsql
from mqsql.cli.sizes import size_text
from mqsql.errors import StorageError

READ = """
import os, sys, mqsql
from mqsql.errors import MqsqlError
mqsql.open(':memory:').find({'header.n': {'$gte': 1}})  # imports what this user may not be able to read
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    with mqsql.open(sys.argv[1], readonly=True) as store:
        print(store.count({'header.n': {'$gte': 1}}), len(list(store.find())), len(store.find_records({})[1]['buffers'][0]))
except MqsqlError as e:
    print(type(e).__name__, e)
"""


def read_as_nobody(path: Path) -> str:
    """What a user sees who may read, but write nothing."""
    done = subprocess.run([sys.executable, '-c', READ, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A directory that everybody can read; those of pytest are closed to others by each run of it that begins."""
    with TemporaryDirectory(prefix='shelf') as name:
        shelf = Path(name)
        shelf.chmod(0o755)
        yield shelf
        shelf.chmod(0o755)


def closed(shelf: Path, mode: str) -> Path:
    path = shelf / 'tasks.db'
    with mqsql.open(path, journal_mode=mode) as store:
        fill(store, 3)
    path.chmod(0o444)
    shelf.chmod(0o555)
    return path


needs_users = pytest.mark.skipif(not hasattr(os, 'getuid'), reason='this system has no users like these')


@needs_users
@pytest.mark.parametrize('mode', ['wal', 'delete'])
def test_an_archive_can_be_read(shelf: Path, mode: str) -> None:
    path = closed(shelf, mode)
    assert read_as_nobody(path) == '2 3 1'
    assert sorted(entry.name for entry in shelf.iterdir()) == ['tasks.db']


@needs_users
def test_an_archive_with_a_name_that_is_odd_in_a_url(shelf: Path) -> None:
    path = shelf / 'a?b#c%41 é.db'
    closed(shelf, 'wal').chmod(0o644)
    shelf.chmod(0o755)
    (shelf / 'tasks.db').rename(path)
    path.chmod(0o444)
    shelf.chmod(0o555)
    assert read_as_nobody(path) == '2 3 1'


@needs_users
def test_an_archive_that_was_not_closed_says_what_to_copy(shelf: Path) -> None:
    path = shelf / 'tasks.db'
    script = 'import os, sys, mqsql; mqsql.open(sys.argv[1]).add_record("m", {}); os._exit(0)'
    subprocess.run([sys.executable, '-c', script, str(path)], check=True)
    (shelf / 'tasks.db-shm').unlink()
    for entry in shelf.iterdir():
        entry.chmod(0o444)
    shelf.chmod(0o555)
    said = read_as_nobody(path)
    assert said.startswith(f'StorageError {path}: ')
    assert 'copy tasks.db and tasks.db-wal to another directory' in said


@needs_users
def test_a_file_that_its_owner_can_write_says_what_to_do_where_nothing_can_be_written_beside_it(shelf: Path) -> None:
    path = closed(shelf, 'wal')
    path.chmod(0o666)
    said = read_as_nobody(path)
    assert said.startswith(f'StorageError {path}: ')
    assert 'copy tasks.db to another directory' in said


@needs_users
def test_the_check_of_an_archive(shelf: Path) -> None:
    path = closed(shelf, 'wal')
    script = (
        'import os, sys\nfrom mqsql import cli\nimport mqsql.hub.checking, rich.progress\n'
        'if os.getuid() == 0:\n    os.setgid(65534)\n    os.setuid(65534)\n'
        'cli.main(["check", sys.argv[1]])\n'
    )
    done = subprocess.run([sys.executable, '-c', script, str(path)], capture_output=True, text=True)
    facts = f'3 tasks in {size_text(path.stat().st_size)}; layout 3; indexes: 6; statistics of 3 tasks'
    assert (done.returncode, done.stdout) == (0, f'{path}: {facts}\n{path}: problems found: 0\n')


# --- paths


@pytest.mark.parametrize('path', ['', 'a\0b', 'a\udcff.db', '\ud800'])
def test_what_is_no_path_is_named_as_such(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for readonly in (False, True):
        with pytest.raises(StorageError) as raised:
            mqsql.open(path, readonly=readonly)
        assert 'another program' not in str(raised.value)
        str(raised.value).encode()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    for readonly in (False, True):
        with pytest.raises(StorageError, match='cannot be opened'):
            mqsql.open(tmp_path / ('x' * 300), readonly=readonly)


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / 'link').symlink_to(tmp_path / 'link')
    for readonly in (False, True):
        with pytest.raises(StorageError, match='cannot be opened'):
            mqsql.open(tmp_path / 'link', readonly=readonly)
