"""Parquet files: what a store writes into one, and what is read of it and of those that other programs wrote."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import duckdb
import pytest
from store_files import FULL, NOON, fill

import mqsql
from mqsql.errors import DamagedValueWarning, MissingRecordError, StorageError
from mqsql.schema import TASKS
from mqsql.storage import Store
from mqsql.storage.duckdb import export
from mqsql.storage.frames import parquet


def written(path: Path, sql: str) -> str:
    """The URL of a file that DuckDB writes."""
    duckdb.connect().execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return f'parquet:{path}'


# --- round trips


def test_records_come_back_exactly(store: Store, tmp_path: Path) -> None:
    store.add_record('m', FULL)
    store.add_record('n', {'label': {'a': [1, 2.0, None]}, 'complete': NOON})
    store.add_record('o', {'label': 'text'})
    path = tmp_path / 'tasks.parquet'
    assert store.to_parquet(path) == 3
    with mqsql.open(f'parquet:{path}') as read:
        for msg_id in 'mno':
            assert read.get_record(msg_id) == store.get_record(msg_id)
        assert list(read.find()) == list(store.find())
        assert read.count({'label.a': 2}) == 1
        assert sorted(map(repr, read.distinct('label'))) == sorted(map(repr, store.distinct('label')))
        assert read.get_history() == store.get_history()
        assert read.find_one({'header.date': NOON}, ['queue']) == {'msg_id': 'm', 'queue': 'task'}
        with pytest.raises(MissingRecordError):
            read.get_record('none')
        explained = read.explain({'label': 'text'}, ['queue'])
        assert any('Parquet' in line for line in explained.plan)


ODD = mqsql.Table(
    'odd', {'k': mqsql.STRING, 'n': mqsql.NUMBER, 'b': mqsql.BOOLEAN, 'a': mqsql.ANY, 'f': mqsql.BUFFERS}, key='k'
)


def test_a_file_is_the_same_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records: list[dict[str, Any]] = [
        {'k': '1', 'n': 1, 'b': True, 'a': 'a\0\x01\ud800', 'f': [b'', b'x']},
        {'k': '2', 'n': 1.0, 'b': False, 'a': {'when': NOON, 'raw': b'x', 'large': 2**70}, 'f': []},
        {'k': '\ud800\0', 'n': float('inf'), 'a': [float('nan'), None]},
        {'k': '4', 'n': -(2**63)},
    ]
    with mqsql.open(':memory:', table=ODD) as store:
        store.add_records(records)
        assert store.to_parquet(tmp_path / 'with.parquet') == 4
        monkeypatch.setattr(export, 'find_spec', lambda name: None)
        assert store.to_parquet(tmp_path / 'without.parquet') == 4
        expected = repr(
            [
                {**record, 'f': record['f'] if record['f'] is None else list(record['f'])}
                for record in store.find({}, ODD.all_keys)
            ]
        )
    made, found, marks, described = [], [], [], []
    for name in ('with', 'without'):
        file = str(tmp_path / f'{name}.parquet')
        with mqsql.open(f'parquet:{file}', table=ODD) as read:
            found.append(repr(list(read.find({}, ODD.all_keys))))
        connection = duckdb.connect()
        made.append(repr(connection.execute('SELECT * FROM read_parquet(?)', [file]).fetchall()))
        described.append(connection.execute('DESCRIBE FROM read_parquet(?)', [file]).fetchall())
        metadata = connection.execute('SELECT key, value FROM parquet_kv_metadata(?)', [file]).fetchall()
        marks.append(sorted(mark for mark in metadata if mark[0].startswith(b'mqsql')))
    assert made[0] == made[1]
    assert found[0] == found[1] == expected
    assert described[0] == described[1]
    assert marks[0] == marks[1] != []


@pytest.mark.skipif(
    not parquet.HAS_JSON, reason='this pyarrow does not write the type of JSON, so DuckDB writes the file'
)
def test_groups_of_rows_stay_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, 'ROWS', 7)
    monkeypatch.setattr(parquet, 'GROUP_BYTES', 2000)
    with mqsql.open(':memory:') as store:
        ids = fill(store, 100)
        store.to_parquet(tmp_path / 'a.parquet')
    groups = 'SELECT count(DISTINCT row_group_id) FROM parquet_metadata(?)'
    ((number,),) = duckdb.connect().execute(groups, [str(tmp_path / 'a.parquet')]).fetchall()
    assert number > 2
    with mqsql.open(f'parquet:{tmp_path}/a.parquet') as read:
        assert [record['msg_id'] for record in read.find({}, [])] == ids


def test_a_file_that_fails_is_not_there(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'tasks.db') as store:
        fill(store, 30)
    with apsw.Connection(str(tmp_path / 'tasks.db')) as connection:
        connection.execute('DELETE FROM task_buffers WHERE id = (SELECT max(id) FROM task_buffers)')
    with mqsql.open(tmp_path / 'tasks.db') as store, pytest.raises(StorageError, match='buffers are gone'):
        store.to_parquet(tmp_path / 'a.parquet')
    assert not [name for name in os.listdir(tmp_path) if 'parquet' in name]


def test_the_order_of_insertion_stays(store: Store, tmp_path: Path) -> None:
    ids = fill(store, 30)
    store.update_record(ids[3], {'buffers': [b'x' * 1000]})
    store.drop_record(ids[5])
    store.to_parquet(tmp_path / 'a.parquet')
    with mqsql.open(f'parquet:{tmp_path}') as read:
        assert [r['msg_id'] for r in read.find({}, [])] == [*ids[:5], *ids[6:]]
        assert [r['msg_id'] for r in read.find({}, [], sort='header.n', limit=2, skip=1)] == ids[1:3]


def test_what_matches_is_written(store: Store, tmp_path: Path) -> None:
    fill(store, 10)
    assert store.to_parquet(tmp_path / 'a.parquet', {'header.n': {'$gte': 7}}) == 3
    assert store.to_parquet(str(tmp_path / 'b.parquet'), filter={'header.n': 100}) == 0
    with mqsql.open(f'parquet:{tmp_path}/a.parquet') as read:
        assert [r['header']['n'] for r in read.find()] == [7, 8, 9]
    with mqsql.open(f'parquet:{tmp_path}/b.parquet') as read:
        assert list(read.find()) == []


def test_other_programs_see_natural_types(store: Store, tmp_path: Path) -> None:
    store.add_record('m', FULL)
    store.to_parquet(tmp_path / 'a.parquet')
    found = duckdb.connect().execute(
        "SELECT msg_id, header->>'msg_type', epoch_us(submitted), len(buffers), typeof(label), typeof(started) "
        'FROM read_parquet(?)',
        [str(tmp_path / 'a.parquet')],
    )
    times = int(NOON.timestamp() * 10**6)
    assert found.fetchall() == [('m', 'apply_request', times, 3, 'JSON', 'TIMESTAMP WITH TIME ZONE')]


def test_a_file_is_replaced_when_the_new_one_is_complete(store: Store, tmp_path: Path) -> None:
    path = tmp_path / 'a.parquet'
    fill(store, 3)
    store.to_parquet(path)
    with mqsql.open(f'parquet:{path}') as read:
        held = read.find()
        next(held)
        store.add_record('new', {})
        store.to_parquet(path)
        assert read.find_one('new') is not None
    assert [p.name for p in tmp_path.iterdir() if 'parquet' in p.name] == ['a.parquet']


def test_a_file_that_cannot_be_written(store: Store, tmp_path: Path) -> None:
    (tmp_path / 'directory').mkdir()
    for path, said in (
        (tmp_path / 'none' / 'a.parquet', r'it cannot be written \(No such file'),
        (tmp_path / 'directory', 'this is a directory'),
        ('', 'the path of a file|cannot be written|directory'),
        (5, 'the path of a file is text'),
    ):
        with pytest.raises(StorageError, match=said):
            store.to_parquet(path)  # type: ignore[arg-type]


# --- several files


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / 'in' / 'here'
    folder.mkdir(parents=True)
    for name in ('b', 'a', 'c[1]', 'c*'):
        with mqsql.open('dict:') as store:
            store.add_records({'msg_id': f'{name}{i}', 'label': name} for i in range(3))
            store.to_parquet(folder / f'{name}.parquet')
    (folder / 'other.txt').write_text('nothing')
    order = [f'{name}{i}' for name in ('a', 'b', 'c*', 'c[1]') for i in range(3)]
    for path in (folder, folder / '*.parquet', tmp_path / '**' / '*.parquet'):
        with mqsql.open(f'parquet:{path}') as read:
            assert [r['msg_id'] for r in read.find({}, [])] == order
            assert read.count({'label': {'$in': ['a', 'c*']}}) == 6
    with mqsql.open(f'parquet:{folder}/c[1].parquet') as read:
        assert read.count() == 3
    with mqsql.open(f'parquet:///{folder}/[ab].parquet') as read:
        assert read.count() == 6


def test_a_column_that_a_file_lacks_has_no_value(tmp_path: Path) -> None:
    written(tmp_path / 'a.parquet', "SELECT 'a' AS msg_id, 'x' AS queue")
    written(tmp_path / 'b.parquet', "SELECT 'b' AS msg_id, 'out' AS stdout")
    with mqsql.open(f'parquet:{tmp_path}') as read:
        assert list(read.find({}, ['queue', 'stdout'])) == [
            {'msg_id': 'a', 'queue': 'x', 'stdout': None},
            {'msg_id': 'b', 'queue': None, 'stdout': 'out'},
        ]
        assert [r['msg_id'] for r in read.find({'queue': None}, [])] == ['b']


# --- files of other programs


@pytest.mark.parametrize(
    ('column', 'sql', 'value'),
    [
        ('header', """'{"a": [1,  2.0]}'::JSON""", {'a': [1, 2.0]}),
        ('header', """'{"a": [1,  2.0]}'""", {'a': [1, 2.0]}),
        ('header', "{'a': 1, 'b': [1.5::DOUBLE, 2]}", {'a': 1, 'b': [1.5, 2.0]}),
        ('header', "MAP {'k': 2}", {'k': 2}),
        ('header', "['x', NULL]", ['x', None]),
        ('label', "'5'", '5'),
        ('label', '5', 5),
        ('label', 'true', True),
        ('label', '1.5::DOUBLE', 1.5),
        ('label', "{'a': 1}", {'a': 1}),
        ('label', """'"text"'::JSON""", 'text'),
        ('queue', "'x'::ENUM('x', 'y')", 'x'),
        ('queue', "'00000000-0000-0000-0000-000000000001'::UUID", '00000000-0000-0000-0000-000000000001'),
        ('submitted', "TIMESTAMPTZ '2026-03-01 13:00:00+01'", NOON),
        ('submitted', "TIMESTAMP '2026-03-01 12:00:00'", NOON),
        ('submitted', "TIMESTAMP_NS '2026-03-01 12:00:00'", NOON),
        ('submitted', "TIMESTAMP_MS '2026-03-01 12:00:00'", NOON),
        ('submitted', "DATE '2026-03-01'", datetime(2026, 3, 1, tzinfo=UTC)),
        ('buffers', "['a'::BLOB, ''::BLOB]", [b'a', b'']),
        ('stdout', 'NULL', None),
    ],
)
def test_types_of_other_programs(tmp_path: Path, column: str, sql: str, value: Any) -> None:
    with mqsql.open(written(tmp_path / 'a.parquet', f"SELECT 'm' AS MSG_ID, {sql} AS {column}, 1 AS more")) as read:
        assert read.get_record('m') == dict.fromkeys(TASKS.all_keys) | {'msg_id': 'm', column: value}
        assert read.count({column: value} if column != 'buffers' else {}) == 1


@pytest.mark.parametrize(
    ('sql', 'said'),
    [
        ("SELECT 'm' AS id, 1 AS label", "no column 'msg_id', the key of a record; its columns are: 'id', 'label'"),
        ("SELECT 'm' AS msg_id, 5 AS queue", "its column 'queue' is INTEGER, and not strings"),
        ("SELECT 'm' AS msg_id, 'soon' AS submitted", "its column 'submitted' is VARCHAR, and not times"),
        ("SELECT 'm' AS msg_id, 5 AS header", "its column 'header' is INTEGER, and not documents"),
        ("SELECT 'm' AS msg_id, 'x' AS buffers", "its column 'buffers' is VARCHAR, and not lists of bytes"),
    ],
)
def test_a_file_that_has_other_columns(tmp_path: Path, sql: str, said: str) -> None:
    url = written(tmp_path / 'a.parquet', sql)
    with pytest.raises(StorageError, match=said):
        mqsql.open(url)


def test_a_value_that_is_no_json_costs_only_itself(tmp_path: Path) -> None:
    url = written(
        tmp_path / 'a.parquet', "SELECT 'm' AS msg_id, '{bad' AS header, 'q' AS queue UNION ALL SELECT 'n', '[1]', 'r'"
    )
    with mqsql.open(url) as read:
        with pytest.warns(DamagedValueWarning, match="the header of the record 'm'"):
            assert list(read.find({}, ['header', 'queue'])) == [
                {'msg_id': 'm', 'header': None, 'queue': 'q'},
                {'msg_id': 'n', 'header': [1], 'queue': 'r'},
            ]
        assert read.count({'header.a': 1}) == 0


def test_the_position_of_a_copied_table_is_kept(tmp_path: Path) -> None:
    url = written(tmp_path / 'a.parquet', "SELECT * FROM (VALUES (7::BIGINT, 'b'), (3, 'a')) AS t (rowid, msg_id)")
    with mqsql.open(url) as read:
        assert [r['msg_id'] for r in read.find({}, [])] == ['a', 'b']


def test_a_table_that_duckdb_copied(tmp_path: Path) -> None:
    with mqsql.open(f'duckdb:{tmp_path}/t.duckdb') as store:
        store.add_record('m', FULL)
        store.add_record('n', {'label': ['x', {'a': NOON}]})
        expected = list(store.find())
    with duckdb.connect(f'{tmp_path}/t.duckdb') as connection:
        connection.execute(f"COPY task_records TO '{tmp_path}/t.parquet'")
    with mqsql.open(f'parquet:{tmp_path}/t.parquet') as read:
        assert list(read.find()) == expected
        assert read.find_one('m', ['buffers']) == {'msg_id': 'm', 'buffers': FULL['buffers']}


# --- what fails


@pytest.mark.parametrize(
    ('content', 'said'),
    [(b'', 'there is no Parquet file'), (b'PAR1' + b'x' * 100, 'there is no Parquet file')],
    ids=['empty', 'other'],
)
def test_what_is_no_parquet_file(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / 'a.parquet').write_bytes(content)
    with pytest.raises(StorageError, match=said):
        mqsql.open(f'parquet:{tmp_path}/a.parquet')


def test_what_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / '*.parquet', tmp_path / 'a.parquet'):
        with pytest.raises(StorageError, match='there is no such file'):
            mqsql.open(f'parquet:{path}')
    with pytest.raises(StorageError, match='names no store'):
        mqsql.open('parquet:')


def test_files_of_a_newer_layout_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'a.parquet'
    duckdb.connect().execute(
        f"COPY (SELECT 'm' AS msg_id) TO '{path}' (FORMAT parquet, KV_METADATA {{mqsql_layout: '99'}})"
    )
    with pytest.raises(StorageError, match=r'a newer mqsql wrote these files \(layout 99\)'):
        mqsql.open(f'parquet:{path}')


def test_files_are_only_read(tmp_path: Path) -> None:
    with mqsql.open(written(tmp_path / 'a.parquet', "SELECT 'm' AS msg_id")) as read:
        calls: list[Callable[[], object]] = [
            lambda: read.add_record('n', {}),
            lambda: read.add_records([]),
            lambda: read.update_record('m', {'label': 1}),
            lambda: read.drop_record('m'),
            lambda: read.drop_matching_records({}),
            lambda: read.create_index('label'),
        ]
        for call in calls:
            with pytest.raises(StorageError, match='Parquet files are only read'):
                call()
        assert read.count() == 1


def test_a_file_that_goes_is_missed(tmp_path: Path) -> None:
    path = tmp_path / 'a.parquet'
    with mqsql.open(written(path, "SELECT 'm' AS msg_id")) as read:
        os.remove(path)
        with pytest.raises(StorageError, match=r'a\.parquet'):
            read.count({'label': 1})
