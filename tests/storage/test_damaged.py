"""Values that another program has damaged: each costs itself alone, whatever is asked, and is named."""

import json
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from store_files import NOON, blob_count, other

import mqsql
from mqsql.errors import DamagedValueError, DamagedValueWarning
from mqsql.hub.sqlite_db import SQLiteDB
from mqsql.storage import Store

NOT_UTF8 = "CAST(x'7b226122ff7d' AS TEXT)"

DAMAGED: dict[str, list[str]] = {
    'content': [
        "'{'",
        "''",
        "'5'",
        "'null'",
        '\'"text"\'',
        '\'{"$binary":{}}\'',
        '\'{"$binary":5}\'',
        '\'{"a":{"$date":"x"}}\'',
        '\'{"a":{"$date":"2026-01-01T00:00:00"}}\'',
        '\'{"a":{"$numberDouble":5}}\'',
        '\'{"a":"\\ud800","b":{"c":"\\udc00x"},"list":["\\ud800"]}\'',
        f"'{'[' * 300 + ']' * 300}'",
        f"'{'[' * 3000 + ']' * 3000}'",
        f'\'["\\u0001",{"[" * 900 + "]" * 900}]\'',
        "x'00ff'",
        "x'7b226122'",
        NOT_UTF8,
    ],
    'label': ["x'00'", "CAST(x'41ff' AS TEXT)"],
    'submitted': [
        "'noon'",
        "x'00'",
        '1.5',
        '1e300',
        '9223372036854775807',
        '-9223372036854775808',
        "CAST(x'ff' AS TEXT)",
    ],
    'buffers': [
        "'{'",
        "'{}'",
        "'5'",
        '\'["a"]\'',
        "'[1.5]'",
        "'[[1]]'",
        "'[99999999999999999999]'",
        "x'5b315d'",
        NOT_UTF8,
    ],
}
CASES = [(column, value) for column, values in DAMAGED.items() for value in values]

KINDS_OF_ALL = [{'$type': f'${column}'} for column in ('content', 'label', 'submitted', 'content.a')]

CALLS: list[tuple[str, Callable[[Store], list[Any]]]] = [
    ('find', lambda store: [r['msg_id'] for r in store.find()]),
    ('find, all keys', lambda store: [r['msg_id'] for r in store.find({}, list(store.table.columns))]),
    ('find_records', lambda store: [r['msg_id'] for r in store.find_records({})]),
    ('a path', lambda store: [r['msg_id'] for r in store.find({'content.a': {'$gte': 0}})]),
    ('a deeper path', lambda store: [r['msg_id'] for r in store.find_records({'content.b.c': 'x'})]),
    ('an array', lambda store: [r['msg_id'] for r in store.find({'content.list': {'$elemMatch': {'$gt': 0}}})]),
    ('an object', lambda store: [r['msg_id'] for r in store.find({'content.b': {'c': 'x'}})]),
    ('a pattern', lambda store: [r['msg_id'] for r in store.find({'label': {'$regex': '^la'}})]),
    ('a pattern in a path', lambda store: [r['msg_id'] for r in store.find({'content.b.c': {'$regex': 'x'}})]),
    ('a glob', lambda store: [r['msg_id'] for r in store.find({'label': {'$glob': 'la*'}})]),
    ('$expr', lambda store: [r['msg_id'] for r in store.find({'$expr': {'$gte': ['$content.a', 0]}})]),
    ('$expr of columns', lambda store: [r['msg_id'] for r in store.find({'$expr': {'$ne': ['$label', '$submitted']}})]),
    ('$jsonSchema', lambda store: [r['msg_id'] for r in store.find({'$jsonSchema': {'required': ['msg_id']}})]),
    ('$size', lambda store: [r['msg_id'] for r in store.find({'buffers': {'$size': 1}})]),
    ('bits', lambda store: [r['msg_id'] for r in store.find({'content.a': {'$bitsAllClear': 8}})]),
    ('sort by a path', lambda store: [r['msg_id'] for r in store.find({}, sort='content.a')]),
    ('sort by all', lambda store: [r['msg_id'] for r in store.find({}, sort=[('submitted', 1), ('label', -1)])]),
    (
        'collation',
        lambda store: [r['msg_id'] for r in store.find({'label': 'LABEL'}, collation={'locale': 'en', 'strength': 2})],
    ),
    ('projection', lambda store: [r['msg_id'] for r in store.find({}, projection={'content.a': 1})]),
    ('projection computed', lambda store: [r['msg_id'] for r in store.find({}, projection={'kind': KINDS_OF_ALL})]),
    ('slice', lambda store: [r['msg_id'] for r in store.find({}, projection={'content.list': {'$slice': 1}})]),
    ('keys', lambda store: [r['msg_id'] for r in store.find({}, ['content.a', 'label'])]),
    ('history', lambda store: store.get_history()),
]


