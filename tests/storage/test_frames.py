"""Answers as tables: in pyarrow, pandas, Polars and DuckDB, from each store."""

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mqsql
from mqsql import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP
from mqsql.errors import DamagedValueWarning
from mqsql.schema import TASKS
from mqsql.storage import Store
from mqsql.storage.duckdb import reader as duckdb_reader
from mqsql.storage.frames import parquet
from mqsql.storage.sqlite import purges

TABLE = mqsql.Table(
    't',
    {'k': STRING, 'n': NUMBER, 'b': BOOLEAN, 't': TIMESTAMP, 'd': DOCUMENT, 'a': ANY, 'f': BUFFERS},
    key='k',
    aliases={'doc': 'd'},
)
START = datetime(2026, 1, 1, 12, 30, 0, 5, tzinfo=UTC)
RECORDS: list[dict[str, Any]] = [
    {'k': 'r0', 'n': 1, 'b': True, 't': START, 'd': {'x': 1, 'when': START}, 'a': 'one', 'f': [b'1', b'']},
    {'k': 'r1', 'n': 2, 'b': False, 'd': {'x': 2, 'l': [{'y': 1}, {'y': 'é'}, 3]}, 'a': 'two', 'f': []},
    {'k': 'r2'},
]


@pytest.fixture(params=['file', ':memory:', 'dict:', 'duckdb', 'parquet', 'mongodb'])
def frames(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each kind with RECORDS."""
    if request.param == 'parquet':
        with mqsql.open('duckdb::memory:', table=TABLE) as made:
            made.add_records(RECORDS)
            made.to_parquet(tmp_path / 'r.parquet')
        with mqsql.open(f'parquet:{tmp_path}/r.parquet', table=TABLE) as store:
            yield store
        return
    if request.param == 'mongodb':
        mongo = request.getfixturevalue('secantus')
        url = f'{mongo.url}/{mongo.database}.frames'
    else:
        url = {'file': str(tmp_path / 'r.db'), 'duckdb': f'duckdb:{tmp_path}/r.duckdb'}.get(
            request.param, request.param
        )
    with mqsql.open(url, table=TABLE) as store:
        store.add_records(RECORDS)
        yield store


def types(table: pa.Table) -> dict[str, str]:
    """The types of the columns, by name."""
    return {field.name: 'json' if field.metadata == {b'mqsql': b'json'} else str(field.type) for field in table.schema}


# --- what a table has


def test_each_column_has_its_type(frames: Store) -> None:
    table = frames.find({}, TABLE.all_keys, sort='k').to_arrow()
    assert types(table) == {
        'k': 'string',
        'n': 'int64',
        'b': 'bool',
        't': 'timestamp[us, tz=UTC]',
        'd': 'json',
        'a': 'string',
        'f': 'list<item: binary>',
    }
    assert table.to_pylist() == [
        {'k': 'r0', 'n': 1, 'b': True, 't': START, 'a': 'one', 'f': [b'1', b'']}
        | {'d': '{"x":1,"when":{"$date":"2026-01-01T12:30:00.000005Z"}}'},
        {'k': 'r1', 'n': 2, 'b': False, 't': None, 'a': 'two', 'f': []} | {'d': '{"x":2,"l":[{"y":1},{"y":"é"},3]}'},
        dict.fromkeys(TABLE.columns) | {'k': 'r2'},
    ]


def test_a_dotted_key_is_a_column(frames: Store) -> None:
    table = frames.find({}, ['d.x', 'd.when', 'd.l.y', 'd.no'], sort='k').to_arrow()
    assert types(table) == {
        'k': 'string',
        'd.x': 'int64',
        'd.when': 'timestamp[us, tz=UTC]',
        'd.l.y': 'json',
        'd.no': 'string',
    }
    assert table.column('d.x').to_pylist() == [1, 2, None]
    assert table.column('d.when').to_pylist() == [START, None, None]
    assert table.column('d.l.y').to_pylist() == [None, '[1,"é"]', None]
    assert frames.find({}, ['doc.x'], sort='k').to_arrow().column('doc.x').to_pylist() == [1, 2, None]


def test_a_projection_has_the_keys_of_its_records(frames: Store) -> None:
    table = frames.find({'n': 2}, {'k': 0, 'more': {'$add': ['$n', 0.5]}, 'a': 1}).to_arrow()
    assert types(table) == {'more': 'double', 'a': 'string'}
    assert table.to_pylist() == [{'a': 'two', 'more': 2.5}]
    assert types(frames.find({}, {'d.x': 1}).to_arrow()) == {'k': 'string', 'd': 'json'}


@pytest.mark.parametrize('url', [':memory:', 'dict:', 'duckdb::memory:'])
@pytest.mark.parametrize(
    ('column', 'values', 'type_', 'cells'),
    [
        ('n', [1, 2.5, None], 'double', [1.0, 2.5, None]),
        ('n', [2**60 + 1, -(2**63)], 'int64', [2**60 + 1, -(2**63)]),
        ('n', [None, None], 'double', [None, None]),
        ('n', [float('inf'), 1], 'double', [float('inf'), 1.0]),
        ('a', ['x', 7, None, True], 'json', ['"x"', '7', None, 'true']),
        ('a', [1, 2], 'int64', [1, 2]),
        ('a', [2**64, 1], 'double', [2.0**64, 1.0]),
        ('a', [START, None], 'timestamp[us, tz=UTC]', [START, None]),
        ('a', [b'x', b''], 'binary', [b'x', b'']),
        ('a', [['x'], {'$date': 1}], 'json', ['["x"]', '{"$date":1}']),
        ('a', ['\ud800', 'a\0\x01\ud7ffb'], 'string', ['\ufffd', 'a\0\x01\ud7ffb']),
        ('a', ['', '"', '\\', '\n', 'é'], 'string', ['', '"', '\\', '\n', 'é']),
        ('a', ['x', '', None, 'yz'], 'string', ['x', '', None, 'yz']),
        ('a', [None], 'string', [None]),
        ('a', [False, None], 'bool', [False, None]),
        ('d', [{'"': 1}, [float('nan')], {'\0': '\ud800'}], 'json', None),
    ],
)  # fmt: skip
def test_values_decide_the_type_together(url: str, column: str, values: list[Any], type_: str, cells: Any) -> None:
    with mqsql.open(url, table=TABLE) as store:
        store.add_records({'k': f'{i}', column: value} for i, value in enumerate(values))
        table = store.find({}, [column]).to_arrow()
    assert types(table)[column] == type_
    expected = ['{"\\"":1}', '[{"$numberDouble":"NaN"}]', '{"\\u0000":"\\ud800"}'] if cells is None else cells
    assert table.column(column).to_pylist() == expected


def test_documents_become_structs(frames: Store) -> None:
    table = frames.find({}, ['d', 'n'], sort='k').to_arrow(documents='struct')
    assert str(table.schema.field('d').type) == (
        'struct<x: int64, when: timestamp[us, tz=UTC], l: list<element: string>>'
    )
    assert table.column('d').to_pylist() == [
        {'x': 1, 'when': START, 'l': None},
        {'x': 2, 'when': None, 'l': ['{"y":1}', '{"y":"é"}', '3']},
        None,
    ]
    with pytest.raises(mqsql.QueryError, match="documents: takes 'json' or 'struct', not 'dict'"):
        frames.find().to_arrow(documents='dict')  # type: ignore[arg-type]


def test_structs_of_what_has_no_fields_are_json() -> None:
    with mqsql.open(':memory:', table=TABLE) as store:
        store.add_records(
            [{'k': '1', 'd': {}, 'a': {'x': {}, 'n': 1}}, {'k': '2', 'd': {}, 'a': {'n': 2.5, 'm': [None]}}]
        )
        table = store.find({}, ['d', 'a']).to_arrow('struct')
    assert table.to_pylist() == [
        {'k': '1', 'd': '{}', 'a': {'x': '{}', 'n': 1.0, 'm': None}},
        {'k': '2', 'd': '{}', 'a': {'x': None, 'n': 2.5, 'm': [None]}},
    ]


def test_an_answer_without_records_has_the_columns(frames: Store) -> None:
    table = frames.find({'k': 'no'}, ['n', 't', 'd', 'a', 'f']).to_arrow()
    assert types(table) == {
        'k': 'string',
        'n': 'double',
        't': 'timestamp[us, tz=UTC]',
        'd': 'json',
        'a': 'string',
        'f': 'list<item: binary>',
    }
    assert len(frames.find({'k': 'no'}).to_pandas()) == 0
    assert len(pl.DataFrame(frames.find({'k': 'no'}))) == 0


# --- other libraries


def test_pandas(frames: Store) -> None:
    frame = frames.find({}, ['n', 'b', 't', 'a', 'd'], sort='k').to_pandas()
    assert {name: str(kind) for name, kind in frame.dtypes.items() if name in 'nbt'} == {
        'n': 'Int64',
        'b': 'boolean',
        't': 'datetime64[us, UTC]',
    }
    assert frame['t'][0] == pd.Timestamp(START)
    assert list(frame['n'][:2]) == [1, 2]
    assert list(frame.isna().all(axis=1)) == [False] * 3
    assert frame['n'].isna().tolist() == frame['a'].isna().tolist() == [False, False, True]
    if not hasattr(pd.DataFrame, 'from_arrow'):  # as before pandas 3
        return
    taken = pd.DataFrame.from_arrow(frames.find({}, ['t', 'a'], sort='k'))
    assert taken['a'][1] == 'two'
    assert taken['t'][0] == pd.Timestamp(START)


def test_polars(frames: Store) -> None:
    frame = frames.find({}, ['n', 'b', 't', 'a', 'f'], sort='k').to_polars()
    assert frame.schema == {
        'k': pl.String,
        'n': pl.Int64,
        'b': pl.Boolean,
        't': pl.Datetime('us', 'UTC'),
        'a': pl.String,
        'f': pl.List(pl.Binary),
    }
    assert frame['t'][0] == START
    taken = pl.DataFrame(frames.find({}, ['n', 'b', 't', 'a', 'f'], sort='k'))
    assert taken.equals(frame)


@pytest.mark.parametrize('keys', [['n', 'a', 't'], ['t', 'b', 'd']])
def test_duckdb_takes_an_answer_as_it_is(frames: Store, keys: list[str]) -> None:
    found = frames.find({}, keys)
    with duckdb.connect() as connection:
        assert connection.sql('SELECT count(*), max(t) FROM found').fetchall() == [(3, START)]
    assert found.begun


def test_pyarrow_takes_an_answer_as_it_is(frames: Store) -> None:
    assert pa.table(frames.find({}, ['t', 'n']))['n'].to_pylist().count(None) == 1
    schema = pa.schema([('k', pa.large_string()), ('t', pa.timestamp('us', 'UTC'))])
    reader = pa.RecordBatchReader.from_stream(frames.find({}, ['t']), schema=schema)
    assert reader.read_all().schema == schema


# --- how an answer is read


def test_a_table_is_of_the_time_of_the_call(store: Store) -> None:
    store.add_records({'msg_id': f'm{i}', 'queue': 'q'} for i in range(300))
    found, streamed = store.find({}, ['queue']), store.find({}, ['queue'])
    reader = pa.RecordBatchReader.from_stream(streamed)
    store.drop_matching_records({'msg_id': {'$gt': 'm1'}})
    store.add_record('new', {'queue': 'q'})
    assert sorted(found.to_arrow()['msg_id'].to_pylist()) == sorted(f'm{i}' for i in range(300))
    assert reader.read_all().num_rows == 300
    assert store.find().to_arrow().num_rows == 3


def test_records_are_read_in_one_way_only(store: Store) -> None:
    store.add_records({'msg_id': f'm{i}', 'label': i} for i in range(3))
    found = store.find()
    next(found)
    for read in (found.to_arrow, found.to_pandas, found.to_polars, found.__arrow_c_stream__):
        with pytest.raises(mqsql.QueryError, match='comes before the first record is read; call find again'):
            read()
    table = store.find()
    table.to_arrow()
    assert list(table) == []
    with pytest.raises(mqsql.QueryError, match='call find again'):
        table.to_polars()


def test_a_stream_may_be_asked_for_again_until_it_is_read(store: Store) -> None:
    store.add_records({'msg_id': f'm{i}', 'label': i, 'queue': 'q'} for i in range(3))
    decided_together, known = store.find({}, ['label']), store.find({}, ['queue'])
    for found, last in ((decided_together, 'label'), (known, 'queue')):
        for _ in range(2):
            assert pa.RecordBatchReader.from_stream(found).schema.names == ['msg_id', last]
        assert pa.table(found).num_rows == 3
        with pytest.raises(mqsql.QueryError, match='call find again'):
            pa.table(found)


def test_a_chained_answer_is_a_table(store: Store) -> None:
    store.add_records({'msg_id': f'm{i}', 'queue': 'q'} for i in range(3))
    table = store.find({}, ['queue']).sort('msg_id', -1).limit(2).to_arrow()
    assert table['msg_id'].to_pylist() == ['m2', 'm1']


def test_closing_the_store_ends_a_stream(store: Store) -> None:
    store.add_records({'msg_id': f'm{i}', 'queue': 'q'} for i in range(5000))
    found, other = store.find({}, ['queue']), store.find({}, ['queue'])
    reader = pa.RecordBatchReader.from_stream(found)
    store.close()
    with pytest.raises(pa.ArrowException, match='the store is closed; open it again'):  # a stream has the text only
        reader.read_all()
    with pytest.raises(mqsql.StorageError, match='closed'):
        other.to_arrow()


@pytest.mark.parametrize('url', [':memory:', 'file.db', 'dict:', 'duckdb::memory:'])
def test_a_table_is_read_within_the_time_of_a_query(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with mqsql.open(url, query_timeout=3600) as store:
        store.add_records({'msg_id': f'm{i}', 'queue': 'q'} for i in range(3000))
        found = store.find({}, ['queue'])
        found._reading._deadline.seconds = 1e-9  # type: ignore[attr-defined]
        found._reading._deadline.end = 0.0  # type: ignore[attr-defined]
        with pytest.raises(mqsql.StorageError, match='took longer than query_timeout'):
            found.to_arrow()


@pytest.mark.parametrize('url', ['tasks.db', 'duckdb:tasks.duckdb'])
def test_a_stream_holds_a_few_batches(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(duckdb_reader, 'BATCH', 2048)
    with mqsql.open(url) as store:
        for start in range(0, 60_000, 10_000):
            store.add_records({'msg_id': f'm{i:05}', 'queue': 'q' * 500} for i in range(start, start + 10_000))
        pa.table(store.find({}, ['queue'], limit=5))
        before, most, rows = pa.total_allocated_bytes(), 0, 0
        tracemalloc.start()
        try:
            for batch in pa.RecordBatchReader.from_stream(store.find({}, ['queue'])):
                most, rows = max(most, pa.total_allocated_bytes() - before), rows + batch.num_rows
            assert tracemalloc.get_traced_memory()[1] < 15e6
        finally:
            tracemalloc.stop()
        assert rows == 60_000
        assert most < 20e6


@pytest.mark.parametrize('url', ['tasks.db', ':memory:', 'dict:', 'duckdb:tasks.duckdb'])
def test_columns_that_are_decided_together_come_before_all_is_read(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(duckdb_reader, 'BATCH', 2048)
    with mqsql.open(url) as store:
        last = [{'msg_id': 'last', 'label': 'text', 'header': {'n': 0.5}}]
        store.add_records([*({'msg_id': f'm{i}', 'label': i, 'header': {'n': i}} for i in range(20_000)), *last])
        found = store.find({}, ['label', 'header.n'])
        reader = pa.RecordBatchReader.from_stream(found)
        store.drop_record('last')
        assert types(reader) == {'msg_id': 'string', 'label': 'json', 'header.n': 'double'}
        first = reader.read_next_batch()
        assert 0 < first.num_rows < 20_000
        assert first.slice(1, 1).to_pylist() == [{'msg_id': 'm1', 'label': '1', 'header.n': 1.0}]
        store.close()
        with pytest.raises(pa.ArrowException, match='the store is closed; open it again'):
            reader.read_all()


@pytest.mark.parametrize('url', [':memory:', 'tasks.db', 'dict:', 'duckdb::memory:'])
def test_numbers_are_not_changed_by_a_text_in_another_batch(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = [1, 2.5, 2**64, None] * 600 + ['text']
    with mqsql.open(url, table=TABLE) as store:
        store.add_records({'k': f'{i}', 'a': value} for i, value in enumerate(values))
        streamed = pa.RecordBatchReader.from_stream(store.find({}, ['a'])).read_all()
        tables = store.find({}, ['a']).to_arrow(), store.find({}, ['a']).to_arrow('struct')
    expected = ['1', '2.5', f'{2**64}', None] * 600 + ['"text"']
    assert [found['a'].to_pylist() for found in (streamed, *tables)] == [expected] * 3


@pytest.mark.parametrize('url', [':memory:', 'tasks.db', 'dict:'])
def test_what_is_computed_to_decide_does_not_count(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with mqsql.open(url, query_timeout=3600) as store:
        store.add_records({'msg_id': f'm{i}', 'queue': 'q' * 100_000} for i in range(10))
        computed = {'queue': {'$concat': ['$queue'] * 100}}  # 100 MB, and the limit is 150
        assert pa.RecordBatchReader.from_stream(store.find({}, computed)).read_all().num_rows == 10


MEMORY = """
import resource, sys
import pyarrow, mqsql

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform != 'darwin' else 1024)

