"""The store in a DuckDB file: what is in the file, whose file it is, and what happens when something fails."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from store_files import FULL, NOON, fill
from systems import needs_file_limits, needs_sigkill

import mqsql
from mqsql.errors import DuplicateRecordError, StorageError, UnknownNameError
from mqsql.schema import DOCUMENT, STRING, TASKS, Table
from mqsql.storage import Store
from mqsql.storage.duckdb import ddl
from mqsql.storage.duckdb.store import DuckStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a file of DuckDB may be made."""
    return tmp_path / 'tasks.duckdb'


def opened(file: Path, **options: Any) -> Store:
    return mqsql.open(f'duckdb:{file}', **options)


def change(file: Path, *sql: str) -> None:
    """Do statements as another program."""
    with duckdb.connect(str(file)) as connection:
        for one in sql:
            connection.execute(one)


def ask(file: Path, sql: str) -> Any:
    """The rows that a statement gives to another program."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def python(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    """A program, run in another process."""
    return subprocess.run([sys.executable, '-c', code, *map(str, args)], capture_output=True, text=True, timeout=100)


# --- what a URL names


@pytest.mark.parametrize('url', ['duckdb:{}', 'duckdb:///{}'])
def test_a_url_names_a_file(file: Path, url: str) -> None:
    with mqsql.open(url.format(file)) as store:
        store.add_record('m', {})
        assert isinstance(store, DuckStore)
        assert store.path == str(file)


def test_a_url_names_a_file_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ('duckdb:a.duckdb', 'duckdb:///b.duckdb'):
        mqsql.open(url).close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ['a.duckdb', 'b.duckdb']


@pytest.mark.parametrize('url', ['duckdb::memory:', 'duckdb:///:memory:', 'duckdb://'])
def test_a_url_names_memory(url: str) -> None:
    with mqsql.open(url) as store, mqsql.open(url) as other:
        store.add_record('m', {})
        assert (store.count(), other.count()) == (1, 0)


def test_nothing_of_duckdb_is_imported_before_its_url_is_opened() -> None:
    code = (
        'import sys, mqsql\n'
        "with mqsql.open('dict:') as store:\n"
        "    store.add_record('m', {})\n"
        "with mqsql.open(':memory:') as store:\n"
        '    store.count()\n'
        "print([name for name in ('duckdb', '_duckdb', 'numpy', 'mqsql.storage.duckdb') if name in sys.modules])"
    )
    assert python(code).stdout == '[]\n'


@pytest.mark.parametrize('url', ['duckdb:x.duckdb', 'parquet:*.parquet'])
def test_what_is_not_installed_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'duckdb', None)
    with pytest.raises(StorageError, match=r"DuckDB is not installed; try: pip install 'mqsql\[duckdb\]'"):
        mqsql.open(url)
    with mqsql.open('dict:') as store, pytest.raises(StorageError, match='pip install'):
        store.to_parquet('x.parquet')


# --- what is in the file


def test_records_are_there_when_the_file_is_opened_again(file: Path) -> None:
    with opened(file) as store:
        store.add_record('m', FULL)
        store.add_records([{'msg_id': 'n', 'label': {'a': 1}}, {'msg_id': 'o'}])
    with opened(file, readonly=True) as store:
        assert store.get_record('m') == dict.fromkeys(TASKS.all_keys) | FULL | {'msg_id': 'm'}
        assert [r['msg_id'] for r in store.find()] == ['m', 'n', 'o']
        with pytest.raises(StorageError, match='read-only'):
            store.add_record('p', {})
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_other_programs_see_natural_types(file: Path) -> None:
    with opened(file) as store:
        store.add_record('m', FULL | {'label': 'a'})
    columns = dict(ask(file, "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'task_records'"))
    assert columns == ddl.columns(TASKS)
    found = "SELECT header->>'msg_type', label->>'$', epoch_us(submitted), len(buffers), rowid FROM task_records"
    assert ask(file, found) == [('apply_request', 'a', int(NOON.timestamp() * 10**6), 3, 1)]


def test_the_order_of_insertion_stays(file: Path) -> None:
    with opened(file) as store:
        ids = fill(store, 20)
        for msg_id in ids[::3]:
            store.update_record(msg_id, {'result_buffers': [b'r' * 1000], 'completed': NOON})
        store.drop_record(ids[4])
    with opened(file) as store:
        store.add_record('last', {})
        store.update_record(ids[0], {'buffers': [], 'stdout': 'x'})
        assert [r['msg_id'] for r in store.find({}, [])] == [*ids[:4], *ids[5:], 'last']


OTHERS = Table(name='it\'s "others"', key='id', columns={'id': STRING, 'Value': DOCUMENT, 'rank': STRING})


def test_several_tables_share_a_file(file: Path) -> None:
    with opened(file) as tasks, opened(file, table=OTHERS) as others:
        tasks.add_record('m', {'label': 1})
        others.add_record('o', {'Value': {'a': [1]}, 'rank': 'x'})
        assert others.find_one({'Value.a': 1}) == {'id': 'o', 'Value': {'a': [1]}, 'rank': 'x'}
        assert (tasks.count(), others.count()) == (1, 1)
    assert dict(ask(file, 'SELECT table_name, 1 FROM duckdb_tables()')).keys() == {
        'mqsql_layout',
        'task_records',
        OTHERS.name,
    }


# --- one file, several stores


def test_stores_of_one_process_share_a_file(file: Path) -> None:
    with opened(file) as store:
        store.add_record('m', {'label': 'a'})
        with opened(file) as other, opened(file, readonly=True) as reader:
            other.add_record('n', {'label': 'b'})
            store.update_record('m', {'label': {'x': [1]}})
            assert reader.count({'label.x': 1}) == 1
            with pytest.raises(DuplicateRecordError):
                store.add_record('n', {})
            with pytest.raises(StorageError, match='read-only'):
                reader.drop_record('m')
        # The functions stay, whichever store has asked for them.
        assert [r['msg_id'] for r in store.find({'label': {'$regex': '^b'}})] == ['n']
    with opened(file, readonly=True), pytest.raises(StorageError, match='has it open read-only'):
        opened(file)


@pytest.mark.skipif(os.name == 'nt', reason='links need privileges here')
def test_two_names_of_a_file_are_one_database(file: Path) -> None:
    link = file.with_name('link.duckdb')
    link.symlink_to(file)
    with mqsql.open(f'duckdb:{link}') as store, opened(file) as other:
        store.add_record('m', {})
        assert other.count() == 1


def test_an_answer_is_that_of_the_moment_of_the_call(file: Path) -> None:
    with opened(file) as store:
        store.add_records({'msg_id': str(i), 'label': i} for i in range(5000))
        found, sorted_ = store.find({}, ['label']), store.find({}, ['label'], sort={'label': -1})
        next(found)
        store.drop_matching_records({'label': {'$lt': 4000}})
        store.update_record('4500', {'label': 'new'})
        store.add_record('more', {})
        assert [r['label'] for r in found] == list(range(1, 5000))
        assert [r['label'] for r in sorted_] == list(range(5000))[::-1]
        assert store.count() == 1001


def test_threads_open_a_new_file_at_once(file: Path) -> None:
    stores: list[Store] = []
    threads = [threading.Thread(target=lambda: stores.append(opened(file))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, store in enumerate(stores):
        store.add_record(str(i), {})
    assert [store.count() for store in stores] == [5] * 5
    for store in stores:
        store.close()


def test_a_function_outlives_the_store_that_asked_for_it(file: Path) -> None:
    first, second = opened(file), opened(file)
    first.add_record('m', {'stdout': 'abc'})
    assert first.count({'stdout': {'$regex': 'b'}}) == 1
    first.close()
    assert second.count({'stdout': {'$regex': 'b'}}) == 1
    second.close()


HOLD = 'import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()'


@pytest.fixture
def held(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the file open."""
    with opened(file) as store:
        store.add_record('m', {})
    command = [sys.executable, '-c', HOLD, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.parametrize('readonly', [False, True])
def test_a_file_that_another_process_has_open(file: Path, held: subprocess.Popen[str], readonly: bool) -> None:
    with pytest.raises(StorageError, match=f'{file}: process {held.pid} has it open'):
        opened(file, readonly=readonly, busy_timeout=0)


def test_opening_waits_for_another_process(file: Path, held: subprocess.Popen[str]) -> None:
    ending = threading.Timer(0.5, held.kill)
    ending.start()
    with opened(file, busy_timeout=60) as store:
        assert store.count() == 1
    ending.join()


def test_processes_read_one_file(file: Path) -> None:
    with opened(file) as store:
        store.add_record('m', {})
    code = 'import mqsql, sys\nwith mqsql.open(sys.argv[1], readonly=True) as store: print(store.count())'
    with opened(file, readonly=True) as store:
        assert python(code, f'duckdb:{file}').stdout == '1\n'
        assert store.count() == 1


# --- whose file it is


def test_a_file_of_another_application_stays_as_it_is(file: Path) -> None:
    change(file, 'CREATE TABLE theirs (a INTEGER)', 'INSERT INTO theirs VALUES (1)')
    before = file.read_bytes()
    with pytest.raises(StorageError, match='database of another application'):
        opened(file)
    with pytest.raises(StorageError, match=r"no table 'task_records'; its tables are: 'theirs'"):
        opened(file, readonly=True)
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_table_of_another_application_can_be_read(file: Path) -> None:
    change(
        file,
        'CREATE TABLE events (rank VARCHAR, id VARCHAR, "Value" JSON, more INTEGER)',
        """INSERT INTO events VALUES ('x', 'b', '{"a": 1}', 1), (NULL, 'a', NULL, 2)""",
    )
    table = OTHERS.rename('events')
    with opened(file, readonly=True, table=table) as store:
        assert list(store.find()) == [
            {'id': 'b', 'Value': {'a': 1}, 'rank': 'x'},
            {'id': 'a', 'Value': None, 'rank': None},
        ]
        assert store.find_one({'Value.a': {'$gt': 0}}, ['rank']) == {'id': 'b', 'rank': 'x'}
    with pytest.raises(StorageError, match='database of another application'):
        opened(file, table=table)


@pytest.mark.parametrize(
    ('sql', 'said'),
    [
        ('ALTER TABLE task_records DROP label', "the column 'label' is missing, not JSON"),
        ('ALTER TABLE task_records ALTER stdout TYPE BLOB', "the column 'stdout' is BLOB, not VARCHAR"),
        ('ALTER TABLE task_records ADD more INTEGER', 'has other columns too: more'),
        ('ALTER TABLE task_records ALTER stdout SET DEFAULT (random())', 'computes or checks values'),
        ('UPDATE mqsql_layout SET version = 99', r'a newer mqsql wrote this file \(layout 99\)'),
        (
            'CREATE TRIGGER t AFTER INSERT ON task_records REFERENCING NEW TABLE AS n FOR EACH STATEMENT '
            'INSERT INTO mqsql_layout SELECT 1 FROM n',
            'computes or checks values',
        ),
    ],
)
def test_a_table_that_was_changed_is_refused(file: Path, sql: str, said: str) -> None:
    opened(file).close()
    change(file, sql)
    before = file.read_bytes()
    with pytest.raises(StorageError, match=said):
        opened(file)
    assert file.read_bytes() == before


def test_a_name_that_differs_in_case_is_refused(file: Path) -> None:
    opened(file, table=TASKS.rename('Task_Records')).close()
    with pytest.raises(StorageError, match="the name 'Task_Records', from which DuckDB cannot tell 'task_records'"):
        opened(file)


# --- files that cannot be opened


def _directory(file: Path) -> None:
    file.mkdir()


def _fifo(file: Path) -> None:
    os.mkfifo(file)


no_fifo = pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='there are no FIFOs here')