def make(path: Path, **options: Any) -> Store:
    store = mqsql.open(path, **options)
    for i in range(5):
        content = {'a': i, 'b': {'c': 'x'}, 'list': [1, i]}
        record = {'content': content, 'label': 'label', 'submitted': NOON, 'buffers': [b'%d' % i]}
        store.add_record(f'm{i}', record)
    return store


def damage(path: Path, column: str, value: str) -> None:
    connection = other(path)
    connection.execute(f"UPDATE task_records SET {column} = {value} WHERE msg_id = 'm2'")
    connection.close()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DamagedValueWarning)
        yield


SOUND = {'m0', 'm1', 'm3', 'm4'}


@pytest.mark.parametrize(('mode', 'index'), [('wal', False), ('wal', True), ('delete', False)])
@pytest.mark.parametrize(('column', 'value'), CASES)
def test_every_query_answers_for_all_other_records(path: Path, column: str, value: str, mode: str, index: bool) -> None:
    with make(path, journal_mode=mode) as store:
        if index:
            store.create_index('content.a')
        damage(path, column, value)
        if not index:
            assert store.create_index('content.b.c')
        for name, call in CALLS:
            found = call(store)
            assert set(found) - {'m2'} == SOUND, name
            assert len(found) == len(set(found)), name
        assert store.count() == 5
        assert store.count({'content.a': {'$in': [0, 1, 3, 4]}}) == 4
        assert set(store.distinct('content.a')) - {2} == {0, 1, 3, 4}
        assert store.distinct('label') == ['label']
        assert store.explain({'content.a': 1}).plan


@pytest.mark.parametrize(('column', 'value'), CASES)
def test_a_record_that_holds_one_is_read_without_it(path: Path, column: str, value: str) -> None:
    with make(path) as store:
        sound = store.get_record('m2')
        damage(path, column, value)
        for record in (store.get_record('m2'), store.find_records({'msg_id': 'm2'})[0]):
            assert {k: v for k, v in record.items() if k != column and k != 'buffers'} == {
                k: v for k, v in sound.items() if k != column and k != 'buffers'
            }
            if column == 'buffers':
                with pytest.raises(DamagedValueError, match="task_records: the buffers of the record 'm2'"):
                    list(record['buffers'])
            else:
                assert record[column] is None


@pytest.mark.parametrize(('column', 'value'), CASES)
def test_a_warning_names_table_key_and_column_once(path: Path, column: str, value: str) -> None:
    with make(path) as store:
        damage(path, column, value)
        calls = (lambda: list(store.find({}, [column])), lambda: store.get_record('m2'), lambda: store.find_records({}))
        with pytest.warns(DamagedValueWarning, match=f"task_records: the {column} of the record 'm2' is ") as caught:
            [call() for call in calls * 2]
        assert len(caught) == 1
        assert caught[0].filename == __file__


