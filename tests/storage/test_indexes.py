"""Indexes in the file: what other programs write is followed, older ones are renewed, and they have names as in pymongo."""

import math
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from stores import filled, ids

from mqsql import reference, storage
from mqsql.errors import MqsqlError, QueryError, UnknownNameError
from mqsql.schema import DOCUMENT, STRING, Table
from mqsql.storage import Store

Keys = list[tuple[str, int]]
Find = tuple[dict[str, Any], dict[str, Any]]

INDEXES: list[Keys] = [
    [('content.a', 1)],
    [('content.a', -1), ('queue', 1)],
    [('queue', 1), ('content.b', 1)],
    [('content.b', 1), ('content.a', 1)],
]
CALLS: list[Find] = [
    ({'content.a': 'new'}, {}),
    ({'content.a': {'$gte': 1, '$lte': 3}}, {}),
    ({'content.a': None}, {'sort': [('content.a', -1)]}),
    ({'content.a': {'$ne': 'x'}, 'queue': 'l'}, {'sort': 'content.a'}),
    ({'content.a': 'x'}, {'sort': [('queue', 1)]}),
    ({'queue': 'l'}, {'sort': [('content.b', -1)]}),
    ({'content.b': 1}, {'sort': [('content.a', 1)], 'limit': 3}),
    ({'content.b': {'$exists': True}, 'content.a': [2, 'x']}, {}),
    ({'content.b': {'$exists': True}}, {}),
    ({'content.b': {'$exists': False}}, {'sort': [('content.a', -1)]}),
    ({'content.b': None}, {}),
    ({'content.b': {'$ne': None}}, {}),
    ({}, {'sort': [('content.b', 1), ('content.a', -1)]}),
]


def agree(store: Store) -> None:
    """The calls of find are answered as the reference answers them for the records that are there."""
    records = list(store.find({}))
    for test, options in CALLS:
        answer = [record['msg_id'] for record in store.find(test, [], **options)]
        assert answer == [record['msg_id'] for record in reference.find(records, test, [], **options)]
        assert set(store.explain(test, **options).indexes) & {'_'.join(f'{k}_{d}' for k, d in keys) for keys in INDEXES}


WRITES = [
    "INSERT INTO task_records (msg_id, content, queue) VALUES ('new', '{\"a\":2,\"b\":[1,2]}', 'l')",
    "INSERT INTO task_records (msg_id) VALUES ('empty')",
    """UPDATE task_records SET content = '{"a":"new"}' WHERE msg_id = '2'""",
    """UPDATE task_records SET content = '{"a":[3,"x"],"b":1}' WHERE msg_id IN ('2', 'new')""",
    "UPDATE task_records SET queue = 'l', content = json_set(content, '$.b', 1)",
    "UPDATE task_records SET rowid = rowid + 100 WHERE msg_id = '3'",
    """REPLACE INTO task_records (msg_id, content) VALUES ('5', '{"a":"new"}')""",
    """REPLACE INTO task_records (rowid, msg_id, content) SELECT rowid, '4', '{"a":[]}' FROM task_records WHERE msg_id = '4'""",
    """REPLACE INTO task_records (rowid, msg_id, content) SELECT rowid, '1', '{"a":7}' FROM task_records WHERE msg_id = '1'""",
    "UPDATE OR REPLACE task_records SET msg_id = '2' WHERE msg_id = 'new'",
    "DELETE FROM task_records WHERE msg_id IN ('0', '2')",
    'VACUUM',
    'ANALYZE',
    "UPDATE task_records SET content = NULL WHERE msg_id = '3'",
    'DELETE FROM task_records',
]


def test_other_programs_cannot_make_it_stale(tmp_path: Path) -> None:
    path = str(tmp_path / 'tasks.db')
    contents = [{'a': [i, 'x'], 'b': i} if i % 2 else {'a': i, 'b': {'c': i}} for i in range(6)]
    with filled([{'msg_id': str(i), 'content': content} for i, content in enumerate(contents)], path) as store:
        for keys in INDEXES:
            store.create_index(keys)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            agree(store)
            for sql in WRITES:
                other.execute(sql)
                agree(store)


