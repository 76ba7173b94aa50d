"""`mqsql import` between databases of every kind."""

import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pymongo
import pytest
from bson import ObjectId
from click.testing import CliRunner, Result
from hub_shipped import records, write_sessions
from hub_shipped_mongo import COLLECTION, kept, write_collection
from mongo_servers import JOURNALED, KINDS, Place, place, running
from store_files import FULL, change, fill
from systems import needs_sigkill

import mqsql
from mqsql.cli import main
from mqsql.errors import StorageError
from mqsql.hub import copying
from mqsql.hub.importing import import_history
from mqsql.hub.legacy import LegacyHistory
from mqsql.schema import Record
from mqsql.settings import LEGACY_TABLE, Settings

WHOLE: dict[str, Any] = FULL | {
    'client_uuid': 'client-ü',
    'header': {'date': datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC), 'n': [1, 1.0, True, None, b'x']},
    'content': {'a.b': {'"': 'ü'}},
    'label': ['a', 7],
}
"""A record that each database can hold."""

Urls = Callable[[str, str], str]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def copy_history(old: str, new: str, track: Callable[..., Iterable[Record]] = lambda records, total: records) -> Any:
    return import_history(old, new, LegacyHistory(LEGACY_TABLE, print), Settings(), track)


# NX-27017 keeps no subtype of binary data, by which references to buffers are known.
@pytest.fixture(params=[kind for kind in KINDS if kind != 'nx'])
def mongo(request: pytest.FixtureRequest, mongo_urls: Callable[[str], str]) -> Iterator[Place]:
    """A database of the test's own."""
    with place(request.param, mongo_urls(request.param)) as made:
        yield made


@pytest.fixture
def urls(tmp_path: Path, mongo: Place) -> Urls:
    """The URL of a database of some kind and name."""

    def url(kind: str, name: str) -> str:
        if kind == 'mongodb':
            return f'{mongo.url}/{mongo.database}.{name}'
        return str(tmp_path / f'{name}.db') if kind == 'sqlite' else f'{kind}:{tmp_path}/{name}.{kind}'

    return url


def write(url: str, written: list[Record]) -> None:
    """Make a database of these records."""
    if url.startswith('parquet:'):
        with mqsql.open('dict:') as store:
            store.add_records(written)
            store.to_parquet(url.removeprefix('parquet:'))
        return
    with mqsql.open(url) as store:
        store.add_records(written)


def contents(url: str) -> list[Record]:
    """All records in the order of insertion."""
    with mqsql.open(url, readonly=True) as store:
        return [
            record | {column: record[column] and list(record[column]) for column in ('buffers', 'result_buffers')}
            for record in store.find({}, store.table.all_keys, sort='$natural')
        ]


# --- from each kind into each


@pytest.mark.parametrize('new', ['sqlite', 'duckdb', 'mongodb'])
@pytest.mark.parametrize('old', ['sqlite', 'duckdb', 'mongodb', 'parquet'])
def test_a_history_is_the_same_in_every_database(urls: Urls, old: str, new: str) -> None:
    one, other = urls(old, 'old'), urls(new, 'new')
    numbers = [*range(40, 0, -1), *range(41, 60)]
    write(one, [{'msg_id': f'm{n}', **(WHOLE if n % 7 == 0 else {'label': n})} for n in numbers])
    before = contents(one)
    for added, present in ((59, 0), (0, 59)):
        done = run('import', one, other)
        assert (done.exit_code, done.stderr) == (0, '')
        assert done.stdout.endswith(
            f'tasks imported: {added}; there already: {present}; values damaged: 0; tables read: 1\n'
        )
        assert contents(other) == before == contents(one)
    assert [record['msg_id'] for record in before] == [f'm{n}' for n in numbers]