@pytest.mark.parametrize(('column', 'value'), CASES)
@pytest.mark.parametrize('index', ['label', ['content.a', 'submitted']])
def test_such_a_record_can_be_changed_and_dropped(path: Path, column: str, value: str, index: Any) -> None:
    with make(path) as store:
        if index:
            store.create_index(index)
        damage(path, column, value)
        store.update_record('m2', {'completed': NOON, 'stdout': 'x'})
        if column != 'submitted':
            store.update_record('m2', {'submitted': NOON})
        store.update_record('m2', {column: store.get_record('m1')[column]})
        assert store.get_record('m2')[column] == store.get_record('m1')[column]
        damage(path, column, value)
        store.drop_record('m2')
        assert set(store.get_history()) == SOUND
        assert store.count({'content.a': {'$gte': 0}}) == 4
        assert [store.get_record(key)['buffers'] for key in sorted(SOUND)] == [[b'0'], [b'1'], [b'3'], [b'4']]


@pytest.mark.parametrize(('column', 'value'), CASES)
def test_records_are_dropped_by_a_query_all_the_same(path: Path, column: str, value: str) -> None:
    with make(path) as store:
        damage(path, column, value)
        store.drop_matching_records({'content.a': {'$in': [0, 4]}})
        assert set(store.get_history()) - {'m2'} == {'m1', 'm3'}
        store.drop_matching_records({})
        assert store.count() == 0
    if column != 'buffers':
        assert blob_count(path) == 0


@pytest.mark.parametrize('value', DAMAGED['content'])
def test_conditions_on_the_damaged_value_do_not_hold(path: Path, value: str) -> None:
    with make(path) as store:
        damage(path, 'content', value)
        for query in (
            {'content.a': 2},
            {'content.b.c': {'$in': ['x', 2]}},
            {'content.list': 2},
            {'content.a': {'$gt': 1}},
        ):
            assert 'm2' not in [record['msg_id'] for record in store.find_records(query)]
            assert 'm2' not in [record['msg_id'] for record in store.find(query)]
            assert 'm2' in [record['msg_id'] for record in store.find({'$nor': [query]})]


def test_a_stream_goes_on_behind_the_damage(path: Path) -> None:
    with mqsql.open(path) as store:
        for i in range(300):
            store.add_record(f'm{i}', {'content': {'a': i}})
        connection = other(path)
        connection.execute("UPDATE task_records SET content = '{' WHERE msg_id = 'm150'")
        connection.execute("UPDATE task_records SET stdout = CAST(x'ff' AS TEXT) WHERE msg_id = 'm200'")
        found = store.find({'content.a': {'$gte': 0}}, ['stdout'])
        first = [next(found)['msg_id'] for _ in range(10)]
        store.drop_matching_records({'msg_id': 'm250'})
        rest = [record['msg_id'] for record in found]
        assert first + rest == [f'm{i}' for i in range(300) if i != 150]


@pytest.mark.parametrize('value', ["'text'", '5', "CAST(x'ff' AS TEXT)"])
def test_a_buffer_that_is_no_bytes_is_a_storage_error(path: Path, value: str) -> None:
    with make(path) as store:
        other(path).execute(f'UPDATE task_buffers SET data = {value} WHERE id = 3')
        with pytest.raises(DamagedValueError):
            list(store.get_record('m2')['buffers'])
        assert list(store.get_record('m1')['buffers']) == [b'1']


def test_a_damaged_key_is_no_key(path: Path) -> None:
    with make(path) as store:
        damage(path, 'msg_id', "x'ff'")
        assert store.get_history() == ['m0', 'm1', 'm3', 'm4']
        assert [record['msg_id'] for record in store.find()] == ['m0', 'm1', None, 'm3', 'm4']
        assert store.distinct('msg_id') == ['m0', 'm1', 'm3', 'm4']
        store.drop_matching_records({'content.a': 2})
        assert store.count() == 4


