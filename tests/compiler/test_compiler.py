"""The library call: what a query is compiled to, and what is said of one that has no meaning."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import apsw
import pytest
from stores import filled

import mqsql
from mqsql.compiler import compile_count, compile_delete, compile_distinct
from mqsql.compiler.dialects.sqlite.keywords import KEYWORDS
from mqsql.compiler.parse import MAX_PARAMS
from mqsql.compiler.parse.context import MAX_NESTING
from mqsql.schema import BUFFERS, DOCUMENT, STRING, TIMESTAMP, Table
from mqsql.values.paths import MAX_STEPS

Bad = Callable[[], object]


def nested(levels: int, operator: str = '$and') -> Any:
    query: Any = {'label': 'a'}
    for _ in range(levels):
        query = {operator: [query]}
    return query


def cyclic() -> Any:
    query: Any = {}
    query['$and'] = [query]
    return query


# --- the call


def test_the_documented_call() -> None:
    q = mqsql.compile({'completed': None}, keys=['msg_id', 'started'])
    assert q.sql == 'SELECT msg_id, started FROM task_records WHERE completed IS NULL ORDER BY rowid + 0'
    assert q.params == {}
    assert q.keys == ('msg_id', 'started')
    assert q.record(('m', 0)) == {'msg_id': 'm', 'started': datetime(1970, 1, 1, tzinfo=UTC)}
    assert q.record(('m', None)) == {'msg_id': 'm', 'started': None}


@pytest.mark.parametrize(
    ('keys', 'expected'),
    [
        ('label', ('msg_id', 'label')),
        ((), ('msg_id',)),
        (iter(['label', 'msg_id', 'label']), ('msg_id', 'label')),
        ({'queue': 1}.keys(), ('msg_id', 'queue')),
        (['complete', 'completed'], ('msg_id', 'complete', 'completed')),
        (['header.b', 'header.a'], ('msg_id', 'header.b', 'header.a')),
    ],
)
def test_keys(keys: Any, expected: tuple[str, ...]) -> None:
    assert mqsql.compile({}, keys).keys == expected


def test_keys_are_not_changed() -> None:
    keys = ['label', 'queue']
    mqsql.compile({}, keys)
    assert keys == ['label', 'queue']


def test_dotted_keys_of_one_column_merge_in_the_documents_order() -> None:
    q = mqsql.compile({}, ['header.b.c', 'header.a', 'error.x'])
    row = ('m', '{"a":1,"b":[{"c":2,"d":3},4,[{"c":5}]],"e":6}', None)
    assert q.record(row) == {'msg_id': 'm', 'header': {'a': 1, 'b': [{'c': 2}, [{'c': 5}]]}, 'error': None}


def test_a_query_is_not_changed_and_an_iterable_is_read_once() -> None:
    query = {'msg_id': {'$in': ['a']}, '$or': [{'label': None}]}
    mqsql.compile(query)
    assert query == {'msg_id': {'$in': ['a']}, '$or': [{'label': None}]}
    read = iter(['a', 'b', 'c'])
    assert mqsql.compile({'msg_id': {'$in': read}}).params == {'p0': '["a","b","c"]'}
    assert next(read, None) is None


def test_a_million_ids_are_one_parameter() -> None:
    q = mqsql.compile({'msg_id': {'$in': (f'{i}' for i in range(1_000_000))}}, [])
    assert ' WHERE msg_id IN (SELECT value FROM json_each(:p0)) ' in q.sql
    assert len(q.params) == 1


def test_count_and_delete_have_the_same_condition() -> None:
    query = {'completed': None, 'queue': 'a'}
    where = 'WHERE completed IS NULL AND queue = :p0'
    assert compile_count(query).sql == f'SELECT COUNT(*) FROM task_records {where}'
    assert compile_delete(query).sql == f'DELETE FROM task_records {where}'
    assert compile_delete({}).sql == 'DELETE FROM task_records'


def test_limit_and_skip_are_parameters() -> None:
    q = mqsql.compile({}, [], limit=3, skip=2)
    assert q.sql.endswith('LIMIT :limit OFFSET :skip')
    assert q.params == {'limit': 3, 'skip': 2}
    assert mqsql.compile({}, [], limit=0, skip=0).params == {}


def test_many_branches_stay_within_sqlites_depth() -> None:
    q = mqsql.compile({'$or': [{'msg_id': str(i)} for i in range(10_000)]}, [])
    with closing(sqlite3.connect(':memory:')) as connection:
        connection.execute('CREATE TABLE task_records (msg_id TEXT)')
        connection.execute("INSERT INTO task_records VALUES ('7777')")
        assert connection.execute(q.sql, q.params).fetchall() == [('7777',)]
    deepest = mqsql.compile(nested(MAX_NESTING, '$nor'), []).sql
    assert deepest.count('IS NOT') == MAX_NESTING


def test_a_pattern_takes_its_options_from_one_place() -> None:
    beside = mqsql.compile({'label': {'$regex': re.compile('a'), '$options': 'is'}}).params
    assert beside == mqsql.compile({'label': {'$regex': re.compile('a', re.IGNORECASE | re.DOTALL)}}).params
    with pytest.raises(mqsql.QueryError, match='options in the pattern or in \\$options, not in both'):
        mqsql.compile({'label': {'$regex': re.compile('a', re.MULTILINE), '$options': 'i'}})


# --- times


def test_a_naive_time_is_local_and_a_zone_is_an_instant() -> None:
    noon = datetime(2026, 3, 29, 12)
    given = [noon, noon.astimezone(UTC), noon.astimezone(timezone(timedelta(hours=9))), noon.astimezone().isoformat()]
    assert len({str(mqsql.compile({'started': t}).params) for t in given}) == 1


# --- the standard library alone


def test_the_standard_librarys_sqlite3_runs_it_on_a_file_that_the_store_wrote(tmp_path: Path) -> None:
    path = tmp_path / 'tasks.db'
    record = {
        'label': 'it\'s\x00 \ud800"',
        'submitted': datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        'header': {'$a.b"c': [1, 2.0, 10**30, float('inf'), {'d': datetime(1, 1, 1, tzinfo=UTC)}], 'tags': ['x', 'y']},
        'buffers': [b'', b'\x00\xff' * 1000],
    }
    with mqsql.open(str(path)) as store:
        store.add_record('m', record)
        store.add_record('n', {'header': {'tags': 'z'}})
    queries: list[Any] = [
        {'label': {'$glob': 'it*'}},
        {'submitted': {'$gt': '2026-01-02T03:04:05.678900Z'}},
        {'header.tags': 'y'},
        {'header.tags.0': 'x'},
        {'header.tags': {'$ne': 'z'}},
        {'buffers': {'$size': 2}},
        {'header.tags': {'$elemMatch': {'$gt': 'x'}}},
        {'msg_id': {'$in': map(str, ['m', 'o'])}},
    ]
    with closing(sqlite3.connect(path)) as connection:
        for query in queries:
            q = mqsql.compile(query, ['label', 'submitted', 'header', 'buffers'])
            rows = connection.execute(q.sql, q.params).fetchall()
            assert [q.record(row) for row in rows] == [{'msg_id': 'm', **record}], query


# --- tables of one's own


def test_any_table_compiles_and_odd_names_are_quoted() -> None:
    columns = {'id': STRING, 'value': DOCUMENT, 'order': STRING, 'say "hi"': TIMESTAMP, 'key': STRING, 'files': BUFFERS}
    table = Table('group', columns, key='id', aliases={'rank': 'order'})
    connection = apsw.Connection(':memory:')
    connection.execute('CREATE TABLE "group" (id, value, "order", "say ""hi""", key, files)')
    connection.execute("""INSERT INTO "group" VALUES ('a', '{"value":[{"key":1}]}', 'x', 0, 'k', '[]')""")
    query = {
        'rank': 'x',
        'say "hi"': {'$lte': datetime(2000, 1, 1)},
        'key': 'k',
        'value.value.key': 1,
        'id': {'$ne': 'b'},
    }
    q = mqsql.compile(query, ['rank', 'value', 'key'], sort='say "hi"', table=table)
    rows = connection.execute(q.sql, q.params).fetchall()
    connection.close()
    assert [q.record(row) for row in rows] == [{'id': 'a', 'rank': 'x', 'value': {'value': [{'key': 1}]}, 'key': 'k'}]