def _sqlite(file: Path) -> None:
    mqsql.open(file).close()


def _damaged(file: Path) -> None:
    with opened(file) as store:
        fill(store, 100)
    content = bytearray(file.read_bytes())
    content[4096:4112] = bytes(16)
    content[8192:8208] = bytes(16)
    file.write_bytes(content)


def _truncated(file: Path) -> None:
    with opened(file) as store:
        fill(store, 100)
    file.write_bytes(file.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ('make', 'said'),
    [
        (
            lambda file: file.write_bytes(b'nothing of the kind' * 1000),
            'this is not a DuckDB database; name another file',
        ),
        (lambda file: file.write_bytes(b'no'), 'this is not a DuckDB database'),
        (lambda file: file.write_bytes(b''), 'it is empty, so delete it'),
        (lambda file: file.write_bytes(b'01234567DUCK' + bytes(10_000)), 'not a DuckDB database|damaged|DuckDB failed'),
        (_sqlite, 'this is an SQLite database; open it without "duckdb:"'),
        (_directory, 'this is a directory and cannot be opened'),
        pytest.param(_fifo, 'this is a FIFO and cannot be opened', marks=no_fifo),
        (_damaged, 'the file is damaged; restore a copy'),
        (_truncated, 'the file is damaged'),
    ],
    ids=['other', 'short', 'empty', 'header', 'sqlite', 'directory', 'fifo', 'damaged', 'truncated'],
)
@pytest.mark.parametrize('readonly', [False, True])
def test_what_is_no_database(file: Path, make: Any, said: str, readonly: bool) -> None:
    make(file)
    with pytest.raises(StorageError, match=said):
        opened(file, readonly=readonly)