@pytest.mark.parametrize('new', ['sqlite', 'duckdb', 'mongodb'])
def test_what_the_shipped_classes_wrote_is_read(tmp_path: Path, mongo: Place, urls: Urls, new: str) -> None:
    collection = write_collection(mongo.url, 2, mongo.database)
    file = write_sessions(tmp_path, 2)
    for old, keeps in ((collection, kept), (str(file), lambda value: value)):
        url = urls(new, 'from_mongodb' if old == collection else 'from_sqlite')
        done = run('import', old, url)
        assert (done.exit_code, done.stderr) == (0, '')
        assert 'tasks imported: 5; there already: 0; values damaged: 0;' in done.stdout
        with mqsql.open(url) as store:
            assert sorted(store.keys()) == ['done0', 'done1', 'pending0', 'pending1', 'shared']
            for session in range(2):
                found, expected = store.get_record(f'done{session}'), records(session)[f'done{session}']
                assert {key: found[key] for key in expected} == keeps(expected)


def test_a_shipped_collection_stays_as_it_was(mongo: Place, urls: Urls) -> None:
    write_collection(mongo.url, 1, mongo.database)
    with pymongo.MongoClient[dict[str, Any]](mongo.url) as client:
        collection = client[mongo.database][COLLECTION]
        before = list(collection.find()), collection.index_information()
        assert run('import', f'{mongo.url}/{mongo.database}', urls('sqlite', 'new')).exit_code == 0
        assert (list(collection.find()), collection.index_information()) == before
        assert client[mongo.database].list_collection_names() == [COLLECTION]


@pytest.mark.parametrize('new', ['sqlite', 'duckdb', 'mongodb'])
def test_what_is_there_already_stays_as_it_is(urls: Urls, new: str) -> None:
    write(urls('sqlite', 'old'), [{'msg_id': f'm{n}', 'label': n} for n in range(5)])
    write(urls(new, 'new'), [{'msg_id': 'other'}, {'msg_id': 'm3', 'label': 'kept'}])
    assert 'imported: 4; there already: 1;' in run('import', urls('sqlite', 'old'), urls(new, 'new')).stdout
    found = [(record['msg_id'], record['label']) for record in contents(urls(new, 'new'))]
    assert found == [('other', None), ('m3', 'kept'), ('m0', 0), ('m1', 1), ('m2', 2), ('m4', 4)]


def test_a_history_of_another_name_is_one_in_each_file(tmp_path: Path) -> None:
    old = write_sessions(tmp_path, 1, 'mine')
    steps = [str(old), f'duckdb:{tmp_path}/a.duckdb', str(tmp_path / 'b.db'), str(tmp_path / 'c.db')]
    for one, other in pairwise(steps):
        assert 'tasks imported: 3;' in run('import', one, other, '--table', 'mine').stdout
    assert "no history called 'ipython-tasks'; write --table with one of 'mine'" in run('import', *steps[2:]).stderr


def test_a_hub_that_adopted_its_file_moves_what_it_has_now(tmp_path: Path) -> None:
    from mqsql.hub.sqlite_db import SQLiteDB

    write_sessions(tmp_path, 1)
    db = SQLiteDB(location=str(tmp_path))
    db.drop_record('shared')
    db.add_record('later', {})
    db.close()
    assert 'tasks imported: 3;' in run('import', tmp_path / 'tasks.db', f'duckdb:{tmp_path}/new.duckdb').stdout