@pytest.mark.parametrize(
    ('columns', 'key', 'message'),
    [
        ({'a': TIMESTAMP}, 'a', "the key 'a' holds times; a key is a STRING column"),
        ({'a': STRING, 'rowid': STRING}, 'a', "a column cannot be named 'rowid'"),
        ({'a': STRING, 'x.y': STRING}, 'a', "a column cannot be named 'x.y'"),
        ({'a': STRING, '$x': STRING}, 'a', "a column cannot be named '\\$x'"),
        ({'a': STRING, 'A': STRING}, 'a', "a column cannot be named 'A': SQLite does not tell it from 'a'"),
    ],
)
def test_a_table_that_contradicts_itself(columns: Any, key: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Table('t', columns, key)


def test_every_keyword_of_sqlite_is_quoted() -> None:
    assert {word.lower() for word in apsw.keywords} <= KEYWORDS


# --- what has no meaning


@pytest.mark.parametrize(
    ('query', 'message'),
    [
        ([], 'a query is a dict, not [] (list)'),
        ({5: 1}, 'a key is text, not 5 (int)'),
        ({'statred': 1}, "statred: unknown key 'statred', did you mean 'started'?"),
        ({'started': {'$gte': 5}}, "started.$gte: 'started' is a Timestamp column and takes a datetime, not 5 (int)"),
        ({'queue': 5}, "queue: 'queue' is a String column and takes text, not 5 (int)"),
        ({'queue': b'\xff'}, "queue: 'queue' is a String column and takes text or ASCII bytes, not b'\\xff' (bytes)"),
        ({'label': {'$gt': {1, 2}}}, 'label.$gt: mqsql has no type for {1, 2} (set)'),
        ({'label': {'$grt': 'a'}}, "label.$grt: unknown operator '$grt', did you mean '$gt'?"),
        ({'label': {'$gt': 'a', 'x': 1}}, "label: operators and other keys cannot be mixed: 'x' (str)"),
        ({'label': {'$in': 'abc'}}, "label.$in: takes a list or another iterable, not 'abc' (str)"),
        ({'queue': {'$in': ['a', 5]}}, "queue.$in[1]: 'queue' is a String column and takes text, not 5 (int)"),
        ({'label': {'$in': [{'$regex': 'a'}]}}, "label.$in: takes values, not operators: {'$regex': 'a'} (dict)"),
        ({'queue.x': 'a'}, "queue.x: 'queue' holds strings, and no path leads into them"),
        ({'buffers': b'x'}, 'buffers: buffers can be tested with None, $exists, $size and $type, not compared'),
        ({'$or': []}, '$or: takes a non-empty list of queries, not [] (list)'),
        ({'$or': [{}, {'$and': [{'queue': 1}]}]}, "$or[1].$and[0].queue: 'queue' is a String column"),
        ({'$where': 'x'}, '$where: $where runs JavaScript, and there is none here'),
        ({'content.a': {'$where': 'x'}}, 'content.a.$where: $where runs JavaScript'),
        ({'$gt': 5}, '$gt: $gt cannot be where a key would be'),
        ({'content.a': {'$not': 5}}, 'content.a.$not: takes operators or a pattern, not 5 (int)'),
        ({'content.a': {'$size': -1}}, 'content.a.$size: takes a non-negative integer, not -1 (int)'),
        ({'content.a': {'$size': 'x'}}, "content.a.$size: takes an integer, not 'x' (str)"),
        ({'content.a': {'$mod': [0, 1]}}, 'content.a.$mod: the divisor cannot be 0'),
        ({'content.a': {'$type': 'int64'}}, "content.a.$type: unknown type 'int64' (str)"),
        ({'content.a': {'$type': True}}, 'content.a.$type: unknown type True (bool)'),
        ({'content.a': {'$options': 'i'}}, 'content.a.$options: is allowed only with $regex'),
        ({'content.a': {'$regex': '('}}, "content.a.$regex: the pattern '(' (str) cannot be compiled"),
        ({'content.a': {'$gt': re.compile('x')}}, 'content.a.$gt: a document cannot hold re.compile'),
        ({'content.a': {'$elemMatch': [1]}}, 'content.a.$elemMatch: takes a dict of operators or a query'),
        ({'content.a': {'$all': [1, {'$elemMatch': {}}]}}, 'content.a.$all: takes values, or only $elemMatch'),
        ({'content.a': {'$all': [{'$gt': 1}]}}, "content.a.$all[0]: takes values or $elemMatch, not {'$gt': 1} (dict)"),
        ({'content.a': {'$bitsAllSet': -1}}, 'content.a.$bitsAllSet: takes a non-negative mask'),
        (
            {'content.a': {'$mod': [1]}},
            'content.a.$mod: takes a list of two numbers, [divisor, remainder], not [1] (list)',
        ),
        ({'content.a': {'$mod': [2**63, 0]}}, f'content.a.$mod: takes numbers of at most 64 bits, not {2**63} (int)'),
        ({'content.a': {'$bitsAllSet': 2**63}}, 'content.a.$bitsAllSet: takes a non-negative mask'),
        ({'label': {'$glob': 5}}, 'label.$glob: takes text, not 5 (int)'),
        ({'label': {'$regex': 'a\0b'}}, 'label.$regex: '),
        ({'label': {'$regex': 'a', '$options': 'z'}}, '$options takes letters of "imsxu", not \'z\' (str)'),
        ({'content' + '.a' * 51: 1}, "a path has at most 50 steps: 'content.a.a"),
        ({'content.a': {'$bitsAllSet': -5}}, 'of at most 64 bits, not -5 (int)'),
        ({'content.a': {'$bitsAllSet': [2**31]}}, 'from 0 to 2147483647, not [2147483648] (list)'),
        ({'content.a': {'$bitsAllSet': [-1]}}, 'from 0 to 2147483647, not [-1] (list)'),
        ({'content.a': {'$mod': [-1e19, 0]}}, 'content.a.$mod: takes numbers of at most 64 bits, not -1e+19 (float)'),
        ({'content.a': {'$mod': [-(2**63) - 1, 0]}}, 'of at most 64 bits, not -9223372036854775809 (int)'),
        ({'content.a': {'$elemMatch': 5}}, 'content.a.$elemMatch: takes a dict of operators or a query, not 5 (int)'),
        ({'content.a': {'$all': [{'$elemMatch': 5}]}}, 'content.a.$all[0].$elemMatch: takes a dict of operators'),
        ({'content.a': {1: 2}}, 'content.a: a key is text, not 1 (int)'),
        ({'content.a': {'b': {3}}}, 'content.a.b: mqsql has no type for {3} (set); write a list: list(value)'),
        ({'.'.join(['content'] + ['a'] * (MAX_STEPS + 1)): 1}, f'a path has at most {MAX_STEPS} steps'),
        (nested(MAX_NESTING + 1), f'a query is nested at most {MAX_NESTING} levels deep'),
        (nested(10_000), f'a query is nested at most {MAX_NESTING} levels deep'),
        (cyclic(), f'a query is nested at most {MAX_NESTING} levels deep'),
        ({'$or': [{'label': {'$gt': 'a'}}] * (MAX_PARAMS + 1)}, 'put the values into one $in'),
    ],
)
def test_a_bad_query_is_named(query: Any, message: str) -> None:
    with pytest.raises(mqsql.QueryError, match=re.escape(message)):
        mqsql.compile(query)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'keys': 5}, 'keys: takes text or an iterable of text, not 5 (int)'),
        ({'keys': [5]}, 'keys: a key is text, not 5 (int)'),
        ({'keys': ['lable']}, "keys: unknown key 'lable', did you mean 'label'?"),
        ({'keys': ['header', 'header.a']}, "keys: 'header.a': a field as a whole and a path into it"),
        ({'keys': ['header.a', 'header']}, "keys: 'header': a field as a whole and a path into it"),
        ({'keys': ['header.a', 'header.a.b']}, "keys: 'header.a.b': a field as a whole and a path into it"),
        ({'keys': ['header..b']}, "keys: 'header..b': a path has no empty step"),
        ({'keys': ['queue.x']}, "keys: 'queue.x': 'queue' holds strings, and no path leads into them"),
        ({'sort': 5}, 'sort: takes a key, a list of (key, 1 or -1) or a dict, not 5 (int)'),
        ({'sort': [('label', 2)]}, "sort: the direction of 'label' (str) is 1 or -1, not 2 (int)"),
        ({'sort': [('label', True)]}, "sort: the direction of 'label' (str) is 1 or -1, not True (bool)"),
        ({'sort': 'lable'}, "sort: unknown key 'lable', did you mean 'label'?"),
        ({'sort': [5]}, 'sort: takes keys and pairs of (key, 1 or -1), not 5 (int)'),
        ({'sort': [(5, 1)]}, 'sort: a key is text, not 5 (int)'),
        ({'sort': 'buffers'}, "sort: 'buffers' holds lists of bytes, which have no order"),
        ({'limit': 2**63}, f'limit: takes an integer from 0, not {2**63} (int)'),
        ({'limit': -1}, 'limit: takes an integer from 0, not -1 (int)'),
        ({'skip': True}, 'skip: takes an integer from 0, not True (bool)'),
        ({'dialect': 'oracle'}, "unknown dialect 'oracle' (str); known are sqlite"),
        ({'table': 'shop'}, "table: takes a mqsql.Table, not 'shop' (str)"),
        ({'table': {}}, 'table: takes a mqsql.Table, not {} (dict)'),
    ],
)
def test_bad_options_are_named(options: Any, message: str) -> None:
    with pytest.raises(mqsql.QueryError, match=re.escape(message)):
        mqsql.compile({}, **options)