def test_what_is_not_there(file: Path) -> None:
    with pytest.raises(StorageError, match='there is no such file'):
        opened(file, readonly=True)
    with pytest.raises(StorageError, match='its directory must exist'):
        mqsql.open(f'duckdb:{file}/none/x.duckdb')
    with pytest.raises(StorageError, match='UTF-8'):
        mqsql.open('duckdb:a\udc80')
    with pytest.raises(StorageError, match="'duckdb:' names no store"):
        mqsql.open('duckdb:')
    with pytest.raises(StorageError, match='empty for ever'):
        mqsql.open('duckdb::memory:', readonly=True)


# --- what fails later


def test_a_closed_store_says_so(file: Path) -> None:
    store = opened(file)
    store.close()
    store.close()
    for call in (
        store.count,
        store.find,
        store.get_history,
        lambda: store.get_record('m'),
        lambda: store.add_record('m', {}),
    ):
        with pytest.raises(StorageError, match='the store is closed'):
            call()


def test_there_are_no_indexes(file: Path) -> None:
    with opened(file) as store:
        with pytest.raises(StorageError, match=r"no indexes, such as 'content\.a_1', and needs none"):
            store.create_index('content.a')
        with pytest.raises(UnknownNameError):
            store.drop_index('label_1')
        assert store.list_indexes() == {}