DAY = datetime(2026, 1, 1, tzinfo=UTC)

# fmt: off
KINDS: list[Any] = [
    None, False, True, -math.inf, -(10**30), -(2**63) - 1, -(2**63), -1.5, -1, 0, 0.5, 1, 1.0, 2**53 + 1, 2.0**53, 2**63 - 1,
    2**63, 10**30, math.inf, math.nan, '', '\0', '\x01', 'a', 'a\0', 'b', '\ud800', datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, tzinfo=UTC), DAY, datetime(9999, 12, 31, tzinfo=UTC), b'', b'ab',
    {}, {'x': 1}, {'x': None}, [], [None], [1, 'a'], [[1]], [['a', 1]], [0.5, 2**63, b'ab'], [{'x': 1}, DAY],
]
"""Values of every kind that an index may hold, those at the ends of 64 bits among them."""
# fmt: on
ASKED: list[dict[str, Any]] = [
    *({name: kind} for kind in KINDS for name in ('$eq', '$ne', '$gt', '$gte', '$lt', '$lte')),
    *({'$in': KINDS[i::7]} for i in range(7)),
    *({'$nin': KINDS[i::7]} for i in range(7)),
    {'$gt': -1, '$lt': 2**63},
    {'$exists': True},
    {'$exists': False},
    {'$not': {'$exists': True}},
    {'$not': {'$gte': 'a'}},
    {'$type': ['double', 'array', 'date']},
    {'$type': 'int'},
    {'$size': 2},
    {'$regex': '^a'},
]


@pytest.mark.parametrize(
    ('index', 'beside'),
    [
        ([('content.a', 1)], {}),
        ([('content.a', -1), ('queue', 1)], {'queue': 'x'}),
        ([('queue', 1), ('content.a', 1)], {'queue': {'$in': ['x', 'z']}}),
    ],
)
def test_it_holds_every_kind_of_value(index: Keys, beside: dict[str, Any]) -> None:
    records: list[dict[str, Any]] = [
        {'msg_id': f'{i:02}', 'queue': 'xy'[i % 5 == 0], 'content': {'a': value}} for i, value in enumerate(KINDS)
    ]
    records += [{'msg_id': 'none', 'queue': 'x'}, {'msg_id': 'other', 'queue': 'x', 'content': {'b': 1}}]
    # What an array holds is sorted among what stands by itself, be it stored before or after that.
    inside = [{'queue': 'x', 'content': {'a': [kind]}} for kind in KINDS if not isinstance(kind, list | dict)]
    records[:0] = [{'msg_id': f'before {i}', **record} for i, record in enumerate(inside)]
    records += [{'msg_id': f'after {i}', **record} for i, record in enumerate(inside)]
    windows: list[dict[str, Any]] = [{}, {'limit': 7, 'skip': 3}, {'limit': 2, 'skip': 30}]
    with filled(records) as plain, filled(records) as indexed:
        name, used = indexed.create_index(index), 0
        for test in ASKED:
            query = {'content.a': test, **beside}
            answer = [record['msg_id'] for record in plain.find(query, [])]
            assert [record['msg_id'] for record in indexed.find(query, [])] == answer, query
            used += name in indexed.explain(query, []).indexes
        assert used > len(ASKED) / 2
        for sort in ([('content.a', 1)], [('content.a', -1)], [('content.a', -1), ('queue', 1)], [('queue', -1)]):
            for query in ({}, {'queue': 'x'}, {'content.a': {'$gte': 0}}, {'content.a': 'a'}):
                for window in windows:
                    expected = [record['msg_id'] for record in reference.find(records, query, [], sort=sort, **window)]
                    assert [r['msg_id'] for r in indexed.find(query, [], sort=sort, **window)] == expected, (
                        query,
                        sort,
                    )