def test_a_warning_can_be_an_error_and_is_then_a_storage_error(path: Path) -> None:
    with make(path) as store:
        damage(path, 'content', "'{'")
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            with pytest.raises(mqsql.errors.StorageError, match='the content of the record'):
                store.get_record('m2')


def test_a_statement_run_elsewhere_decodes_its_rows_too(path: Path) -> None:
    make(path).close()
    damage(path, 'content', "'{'")
    query = mqsql.compile({}, ['content'])
    with pytest.warns(DamagedValueWarning, match='the content of the record'):
        records = [query.record(row) for row in apsw.Connection(str(path)).execute(query.sql, query.params)]
    assert records[2] == {'msg_id': 'm2', 'content': None}


@pytest.mark.parametrize('records', [1, 10])
@pytest.mark.parametrize(
    'value', ['\udfff', '\0\x01\ud7ff', NOON, b'x', {'$x': {'$date': 1}}, {'$$x': '\x01'}, 2.0**70]
)
def test_a_document_that_is_written_again_with_other_escapes_is_the_same(path: Path, value: Any, records: int) -> None:
    with mqsql.open(path, readonly=False) as store:
        store.drop_matching_records({})
        store.add_records([{'msg_id': f'm{i}', 'content': {'a': value, 'list': [value]}} for i in range(records)])
    with apsw.Connection(str(path)) as connection:
        for key, stored in connection.execute('SELECT msg_id, content FROM task_records').fetchall():
            again = json.dumps(json.loads(str(stored))).replace('$', '\\u0024').replace('\\ud7ff', '\\uD7fF')
            connection.execute('UPDATE task_records SET content = ? WHERE msg_id = ?', (again, key))
    with mqsql.open(path, readonly=True) as store:
        expected = {'a': value, 'list': [value]}
        assert [record['content'] for record in store.find({}, ['content'])] == [expected] * records
        assert [record['content']['a'] for record in store.find({}, ['content.a'])] == [value] * records


def test_a_blob_in_a_number_column_costs_no_other_record(tmp_path: Path) -> None:
    numbers = mqsql.Table('t', {'k': mqsql.STRING, 'n': mqsql.NUMBER}, key='k', indexes=(mqsql.Index(('n',)),))
    with mqsql.open(tmp_path / 'n.db', table=numbers) as store:
        store.add_records([{'k': 'one', 'n': 1}, {'k': 'two', 'n': 2}, {'k': 'null'}, {'k': 'odd', 'n': 0}])
        with apsw.Connection(str(tmp_path / 'n.db')) as connection:
            connection.execute("UPDATE t SET n = x'31' WHERE k = 'odd'")
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DamagedValueWarning)
            for direction in (1, -1):
                found = [record['k'] for record in store.find({}, [], sort=[('n', direction)])]
                assert sorted(found) == ['null', 'odd', 'one', 'two']
                for limit in (1, 2, 3, 4):
                    first = store.find({}, [], sort=[('n', direction)], limit=limit)
                    assert [record['k'] for record in first] == found[:limit]


def test_a_deep_document_that_can_be_stored_is_not_damaged(path: Path) -> None:
    deep: Any = [datetime(2026, 1, 1, tzinfo=UTC), b'x', 2**80]
    for _ in range(178):
        deep = [deep]
    with make(path) as store:
        store.update_record('m2', {'content': deep})
        assert store.get_record('m2')['content'] == deep
        assert len(store.distinct('content.a')) == 4
        assert json.dumps(deep, default=str)


# --- a hub


@pytest.mark.parametrize(('column', 'value'), CASES)
def test_a_hub_goes_on_and_its_log_names_the_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, column: str, value: str
) -> None:
    make(tmp_path / 'tasks.db').close()
    damage(tmp_path / 'tasks.db', column, value)
    db = SQLiteDB(location=str(tmp_path), record_limit=4)
    assert len(db.find_records({'content.a': {'$gte': 0}}, ['msg_id'])) >= 4
    db.find_records({})
    db.get_record('m2')
    assert caplog.text.count(f"task_records: the {column} of the record 'm2' is ") == 1
    db.update_record('m2', {'stdout': 'x' * 10_000})
    db.update_record('m2', {'stdout': 'x' * 10_001, 'completed': NOON})
    db.drop_record('m2')
    assert db.get_history() == sorted(SOUND)
    db.close()