def test_explain_shows_the_plan(file: Path) -> None:
    with opened(file) as store:
        fill(store, 10)
        found = store.explain({'header.n': 3}, ['label'])
    assert found.indexes == ()
    assert 'task_records' in found.sql
    assert '3' in str(found.params)
    assert any('Scan' in line for line in found.plan)


def test_a_change_by_another_connection_at_the_same_time(file: Path) -> None:
    with opened(file) as store:
        store.add_record('m', {})
        other = duckdb.connect(str(file))
        other.begin()
        other.execute("UPDATE task_records SET stdout = 'other'")
        other.execute("INSERT INTO task_records (msg_id) VALUES ('n')")
        with pytest.raises(StorageError, match='changed the same record at the same time; repeat the call'):
            store.update_record('m', {'stdout': 'ours'})
        store.add_record('o', {})
        other.commit()
        store.update_record('m', {'stderr': 'ours'})
        with pytest.raises(DuplicateRecordError):
            store.add_record('n', {})
        assert store.get_record('m')['stdout'] == 'other'
        other.close()


FULL_DISK = """
import resource, signal, sys, mqsql
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with mqsql.open(sys.argv[1]) as store:
    store.add_record('first', {})
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
    import random
    for i in range(100):
        try:
            store.add_record(str(i), {'stdout': random.randbytes(50_000).hex()})
        except mqsql.StorageError as e:
            print(e)
            break
    print(store.count() == i + 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.add_record('last', {})
    print(store.count() == i + 2)
"""