FITTING: list[Find] = [
    (query, {'sort': [('queue', direction)], **window})
    for query in (
        {'content.a': 'b', 'resubmitted': 'q'},
        {'$and': [{'content.a': {'$gte': 'a'}}, {'content.a': 'b'}], 'resubmitted': 'q'},
        {'$and': [{'content.a': {'$lt': 'b'}}, {'content.a': 'b'}], 'resubmitted': 'q'},
        {'resubmitted': 'q', 'content.a': DAY},
        {'content.a': 1, 'resubmitted': 'q'},
        {'content.a': None, 'resubmitted': 'q'},
        {'content.a': True, 'resubmitted': 'q', 'started': None},
    )
    for direction in (1, -1)
    for window in ({}, {'limit': 2}, {'limit': 1, 'skip': 1})
]


@pytest.mark.parametrize(('query', 'options'), FITTING)
def test_a_record_comes_once_and_in_order_however_many_of_its_values_fit(
    query: dict[str, Any], options: dict[str, Any]
) -> None:
    arrays = [['a', 'b', 'b', 'c'], [1, 1.0, 2, None], [DAY, 'b', DAY], [True, False, True, 1.0]]
    values = ['b', 1, 1.0, True, DAY, None, *arrays, {'b': 1}, 'b', *arrays, 'c']
    records: list[dict[str, Any]] = [
        {'msg_id': f'{i}', 'queue': 'yxz'[i % 3], 'resubmitted': 'qr'[i % 7 == 4], 'content': {'a': value}}
        for i, value in enumerate(values)
    ]
    with filled(records[:10]) as store:
        name = store.create_index([('content.a', 1), ('resubmitted', 1), ('queue', -1)])
        for record in records[10:]:
            store.add_record(record['msg_id'], record)
        expected = [record['msg_id'] for record in reference.find(records, query, [], **options)]
        assert expected
        assert [record['msg_id'] for record in store.find(query, [], **options)] == expected
        assert name in store.explain(query, **options).indexes


@pytest.mark.parametrize('value', ['b', DAY])
def test_what_one_value_finds_comes_in_the_index_s_order(value: object) -> None:
    with filled([{'msg_id': str(i), 'content': {'a': ['b', DAY, i]}} for i in range(3)]) as store:
        store.create_index([('content.a', 1), ('queue', -1)])
        plan = store.explain({'content.a': value}, ['queue'], sort=[('queue', -1)]).plan
        assert [line.split()[:2] for line in plan if 'SEARCH' in line] == [
            ['SEARCH', 'e0'],
            ['SEARCH', 'task_records'],
        ] * 2
        assert not any('TEMP' in line for line in plan)


@pytest.mark.parametrize(
    ('test', 'by'),
    [
        (None, 'type_rank=?'),
        (True, 'type_rank=? AND value=?'),
        (5, 'type_rank=? AND value=?'),
        ('x', 'type_rank=? AND value=?'),
        (DAY, 'type_rank=? AND value=?'),
        ({'$gt': 5}, 'type_rank=? AND value>?'),
        ({'$lte': 'a'}, 'type_rank=? AND value<?'),
        ({'$gte': False}, 'type_rank=? AND value>?'),
        ({'$regex': 'a'}, 'type_rank=?'),
        ({'b': 1}, None),
        ({'$gt': [1]}, None),
    ],
)
def test_an_index_is_searched_for_rank_and_value(test: object, by: str | None) -> None:
    with filled([{'msg_id': str(i), 'content': {'a': [i] if i % 2 else i}} for i in range(40)]) as store:
        store.create_index('content.a')
        explained = store.explain({'content.a': test}, [])
        others = [line for line in explained.plan if 'content.a~multikey.values' in line]
        plain = [line.rpartition('~order ')[2] for line in explained.plan if 'content.a~order' in line]
        assert others
        assert plain == ([f'({by})'] if by else [])
        assert 'CASE' not in explained.sql


@pytest.mark.parametrize('types', ['null', 10, ['null'], ['bool', 'null'], ['string', 9, 'null']])
def test_what_is_missing_has_no_type(types: object) -> None:
    contents: list[Any] = [None, {}, {'a': None}, {'a': [None, 1]}, [{'a': None}, {}], {'a': True}, {'a': 'x'}]
    records = [{'msg_id': str(i), 'content': content} for i, content in enumerate(contents)]
    with filled(records) as store:
        store.create_index('content.a')
        for query in ({'content.a': {'$type': types}}, {'content.a': {'$not': {'$type': types}}}):
            assert 'content.a_1' in store.explain(query).indexes
            assert ids(store, query) == [record['msg_id'] for record in reference.find(records, query)]