def read(**options):
    return sum(batch.num_rows for batch in pyarrow.RecordBatchReader.from_stream(store.find({}, keys, **options)))

keys = ['label', 'header', 'buffers'] if sys.argv[2] == 'all' else ['label', 'header.n', 'header.text']
store = mqsql.open(sys.argv[1], readonly=True)
read(limit=5)
store.to_parquet(sys.argv[1] + '.parquet', {'msg_id': 'm5'})
before = peak()
if sys.argv[2] == 'parquet':
    print(store.to_parquet(sys.argv[1] + '.parquet'))
else:
    print(read())
print((peak() - before) // 1024)
"""


@pytest.fixture(scope='module')
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 60,000 records with headers of 2 kB."""
    path = tmp_path_factory.mktemp('large') / 'tasks.db'
    with mqsql.open(path) as store:
        for start in range(0, 60_000, 5_000):
            store.add_records(
                {'msg_id': f'm{i}', 'label': i, 'header': {'n': i, 'text': f'{i:05}' * 400}, 'buffers': [b'x' * 500]}
                for i in range(start, start + 5_000)
            )
    return path


@pytest.mark.parametrize('what', ['all', 'paths', 'parquet'])
def test_a_stream_takes_little_memory(what: str, large_file: Path) -> None:
    pytest.importorskip('resource')
    if what == 'parquet' and not parquet.HAS_JSON:
        pytest.skip('this pyarrow does not write the type of JSON, so DuckDB writes the file')
    done = subprocess.run([sys.executable, '-c', MEMORY, large_file, what], stdout=subprocess.PIPE, check=True)
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 60_000
    assert megabytes < 64  # the records have more than 120


def test_what_is_given_up_is_given_back(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'tasks.db') as store:
        store.add_records({'msg_id': f'm{i:05}', 'queue': 'q' * 50} for i in range(20_000))
        reader = pa.RecordBatchReader.from_stream(store.find({}, ['queue']))
        next(reader)
        readers = store._readers  # type: ignore[attr-defined]
        assert readers.counts() == (1, 0)
        del reader
        gc.collect()
        assert readers.counts() == (1, 1)


def test_a_damaged_value_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path) as store:
        store.add_records({'msg_id': f'm{i}', 'queue': 'q', 'content': {'i': i}, 'submitted': START} for i in range(9))
    with apsw.Connection(str(path)) as connection:
        connection.execute("UPDATE task_records SET content = '[', submitted = 9e17 WHERE msg_id = 'm3'")
        connection.execute("UPDATE task_records SET queue = x'ff' WHERE msg_id = 'm4'")
    with mqsql.open(path) as store:
        keys = ['queue', 'content', 'submitted']
        with pytest.warns(DamagedValueWarning):
            expected = store.find({}, keys).to_list()
        table = store.find({}, keys).to_arrow()
    assert table['queue'].to_pylist() == [record['queue'] for record in expected]
    assert table['submitted'].to_pylist() == [record['submitted'] for record in expected]
    assert [cell is None for cell in table['content'].to_pylist()] == [i == 3 for i in range(9)]
    assert table['queue'].null_count == table['submitted'].null_count == 1