@pytest.mark.parametrize('query', [{'x': 1}, {'label': {'$foo': 1}}, {'$foo': 1}])
def test_an_unknown_name_is_a_key_error_too(query: Any) -> None:
    with pytest.raises(KeyError) as caught:
        mqsql.compile(query)
    assert isinstance(caught.value, mqsql.QueryError)
    assert str(caught.value).startswith(caught.value.path)


@pytest.mark.parametrize('key', ['content..a', 'nothing.x', 'buffers', 5])
def test_a_bad_key_of_distinct_is_named(key: Any) -> None:
    with pytest.raises(mqsql.QueryError) as caught:
        compile_distinct(key)
    assert caught.value.path.startswith('key')


def test_a_path_may_have_so_many_steps() -> None:
    assert mqsql.compile({'content' + '.a' * MAX_STEPS: 1}, []).params


def test_limits_and_sizes_of_any_number() -> None:
    assert mqsql.compile({}, [], limit=200, skip=300).params == {'limit': 200, 'skip': 300}
    with filled([{'msg_id': 'm', 'content': {'l': [0] * 200}}]) as store:
        assert store.count({'content.l': {'$size': 200}}) == 1


def test_where_a_query_is_nested_too_deeply_is_named() -> None:
    with pytest.raises(mqsql.QueryError) as caught:
        mqsql.compile(nested(MAX_NESTING + 1))
    assert caught.value.path.startswith('$')