@needs_file_limits
def test_a_full_disk_loses_nothing_else(file: Path) -> None:
    done = python(FULL_DISK, f'duckdb:{file}')
    message, *rest = done.stdout.splitlines()
    assert 'is full; nothing of this call was written' in message
    assert rest == ['True', 'True']
    with opened(file) as store:
        assert store.find_one('last') is not None


# --- killed processes

ADDING = """
import sys, mqsql
store = mqsql.open(sys.argv[1])
n = store.count()
while True:
    store.add_record(f'm{n}', {'content': {'n': n}, 'buffers': [b'x' * 100], 'stdout': 'y' * 5000})
    store.add_records({'msg_id': f'm{n}-{i}', 'label': i} for i in range(20))
    store.update_record(f'm{n}', {'stdout': str(n)})
    print(n, flush=True)
    n += 1
"""


@needs_sigkill
def test_a_killed_process_loses_nothing_that_was_acknowledged(file: Path) -> None:
    opened(file).close()
    acknowledged = 0
    for killed in range(1, 4):
        command = [sys.executable, '-c', ADDING, f'duckdb:{file}']
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(40)]
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read().splitlines()
        acknowledged, last = acknowledged + len(said), int(said[-1])
        with opened(file, readonly=True) as store:
            several = store.count({'msg_id': {'$regex': '-'}})
            assert several % 20 == 0
            assert acknowledged <= several / 20 <= acknowledged + killed
            assert store.find_one(f'm{last}', ['stdout', 'content', 'buffers']) == {
                'msg_id': f'm{last}',
                'stdout': str(last),
                'content': {'n': last},
                'buffers': [b'x' * 100],
            }


# --- forks

FORK = """
import os, sys, mqsql
store = mqsql.open(sys.argv[1])
store.add_records({'msg_id': str(i), 'stdout': 'a'} for i in range(100))
found = store.find({'stdout': {'$regex': 'a'}})
next(found)
before = os.path.getsize(sys.argv[2] + '.wal')
pid = os.fork()
if not pid:
    for call in (store.count, lambda: store.add_record('child', {}), lambda: mqsql.open(sys.argv[1])):
        try:
            call()
        except mqsql.StorageError as e:
            print(e)
    with mqsql.open(sys.argv[1] + '.other') as other:
        other.add_record('m', {'stdout': 'a'})
        print(other.count({'stdout': {'$regex': 'a'}}), flush=True)
    store.close()
    del store, found
    sys.exit(0)
print(os.waitpid(pid, 0)[1], os.path.getsize(sys.argv[2] + '.wal') == before, len(list(found)), flush=True)
store.add_record('parent', {})
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='there are no forks here')
def test_a_fork_leaves_the_file_alone(file: Path) -> None:
    said = python(FORK, f'duckdb:{file}', file).stdout.splitlines()
    assert ['opened in another process' in line for line in said[:2]] == [True, True]
    assert 'of which this one is a fork has it open' in said[2]
    assert said[3:] == ['1', '0 True 99']
    with opened(file) as store:
        assert store.count() == 101


ENDING = """
import mqsql, sys, threading
store = mqsql.open(sys.argv[1])
store.add_records({'msg_id': str(i), 'stdout': 'a'} for i in range(5000))
begun = threading.Event()
def ask():
    while True:
        begun.set()
        store.count({'stdout': {'$regex': 'b'}})
threading.excepthook = lambda args: None
threading.Thread(target=ask, daemon=True).start()
found = store.find({'stdout': {'$regex': 'a'}})
next(found)
begun.wait()
print('end')
"""


def test_a_process_ends_while_a_thread_reads(file: Path) -> None:
    done = python(ENDING, f'duckdb:{file}')
    assert (done.returncode, done.stdout) == (0, 'end\n')