def test_a_record_that_another_process_adds_meanwhile_is_there_already(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = urls('mongodb', 'new')
    write(urls('sqlite', 'old'), [{'msg_id': f'm{n}'} for n in range(3)])
    find_missing = copying.Additions._missing

    def slow(self: Any, batch: list[Record]) -> list[Record]:
        missing = find_missing(self, batch)
        write(new, [{'msg_id': 'm1', 'label': 'theirs'}])
        return missing

    monkeypatch.setattr(copying.Additions, '_missing', slow)
    done = copy_history(urls('sqlite', 'old'), new)
    assert (done.added, done.present, done.refused) == (2, 1, 0)
    assert sorted((one['msg_id'], one['label']) for one in contents(new)) == [
        ('m0', None),
        ('m1', 'theirs'),
        ('m2', None),
    ]


# --- losses


def nested(levels: int) -> Any:
    value: Any = 'deep'
    for _ in range(levels):
        value = {'a': value}
    return value


def test_what_mongodb_cannot_hold_costs_only_itself_and_is_named(urls: Urls) -> None:
    old, new = urls('sqlite', 'old'), urls('mongodb', 'new')
    odd = {
        'content': {'large': [1, 2**80, 3], 'deep': nested(120), 'kept': 1, 'a': {'$ref': 1, 'b': 2}, 'nul\0': 1},
        'stdout': 'half \ud800',
        'label': 2**70,
        'stderr': 'kept',
        'buffers': [b'kept'],
    }
    large = {'content': {'text': 'x' * (17 << 20)}, 'stdout': 'kept'}
    write(old, [{'msg_id': 'm0'}, {'msg_id': 'odd', **odd}, {'msg_id': 'half \ud800'}, {'msg_id': 'm1', **large}])
    done = run('import', old, new)
    assert done.exit_code == 0
    assert done.stdout.endswith(
        'tasks imported: 3; there already: 0; values damaged: 0; not storable there: values 7, tasks 1; tables read: 1\n'
    )
    lines = done.stderr.splitlines()
    assert len(lines) == 8
    assert sum('content of task odd: ' in line for line in lines) == 4
    assert any(line.startswith(f'content of task odd: {2**80} (int) cannot be stored and') for line in lines)
    assert any(line.startswith('The task half \\ud800 cannot be stored and is left out: ') for line in lines)
    assert any(line.startswith('content of task m1: {') and '16 MiB' in line for line in lines)
    found = {record['msg_id']: record for record in contents(new)}
    assert list(found) == ['m0', 'odd', 'm1']
    content = found['odd']['content']
    assert {**content, 'deep': None} == {'large': [1, None, 3], 'deep': None, 'kept': 1, 'a': {'b': 2}}
    assert (found['odd']['stdout'], found['odd']['label'], found['odd']['stderr']) == (None, None, 'kept')
    assert found['odd']['buffers'] == [b'kept']
    assert (found['m1']['content'], found['m1']['stdout']) == (None, 'kept')
    assert 'tasks imported: 0; there already: 3;' in run('import', old, new).stdout


@pytest.mark.parametrize('new', ['sqlite', 'duckdb', 'mongodb'])
def test_damaged_values_are_left_out_and_named(tmp_path: Path, urls: Urls, new: str) -> None:
    old = tmp_path / 'old.db'
    with mqsql.open(old) as store:
        fill(store, 6)
    change(old, """UPDATE task_records SET header = '{"a": ' WHERE msg_id = 'm0001'""")
    change(old, "UPDATE task_records SET buffers = '[' WHERE msg_id = 'm0002'")
    change(old, 'DELETE FROM task_buffers WHERE id = 4')
    change(old, "UPDATE task_buffers SET data = 'text' WHERE id = 5")
    change(old, "UPDATE task_records SET msg_id = CAST(x'ff' AS TEXT) WHERE msg_id = 'm0005'")
    done = run('import', old, urls(new, 'new'))
    assert done.exit_code == 0
    assert 'tasks imported: 5; there already: 0; values damaged: 6; tables read: 1' in done.stdout
    for said in (
        "header of the record 'm0001'",
        "buffers of the record 'm0002'",
        'The buffers of task m0003 cannot be read and is left out',
        'The buffers of task m0004 cannot be read and is left out',
        'Records without a msg_id that can be read, which are left out: 1',
    ):
        assert said in done.stderr
    found = contents(urls(new, 'new'))
    assert [one['buffers'] for one in found] == [[b'0'], [b'1'], None, None, None]
    assert [one['header'] for one in found] == [{'n': 0}, None, {'n': 2}, {'n': 3}, {'n': 4}]


# --- memory


def test_buffers_are_not_all_in_memory_at_once(urls: Urls) -> None:
    size, number = 4 << 20, 20
    old = urls('sqlite', 'old')
    with mqsql.open(old) as store:
        for n in range(number):
            store.add_record(f'm{n}', {'buffers': [bytes([n]) * size]})
    for one, other in ((old, urls('mongodb', 'new')), (urls('mongodb', 'new'), urls('sqlite', 'again'))):
        tracemalloc.start()
        try:
            copy_history(one, other)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < copying.BATCH_BYTES * 3 + size * 2
    with mqsql.open(urls('sqlite', 'again')) as store:
        assert all(store.get_record(f'm{n}')['buffers'] == [bytes([n]) * size] for n in range(number))


def test_a_buffer_of_100_megabytes_is_copied(urls: Urls) -> None:
    content = os.urandom(1 << 20) * 100
    write(urls('sqlite', 'old'), [{'msg_id': 'm', 'buffers': [b'first', content]}])
    for one, other in (('sqlite', 'mongodb'), ('mongodb', 'duckdb')):
        assert 'tasks imported: 1;' in run('import', urls(one, 'old'), urls(other, 'old')).stdout
    with mqsql.open(urls('duckdb', 'old')) as store:
        assert store.get_record('m')['buffers'] == [b'first', content]


# --- failures


@needs_sigkill
def test_an_import_that_was_killed_is_repeated(urls: Urls) -> None:
    old, new = urls('sqlite', 'old'), urls('mongodb', 'new')
    write(old, [{'msg_id': f'm{n}', 'buffers': [b'%d' % n]} for n in range(9)])
    program = (
        'import os, sys\n'
        'from mqsql import cli\n'
        'from mqsql.hub import copying\n'
        'from mqsql.storage.mongodb.store import MongoStore\n'
        'copying.BATCH = 2\n'
        'insert = MongoStore._insert\n'
        'def insert_or_end(self, some, documents, before):\n'
        '    os.kill(os.getpid(), 9) if documents[0]["msg_id"] == "m4" else None\n'
        '    return insert(self, some, documents, before)\n'
        'MongoStore._insert = insert_or_end\n'
        'cli.main(sys.argv[1:])\n'
    )
    done = subprocess.run([sys.executable, '-c', program, 'import', old, new])
    assert done.returncode == -signal.SIGKILL
    assert [one['msg_id'] for one in contents(new)] == ['m0', 'm1', 'm2', 'm3']
    assert 'tasks imported: 5; there already: 4;' in run('import', old, new).stdout
    assert contents(new) == contents(old)


def test_an_import_whose_server_was_killed_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, 'BATCH', 2)
    monkeypatch.setattr('mqsql.hub.importing.PATIENCE', 1.0)
    old = str(tmp_path / 'old.db')
    write(old, [{'msg_id': f'm{n}', 'buffers': [b'%d' % n]} for n in range(9)])
    with running('secantus', tmp_path / 'server', *JOURNALED['secantus']) as server:

        def killing(records: Iterable[Record], total: int) -> Iterator[Record]:
            for n, record in enumerate(records):
                if n == 5:
                    server.kill()
                yield record

        new = f'{server.url}/db.new'
        with pytest.raises(StorageError, match='4 tasks have been copied, and a repeat of the import goes on'):
            copy_history(old, new, killing)
        server.start()
        assert 'tasks imported: 5; there already: 4;' in run('import', old, new).stdout
        assert contents(new) == contents(old)
        back = str(tmp_path / 'back.db')
        with pytest.raises(StorageError, match='the server does not answer'):
            copy_history(new, back, killing)
        server.start()
        assert not os.path.exists(back)


