"""A purge of many records: none is seen from its return on, and the rows go later, few at a time, whatever happens."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from store_files import ask, blob_count, change
from systems import needs_sigkill
from waiting import wait_until

import mqsql
from mqsql.errors import MissingRecordError, StorageError
from mqsql.hub import SQLiteDB, purging, retention
from mqsql.hub.database import FINISHED
from mqsql.hub.importing import import_history
from mqsql.hub.legacy import LegacyHistory
from mqsql.hub.purging import PurgingStore
from mqsql.settings import LEGACY_TABLE, Settings
from mqsql.storage.sqlite import purges
from mqsql.storage.sqlite.hiding import HidingStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANY = 60
"""Records, of which every tenth is pending; more than may be dropped at once here."""

PENDING = [f'm{i}' for i in range(0, MANY, 10)]
FINISHED_IDS = [f'm{i}' for i in range(MANY) if i % 10]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, 'FEW', 10)
    monkeypatch.setattr(purges, 'BATCH', 4)


@pytest.fixture
def store(path: Path) -> Iterator[PurgingStore]:
    with PurgingStore(str(path)) as opened:
        fill(opened)
        yield opened


def task(number: int) -> dict[str, Any]:
    at = NOON + timedelta(seconds=number)
    result = {'completed': at, 'result_buffers': [b'b']} if number % 10 else {}
    return {
        'submitted': at,
        'engine_uuid': f'e{number % 2}',
        'label': f'l{number % 3}',
        'header': {'date': at},
        'buffers': [b'a'],
        **result,
    }


def fill(store: mqsql.Store) -> None:
    store.add_records([{'msg_id': f'm{i}', **task(i)} for i in range(MANY)])


def rows(path: Path) -> int:
    return int(ask(path, 'SELECT count(*) FROM task_records'))


def goes_on(path: Path) -> bool:
    return bool(ask(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'task_purged'"))


def finish(store: PurgingStore) -> int:
    """Delete what is marked; how many slices that takes."""
    slices = 1
    while store.purge_some(0):
        slices += 1
    return slices


PURGES: list[tuple[Any, list[str]]] = [
    (FINISHED, PENDING),
    ({'completed': {'$ne': None}}, PENDING),
    ({'msg_id': {'$in': FINISHED_IDS}}, PENDING),
    ({'msg_id': {'$in': [f'm{i}' for i in range(30)]}}, [f'm{i}' for i in range(30, MANY)]),
    ({'engine_uuid': 'e1', 'completed': {'$ne': None}}, [f'm{i}' for i in range(0, MANY, 2)]),
    ({'header.date': {'$gte': NOON + timedelta(seconds=20)}}, [f'm{i}' for i in range(20)]),
    ({}, []),
]


def test_calls_by_key_know_a_purge_that_another_store_has_begun(path: Path, store: PurgingStore) -> None:
    calls: dict[str, Callable[[Any, str], object]] = {
        'get': lambda one, key: one.get_record(key),
        'update': lambda one, key: one.update_record(key, {'label': 'lost'}),
        'drop': lambda one, key: one.drop_record(key),
        'has': lambda one, key: one.has(key) or one.get_record(key),
        'add': lambda one, key: one.add_record(key, {'label': 'new'}),
        'add all': lambda one, key: one.add_records([{'msg_id': key, 'label': 'new'}]),
        'add missing': lambda one, key: (
            one.add_missing([one.table.normalize({'msg_id': key, 'label': 'new'})]) or 1 / 0
        ),
    }
    with ExitStack() as opened:
        stores: dict[str, Any] = {name: opened.enter_context(mqsql.open(path)) for name in calls}
        for one in stores.values():
            assert one.get_record('m2')['msg_id'] == 'm2'
        store.drop_matching_records(FINISHED)
        for key, (name, call) in zip(FINISHED_IDS, calls.items(), strict=False):
            if name.startswith('add'):
                call(stores[name], key)
                assert store.get_record(key)['label'] == 'new'
            else:
                with pytest.raises(MissingRecordError):
                    call(stores[name], key)
    finish(store)
    assert rows(path) == len(PENDING) + 3


@pytest.mark.parametrize(('query', 'left'), PURGES, ids=range(len(PURGES)))
@pytest.mark.parametrize('index', ['', 'header.date'])
def test_no_answer_has_what_was_purged(
    path: Path, store: PurgingStore, query: Any, left: list[str], index: str
) -> None:
    if index:
        store.create_index(index)
    with mqsql.open(path, readonly=True) as reader, mqsql.open(path) as writer:
        assert reader.count() == writer.count() == MANY
        store.drop_matching_records(query)
        assert rows(path) == MANY
        for one in (store, reader, writer):
            seen(one, left)
        assert finish(store) > 1
        assert rows(path) == len(left)
        assert blob_count(path) == sum(2 if int(key[1:]) % 10 else 1 for key in left)
        assert not goes_on(path)
        for one in (store, reader, writer):
            seen(one, left)


def test_what_was_purged_can_be_imported_again(path: Path, store: PurgingStore, tmp_path: Path) -> None:
    old = tmp_path / 'old.db'
    with mqsql.open(old) as other:
        other.add_record('m1', task(1))
    store.drop_matching_records({})
    assert rows(path) == MANY
    done = import_history(old, path, LegacyHistory(LEGACY_TABLE, print), Settings(), lambda records, count: records)
    assert (done.added, done.present) == (1, 0)
    assert store.get_history() == ['m1']
    finish(store)
    assert store.get_history() == ['m1']


def seen(store: mqsql.Store, left: list[str]) -> None:
    """All kinds of questions are answered as if there were only these records."""
    tasks = [task(int(key[1:])) for key in left]
    assert store.get_history() == store.keys() == left
    assert store.count() == len(left)
    assert store.count({'label': 'l1'}) == sum(one['label'] == 'l1' for one in tasks)
    assert [one['msg_id'] for one in store.find({'header.date': {'$gt': NOON}}, [])] == [k for k in left if k != 'm0']
    assert [one['msg_id'] for one in store.find(sort={'submitted': -1}, limit=3)] == left[:-4:-1]
    assert sorted(store.distinct('engine_uuid')) == sorted({one['engine_uuid'] for one in tasks})
    assert store.count({'header.date': {'$exists': True}}) == len(left)
    for i in range(MANY):
        if f'm{i}' in left:
            assert store.get_record(f'm{i}')['buffers'] == [b'a']
        else:
            with pytest.raises(MissingRecordError):
                store.get_record(f'm{i}')
            if not store.readonly:
                with pytest.raises(MissingRecordError):
                    store.update_record(f'm{i}', {'stdout': 'a'})
                with pytest.raises(MissingRecordError):
                    store.drop_record(f'm{i}')


def test_few_records_are_deleted_at_once(path: Path, store: PurgingStore) -> None:
    version = ask(path, 'PRAGMA schema_version')
    store.drop_matching_records({'msg_id': {'$in': FINISHED_IDS[:10]}})
    assert rows(path) == MANY - 10
    store.drop_matching_records({'engine_uuid': 'e1', 'label': 'l1'})
    assert not goes_on(path)
    assert ask(path, 'PRAGMA schema_version') == version


def test_the_purge_of_all_finished_writes_as_many_marks_as_there_are_gaps(path: Path, store: PurgingStore) -> None:
    store.drop_matching_records(FINISHED)
    assert ask(path, 'SELECT count(*) FROM task_purged') == len(PENDING)


def test_a_slice_deletes_few_records(path: Path, store: PurgingStore) -> None:
    store.drop_matching_records(FINISHED)
    deleted = []
    while (before := rows(path)) and store.purge_some(0):
        deleted.append(before - rows(path))
    assert sum(deleted) == len(FINISHED_IDS)
    assert {*deleted[:-1]} == {purges.BATCH}


def test_a_record_that_ends_after_a_purge_stays(path: Path, store: PurgingStore) -> None:
    store.drop_matching_records(FINISHED)
    store.update_record('m0', {'completed': NOON})
    store.add_record('new', task(1))
    finish(store)
    assert store.keys() == [*PENDING, 'new']
    assert rows(path) == len(PENDING) + 1


def test_what_is_purged_can_be_added_again_at_once(path: Path, store: PurgingStore) -> None:
    store.drop_matching_records(FINISHED)
    store.add_record('m1', {'stdout': 'one'})
    store.add_records([{'msg_id': 'm2', 'stdout': 'two'}, {'msg_id': 'm3', 'stdout': 'three'}])
    assert store.add_missing([{'msg_id': 'm4', 'stdout': 'four'}, {'msg_id': 'm0'}]) == 1
    with mqsql.open(path) as other:
        other.add_record('m5', {'stdout': 'five'})
    finish(store)
    again = {'m1': 'one', 'm2': 'two', 'm3': 'three', 'm4': 'four', 'm5': 'five'}
    assert store.keys() == [*PENDING, *again]
    assert {key: store.get_record(key)['stdout'] for key in again} == again


@pytest.mark.parametrize(
    'first', [{'msg_id': {'$in': FINISHED_IDS[:30]}}, {'label': 'l1', 'completed': {'$ne': None}}, FINISHED]
)
@pytest.mark.parametrize('second', [FINISHED, {'engine_uuid': 'e1'}, {'msg_id': {'$in': FINISHED_IDS}}, {}])
def test_one_purge_after_another(path: Path, store: PurgingStore, first: Any, second: Any) -> None:
    with mqsql.open('dict:') as plain:
        fill(plain)
        for query in (first, second):
            store.drop_matching_records(query)
            plain.drop_matching_records(query)
        assert store.keys() == plain.keys()
        finish(store)
        assert store.keys() == plain.keys()
        assert rows(path) == plain.count()


def test_a_plain_store_drops_while_a_purge_goes_on(path: Path, store: PurgingStore) -> None:
    store.drop_matching_records({'msg_id': {'$in': FINISHED_IDS[:40]}})
    with mqsql.open(path) as plain:
        plain.drop_matching_records({'completed': {'$ne': None}})
        assert plain.keys() == PENDING
    finish(store)
    assert store.keys() == PENDING


def test_an_answer_that_has_begun_has_them_to_its_end(store: PurgingStore) -> None:
    answer = store.find(FINISHED, [])
    next(answer)
    store.drop_matching_records(FINISHED)
    finish(store)
    assert [one['msg_id'] for one in answer] == FINISHED_IDS[1:]


def test_damaged_values_do_not_hold_up_a_purge(path: Path, store: PurgingStore) -> None:
    change(path, "UPDATE task_records SET header = '{', stdout = CAST(x'ff' AS TEXT) WHERE msg_id IN ('m0', 'm1')")
    store.drop_matching_records({'header.date': {'$exists': True}, 'completed': {'$ne': None}})
    assert store.keys() == sorted([*PENDING, 'm1'], key=lambda key: int(key[1:]))
    assert store.count({'header.date': {'$gt': NOON}}) == len(PENDING) - 1
    with pytest.warns(UserWarning, match='header'):
        assert len(store.find_records({}, ['header'])) == len(PENDING) + 1
    finish(store)
    assert rows(path) == len(PENDING) + 1


def test_indexes_on_columns_are_used_meanwhile(store: PurgingStore) -> None:
    store.drop_matching_records(FINISHED)
    explained = store.explain({'client_uuid': 'c', 'started': {'$gt': NOON}}, ['msg_id'])
    assert 'USING INDEX task_records.client_uuid.started' in '\n'.join(explained.plan)


def test_marks_that_are_not_ours_mark_nothing(path: Path, store: PurgingStore) -> None:
    change(path, 'CREATE TABLE task_purged (first INTEGER PRIMARY KEY, last INTEGER CHECK (last > 0))')
    change(path, 'INSERT INTO task_purged VALUES (1, 1000)')
    assert store.count() == MANY
    with mqsql.open(path, readonly=True) as reader:
        assert reader.count() == MANY


# --- when something goes wrong


def test_a_purge_that_cannot_be_marked_leaves_everything(path: Path, store: PurgingStore) -> None:
    with store.using() as connection:
        connection.pragma('max_page_count', connection.pragma('page_count'))
    with pytest.raises(StorageError, match='full'):
        store.drop_matching_records(FINISHED)
    with store.using() as connection:
        connection.pragma('max_page_count', 2**30)
    assert store.count() == MANY
    assert not goes_on(path)


def test_a_slice_that_fails_is_done_again(store: PurgingStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.drop_matching_records(FINISHED)
    delete = purges.delete

    def fail(*arguments: Any) -> None:
        delete(*arguments)
        raise apsw.FullError('database or disk is full')

    monkeypatch.setattr(purges, 'delete', fail)
    with pytest.raises(StorageError, match='full'):
        store.purge_some(0)
    assert rows(path) == MANY
    assert store.keys() == PENDING
    monkeypatch.setattr(purges, 'delete', delete)
    finish(store)
    assert rows(path) == len(PENDING)


KILLED = """if True:
    import os, signal, sys
    from mqsql.hub.database import FINISHED
    from mqsql.hub import purging
    from mqsql.storage.sqlite import purges
    purging.FEW, purges.BATCH = 10, 4
    store = purging.PurgingStore(sys.argv[1])
    store.drop_matching_records(FINISHED)
    store.purge_some(0)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@needs_sigkill