def test_what_exists_is_told_by_a_column() -> None:
    with filled([]) as store:
        store.create_index('content.a')
        explained = store.explain({'content.a': {'$exists': True}}, [])
        assert explained.indexes == ('content.a_1',)
        assert 'CASE' not in explained.sql


@pytest.mark.parametrize(
    'query',
    [
        {'content.a': {'$ne': 1}},
        {'content.a': {'$not': {'$gt': 1}}},
        {'$or': [{'content.a': 1}, {'content.b': 2}]},
        {'content.b': 2, '$nor': [{'content.a': None}]},
    ],
)
def test_negations_and_alternatives_use_an_index(query: dict[str, Any]) -> None:
    with filled([{'msg_id': str(i), 'content': {'a': [i] if i % 2 else i}} for i in range(4)]) as store:
        name = store.create_index('content.a')
        assert name in store.explain(query, []).indexes


def test_schemas_look_at_arrays_themselves() -> None:
    schema = {'properties': {'content': {'properties': {'a': {'minimum': 3, 'maximum': 7, 'enum': [5, [5]]}}}}}
    values = [5, 2, [5], [2, 5], None, 'x', {}, 5.0]
    records = [{'msg_id': str(i), 'content': {'a': value}} for i, value in enumerate(values)]
    with filled(records) as store:
        store.create_index('content.a')
        expected = [record['msg_id'] for record in reference.find(records, {'$jsonSchema': schema})]
        assert ids(store, {'$jsonSchema': schema}) == expected == ['0', '2', '7']


def test_an_index_may_have_a_column_that_is_named_by_a_word_of_sql() -> None:
    table = Table('notes', {'id': STRING, 'order': STRING, 'key': STRING, 'doc': DOCUMENT}, key='id')
    records = [{'id': str(i), 'order': f'o{i % 2}', 'key': 'k', 'doc': {'a': [i, 7]}} for i in range(4)]
    with filled(records, table=table) as store:
        for name in ('order', 'key'):
            store.create_index([(name, 1), ('doc.a', 1)])
        for query in ({'order': 'o1', 'doc.a': 7}, {'key': 'k', 'doc.a': {'$in': [1, 3]}}):
            assert [record['id'] for record in store.find(query)] == ['1', '3']


def test_a_table_s_own_names_are_told_from_those_of_its_indexes() -> None:
    columns = dict.fromkeys(
        ('key', 'record', 'type', 'key2', 'value2', 'there', 'id', 'json', 'root', 'o', 'e0'), STRING
    )
    table = Table('notes', {**columns, 'value': DOCUMENT, 'rank': DOCUMENT}, key='key')
    values = [1, 'x', None, [1, 'x'], {'b': 1}, [{'b': [2, 3]}], [], 'x', [2, 1]]
    records = [
        {
            'key': str(i),
            'record': f'r{i % 3}',
            'key2': f'k{i % 2}',
            'value2': 'xy'[i % 2],
            'value': {'a': value},
            'rank': {'a': i},
        }
        for i, value in enumerate(values)
    ]
    tests: list[Any] = [
        1,
        'x',
        None,
        {'$gt': 0},
        {'$in': [1, 'x']},
        {'$ne': 1},
        {'$exists': False},
        {'$size': 2},
        {'$type': 'array'},
    ]
    with filled(records, table=table) as store:
        for keys in ([('value.a', 1), ('record', -1)], [('key2', 1), ('value.a', -1)], [('rank.a', 1), ('value.a', 1)]):
            store.create_index(keys)
        for sort in ([('record', 1)], [('value.a', -1)], [('value.a', 1), ('record', -1)], [('rank.a', -1)]):
            for test in tests:
                for beside in ({}, {'key2': 'k1'}, {'rank.a': {'$gte': 3}}, {'record': {'$gte': 'r1'}}):
                    query = {'value.a': test, **beside}
                    expected = [r['key'] for r in reference.find(records, query, ['key'], sort=sort, table=table)]
                    assert [r['key'] for r in store.find(query, ['key'], sort=sort)] == expected, (query, sort)


