"""Hostile files are refused or read, soon and within limits, and nothing else is touched."""

import os
import pickle
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from click.testing import CliRunner, Result
from store_files import other

import mqsql
from mqsql import cli
from mqsql.errors import StorageError
from mqsql.hub.pickles import read_pickled_buffers
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.settings import LEGACY_TABLE

COLUMNS = 'msg_id, header, content, buffers, submitted, client_uuid, engine_uuid, started, completed'
TAILS = 'record TEXT, name TEXT, start INTEGER, tail TEXT'
ENDLESS = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c'


def old_file(path: Path, *rows: dict[str, Any]) -> Path:
    """A file of ipyparallel's own database."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(f'CREATE TABLE "{LEGACY_TABLE}" ({COLUMNS})')
        for row in rows:
            marks = ', '.join('?' * len(row))
            db.execute(f'INSERT INTO "{LEGACY_TABLE}" ({", ".join(row)}) VALUES ({marks})', tuple(row.values()))
        db.commit()
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.main, list(map(str, words)))


def write(path: Path, *statements: str) -> None:
    connection = other(path)
    for sql in statements:
        connection.execute(sql)
    connection.close()


# --- what is no file


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def make_directory(path: Path) -> None:
    path.mkdir()


def make_device(path: Path) -> None:
    path.symlink_to('/dev/zero')


def make_link_to_fifo(path: Path) -> None:
    os.mkfifo(path.with_name('fifo'))
    path.symlink_to(path.with_name('fifo'))


KINDS = {
    'a FIFO': make_fifo,
    'a socket': make_socket,
    'a directory': make_directory,
    'a device': make_device,
    'a FIFO ': make_link_to_fifo,
}


@pytest.mark.timeout(60)
@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system has no FIFOs')
@pytest.mark.parametrize('kind', KINDS)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    odd = tmp_path / 'odd'
    KINDS[kind](odd)
    for readonly in (False, True):
        with pytest.raises(StorageError, match=f'odd: this is {kind.strip()} and cannot be opened'):
            mqsql.open(odd, readonly=readonly)
    for words in (('import', odd, tmp_path / 'new'), ('import', old_file(tmp_path / 'old'), odd), ('check', odd)):
        done = run(*words)
        assert done.exit_code in (1, 2)
        assert done.stderr.splitlines()[-1].startswith('Error: ')
    assert not (tmp_path / 'new').exists()


@pytest.mark.timeout(60)
@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system has no FIFOs')
@pytest.mark.parametrize('suffix', ['-journal', '-wal', '-shm'])
@pytest.mark.parametrize('mode', ['wal', 'delete'])
def test_a_fifo_in_place_of_a_file_beside_it(path: Path, suffix: str, mode: str) -> None:
    mqsql.open(path, journal_mode=mode).close()
    os.mkfifo(f'{path}{suffix}')
    for readonly in (False, True):
        with pytest.raises(StorageError, match='a FIFO'):
            mqsql.open(path, journal_mode=mode, readonly=readonly)


@pytest.mark.timeout(60)
@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system has no FIFOs')
@pytest.mark.parametrize('suffix', ['-journal', '-wal', '-shm'])
def test_a_fifo_beside_what_a_link_leads_to(tmp_path: Path, suffix: str) -> None:
    (tmp_path / 'there').mkdir()
    real, link = tmp_path / 'there' / 'tasks.db', tmp_path / 'link.db'
    mqsql.open(real).close()
    link.symlink_to(real)
    mqsql.open(link).close()
    os.mkfifo(f'{real}{suffix}')
    for readonly in (False, True):
        with pytest.raises(StorageError, match=f'tasks.db{suffix}: this is a FIFO'):
            mqsql.open(link, readonly=readonly)
    assert run('check', link).exit_code == 1
    assert run('import', link, tmp_path / 'new.db').exit_code == 1


@pytest.mark.parametrize('suffix', ['-journal', '-wal', '-shm'])
def test_a_link_in_place_of_a_file_beside_it_is_named(tmp_path: Path, suffix: str) -> None:
    path, victim = tmp_path / 'tasks.db', tmp_path / 'victim'
    mqsql.open(path).close()
    victim.write_text('precious')
    Path(f'{path}{suffix}').symlink_to(victim)
    for readonly in (False, True):
        with pytest.raises(StorageError, match=f'tasks.db{suffix}: this is a symbolic link'):
            mqsql.open(path, readonly=readonly)
    assert victim.read_text() == 'precious'


# --- schemas


def with_schema(path: Path, *statements: str) -> Path:
    mqsql.open(path).close()
    write(path, *statements)
    return path


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ('statements', 'reason'),
    [
        (
            ['DROP TABLE task_records', f'CREATE VIEW task_records AS {ENDLESS}'],
            "'task_records' is a view",
        ),
        (['DROP TABLE task_records', f'CREATE VIEW TASK_RECORDS AS {ENDLESS}'], 'is a view'),
        (
            ['DROP TABLE task_buffers', f'CREATE VIEW task_buffers AS {ENDLESS}'],
            "'task_buffers' is a view",
        ),
        (['DROP TABLE task_records', 'CREATE VIRTUAL TABLE task_records USING fts5(msg_id)'], 'is a virtual table'),
        (
            ['ALTER TABLE task_records ADD COLUMN extra AS (hex(zeroblob(500000000)))'],
            'computes or checks values',
        ),
        (['ALTER TABLE task_records ADD COLUMN extra TEXT DEFAULT (hex(zeroblob(99)))'], 'computes or checks values'),
        (
            ['DROP TABLE task_records', 'CREATE TABLE task_records (msg_id TEXT PRIMARY KEY) WITHOUT ROWID'],
            'WITHOUT ROWID',
        ),
        (
            [
                'DROP TABLE task_buffers',
                'CREATE TABLE task_buffers (id INTEGER PRIMARY KEY, data BLOB CHECK (length(hex(zeroblob(500000000)))))',
            ],
            'computes or checks values',
        ),
        (['DROP TABLE task_buffers', 'CREATE TABLE task_buffers (x)'], "'task_buffers' was not made by mqsql"),
    ],
)
def test_what_is_no_table_of_ours_is_refused(path: Path, statements: list[str], reason: str) -> None:
    with_schema(path, *statements)
    for readonly in (False, True):
        with pytest.raises(StorageError, match=reason):
            mqsql.open(path, readonly=readonly)
    with pytest.raises(StorageError, match=reason):
        SQLiteDB(location=str(path.parent), filename=path.name)
    assert run('check', path).exit_code == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ('statement', 'reason'),
    [
        ('CREATE INDEX slow ON task_records (hex(zeroblob(500000000 + length(label))))', "the index 'slow'"),
        ('CREATE INDEX slow ON task_records (label) WHERE hex(zeroblob(500000000)) > label', "the index 'slow'"),
        ('CREATE INDEX slow ON task_buffers (hex(zeroblob(500000000 + id)))', "the index 'slow'"),
    ],
)
def test_what_would_run_at_each_change_is_refused_but_for_reading(path: Path, statement: str, reason: str) -> None:
    with_schema(path, statement)
    with pytest.raises(StorageError, match=reason):
        mqsql.open(path)
    with pytest.raises(StorageError, match=reason):
        SQLiteDB(location=str(path.parent), filename=path.name)
    with mqsql.open(path, readonly=True) as store:
        assert store.count() == 0
    assert run('check', path).exit_code == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    'sql',
    [
        f"CREATE VIEW task_tails AS SELECT 'm' AS record, 'stdout' AS name, 0 AS start, x AS tail FROM ({ENDLESS})",
        'CREATE VIRTUAL TABLE task_tails USING fts5(record, name, start, tail)',
        f'CREATE TABLE task_tails ({TAILS} CHECK (hex(zeroblob(500000000))))',
        f'CREATE TABLE "task_tails" ({TAILS}); CREATE INDEX slow ON task_tails (hex(zeroblob(500000000 + start)))',
    ],
)
def test_only_a_table_as_former_versions_made_it_is_taken_for_output(tmp_path: Path, sql: str) -> None:
    SQLiteDB(location=str(tmp_path)).close()
    write(tmp_path / 'tasks.db', *sql.split('; '))
    db = SQLiteDB(location=str(tmp_path))
    db.add_record('m', {})
    db.close()


def test_an_index_of_another_program_on_columns_is_left_alone(path: Path) -> None:
    with_schema(path, 'CREATE INDEX mine ON task_records (queue, label DESC)')
    with mqsql.open(path) as store:
        store.add_record('m', {'queue': 'mux'})
    assert run('check', path).exit_code == 0


@pytest.mark.parametrize('filled', [False, True])
@pytest.mark.parametrize('encoding', ['UTF-16le', 'UTF-16be'])
def test_a_file_of_texts_in_utf_16_is_refused(tmp_path: Path, encoding: str, filled: bool) -> None:
    with apsw.Connection(str(tmp_path / 'tasks.db')) as connection:
        connection.pragma('encoding', encoding)
        connection.execute('CREATE TABLE other (a TEXT)')
        if not filled:
            connection.execute('DROP TABLE other')
    with pytest.raises(StorageError, match=f'its text is in {encoding}' if not filled else 'another application'):
        mqsql.open(tmp_path / 'tasks.db')


@pytest.mark.timeout(60)
def test_a_file_with_many_views_is_opened_at_once(path: Path) -> None:
    with_schema(path, 'BEGIN', *(f'CREATE VIEW v{i} AS SELECT {i}' for i in range(5_000)), 'COMMIT')
    for readonly in (False, True):
        with mqsql.open(path, readonly=readonly) as store:
            assert store.count() == 0


@pytest.mark.timeout(60)
def test_a_trigger_of_another_program_is_named_and_does_not_run(path: Path) -> None:
    with_schema(path, f'CREATE TRIGGER slow AFTER INSERT ON task_records BEGIN SELECT count(*) FROM ({ENDLESS}); END')
    with pytest.raises(StorageError, match=r"the trigger 'slow' on 'task_records'.*DROP TRIGGER \"slow\""):
        mqsql.open(path)
    with mqsql.open(path, readonly=True) as store:
        assert store.count() == 0
    write(path, 'DROP TRIGGER slow')
    mqsql.open(path).close()


def test_a_trigger_on_another_table_is_left_alone(path: Path) -> None:
    with_schema(path, 'CREATE TABLE mine (x)', 'CREATE TRIGGER t AFTER INSERT ON mine BEGIN SELECT 1; END')
    with mqsql.open(path) as store:
        store.add_record('m', {})


@pytest.mark.parametrize('readonly', [False, True])
def test_what_a_file_brings_with_it_cannot_call_our_functions(path: Path, readonly: bool) -> None:
    with_schema(path, "CREATE VIEW spy AS SELECT mqsql_regex(0, '(a+)+$', 'aaaa')", 'CREATE TABLE others (x)')
    with mqsql.open(path, readonly=readonly) as store:
        connection = store._connection  # type: ignore[attr-defined]
        with pytest.raises(apsw.SQLError, match='unsafe use of mqsql_regex'):
            connection.execute('SELECT * FROM spy').fetchall()


def test_what_we_make_works_where_no_schema_is_trusted(path: Path) -> None:
    with mqsql.open(path) as store:
        store.create_index('content.a')
        store.add_record('m', {'content': {'a': [1, {'b': 2}]}, 'buffers': [b'x']})
        store.update_record('m', {'content': {'a': 3}, 'buffers': [b'y']})
        assert store.count({'content.a': 3}) == 1
        store.drop_record('m')


# --- old files


BOMBS = {
    'a long memo': b'\x80\x02]r' + struct.pack('<I', 2**28) + b'h\x00.',
    'much remembered': b'\x80\x04]' + b'\x94' * 5_000_000 + b'.',
    'much doubled': b'\x80\x04]' + b'2' * 1_000_000 + b'.',
    'many marks': b'\x80\x04]' + b'(' * 5_000_000,
    'nested lists': b'\x80\x04' + b']' * 1_000_000 + b'a' * 999_999 + b'.',
    'one value a million times': b'\x80\x04]\x94(B'
    + struct.pack('<I', 10**6)
    + b'x' * 10**6
    + b'\x94'
    + b'h\x01' * 10**5
    + b'e.',
    'made a million times': b'\x80\x02](c_codecs\nencode\nq\x01X'
    + struct.pack('<I', 10**6)
    + b'x' * 10**6
    + b'q\x02X\x06\0\0\0latin1q\x03\x86q\x04Rq\x05'
    + b'h\x01h\x04R' * 200_000
    + b'e.',
    'a long number': b'\x80\x02\x8b' + struct.pack('<I', 10**6) + b'\xff' * 10**6 + b'.',
    'a length without bytes': b'\x80\x04]B\xff\xff\xff\xffa.',
    'a long text of Python 2': b"(lp0\nS'" + b'\\xff' * 8_000_000 + b"'\np1\na.",
    'a class': b'cos\nsystem\n(S"true"\ntR.',
    'an extension': b'\x82\x01.',
}


@pytest.mark.parametrize(
    'text', [b"'", b'', b'a', b"'a", b"'a\\'", b'\'a"', b"'\\x4'", b"'\\x4G'", b"'\\0'", b"'\\\\\\'"]
)
def test_a_text_that_python_2_does_not_write(text: bytes) -> None:
    with pytest.raises(ValueError, match='Python 2 does not write'):
        read_pickled_buffers(b'(lp0\nS' + text + b'\np1\na.')


@pytest.mark.parametrize('bomb', BOMBS)
def test_a_pickle_costs_no_more_than_it_is_large(bomb: str) -> None:
    program = """