def test_a_path_into_an_unknown_key_is_named_whole() -> None:
    with pytest.raises(mqsql.UnknownNameError) as caught:
        mqsql.compile({}, ['lable.x'])
    assert caught.value.path == "keys: 'lable.x'"


def test_a_key_with_too_many_steps_is_named() -> None:
    with pytest.raises(mqsql.QueryError, match=re.escape("keys: 'content.a.a")):
        mqsql.compile({}, ['label', 'content' + '.a' * (MAX_STEPS + 1)])
    assert mqsql.compile({}, ['content' + '.a' * MAX_STEPS], sort='content' + '.a' * MAX_STEPS).sql


def test_a_pattern_is_checked_with_its_options() -> None:
    assert mqsql.compile({'label': {'$regex': 'a # (', '$options': 'x'}}, []).params
    with pytest.raises(mqsql.QueryError, match='label'):
        mqsql.compile({'label': {'$regex': 'a # ('}}, [])


# --- injection

SPITE = ["'; DROP TABLE task_records; --", 'x" OR 1=1 --', "') --", '$."', "a'b", '\x00', 'p0', ':p0', '?', '%s']


@pytest.mark.parametrize('spite', SPITE)
def test_values_never_reach_the_text(spite: str) -> None:
    plain = mqsql.compile({'label': 'v', 'content.a': {'$in': ['v'], '$gt': 'v', '$ne': {'v': 'v'}}}).sql
    spiteful = mqsql.compile({'label': spite, 'content.a': {'$in': [spite], '$gt': spite, '$ne': {spite: spite}}}).sql
    assert spiteful == plain


@pytest.mark.parametrize('spite', SPITE)
def test_names_in_paths_are_only_names(spite: str) -> None:
    if '.' in spite:
        spite = spite.replace('.', ',')
    with mqsql.open(':memory:') as store:
        store.add_record('m', {'content': {'a': {spite: 1}}})
        store.add_record('n', {'content': {'a': [{spite: 1}]}})
        store.add_record('o', {'content': {'a': 1}})
        assert [r['msg_id'] for r in store.find({f'content.a.{spite}': 1}, [])] == ['m', 'n']
        assert store.count({f'content.a.{spite}': None}) == 1
