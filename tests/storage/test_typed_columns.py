"""Number and Boolean columns in every kind of store: what they hold, find, sort and refuse; the indexes on them."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from store_files import ask, change

import mqsql
from mqsql import BOOLEAN, DOCUMENT, NUMBER, STRING, Index, QueryError, RecordError, Store, Table
from mqsql.errors import DamagedValueWarning

NAN, INF = math.nan, math.inf
BIGGEST = 1.7976931348623157e308

TABLE = Table(
    'runs',
    {'key': STRING, 'n': NUMBER, 'ok': BOOLEAN, 'doc': DOCUMENT},
    'key',
    indexes=(Index(('n',)), Index(('ok', 'n'), (1, -1)), Index(('doc.a', 'n'))),
)

NUMBERS: dict[str, Any] = {
    'none': None,
    'nan': NAN,
    '-inf': -INF,
    '-max': -BIGGEST,
    'least int': -(2**63),
    '-1.5': -1.5,
    '-0.0': -0.0,
    'tiny': 5e-324,
    '1': 1,
    '1.0': 1.0,
    '2**53': 2**53,
    '2.0**53': 2.0**53,
    '2**53+1': 2**53 + 1,
    'most int': 2**63 - 1,
    '2.0**63': 2.0**63,
    '2.0**70': 2.0**70,
    'max': BIGGEST,
    'inf': INF,
}
"""By key; in the order of BSON, equal ones by insertion."""


@pytest.fixture(params=['file', ':memory:', 'dict:', 'duckdb::memory:'])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    """A store of each kind that holds NUMBERS."""
    with mqsql.open(path if request.param == 'file' else request.param, table=TABLE) as opened:
        fill(opened)
        yield opened


def fill(store: Store) -> None:
    for key, value in NUMBERS.items():
        store.add_record(key, {'n': value, 'ok': None if value is None else value == value and value > 0})


def found(store: Store, query: Any, **options: Any) -> set[str]:
    return set(store.keys(query, **options))


def between(first: str, last: str) -> set[str]:
    """The keys of NUMBERS from one to another."""
    keys = list(NUMBERS)
    return set(keys[keys.index(first) : keys.index(last) + 1])


# --- what they hold


def test_numbers_come_back_as_they_were(store: Store) -> None:
    for key, value in NUMBERS.items():
        assert repr(store.get_record(key)['n']) == repr(value)
    assert [repr(record['n']) for record in store.find({}, 'n')] == list(map(repr, NUMBERS.values()))


def test_integers_past_64_bits_are_refused_before_anything_is_written(store: Store) -> None:
    for value in (2**63, -(2**63) - 1, 10**400):
        with pytest.raises(RecordError, match=r'n: takes integers of at most 64 bits, not \S+ \(int\); write float'):
            store.add_record('big', {'n': value})
        with pytest.raises(RecordError, match='at most 64 bits'):
            store.update_record('1', {'n': value})
    assert store.get_record('1')['n'] == 1
    assert store.count({'key': 'big'}) == 0


@pytest.mark.parametrize(
    ('record', 'message'),
    [
        ({'n': '5'}, "n: takes a number, not '5' (str)"),
        ({'n': True}, 'n: takes a number, not True (bool)'),
        ({'n': [5]}, 'n: takes a number, not [5] (list)'),
        ({'ok': 1}, 'ok: takes True or False, not 1 (int)'),
        ({'ok': 'true'}, "ok: takes True or False, not 'true' (str)"),
    ],
)
def test_other_values_are_refused(store: Store, record: Any, message: str) -> None:
    with pytest.raises(RecordError, match=re.escape(message)):
        store.add_record('odd', record)


def test_the_file_has_plain_numbers(path: Path) -> None:
    with mqsql.open(path, table=TABLE) as store:
        fill(store)
    assert ask(path, "SELECT group_concat(DISTINCT typeof(n)) FROM runs WHERE key <> 'nan'") == 'null,real,integer'
    assert ask(path, "SELECT n FROM runs WHERE key = 'nan'") == 'NaN'
    assert ask(path, 'SELECT group_concat(DISTINCT ok) FROM runs') == '0,1'


# --- what they find


@pytest.mark.parametrize(
    ('test', 'keys'),
    [
        (1, {'1', '1.0'}),
        (0, {'-0.0'}),
        (2**53, {'2**53', '2.0**53'}),
        (2.0**53 + 2, set()),
        (2**53 + 1, {'2**53+1'}),
        (2**63, {'2.0**63'}),
        (2**70, {'2.0**70'}),
        (2**70 + 1, set()),
        (10**400, set()),
        (NAN, {'nan'}),
        (INF, {'inf'}),
        (None, {'none'}),
        ({'$ne': 1}, between('none', 'tiny') | between('2**53', 'inf')),
        ({'$gt': 0}, between('tiny', 'inf')),
        ({'$gte': -0.0}, between('-0.0', 'inf')),
        ({'$lt': 1}, between('-inf', 'tiny')),
        ({'$lte': 1}, between('-inf', '1.0')),
        ({'$gt': 2.0**53}, between('2**53+1', 'inf')),
        ({'$lt': 2**53 + 1}, between('-inf', '2.0**53')),
        ({'$gt': 2**63}, between('2.0**70', 'inf')),
        ({'$gte': 2**63}, between('2.0**63', 'inf')),
        ({'$gt': 2**70 - 1}, between('2.0**70', 'inf')),
        ({'$lt': 10**400}, between('-inf', 'max')),
        ({'$gt': -(10**400)}, between('-max', 'inf')),
        ({'$gte': -INF}, between('-inf', 'inf')),
        ({'$gt': INF}, set()),
        ({'$gte': NAN}, {'nan'}),
        ({'$lte': NAN}, {'nan'}),
        ({'$lt': NAN}, set()),
        ({'$gt': 1, '$lt': 2**63}, between('2**53', 'most int')),
        ({'$gt': 1, '$eq': NAN}, set()),
        ({'$not': {'$gt': 0}}, between('none', '-0.0')),
        ({'$in': [1, INF, NAN, None, 2**70, 10**400]}, {'1', '1.0', 'inf', 'nan', 'none', '2.0**70'}),
        ({'$in': [-INF, INF]}, {'-inf', 'inf'}),
        ({'$nin': [1, NAN, None]}, between('-inf', 'tiny') | between('2**53', 'inf')),
        ({'$exists': False}, {'none'}),
        ({'$type': 'int'}, {'1'}),
        ({'$type': 'long'}, {'least int', '2**53', '2**53+1', 'most int'}),
        (
            {'$type': 1},
            {'nan', '-inf', '-max', '-1.5', '-0.0', 'tiny', '1.0', '2.0**53', '2.0**63', '2.0**70', 'max', 'inf'},
        ),
        ({'$type': 'number'}, between('nan', 'inf')),
        ({'$type': ['string', 'bool', 'null', 'object']}, set()),
        ({'$mod': [2, 1]}, {'1', '1.0', '2**53+1', 'most int'}),
        ({'$mod': [2, -1]}, {'-1.5'}),
        ({'$bitsAllSet': 1}, {'1', '1.0', '2**53+1', 'most int'}),
        ({'$bitsAllClear': [0, 1]}, {'least int', '-0.0', '2**53', '2.0**53'}),
        ({'$bitsAnySet': [63]}, {'least int'}),
        ({'$all': [1]}, {'1', '1.0'}),
        ({'$size': 1}, set()),
        ({'$elemMatch': {'$gt': 0}}, set()),
        ({'$regex': 'N'}, set()),
        ({'$glob': 'N*'}, set()),
    ],
    ids=str,
)
def test_numbers_that_are_found(store: Store, test: Any, keys: set[str]) -> None:
    assert found(store, {'n': test}) == keys
    assert found(store, {'$nor': [{'n': test}]}) == NUMBERS.keys() - keys


@pytest.mark.parametrize(
    ('test', 'keys'),
    [
        (True, between('tiny', 'inf')),
        (False, between('nan', '-0.0')),
        (None, {'none'}),
        ({'$ne': True}, between('none', '-0.0')),
        ({'$gt': False}, between('tiny', 'inf')),
        ({'$gte': False}, between('nan', 'inf')),
        ({'$lt': False}, set()),
        ({'$in': [True, None]}, {'none'} | between('tiny', 'inf')),
        ({'$type': 'bool'}, between('nan', 'inf')),
        ({'$type': 'number'}, set()),
        ({'$mod': [2, 1]}, set()),
        ({'$bitsAllSet': 1}, set()),
        ({'$regex': '1'}, set()),
    ],
    ids=str,
)
def test_booleans_that_are_found(store: Store, test: Any, keys: set[str]) -> None:
    assert found(store, {'ok': test}) == keys
    assert found(store, {'$nor': [{'ok': test}]}) == NUMBERS.keys() - keys


@pytest.mark.parametrize(
    ('schema', 'keys'),
    [
        ({'bsonType': 'int'}, {'none', '1'}),
        ({'bsonType': ['int', 'bool', 'double'], 'minimum': 2**63}, {'none'} | between('2.0**63', 'inf')),
        ({'type': 'number', 'maximum': 0, 'exclusiveMaximum': True}, {'none'} | between('-inf', '-1.5')),
        ({'type': 'string'}, {'none'}),
        ({'minLength': 5}, set(NUMBERS)),
        ({'multipleOf': 2**70}, {'none', '-max', '-0.0', 'max'}),
        ({'enum': [1, True, NAN, 'x']}, {'none', 'nan', '1', '1.0'}),
        ({'not': {'minimum': 0}}, {'none'} | between('nan', '-1.5')),
    ],
    ids=str,
)
def test_numbers_that_are_valid(store: Store, schema: Any, keys: set[str]) -> None:
    assert found(store, {'$jsonSchema': {'properties': {'n': schema}}}) == keys


def test_booleans_that_are_valid(store: Store) -> None:
    for schema, ok in (({'enum': [True, 1]}, True), ({'enum': [False, 0]}, False), ({'type': 'boolean'}, None)):
        keys = found(store, {'$jsonSchema': {'properties': {'ok': schema}}})
        assert keys == found(store, {'ok': {'$in': [ok, None]}} if ok is not None else {})


def test_expressions_see_numbers_and_booleans(store: Store) -> None:
    assert found(store, {'$expr': {'$gt': ['$n', 1]}}) == between('2**53', 'inf') | between('none', 'none') - {'none'}
    assert found(store, {'$expr': '$ok'}) == between('tiny', 'inf')
    assert found(store, {'$expr': {'$eq': [{'$type': '$n'}, 'missing']}}) == {'none'}
    (record,) = store.find({'key': '1.0'}, projection={'t': {'$type': '$n'}, 'o': {'$type': '$ok'}})
    assert record == {'key': '1.0', 't': 'double', 'o': 'bool'}


@pytest.mark.parametrize(
    ('query', 'message'),
    [
        ({'n': '5'}, "n: 'n' is a Number column and takes a number, not '5' (str)"),
        ({'n': {'$gt': True}}, "n.$gt: 'n' is a Number column and takes a number, not True (bool)"),
        ({'n': {'$in': [1, 'x']}}, "n.$in[1]: 'n' is a Number column and takes a number, not 'x' (str)"),
        ({'n': {'$eq': re.compile('x')}}, "n.$eq: 'n' is a Number column and takes a number, not"),
        ({'n.x': 1}, "n.x: 'n' holds numbers, and no path leads into them"),
        ({'ok': 0}, "ok: 'ok' is a Boolean column and takes True or False, not 0 (int)"),
        ({'ok': {'$lt': 'x'}}, "ok.$lt: 'ok' is a Boolean column and takes True or False, not 'x' (str)"),
    ],
)
def test_an_operand_of_another_type_is_refused(query: Any, message: str) -> None:
    with pytest.raises(QueryError, match=re.escape(message)):
        mqsql.compile(query, table=TABLE)
    with mqsql.open('dict:', table=TABLE) as dicts, pytest.raises(QueryError):
        dicts.find(query)


# --- order, distinct values


def in_order(store: Store, query: Any = None, **options: Any) -> list[str]:
    return store.keys(query, **options)


def test_numbers_sort_as_in_bson(store: Store) -> None:
    keys = list(NUMBERS)
    assert in_order(store, sort='n') == keys
    for limit in range(1, len(keys)):
        assert in_order(store, sort='n', limit=limit) == keys[:limit]
        assert in_order(store, sort='n', limit=limit, skip=2) == keys[2 : limit + 2]
    down = in_order(store, sort=[('n', -1)])
    # Equal ones stay in the order of insertion.
    assert down == [*reversed(keys[12:]), '2**53', '2.0**53', '1', '1.0', *reversed(keys[:8])]
    assert in_order(store, sort=[('n', -1)], limit=7) == down[:7]
    assert in_order(store, {'n': {'$lt': 1}}, sort='n', limit=3) == ['-inf', '-max', 'least int']


def test_booleans_sort_with_numbers(store: Store) -> None:
    keys = list(NUMBERS)
    assert in_order(store, sort=['ok', 'n']) == keys
    assert in_order(store, sort=[('ok', -1), ('n', 1)], limit=3) == keys[7:10]
    assert in_order(store, {'ok': False}, sort='n', limit=2) == ['nan', '-inf']


def test_distinct_numbers(store: Store) -> None:
    values = store.distinct('n')
    assert len(values) == len(NUMBERS) - 1 - 2  # the missing one; 1.0 and 2.0**53 are there as integers
    assert store.distinct('ok') == [False, True]


# --- indexes


def test_indexes_are_searched(path: Path) -> None:
    with mqsql.open(path, table=TABLE) as store:
        fill(store)
        for query in (
            {'n': 1},
            {'n': {'$gt': 5}},
            {'n': {'$gte': 1, '$lt': 5}},
            {'$and': [{'n': {'$lt': 5}}, {'n': {'$gt': 1}}]},
            {'n': {'$in': [1, INF, NAN]}},
            {'n': NAN},
            {'ok': True, 'n': {'$gt': 5}},
        ):
            explained = store.explain(query)
            assert set(explained.indexes) <= {'n_1', 'ok_1_n_-1'}
            assert explained.indexes
            assert not [line for line in explained.plan if line.startswith('SCAN runs')]
        plan = '\n'.join(store.explain({'n': {'$gte': 1, '$lt': 5}}).plan)
        assert '(n>? AND n<?)' in plan
        plan = '\n'.join(store.explain({}, sort='n', limit=5).plan)
        assert 'SCAN runs USING COVERING INDEX runs.n' in plan
        plan = '\n'.join(store.explain({'n': {'$gt': 5}}, sort='n').plan)
        assert 'TEMP B-TREE' not in plan


def test_an_index_on_paths_may_have_them_as_keys(path: Path) -> None:
    with mqsql.open(path, table=TABLE) as store, mqsql.open('dict:', table=TABLE) as dicts:
        for one in (store, dicts):
            fill(one)
            for i, key in enumerate(NUMBERS):
                one.update_record(key, {'doc': {'a': [i % 3] if i % 2 else i % 3}})
        for test in (
            1,
            NAN,
            None,
            {'$gt': 0},
            {'$lte': 1},
            {'$in': [1, NAN, INF]},
            {'$exists': True},
            {'$type': 'double'},
        ):
            query = {'doc.a': 1, 'n': test}
            assert found(store, query) == found(dicts, query)
            assert 'doc.a_1_n_1' in store.explain(query).indexes
        for sort in ('n', [('n', -1)], ['doc.a', 'n']):
            for limit in (0, 3):
                assert store.keys({'doc.a': 1}, sort=sort, limit=limit) == dicts.keys(
                    {'doc.a': 1}, sort=sort, limit=limit
                )


# --- values of other programs


@pytest.mark.parametrize(
    ('column', 'value', 'problem'),
    [
        ('n', "'five'", "is no number but 'five' (str)"),
        ('n', "x'00'", "is no number but b'\\x00' (bytes)"),
        ('ok', '2', 'is neither 0 nor 1 but 2 (int)'),
        ('ok', "'yes'", "is neither 0 nor 1 but 'yes' (str)"),
    ],
)
def test_a_damaged_value_is_left_out(path: Path, column: str, value: str, problem: str) -> None:
    with mqsql.open(path, table=TABLE) as store:
        fill(store)
        change(path, f"UPDATE runs SET {column} = {value} WHERE key = '1'")
        with pytest.warns(DamagedValueWarning, match=re.escape(problem)):
            assert store.get_record('1')[column] is None
        assert store.find_one({'key': '1'}, column) == {'key': '1', column: None}
        assert len(store.keys(sort=column)) == len(NUMBERS)
        assert '1' not in store.keys({column: {'$gt': 0} if column == 'n' else True})
        store.update_record('1', {column: NUMBERS['1'] if column == 'n' else True})
        assert store.get_record('1')[column] == 1