import resource, sys
from mqsql.hub.pickles import read_pickled_buffers
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    read_pickled_buffers(sys.stdin.buffer.read())
except ValueError as e:
    assert len(str(e)) < 200
after = resource.getrusage(resource.RUSAGE_SELF)
print((after.ru_maxrss - before.ru_maxrss) // 1024, after.ru_utime - before.ru_utime)
"""
    done = subprocess.run([sys.executable, '-c', program], input=BOMBS[bomb], capture_output=True, check=True)
    megabytes, seconds = map(float, done.stdout.split())
    assert megabytes < 400
    assert seconds < 60


LISTS: list[list[bytes]] = [
    [],
    [b''],
    [b'a', b'a'],
    [b'\xff\0\n\'"'] * 3,
    [bytes(range(256)) * 300, b'', b'x' * 70_000],
]


@pytest.mark.parametrize('protocol', range(6))
@pytest.mark.parametrize('buffers', LISTS)
def test_what_was_pickled_comes_back(buffers: list[bytes], protocol: int) -> None:
    assert read_pickled_buffers(pickle.dumps(buffers, protocol)) == buffers


@pytest.mark.parametrize(
    'pickled',
    [
        b"(lp0\nS'ab\\xff\\n\\''\np1\na.",
        b'(lp0\nS"ab\\xff\\n\'"\np1\na.',
        b"\x80\x02]q\x00U\x05ab\xff\n'q\x01a.",
        b"\x80\x02](U\x05ab\xff\n'e.",
        b"(T\x05\x00\x00\x00ab\xff\n'l.",
    ],
)
def test_what_python_2_pickled_comes_back(pickled: bytes) -> None:
    assert read_pickled_buffers(pickled) == [b"ab\xff\n'"]


ODD_ROWS: list[dict[str, Any]] = [
    {'buffers': BOMBS['a long memo']},
    {'content': '[' * 1_000_000},
    {'content': '[' * 100_000 + ']' * 100_000},
    {'content': '{"a":' + '1' * 1_000_000 + '}'},
    {'content': '{"a":1e999999}'},
    {'content': '"' + 'x' * 1_000_000 + '"'},
    {'header': '{"date":5}'},
    {'header': b'\xff\xfe'},
    {'submitted': '9' * 1_000_000},
    {'submitted': 1e300},
    {'completed': '0001-01-01T00:00:00+23:59'},
    {'client_uuid': b'\xff'},
    {'msg_id': b'\xff'},
    {'msg_id': 5},
    {'msg_id': ''},
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize('row', ODD_ROWS)
def test_an_odd_value_of_an_old_file_costs_itself_alone(tmp_path: Path, row: dict[str, Any]) -> None:
    rows: list[dict[str, Any]] = [
        {'msg_id': 'before'},
        {'msg_id': 'odd', **row},
        {'msg_id': 'after', 'content': '{"a": 1}'},
    ]
    old = old_file(tmp_path / 'tasks.db', *rows)
    assert 'tasks imported: 3;' in run('import', old, tmp_path / 'new.db').stdout
    db = SQLiteDB(location=str(tmp_path))
    for history in (db.get_history(), mqsql.open(tmp_path / 'new.db').get_history()):
        assert len(history) == 3
        assert {'before', 'after'} <= set(history)
    assert db.get_record('after')['content'] == {'a': 1}
    db.close()


def test_a_long_key_is_not_repeated_in_messages(tmp_path: Path) -> None:
    old = old_file(tmp_path / 'old.db', {'msg_id': 'x\0' * 100_000, 'content': '{', 'header': b'{"a":"\xff"}'})
    done = run('import', old, tmp_path / 'new.db')
    assert 'tasks imported: 1;' in done.stdout
    assert len(done.stdout + done.stderr) < 2_000


@pytest.mark.timeout(60)
def test_a_view_or_a_virtual_table_is_no_old_history(tmp_path: Path) -> None:
    view = tmp_path / 'view.db'
    write(view, f'CREATE VIEW "{LEGACY_TABLE}" ({COLUMNS}) AS SELECT {", ".join("x" * 9)} FROM ({ENDLESS})')
    virtual = tmp_path / 'virtual.db'
    write(virtual, f'CREATE VIRTUAL TABLE "{LEGACY_TABLE}" USING fts5({COLUMNS})')
    computed = tmp_path / 'computed.db'
    write(
        computed,
        f'CREATE TABLE "{LEGACY_TABLE}" ({COLUMNS}, rowid AS (hex(zeroblob(9 + msg_id))))',
        f'INSERT INTO "{LEGACY_TABLE}" (msg_id) VALUES (1)',
    )
    for odd in (view, virtual, computed):
        done = run('import', odd, tmp_path / 'new.db')
        assert done.exit_code == 1
        assert 'it has no history' in done.stderr


# --- the directory of an import


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return old_file(tmp_path / 'old.db', {'msg_id': 'm'})


def test_an_import_neither_deletes_nor_writes_through_a_link(old: Path, tmp_path: Path) -> None:
    victim = tmp_path / 'victim'
    victim.mkdir()
    for name in ('new.db', 'new.db.notes', 'lock'):
        (victim / name).write_text('precious')
    for name in ('.new.db.import', '.new.db.import-', '.new.db.import-abc'):
        (tmp_path / name).symlink_to(victim)
    assert 'tasks imported: 1;' in run('import', old, tmp_path / 'new.db').stdout
    assert {entry.name: entry.read_text() for entry in victim.iterdir()} == dict.fromkeys(
        ('new.db', 'new.db.notes', 'lock'), 'precious'
    )


def test_an_import_leaves_what_only_looks_like_its_own(old: Path, tmp_path: Path) -> None:
    foreign = tmp_path / '.new.db.import-abc'
    foreign.mkdir(mode=0o700)
    (foreign / 'notes').write_text('precious')
    linked = tmp_path / '.new.db.import-def'
    linked.mkdir(mode=0o700)
    (linked / 'lock').symlink_to(foreign / 'notes')
    shared = tmp_path / '.new.db.import-ghi'
    shared.mkdir()
    shared.chmod(0o777)
    (shared / 'lock').write_bytes(b'')
    assert run('import', old, tmp_path / 'new.db').exit_code == 0
    assert (foreign / 'notes').read_text() == 'precious'
    assert linked.exists()
    assert shared.exists()


def test_the_directory_of_an_import_is_its_users_alone(old: Path, tmp_path: Path) -> None:
    program = (
        'import os, sys\n'
        'from mqsql import cli\n'
        'from mqsql.hub import importing as transfer\n'
        'transfer.HidingStore.add_missing = lambda store, records: os.kill(os.getpid(), 9)\n'
        'cli.main(sys.argv[1:])\n'
    )
    command = [sys.executable, '-c', program, 'import', str(old), str(tmp_path / 'new.db')]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    (left,) = tmp_path.glob('.new.db.import-*')
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    assert run('import', old, tmp_path / 'new.db').exit_code == 0
    assert not left.exists()


def test_a_link_to_nothing_is_not_followed(old: Path, tmp_path: Path) -> None:
    (tmp_path / 'new.db').symlink_to(tmp_path / 'elsewhere')
    done = run('import', old, tmp_path / 'new.db')
    assert done.exit_code == 1
    assert 'a symbolic link to a file that does not exist' in done.stderr
    assert not (tmp_path / 'elsewhere').exists()


@pytest.mark.parametrize('error', [OSError(), OSError('odd'), OSError(5, 'odd'), OSError(5, 'odd', 'file')])
def test_an_error_of_the_system_is_never_said_to_be_none(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr('mqsql.hub.importing.import_history', fail)
    done = run('import', old, tmp_path / 'new.db')
    assert done.exit_code == 1
    assert 'None' not in done.stderr
    assert done.stderr.strip() != 'Error:'
