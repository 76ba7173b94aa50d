"""The plans by which SQLite answers the queries of a history."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mqsql
from bench.data import COLUMNS, History, Record
from mqsql.compiler import known, rendering
from mqsql.compiler.dialects.sqlite import led_records
from mqsql.schema import NUMBER, STRING
from mqsql.settings import Settings
from mqsql.storage.sqlite.connection import connect
from mqsql.values.bson_order import bson_key

RECORDS = list(History(2_000, seed=1))
EARLY, LATE = (sorted(record['submitted'] for record in RECORDS)[i] for i in (40, -40))


@pytest.fixture(scope='module')
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mqsql.Store]:
    with mqsql.open(tmp_path_factory.mktemp('plans') / 'tasks.db') as store:
        store.add_records(RECORDS)
        yield store


SetSizes = Callable[[int, int], None]


@pytest.fixture
def set_sizes(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetSizes]:
    """Sets FEW and HEAD for statements that are made in this test."""

    def forget() -> None:
        known._KNOWN.cache_clear()
        rendering._RENDERED.cache_clear()

    def set_both(few: int, head: int) -> None:
        monkeypatch.setattr(led_records, 'FEW', few)
        monkeypatch.setattr(led_records, 'HEAD', head)
        forget()

    yield set_both
    forget()


def looks_at(plan: tuple[str, ...]) -> list[str]:
    """How SQLite comes to the records, without its constraints."""
    return [line.strip().partition(' (')[0] for line in plan if 'task_records' in line]


def found(matches: Any) -> list[str]:
    return [record['msg_id'] for record in RECORDS if matches(record)]


def submitted(record: Record) -> Any:
    return record['submitted']


# --- indexes on columns that lead to records, which come in the order of insertion all the same


def test_each_side_of_an_or_has_its_index(store: mqsql.Store) -> None:
    query = {'$or': [{'submitted': {'$lt': EARLY}}, {'started': {'$gte': LATE}}]}
    explained = store.explain(query, ['msg_id'])
    assert explained.indexes == ('submitted_1_msg_id_1', 'started_1')
    assert not any('SCAN' in line for line in explained.plan)

    def matches(record: Record) -> bool:
        return record['submitted'] < EARLY or (record['started'] is not None and record['started'] >= LATE)

    assert [record['msg_id'] for record in store.find(query, ['msg_id'])] == found(matches)


def test_a_range_of_an_index_is_searched(store: mqsql.Store) -> None:
    query = {'submitted': {'$lt': EARLY}, 'client_uuid': {'$ne': 'x'}}
    for keys in ['msg_id'], COLUMNS:
        assert store.explain(query, keys).indexes == ('submitted_1_msg_id_1',)
    assert [record['msg_id'] for record in store.find(query, ['msg_id'])] == found(lambda r: r['submitted'] < EARLY)


def test_large_values_are_not_sorted(store: mqsql.Store) -> None:
    """The rowids are: a sort copies what it sorts, which may be all of a history."""
    engines = sorted({record['engine_uuid'] for record in RECORDS if record['engine_uuid']})[:2]
    query = {'engine_uuid': {'$in': engines}}
    explained = store.explain(query, ['result_header'])
    assert explained.indexes == ('engine_uuid_1',)
    assert not any('TEMP B-TREE' in line for line in explained.plan)
    assert looks_at(explained.plan) == [
        'SEARCH task_records USING INTEGER PRIMARY KEY',
        'SEARCH task_records USING COVERING INDEX task_records.engine_uuid',
    ]
    ids = [record['msg_id'] for record in store.find(query, ['result_header'])]
    assert ids == found(lambda record: record['engine_uuid'] in engines)


@pytest.mark.parametrize('limit', [1, 3, 50])
def test_the_first_of_a_range_are_found_among_the_first_records_or_by_the_index(store: mqsql.Store, limit: int) -> None:
    """The table alone would be read up to its end where the last records match, the index where nearly all do."""
    for query, matches in (
        ({'submitted': {'$gte': LATE}}, lambda record: record['submitted'] >= LATE),
        ({'submitted': {'$gte': EARLY}}, lambda record: record['submitted'] >= EARLY),
        (
            {
                '$or': [
                    {'client_uuid': RECORDS[-1]['client_uuid'], 'submitted': {'$gte': LATE}},
                    {'label': {'$lt': 'b'}},
                ]
            },
            lambda record: record['submitted'] >= LATE or (record['label'] is not None and record['label'] < 'b'),
        ),
    ):
        for skip in 0, 2, 1_990:
            answer = [record['msg_id'] for record in store.find(query, ['msg_id'], limit=limit, skip=skip)]
            assert answer == found(matches)[skip : skip + limit]
    explained = store.explain({'submitted': {'$gte': LATE}}, ['label'], limit=limit)
    assert explained.indexes == ('submitted_1_msg_id_1',)
    assert 'SCAN task_records' not in looks_at(explained.plan)


@pytest.mark.parametrize(('few', 'head'), [(10, 1_000), (10, 50), (10, 3_000), (5_000, 1_000)])
@pytest.mark.parametrize('direction', [1, -1])
@pytest.mark.parametrize('key', ['completed', 'submitted', 'msg_id', 'engine_uuid'])
def test_the_first_by_a_sort_are_found_among_the_first_records_or_by_another_index(
    store: mqsql.Store, key: str, direction: int, few: int, head: int, set_sizes: SetSizes
) -> None:
    set_sizes(few, head)
    engine = max(record['engine_uuid'] or '' for record in RECORDS)
    queries: list[tuple[Any, Callable[[Record], bool]]] = [
        ({'engine_uuid': engine}, lambda record: record['engine_uuid'] == engine),
        ({'engine_uuid': engine, 'label': None}, lambda r: r['engine_uuid'] == engine and r['label'] is None),
        ({'submitted': {'$gte': LATE}}, lambda record: record['submitted'] >= LATE),
        ({'started': {'$gte': EARLY}}, lambda record: record['started'] is not None and record['started'] >= EARLY),
        ({'started': {'$lt': EARLY}}, lambda record: record['started'] is not None and record['started'] < EARLY),
    ]
    for query, matches in queries:
        present = [record for record in RECORDS if matches(record)]
        in_order = sorted(present, key=lambda record: bson_key(record[key]), reverse=direction < 0)
        for skip, limit in (0, 1), (3, 30), (0, 5_000):
            answer = store.keys(query, sort=[(key, direction)], limit=limit, skip=skip)
            if direction > 0:  # or ties are the other way round
                assert answer == [record['msg_id'] for record in in_order[skip : skip + limit]]
            assert answer == store.keys(query, sort=[(key, direction)])[skip : skip + limit]


def test_a_range_is_not_looked_for_in_the_whole_index_of_a_sort(store: mqsql.Store) -> None:
    for limit in 1, 50:
        explained = store.explain({'submitted': {'$gte': LATE}}, ['header'], sort='started', limit=limit)
        assert 'SCAN task_records USING INDEX task_records.started' not in looks_at(explained.plan)


def test_columns_with_the_names_of_a_statement_are_told_apart() -> None:
    kinds = {'key': STRING, 'record': NUMBER, 'found': NUMBER, 'head': NUMBER}
    indexes = tuple(mqsql.Index((name,)) for name in ('record', 'found', 'head'))
    table = mqsql.Table('found', kinds, 'key', indexes=indexes)
    with mqsql.open(':memory:', table=table) as store:
        store.add_records({'key': f'{i:04}', 'record': i, 'found': -i, 'head': i % 7} for i in range(3_000))
        for sort in None, 'found', 'head', 'record', 'key':
            for query in {'record': {'$gte': 2_990}}, {'head': {'$gte': 1}}, {'found': {'$lt': 0}, 'head': 3}:
                for limit in 1, 20:
                    assert store.keys(query, sort=sort, limit=limit) == store.keys(query, sort=sort)[:limit]


@pytest.mark.parametrize('query', [{}, {'label': {'$ne': 'x'}}, {'result_content.status': 'error'}])
def test_the_first_by_a_sort_follow_its_index_however_few_they_are(store: mqsql.Store, query: Any) -> None:
    for limit in 1, 2, 10:
        explained = store.explain(query, ['label'], sort=[('completed', -1)], limit=limit)
        assert explained.indexes == ('completed_1_msg_id_1_started_1',)


def test_an_index_that_has_all_columns_is_read_in_place_of_the_table(store: mqsql.Store) -> None:
    query = {'$expr': {'$gt': [{'$subtract': ['$completed', '$started']}, 60_000]}}
    covering = ['SCAN task_records USING COVERING INDEX task_records.completed.msg_id.started']
    assert looks_at(store.explain(query, ['msg_id']).plan) == covering
    assert looks_at(store.explain(query, ['label']).plan) == ['SCAN task_records']


@pytest.mark.parametrize(
    'query',
    [
        {},
        {'queue': 'x'},
        {'$or': [{'submitted': {'$lt': EARLY}}, {'queue': 'x'}]},
        {'completed': {'$ne': None}},
        {'label': {'$regex': 'x'}},
        {'label': {'$glob': '[[]x'}, 'queue': 'x'},
    ],
    ids=str,
)
def test_no_sort_where_no_index_leads_to_the_records(store: mqsql.Store, query: Any) -> None:
    assert not any('TEMP B-TREE' in line for line in store.explain(query, ['header']).plan)


def test_a_limit_is_reached_early(store: mqsql.Store, set_sizes: SetSizes) -> None:
    """Of records that nearly all match; the plan alone does not say so."""
    set_sizes(10, 1_000)
    explained = store.explain({'submitted': {'$gte': EARLY}}, ['label'], limit=10)
    connection, steps = connect(store.name, Settings(), readonly=True), 0

    def note() -> bool:
        nonlocal steps
        steps += 1
        return False

    connection.set_progress_handler(note, 1)
    assert len(connection.execute(explained.sql, dict(explained.params)).fetchall()) == 10
    connection.close()
    assert steps < len(RECORDS)


def test_a_record_of_one_key_is_not_sorted(store: mqsql.Store) -> None:
    plan = store.explain({'msg_id': RECORDS[0]['msg_id'], 'started': {'$gte': EARLY}}).plan
    assert looks_at(plan) == ['SEARCH task_records USING INDEX sqlite_autoindex_task_records_1']


# --- the order of a sort


def test_an_index_has_the_history_in_order(store: mqsql.Store) -> None:
    explained = store.explain({}, [], sort='submitted')
    assert looks_at(explained.plan) == ['SCAN task_records USING COVERING INDEX task_records.submitted.msg_id']
    assert not any('TEMP B-TREE' in line for line in explained.plan)


def test_ties_of_the_history_are_in_the_order_of_insertion() -> None:
    with mqsql.open(':memory:') as store:
        for key, moment in ('c', LATE), ('b', None), ('d', EARLY), ('a', LATE), ('e', EARLY), ('A', None):
            store.add_record(key, {'submitted': moment})
        assert store.get_history() == ['b', 'A', 'd', 'e', 'c', 'a']
        assert store.keys(sort=[('submitted', -1)]) == ['c', 'a', 'd', 'e', 'b', 'A']
        store.add_record('\0\ud800', {'submitted': LATE})
        assert store.keys({'submitted': LATE}, sort='submitted') == ['c', 'a', '\0\ud800']


def test_a_connection_that_only_reads_has_a_small_cache(tmp_path: Path) -> None:
    """It passes through many pages once, and a cache of many megabytes leaves that of the processor."""
    path = str(tmp_path / 'a.db')
    mqsql.open(path).close()
    sizes = {}
    for readonly in (True, False):
        connection = connect(path, Settings(), readonly=readonly)
        sizes[readonly] = connection.pragma('cache_size')
        connection.close()
    assert -4_000 <= sizes[True] < 0
    assert sizes[False] <= -16_000