def test_a_purge_is_kept_and_ended_after_a_kill(path: Path, store: PurgingStore) -> None:
    store.close()
    subprocess.run([sys.executable, '-c', KILLED, str(path)])
    assert rows(path) == MANY - 4
    with mqsql.open(path) as plain:
        assert plain.keys() == PENDING
        with pytest.raises(MissingRecordError):
            plain.get_record('m59')
    db = SQLiteDB(location=str(path.parent), filename=path.name)
    assert db.get_history() == PENDING
    with pytest.raises(KeyError):
        db.update_record('m59', {'stdout': 'a'})
    db.add_record('new', {})
    wait_until(lambda: rows(path) == len(PENDING) + 1)
    wait_until(lambda: not goes_on(path))
    db.close()


# --- in a hub


def test_a_hub_ends_a_purge_by_itself(path: Path, store: PurgingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, 'SLICE_SECONDS', 0)
    moved: list[int] = []
    monkeypatch.setattr(retention.Retention, '_move_log', lambda self: moved.append(1))
    store.close()
    db = SQLiteDB(location=str(path.parent), filename=path.name)
    db.drop_matching_records({'completed': {'$ne': None}})
    assert db.get_history() == PENDING
    wait_until(lambda: rows(path) == len(PENDING))
    assert moved
    db.close()