def test_a_damaged_value_has_no_part_in_the_decision(tmp_path: Path) -> None:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path) as store:
        store.add_records({'msg_id': f'm{i}', 'label': i, 'header': {'n': i}} for i in range(9))
    with apsw.Connection(str(path)) as connection:
        connection.execute("UPDATE task_records SET header = '[' WHERE msg_id = 'm3'")
        connection.execute("UPDATE task_records SET label = x'ff' WHERE msg_id = 'm4'")
    with mqsql.open(path) as store, pytest.warns(DamagedValueWarning) as warned:
        streamed = pa.RecordBatchReader.from_stream(store.find({}, ['label', 'header.n'])).read_all()
    assert len(warned) == 2
    assert types(streamed) == {'msg_id': 'string', 'label': 'int64', 'header.n': 'int64'}
    assert streamed['label'].to_pylist() == [None if i == 4 else i for i in range(9)]
    assert streamed['header.n'].to_pylist() == [None if i == 3 else i for i in range(9)]


def test_records_that_are_purged_have_no_part_in_the_decision(tmp_path: Path) -> None:
    path = tmp_path / 'tasks.db'
    with mqsql.open(path) as store:
        store.add_records({'msg_id': f'm{i}', 'label': 'text' if i == 3 else i} for i in range(9))
    with apsw.Connection(str(path)) as connection:
        ((position,),) = connection.execute("SELECT rowid FROM task_records WHERE msg_id = 'm3'")
        with connection:
            purges.mark(connection, TASKS, purges.ranges([position]))
    with mqsql.open(path, readonly=True) as store:
        streamed = pa.RecordBatchReader.from_stream(store.find({}, ['label'])).read_all()
    assert streamed['label'].type == pa.int64()
    assert streamed['label'].to_pylist() == [0, 1, 2, 4, 5, 6, 7, 8]