PLAIN: list[tuple[Any, tuple[object, ...]]] = [
    (None, (1, None)),
    (-(2**63), (2, -(2**63))),
    (2**63 - 1, (2, 2**63 - 1)),
    (-(2.0**63), (2, -(2.0**63))),
    (0.5, (2, 0.5)),
    ('', (3, '')),
    ('a', (3, 'a')),
    (False, (7, 0)),
    (True, (7, 1)),
    (DAY, (8, '{"$date":"2026-01-01T00:00:00.000000Z"}')),
]
"""Values with their rank and value in an index's first table."""
OTHERS: list[Any] = [
    2.0**63,
    -1e19,
    1e30,
    -1e30,
    2**63,
    -(2**63) - 1,
    math.inf,
    math.nan,
    b'',
    {},
    {'$dat': 1},
    [],
    [1],
    [['a']],
]


def test_plain_values_have_ranks_and_the_others_a_table_of_their_own(path: Path) -> None:
    values = [value for value, _ in PLAIN] + OTHERS
    with storage.open(path) as store, closing(sqlite3.connect(path)) as other:
        for i, value in enumerate(values):
            if i == len(values) // 2:
                store.create_index('content.a')
            store.add_record(str(i), {'content': {'a': value}})
        store.add_record('nothing', {})
        rows = other.execute(
            'SELECT type_rank, value, present FROM "task_records/content.a" ORDER BY record'
        ).fetchall()
        assert repr(rows) == repr([(*place, 1) for _, place in PLAIN] + [(1, None, 0)])
        rows = other.execute(
            'SELECT record FROM "task_records/content.a~multikey" WHERE type IS NULL ORDER BY record'
        ).fetchall()
        assert [record for (record,) in rows] == list(range(len(PLAIN) + 1, len(values) + 1))


NAME = 'task_records/queue~/content.a~/resubmitted/content.b'
LAYOUT = {
    NAME: (
        f'CREATE TABLE "{NAME}" '
        '(record INTEGER PRIMARY KEY, value, type_rank2, value2, present2, value3, type_rank4, value4, present4)'
    ),
    f'{NAME}~multikey': f'CREATE TABLE "{NAME}~multikey" (type, value, record INTEGER NOT NULL, key1, key3)',
    f'{NAME}~order': (
        f'CREATE INDEX "{NAME}~order" ON "{NAME}" (value DESC, type_rank2 DESC, value2 DESC, value3, type_rank4, value4)'
    ),
    f'{NAME}~multikey.values': (
        f'CREATE INDEX "{NAME}~multikey.values" ON "{NAME}~multikey" (key1 DESC, type, value, key3, record)'
    ),
    f'{NAME}~multikey.record': f'CREATE INDEX "{NAME}~multikey.record" ON "{NAME}~multikey" (record)',
    f'{NAME}~inserted': f'CREATE TRIGGER "{NAME}~inserted" AFTER INSERT ON task_records',
    f'{NAME}~updated': f'CREATE TRIGGER "{NAME}~updated" AFTER UPDATE OF rowid, queue, content, resubmitted ON task_records',
    f'{NAME}~deleted': f'CREATE TRIGGER "{NAME}~deleted" AFTER DELETE ON task_records',
}
"""What files hold: a later version must find it, or renew the indexes."""


def test_an_index_has_the_layout_that_files_have(path: Path) -> None:
    with storage.open(path) as store, closing(sqlite3.connect(path)) as other:
        store.create_index([('queue', -1), ('content.a', -1), ('resubmitted', 1), ('content.b', 1)])
        rows = other.execute("SELECT name, sql FROM sqlite_schema WHERE name GLOB '*/*'").fetchall()
        assert {name: sql.partition(' BEGIN ')[0] for name, sql in rows} == LAYOUT