ODD_TAILS = [
    "('m1', 'stdout', 0, NULL)",
    "('m1', 'nosuch', 0, 'x')",
    "(NULL, 'stdout', 0, 'x')",
    "(x'ff', 'stdout', 0, 'x')",
    "('m1', NULL, 0, 'x')",
    "('m1', 'stdout', NULL, 'x')",
    "('m1', 'stdout', 'x', 'x')",
    "('m1', 'stdout', 0, x'ff')",
    "(CAST(x'ff' AS TEXT), 'stdout', 0, 'x')",
    "('m1', 'stdout', 99999, 'x')",
    "('m1', 'submitted', 0, 'x')",
]


@pytest.mark.parametrize('row', ODD_TAILS)
def test_a_file_with_tails_of_a_former_version_can_be_opened_whatever_they_are(tmp_path: Path, row: str) -> None:
    with mqsql.open(tmp_path / 'tasks.db') as store:
        store.add_record('m1', {'stdout': 'begin '})
    connection = other(tmp_path / 'tasks.db')
    connection.execute('CREATE TABLE "task_tails" (record TEXT, name TEXT, start INTEGER, tail TEXT)')
    connection.execute(f'INSERT INTO task_tails VALUES {row}')
    connection.execute("INSERT INTO task_tails VALUES ('m1', 'stdout', 6, 'and end')")
    connection.close()
    for _ in range(2):
        with mqsql.open(tmp_path / 'tasks.db') as store:
            assert store.get_record('m1')['stdout'] == 'begin and end'
    # What could not be read is still there.
    assert other(tmp_path / 'tasks.db').execute('SELECT count(*) FROM task_tails').fetchall() == [(1,)]


@pytest.mark.parametrize(
    'sql',
    [
        'DROP TRIGGER "task_records.buffers.deleted"',
        'DROP INDEX "task_records.started"',
        'DROP INDEX "task_records.started"; CREATE INDEX "task_records.started" ON task_records (label)',
        'DROP TRIGGER "task_records.buffers.deleted"; CREATE TRIGGER "task_records.buffers.deleted" AFTER DELETE ON '
        'task_records BEGIN SELECT nosuch(); END',
        'DROP TABLE "task_records/content.a"; CREATE VIEW "task_records/content.a" AS SELECT 1 AS record',
        'DROP TABLE "task_records/content.a"; CREATE VIEW "TASK_records/CONTENT.a" AS SELECT 1 AS record',
        'DROP TRIGGER "task_records/content.a~inserted"',
        'DROP TABLE "task_records/content.a~multikey"',
    ],
)
def test_a_hub_makes_again_what_is_missing_or_changed(tmp_path: Path, sql: str) -> None:
    store = make(tmp_path / 'tasks.db')
    store.create_index('content.a')
    store.close()
    connection = other(tmp_path / 'tasks.db')
    connection.execute(sql)
    connection.close()
    with mqsql.open(tmp_path / 'tasks.db', readonly=True) as reader:
        assert reader.count({'content.a': {'$gte': 1}}) == 4
    db = SQLiteDB(location=str(tmp_path))
    db.add_record('m5', {'content': {'a': 5}, 'buffers': [b'x']})
    assert len(db.find_records({'content.a': {'$gte': 1}}, ['content'])) == 5
    db.drop_record('m5')
    db.close()
    assert blob_count(tmp_path / 'tasks.db') == 5
    with mqsql.open(tmp_path / 'tasks.db', readonly=True) as reader:
        assert 'content.a_1' in reader.list_indexes()
        assert reader.explain({'content.a': 1}).indexes == ('content.a_1',)