def test_times_of_all_years_are_read(frames: Store) -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    if frames.readonly:
        return
    frames.add_records([{'k': 'first', 't': first}, {'k': 'last', 't': last}])
    found = frames.find({'k': {'$in': ['first', 'last']}}, ['t'], sort='k').to_arrow()
    assert found['t'].to_pylist() == [first, last]


# --- without the libraries

WITHOUT = """
import importlib.util, mqsql
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == {name!r} else real(name, package)
store = mqsql.open(':memory:')
try: store.find().{call}()
except mqsql.StorageError as e: print(e)
"""


@pytest.mark.parametrize(
    ('name', 'call', 'extra'),
    [
        ('pyarrow', 'to_arrow', 'arrow'),
        ('pyarrow', '__arrow_c_stream__', 'arrow'),
        ('pandas', 'to_pandas', 'pandas'),
        ('polars', 'to_polars', 'polars'),
    ],
)
def test_a_missing_library_is_named_with_its_extra(name: str, call: str, extra: str) -> None:
    command = [sys.executable, '-c', WITHOUT.format(name=name, call=call)]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    assert said == f"{name} is not installed; try: pip install 'mqsql[{extra}]'\n"


# --- rows that DuckDB has in another order


def test_rows_in_another_order_are_sorted(tmp_path: Path) -> None:
    with mqsql.open(f'duckdb:{tmp_path}/tasks.duckdb') as store:
        store.add_records({'msg_id': f'm{i}', 'label': i, 'queue': f'{i}'} for i in range(100))
    with duckdb.connect(str(tmp_path / 'tasks.duckdb')) as connection:
        connection.execute('UPDATE task_records SET rowid = 1000 - rowid')
    with mqsql.open(f'duckdb:{tmp_path}/tasks.duckdb') as store:
        for keys in (['label', 'queue'], ['queue']):
            expected = [record['queue'] for record in store.find({}, keys)]
            assert expected == [f'{i}' for i in reversed(range(100))]
            assert store.find({}, keys).to_arrow()['queue'].to_pylist() == expected
            assert pa.table(store.find({}, keys))['queue'].to_pylist() == expected
        assert store.find({}, ['queue'], limit=2).to_arrow()['queue'].to_pylist() == ['99', '98']
        assert store.find({}, ['queue'], sort='label').to_arrow()['queue'].to_pylist() == expected[::-1]