def test_a_hub_records_purged_tasks_anew(path: Path, store: PurgingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention.Retention, 'start', lambda self: None)
    store.update_record('m1', {'stdout': 'old ' * 1_000})
    db = SQLiteDB(location=str(path.parent), filename=path.name)
    db.drop_matching_records({'completed': {'$ne': None}})
    for key in ('m1', 'm2'):
        with pytest.raises(KeyError):
            db.update_record(key, {'stdout': 'old ' * 1_001})
        db.add_record(key, {'submitted': NOON, 'stdout': 'new ' * 1_000})
        db.update_record(key, {'stdout': 'new ' * 1_001})
        assert db.get_record(key)['stdout'] == 'new ' * 1_001
        assert db.get_record(key)['header'] is None
    db.update_record('m0', {'stdout': 'a line\n'})
    assert sorted(one['msg_id'] for one in db.find_records({}, [])) == sorted([*PENDING, 'm1', 'm2'])
    db.close()
    finish(store)
    assert store.keys() == [*PENDING, 'm1', 'm2']
    assert rows(path) == len(PENDING) + 2
    assert store.get_record('m2')['stdout'] == 'new ' * 1_001


def test_no_marks_are_looked_up_while_no_purge_goes_on(store: PurgingStore) -> None:
    said: list[str] = []

    def note(cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
        said.append(sql)
        return True

    with store.using() as connection:
        connection.set_exec_trace(note)
    calls: list[Callable[[], object]] = [
        lambda: store.get_record('m1'),
        lambda: store.update_record('m1', {'stdout': 'a'}),
        lambda: store.add_record('n', {}),
        lambda: store.drop_record('n'),
    ]
    for call in calls:
        call()
    looks = [sql for sql in said if sql == 'PRAGMA schema_version']
    assert len(said) - len(looks) == 4
    assert len(looks) == 4
    assert not any('purged' in sql for sql in said)
    said.clear()
    for _ in range(3):
        store.get_record('m1')
    assert len(said) == 4  # it looks where something was written since


def test_every_sqlite_store_hides() -> None:
    with mqsql.open(':memory:') as store:
        assert isinstance(store, HidingStore)