OLD_INDEX = """
CREATE TABLE "task_records/content.a" AS
    SELECT DISTINCT e.type AS type, e.value AS value, task_records.rowid AS record FROM task_records,
    json_each(CASE json_type(content, '$.a') WHEN 'array' THEN content -> '$.a' ELSE '[' || (content -> '$.a') || ']' END) AS e;
CREATE INDEX "task_records/content.a.values" ON "task_records/content.a" (type, value, record);
CREATE INDEX "task_records/content.a.record" ON "task_records/content.a" (record);
CREATE TRIGGER "task_records/content.a.inserted" AFTER INSERT ON task_records BEGIN
    INSERT INTO "task_records/content.a" SELECT 'old', 'layout', new.rowid; END;
CREATE TRIGGER "task_records/content.a.updated" AFTER UPDATE OF content ON task_records BEGIN
    DELETE FROM "task_records/content.a" WHERE record = old.rowid; END;
CREATE TRIGGER "task_records/content.a.deleted" AFTER DELETE ON task_records BEGIN
    DELETE FROM "task_records/content.a" WHERE record = old.rowid; END;
"""


def test_an_index_of_the_first_layout_is_renewed(tmp_path: Path) -> None:
    path = str(tmp_path / 'tasks.db')
    with filled([{'msg_id': str(i), 'content': {'a': i}} for i in range(4)], path):
        pass
    with closing(sqlite3.connect(path)) as other:
        other.executescript(OLD_INDEX)
    with storage.open(path, readonly=True) as reader:
        assert 'content.a_1' not in reader.list_indexes()
        assert [r['msg_id'] for r in reader.find({'content.a': {'$gt': 1}}, sort=[('content.a', -1)])] == ['3', '2']
    with storage.open(path) as store:
        assert store.list_indexes()['content.a_1'] == (('content.a', 1),)
        store.add_record('4', {'content': {'a': [4, 0]}})
        assert [r['msg_id'] for r in store.find({'content.a': {'$gt': 1}}, sort=[('content.a', -1)])] == ['4', '3', '2']
        assert store.explain({'content.a': 1}).indexes == ('content.a_1',)
        store.drop_index('content.a_1')
        with closing(sqlite3.connect(path)) as other:
            left = other.execute("SELECT name FROM sqlite_schema WHERE name GLOB 'task_records/*'").fetchall()
            assert left == []


def test_stores_follow_each_others_indexes(tmp_path: Path) -> None:
    path = str(tmp_path / 'tasks.db')
    records = [{'msg_id': str(i), 'header': {'n': i}} for i in range(3)]
    with filled(records, path) as one, filled([], path) as two:
        name = one.create_index('header.n')
        assert one.create_index('header.n') == name == 'header.n_1'
        assert two.list_indexes()[name] == (('header.n', 1),)
        assert two.explain({'header.n': 1}).indexes == ('header.n_1',)
        two.drop_index(name)
        assert [r['msg_id'] for r in one.find({'header.n': 1}, [])] == ['1']
        assert one.explain({'header.n': 1}).indexes == ()
        with pytest.raises(MqsqlError, match=r"unknown index 'header\.n_1'"):
            one.drop_index(name)


# --- names


@pytest.mark.parametrize('url', [':memory:', 'dict:'])
def test_indexes_have_the_names_that_pymongo_gives(url: str) -> None:
    with filled([{'msg_id': 'm', 'resubmitted': 'q', 'stdout': 'o'}], url) as store:
        assert store.create_index([('resubmitted', 1), ('stdout', -1)]) == 'resubmitted_1_stdout_-1'
        assert store.create_index({'resubmitted': 1, 'stdout': -1}) == 'resubmitted_1_stdout_-1'
        assert store.list_indexes()['resubmitted_1_stdout_-1'] == (('resubmitted', 1), ('stdout', -1))
        assert store.create_index('pyerr.ename') == 'error.ename_1'
        assert store.create_index([('header.msg_type', 1), 'completed']) == 'header.msg_type_1_completed_1'
        before = len(store.list_indexes())
        store.drop_index('resubmitted_1_stdout_-1')
        store.drop_index([('header.msg_type', 1), ('completed', 1)])
        assert len(store.list_indexes()) == before - 2


