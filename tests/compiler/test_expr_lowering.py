"""Expressions as SQL: which are lowered and to what, and that they find what the interpreter and the reference find."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from duck import Duck
from lowering import condition, interpreted, is_lowered

import mqsql
from mqsql import QueryError, reference
from mqsql.schema import BOOLEAN, DOCUMENT, NUMBER, STRING, TIMESTAMP, Record, Table
from mqsql.storage import Store

NOON = datetime(2024, 2, 29, 12, 30, 15, 123_456, tzinfo=UTC)
OLD = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
BIG = 2**63 - 1

THINGS = Table(
    'things',
    {'id': STRING, 'name': STRING, 'at': TIMESTAMP, 'until': TIMESTAMP, 'n': NUMBER, 'on': BOOLEAN, 'd': DOCUMENT},
    key='id',
)
VALUES: list[Any] = [
    *(0, 1, -1, 7, 2**31, BIG, -(2**63), 0.5, -2.5, 2.0, -0.0, 1e308, 2.0**63),
    *(math.nan, math.inf, -math.inf, 2**64, -(10**30)),
    *('', 'a', 'Aé', '\0', '\x01', '\ud800', '\ud7ff', '7'),
    *(NOON, OLD, FIRST, LAST, True, False, None, b'', b'ab'),
    *({}, {'x': 1}, [], [1, 'a'], [{'x': 1}, {'x': 'a'}, 5], [[1]]),
]
RECORDS: list[Record] = [
    {'id': 'nothing'},
    {'id': 'list', 'd': [{'x': 1}, {'x': 2}]},
    {'id': 'full', 'name': 'Aé\0', 'at': NOON, 'until': NOON + timedelta(seconds=60), 'n': 5, 'on': True},
    {'id': 'old', 'name': '', 'at': OLD, 'until': NOON, 'n': -0.5, 'on': False},
    {'id': 'ends', 'name': '\ud800', 'at': FIRST, 'until': LAST, 'n': math.nan},
    {'id': 'reversed', 'name': 'a', 'at': LAST, 'until': FIRST, 'n': math.inf},
    *({'id': f'v{i}', 'd': {'x': value, 'y': 2, 'o': {'x': value}}} for i, value in enumerate(VALUES)),
]


@pytest.fixture(scope='module')
def store() -> Iterator[Store]:
    with mqsql.open(':memory:', table=THINGS) as opened:
        for record in RECORDS:
            opened.add_record(record['id'], record)
        yield opened


def sql_of(expression: Any) -> str:
    return condition(expression, table=THINGS)


Find = Callable[[list[Record]], list[str]]
"""The keys of those of the records of which an expression is true."""


def by_sql(store: Store, expression: Any) -> list[Any]:
    """Whether it is true of each record, or the error."""

    def find(records: list[Record]) -> list[str]:
        few = {'id': records[0]['id']} if len(records) == 1 else {}
        return [record['id'] for record in store.find({**few, '$expr': expression}, ['id'])]

    return outcomes(find)


def by_reference(expression: Any) -> list[Any]:
    """The same."""
    query = {'$expr': expression}
    return outcomes(lambda records: [r['id'] for r in records if reference.matches(r, query, table=THINGS)])


def outcomes(find: Find) -> list[Any]:
    """True, false or an error for each record; the records are asked for one by one only if some have errors."""
    try:
        found = find(RECORDS)
    except QueryError:
        return [outcome(find, record) for record in RECORDS]
    return [record['id'] in found for record in RECORDS]


def outcome(find: Find, record: Record) -> Any:
    try:
        return find([record]) != []
    except QueryError as e:
        return str(e)


def tried(store: Store, expression: Any) -> list[Any]:
    """The outcomes of SQL, which are those of the interpreter, and but for the words of errors those of the reference."""
    found = by_sql(store, expression)
    with interpreted():
        assert found == by_sql(store, expression)
    wordless = [one if isinstance(one, bool) else 'error' for one in found]
    assert wordless == [one if isinstance(one, bool) else 'error' for one in by_reference(expression)]
    return wordless


COMPARISONS = ('$eq', '$ne', '$gt', '$gte', '$lt', '$lte')
PATHS = ['$name', '$at', '$n', '$on', '$d', '$d.x', '$d.o.x', '$d.nothing.x']
OPERANDS: list[Any] = [0, 0.5, BIG, 2.0**63, 'a', '', NOON, OLD, True, False, None]


@pytest.mark.parametrize('operator', COMPARISONS)
@pytest.mark.parametrize('path', PATHS)
def test_comparisons_with_each_type(store: Store, operator: str, path: str) -> None:
    for operand in OPERANDS:
        assert sql_of({operator: [path, operand]}).startswith('mqsql_expr(') is False
        tried(store, {operator: [path, operand]})
        tried(store, {'$not': {operator: [operand, path]}})


@pytest.mark.parametrize('operator', COMPARISONS)
@pytest.mark.parametrize('path', PATHS)
def test_comparisons_of_two_paths(store: Store, operator: str, path: str) -> None:
    for other in PATHS:
        tried(store, {operator: [path, other]})


def at(operator: str, date: Any = '$at', **others: Any) -> dict[str, Any]:
    return {operator: {'date': date, **others} if others else date}


def between(unit: str, **others: Any) -> dict[str, Any]:
    return {'$dateDiff': {'startDate': '$at', 'endDate': '$until', 'unit': unit, **others}}


PARTS = ['$year', '$month', '$dayOfMonth', '$dayOfYear', '$dayOfWeek', '$isoDayOfWeek', '$hour', '$minute', '$second']
UNITS = ['millisecond', 'second', 'minute', 'hour', 'day', 'week']
LOWERED: list[tuple[Any, Any]] = [
    # arithmetic at the ends of 64 bits, over floats, and over what has none
    ({'$add': ['$d.x', 1]}, 2),
    ({'$add': ['$d.x', 1]}, 2.0**63),
    ({'$add': ['$d.x', '$d.y', 0.5]}, 9.5),
    ({'$add': [1e308, '$d.x', 1e308]}, 1e308),
    ({'$add': ['$n', 1]}, 6),
    ({'$add': ['$at', 1000]}, NOON + timedelta(seconds=1)),
    ({'$add': [1, '$at', 1.0]}, OLD + timedelta(milliseconds=2)),
    ({'$add': ['$at', '$d.x']}, None),
    ({'$subtract': ['$d.x', 1]}, -(2.0**63)),
    ({'$subtract': ['$until', '$at']}, 60_000),
    ({'$subtract': ['$at', OLD]}, 0),
    ({'$subtract': ['$at', 1]}, NOON - timedelta(milliseconds=1)),
    ({'$subtract': ['$d.x', '$d.x']}, 0),
    ({'$subtract': ['$d.x', '$at']}, None),
    ({'$multiply': ['$d.x', 2]}, 2.0**64),
    ({'$multiply': ['$d.x', 3, 0.5]}, 10.5),
    ({'$multiply': ['$d.x', 1e308, 10, 0]}, 0.0),
    ({'$divide': ['$d.x', 2]}, 3.5),
    ({'$divide': [1, '$d.x']}, 2.0),
    ({'$mod': ['$d.x', 3]}, 1),
    ({'$mod': ['$d.x', '$d.y']}, -1),
    ({'$abs': '$d.x'}, 2.5),
    ({'$abs': '$n'}, 0.5),
    ({'$ceil': '$d.x'}, -2.0),
    ({'$floor': '$d.x'}, -3.0),
    ({'$round': '$d.x'}, 2**31),
    ({'$trunc': '$d.x'}, -2.0),
    ({'$cmp': ['$d.x', 7]}, 0),
    # dates
    *((at(part), 12) for part in PARTS),
    (at('$year'), 1969),
    (at('$millisecond'), 999),
    (at('$hour', timezone='UTC'), 23),
    *((at('$dateTrunc', unit=unit), NOON.replace(minute=30, second=15, microsecond=123_000)) for unit in UNITS),
    (at('$dateTrunc', unit='week', startOfWeek='fri'), datetime(1, 1, 5, tzinfo=UTC)),
    (at('$dateTrunc', unit='month'), datetime(2024, 2, 1, tzinfo=UTC)),
    (at('$dateTrunc', unit='year'), datetime(1969, 1, 1, tzinfo=UTC)),
    *((between(unit), 1) for unit in UNITS),
    (between('week', startOfWeek='monday'), 2825),
    ({'$dateAdd': {'startDate': '$at', 'unit': 'day', 'amount': 1}}, NOON + timedelta(days=1)),
    ({'$dateSubtract': {'startDate': '$at', 'unit': 'second', 'amount': '$n'}}, NOON - timedelta(seconds=5)),
    # strings
    ({'$concat': ['$name', '!', '$d.x']}, None),
    ({'$concat': ['$name', '!']}, 'Aé\0!'),
    ({'$toLower': '$name'}, 'aé\0'),
    ({'$toUpper': '$d.x'}, 'Aé'),
    ({'$strLenCP': '$name'}, 3),
    ({'$strLenBytes': '$name'}, 4),
    ({'$strLenBytes': {'$ifNull': ['$name', '\ud7ff']}}, 3),
    # types and arrays
    ({'$type': '$d.x'}, 'long'),
    ({'$type': '$d'}, 'array'),
    ({'$type': '$n'}, 'double'),
    ({'$isNumber': '$d.x'}, True),
    ({'$isArray': '$d.x'}, True),
    ({'$size': '$d.x'}, 2),
    # choices
    ({'$cond': [{'$gt': ['$d.x', 0]}, '$d.x', '$n']}, 7),
    ({'$ifNull': ['$name', '$d.x']}, 'a'),
    ({'$switch': {'branches': [{'case': '$on', 'then': 1}, {'case': {'$eq': ['$on', False]}, 'then': '$n'}]}}, -0.5),
    ({'$let': {'vars': {'l': {'$subtract': ['$until', '$at']}}, 'in': {'$divide': ['$$l', 1000]}}}, 60.0),
    ({'$and': ['$d.x', '$d.y']}, True),
    ({'$or': ['$d.x', '$on', False]}, True),
    ({'$not': ['$d.x']}, True),
]


@pytest.mark.parametrize(('expression', 'value'), LOWERED, ids=[str(expression)[:60] for expression, _ in LOWERED])
def test_an_operator_at_its_edges(store: Store, expression: Any, value: Any) -> None:
    for asked in ({'$eq': [expression, value]}, {'$lt': [expression, value]}, {'$gt': [value, expression]}, expression):
        assert not sql_of(asked).startswith('mqsql_expr(')
        tried(store, asked)


@pytest.fixture(scope='module')
def duck() -> Iterator[Duck]:
    opened = Duck(RECORDS, THINGS)
    yield opened
    opened.close()


DURATION = {'$subtract': ['$until', '$at']}
ON_DUCKDB: list[Any] = [
    *({operator: ['$at', '$until']} for operator in COMPARISONS),
    *({operator: [DURATION, value]} for operator in COMPARISONS for value in (60_000, 0.5, -BIG)),
    *({operator: ['$d.x', value]} for operator in COMPARISONS for value in ('a', '', True, None)),
    {'$eq': [{'$hour': '$at'}, 12]},
    {'$eq': [{'$dayOfWeek': '$until'}, 5]},
    {'$lt': [between('week', startOfWeek='monday'), 0]},
    {'$eq': [{'$concat': ['$name', '!']}, 'a!']},
    {'$cond': [{'$eq': ['$d.x', 'a']}, '$on', {'$isArray': '$d.x'}]},
    {'$in': ['$d.x', ['a', '7']]},
    {'$eq': [{'$ifNull': ['$name', 'none']}, 'none']},
]


@pytest.mark.parametrize('expression', ON_DUCKDB, ids=lambda expression: str(expression)[:60])
def test_duckdb_finds_the_same(duck: Duck, expression: Any) -> None:
    query = {'$expr': expression}
    assert 'mqsql_expr(' not in condition(expression, table=THINGS, dialect='duckdb')
    found = [record['id'] for record in duck.find(query, ['id'])]
    assert found == [r['id'] for r in RECORDS if reference.matches(r, query, table=THINGS)]


@pytest.mark.parametrize(
    'expression',
    [
        *({operator: ['$d.x', value]} for operator in COMPARISONS for value in (5, 0.5, 2**53 + 1, BIG, 2.0**63)),
        {'$eq': [{'$toLower': '$name'}, 'a']},
        {'$gt': [{'$ifNull': [{'$add': ['$until', 0]}, NOON]}, NOON]},
        {'$in': ['$d.x', [7, 0.5]]},
    ],
    ids=str,
)
def test_duckdb_asks_the_interpreter_where_it_is_not_exact(duck: Duck, expression: Any) -> None:
    query = {'$expr': expression}
    found = [record['id'] for record in duck.find(query, ['id'])]
    assert found == [r['id'] for r in RECORDS if reference.matches(r, query, table=THINGS)]


@pytest.mark.parametrize(
    'listed', [[7, 2.0, -1], ['a', '', '\0'], [NOON, OLD], [0.5, 2**31], [1], ['\ud800']], ids=repr
)
def test_membership(store: Store, listed: list[Any]) -> None:
    for path in PATHS:
        assert not sql_of({'$in': [path, listed]}).startswith('mqsql_expr(')
        tried(store, {'$in': [path, listed]})
        tried(store, {'$not': {'$in': [path, listed]}})


@pytest.mark.parametrize(
    'expression',
    [
        {'$regexMatch': {'input': '$name', 'regex': 'a'}},
        {'$eq': ['$d.x', [1, 'a']]},
        {'$eq': ['$d.x', {'x': 1}]},
        {'$gt': ['$d.x', math.nan]},
        {'$gt': [{'$sqrt': '$d.x'}, 1]},
        {'$in': ['$d.x', [1, 'a']]},
        {'$eq': [at('$hour', timezone='Europe/Paris'), 12]},
        {'$eq': ['$$ROOT', 1]},
        {'$let': {'vars': {'CURRENT': '$d'}, 'in': {'$eq': ['$x', 1]}}},
    ],
    ids=str,
)
def test_what_is_left_to_the_interpreter(store: Store, expression: Any) -> None:
    assert sql_of(expression).startswith('mqsql_expr(')
    tried(store, expression)


def test_a_duration_is_plain_sql() -> None:
    lasting = {'$gt': [{'$subtract': ['$until', '$at']}, 60_000]}
    shifted = '(until + 62135596800000000) / 1000 - (at + 62135596800000000) / 1000'
    assert sql_of(lasting) == f'({shifted}) > :p1'
    statement = mqsql.compile({'$expr': lasting}, table=THINGS)
    assert (statement.params, statement.functions) == ({'p1': 60_000}, frozenset())


COLUMNS: list[tuple[Any, str]] = [
    ({'$gte': ['$at', NOON]}, 'at >= :p0'),
    ({'$gt': [NOON, '$at']}, 'at IS NULL OR at < :p0'),
    ({'$lte': ['$at', NOON]}, 'at IS NULL OR at <= :p0'),
    ({'$lt': ['$at', 5]}, 'at IS NULL'),
    ({'$gt': ['$at', 5]}, 'at IS NOT NULL'),
    ({'$gt': ['$name', NOON]}, 'FALSE'),
    ({'$lt': ['$name', NOON]}, ''),
    ({'$eq': ['$name', None]}, 'FALSE'),
    ({'$lt': ['$name', None]}, 'name IS NULL'),
    ({'$eq': ['$name', '$$REMOVE']}, 'name IS NULL'),
    ({'$ne': ['$name', 'a']}, 'name IS NOT :p0'),
    ({'$in': ['$name', ['a', None, 5]]}, 'name IN (SELECT value FROM json_each(:p0))'),
    (
        {'$and': [{'$gte': ['$at', OLD]}, {'$not': {'$lt': ['$at', NOON]}}]},
        'at >= :p0 AND (at IS NULL OR at < :p1) IS NOT TRUE',
    ),
    ({'$or': [{'$eq': ['$at', OLD]}, {'$eq': ['$on', True]}]}, 'at = :p0 OR "on" = :p1'),
    ({'$gte': ['$at', {'$subtract': ['$$NOW', 60_000]}]}, 'at >= :p0'),
]
"""Expressions that say what predicates of fields do, and their SQL."""


@pytest.mark.parametrize(('expression', 'sql'), COLUMNS, ids=[str(expression)[:60] for expression, _ in COLUMNS])
def test_a_column_and_a_constant_are_a_predicate(store: Store, expression: Any, sql: str) -> None:
    assert sql_of(expression) == sql
    tried(store, expression)


def test_parts_of_a_conjunction_are_predicates() -> None:
    since = {'$gte': ['$at', NOON]}
    lasting = {'$gt': [{'$subtract': ['$until', '$at']}, 1]}
    risky = {'$gt': [{'$divide': [1, '$d.x']}, 0.1]}
    assert sql_of({'$and': [lasting, since]}).endswith('> :p1 AND at >= :p2')
    assert sql_of({'$and': [since, risky]}).startswith('at >= :p0 AND coalesce(')
    # An error comes before what follows it.
    assert not sql_of({'$and': [risky, since]}).startswith('at ')


def test_a_constant_in_place_of_the_time_may_have_no_value(store: Store) -> None:
    assert tried(store, {'$gte': ['$at', {'$add': ['$$NOW', '$$NOW']}]}).count('error') == len(RECORDS)
    assert tried(store, {'$gte': ['$at', {'$add': ['$$NOW', 10**18]}]}).count('error') == len(RECORDS)


@pytest.mark.parametrize('expression', [{'$eq': ['$d.x', '$d.y']}, {'$gt': ['$name', '$d.x']}, {'$eq': ['$name', 'A']}])
def test_strings_under_a_collation_are_left_to_the_interpreter(expression: Any) -> None:
    english = {'locale': 'en', 'strength': 2}
    assert condition(expression, table=THINGS, collation=english).startswith('mqsql_expr(')
    assert condition({'$gt': ['$d.x', 5]}, table=THINGS, collation=english).startswith('coalesce(')


def test_a_condition_that_sql_does_not_know_is_asked_of_the_interpreter() -> None:
    assert is_lowered({'$gt': ['$content.x', 5]})
    assert 'mqsql_expr(' in condition({'$gt': ['$content.x', 5]})
    assert 'mqsql_expr(' not in condition({'$eq': ['$content.x', 'a']})