# --- errors


@pytest.mark.parametrize(
    ('old', 'new', 'reason'),
    [
        ('missing.db', 'new.db', 'missing.db: there is no such file'),
        ('duckdb:missing.duckdb', 'new.db', 'missing.duckdb: there is no such file'),
        ('parquet:missing.parquet', 'new.db', 'missing.parquet: there is no such file'),
        ('MONGO.missing', 'new.db', '.missing: it has no records'),
        ('MONGO.missing', 'MONGO.other', '.missing: it has no records'),
        ('empty.db', 'MONGO.other', 'empty.db: it has no records'),
        ('old.db', 'parquet:new.parquet', 'Parquet files are written as a whole, by to_parquet'),
        ('old.db', 'dict:', 'a store in memory'),
        (':memory:', 'new.db', 'a store in memory'),
        ('old.db', 'duckdb::memory:', 'a store in memory'),
        ('old.db', 'mysql://host/db', 'there is no store for mysql://'),
        ('old.db', 'mongodb:user:secret@host/db', 'begins with mongodb://'),
        ('old.db', 'mongodb://user:secret@host', 'names no database'),
        ('old.db', 'mongodb://user:sec/ret@host/db', 'the address of the MongoDB server cannot be used'),
        ('old.db', './old.db', 'old.db: this is both the old and the new database'),
        ('MONGO.a', 'MONGO.a', '.a: this is both the old and the new database'),
        ('duckdb:old.duckdb', 'duckdb:./old.duckdb', 'this is both the old and the new database'),
    ],
)
def test_an_error_is_one_line_and_creates_nothing(
    tmp_path: Path, mongo: Place, monkeypatch: pytest.MonkeyPatch, old: str, new: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ('old.db', 'duckdb:old.duckdb'):
        write(url, [{'msg_id': 'm'}])
    mqsql.open('empty.db').close()
    before = set(tmp_path.iterdir())
    done = run('import', *(url.replace('MONGO', f'{mongo.url}/{mongo.database}') for url in (old, new)))
    assert done.exit_code == 1
    assert done.stderr.startswith('Error: ')
    assert reason in done.stderr
    assert done.stderr.count('\n') == 1
    assert 'secret' not in done.stderr
    assert done.stdout == ''
    assert {path for path in tmp_path.iterdir() if not path.name.endswith(('-wal', '-shm'))} == before
    with pymongo.MongoClient[dict[str, Any]](mongo.url) as client:
        assert client[mongo.database].list_collection_names() == []


def test_a_password_is_not_printed_when_no_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mqsql.hub.importing.PATIENCE', 1.0)
    write(str(tmp_path / 'old.db'), [{'msg_id': 'm'}])
    url = 'mongodb://user:secret@127.0.0.1:1/db'
    for words in ((tmp_path / 'old.db', url), (url, tmp_path / 'new.db')):
        done = run('import', *words)
        assert 'secret' not in done.output
        assert done.output.startswith('Error: mongodb://127.0.0.1:1/db.task_records: the server does not answer')


@pytest.mark.parametrize('words', [['old.db', 'mongodb://host/db'], ['mongodb://host/db', 'new.db']])
def test_without_pymongo_it_says_what_to_install(tmp_path: Path, words: list[str]) -> None:
    write(str(tmp_path / 'old.db'), [{'msg_id': 'm'}])
    program = (
        'import importlib.util as util, sys\n'
        'find = util.find_spec\n'
        "util.find_spec = lambda name, *rest: None if name == 'pymongo' else find(name, *rest)\n"
        f"from mqsql.cli import main; main(['import', *{words}])"
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "Error: pymongo is not installed; try: pip install 'mqsql[mongodb]'\n"


# --- check


def test_what_is_wrong_with_a_collection_is_listed(mongo: Place, urls: Urls) -> None:
    url = urls('mongodb', 'tasks')
    assert '.tasks: it has no records' in run('check', url).stderr
    with mqsql.open(url) as store:
        fill(store, 4)
    clean = run('check', url)
    assert (clean.exit_code, clean.stdout) == (0, f'{url}: problems found: 0\n')
    old = ObjectId.from_datetime(datetime(2026, 1, 1, tzinfo=UTC))
    with pymongo.MongoClient[dict[str, Any]](mongo.url) as client:
        tasks, chunks = (client[mongo.database][name] for name in ('tasks', 'tasks_buffers'))
        chunks.insert_many([{'_id': old, 'data': b'old'}, {'data': b'of a record that is being stored'}])
        lost = tasks.find_one({'msg_id': 'm0001'}, {'buffers': 1})
        assert lost
        chunks.delete_one({'_id': ObjectId(bytes(lost['buffers'][0]))})
        tasks.update_one({'msg_id': 'm0002'}, {'$set': {'header': 'text', 'buffers': ['text']}})
        tasks.update_one({'msg_id': 'm0003'}, {'$unset': {'msg_id': ''}})
        found = run('check', url)
        assert found.exit_code == 1
        lines = found.stdout.splitlines()
        assert (
            f"tasks: 'm0001': buffers: names chunks that are not there: {ObjectId(bytes(lost['buffers'][0]))}" in lines
        )
        assert any(line.startswith("tasks: 'm0002': header: is not what a column of documents holds") for line in lines)
        assert any(line.startswith("tasks: 'm0002': buffers: takes bytes, not 'text' (str)") for line in lines)
        assert "tasks: _id 'm0003': msg_id: is missing" in lines
        assert f'tasks_buffers: no record names these 1 chunks; --delete-orphans deletes them: {old}' in lines
        assert lines[-1] == f'{url}: problems found: 5'
        assert chunks.count_documents({}) == 5
        assert ' and were deleted' in run('check', url, '--delete-orphans').stdout
        assert chunks.count_documents({'_id': old}) == 0
        assert chunks.count_documents({}) == 4
        assert 'problems found: 4\n' in run('check', url).stdout


def test_chunks_of_another_table_are_no_orphans(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mqsql.storage.mongodb.check.RECENT', -timedelta(hours=1))
    letters = mqsql.Table('letters', {'msg_id': mqsql.STRING, 'pages': mqsql.BUFFERS}, 'msg_id')
    url = urls('mongodb', 'letters')
    with mqsql.open(url, table=letters) as store:
        store.add_record('m', {'pages': [b'page']})
        assert 'problems found: 0\n' in run('check', url, '--delete-orphans').stdout
        assert store.get_record('m')['pages'] == [b'page']


def test_a_collection_of_the_shipped_class_is_in_order(mongo: Place) -> None:
    done = run('check', write_collection(mongo.url, 1, mongo.database))
    assert (done.exit_code, done.stdout.endswith('problems found: 0\n')) == (0, True)


def test_what_a_killed_import_left_is_found_and_deleted(
    mongo: Place, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mqsql.storage.mongodb.store import MongoStore

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    old, new = urls('sqlite', 'old'), urls('mongodb', 'new')
    write(old, [{'msg_id': 'm', 'buffers': [b'a', b'b']}])
    with monkeypatch.context() as patch:
        patch.setattr(MongoStore, '_insert', end)
        with pytest.raises(KeyboardInterrupt):
            copy_history(old, new)
    assert 'tasks imported: 1;' in run('import', old, new).stdout
    assert 'problems found: 0\n' in run('check', new).stdout
    monkeypatch.setattr('mqsql.storage.mongodb.check.RECENT', -timedelta(hours=1))
    assert 'no record names these 2 chunks, and were deleted: ' in run('check', new, '--delete-orphans').stdout
    assert 'problems found: 0\n' in run('check', new).stdout
    assert contents(new) == contents(old)


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['duckdb:a.duckdb'], 'only SQLite files and collections of MongoDB can be checked'),
        (['a.db', '--delete-orphans'], 'only the chunks of a collection of MongoDB can be deleted'),
        (['mongodb://user:secret@host'], 'names no database'),
    ],
)
def test_what_cannot_be_checked_is_refused(words: list[str], reason: str) -> None:
    done = run('check', *words)
    assert done.exit_code == 1
    assert reason in done.stderr
    assert 'secret' not in done.output