def test_what_is_no_index_is_refused() -> None:
    with filled([]) as store:
        store.create_index('content.a_1_resubmitted')
        bad: list[tuple[Any, str]] = [
            ('nope', "unknown key 'nope'"),
            ('buffers', 'have no index'),
            ('queue.x', 'have no index'),
            ('content', 'takes a column or a path to a field'),
            ('content..a', 'takes a column or a path to a field'),
            ([], 'takes a key or a list of keys'),
            (5, 'takes a key, a list of'),
            (b'queue', 'takes a key, a list of'),
            ([5], 'takes keys and pairs'),
            ([('queue', 2)], "the direction of 'queue' .* is 1 or -1"),
            ([('queue', True)], "the direction of 'queue' .* is 1 or -1"),
            ([('queue', 'text')], "the direction of 'queue' .* is 1 or -1"),
            (['pyin', 'execute_input'], 'has a key twice'),
            ([('content.a', 1), ('resubmitted', 1)], "another index of the name 'content.a_1_resubmitted_1'"),
        ]
        for keys, message in bad:
            with pytest.raises(QueryError, match=message):
                store.create_index(keys)
        with pytest.raises(UnknownNameError, match="unknown index 'label_-1', did you mean 'label_1'"):
            store.drop_index([('label', -1)])


@pytest.mark.parametrize(
    ('query', 'sort', 'name'),
    [
        ({}, [('content.a', 1)], 'content.a_1'),
        ({}, [('content.a', -1)], 'content.a_-1'),
        ({}, [('content.a', -1), ('queue', 1)], 'content.a_-1_queue_1'),
        ({'queue': 'x'}, [('content.a', 1)], 'queue_1_content.a_1'),
        ({'content.a': 1}, [], 'content.a_-1'),  # the first of equals
        ({'content.a': 1, 'queue': 'x'}, [], 'content.a_-1_queue_1'),
    ],
)
def test_the_index_that_fits_best_is_taken(query: dict[str, Any], sort: Keys, name: str) -> None:
    with filled([{'msg_id': str(i), 'queue': 'x', 'content': {'a': i % 3}} for i in range(9)]) as store:
        for keys in (
            [('content.a', -1)],
            [('content.a', 1)],
            [('content.a', -1), ('queue', 1)],
            [('queue', 1), ('content.a', 1)],
        ):
            store.create_index(keys)
        assert [used for used in store.explain(query, sort=sort).indexes if 'content' in used] == [name]


def test_of_two_indexes_that_serve_alike_the_first_is_taken() -> None:
    with filled([{'msg_id': str(i), 'content': {'a': i}} for i in range(4)]) as store:
        first, _ = [store.create_index([('content.a', 1), (key, 1)]) for key in ('queue', 'resubmitted')]
        assert store.explain({}, [], sort='content.a').indexes == (first,)
        assert store.explain({'content.a': 1}, []).indexes == (first,)


@pytest.mark.parametrize(
    ('keys', 'query', 'sort'),
    [
        (['content.a', 'queue'], {}, ['content.a']),
        (['content.a', 'queue', 'resubmitted'], {'content.a': 1}, ['queue']),
        (['queue', 'content.a', 'resubmitted'], {'queue': 'x'}, ['content.a']),
        (['queue', 'content.a', 'resubmitted'], {'queue': 'x', 'content.a': 1}, ['resubmitted']),
    ],
)
def test_a_part_of_an_index_keeps_the_order_of_a_sort(keys: list[str], query: dict[str, Any], sort: list[str]) -> None:
    with filled([{'msg_id': str(i), 'queue': 'x', 'content': {'a': i % 3}} for i in range(9)]) as store:
        name = store.create_index([(key, 1) for key in keys])
        explained = store.explain(query, ['resubmitted'], sort=[(key, 1) for key in sort])
        assert name in explained.indexes
        assert 'UNION ALL' in explained.sql
