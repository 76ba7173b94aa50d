"""$expr on SQLite: what each operator gives, which expressions are refused, and that the reference agrees."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from evaluating import refused
from lowering import interpreted

import mqsql
from mqsql import QueryError, reference
from mqsql.compiler.parse.expressions.operands import OPERANDS
from mqsql.errors import UnknownNameError
from mqsql.storage import Store

LEAP = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)
RECORD: dict[str, Any] = {
    'msg_id': 'm',
    'label': 'Straße',
    'started': LEAP,
    'completed': LEAP + timedelta(seconds=90, microseconds=1),
    'buffers': [b'x'],
    'content': {
        'n': 7,
        'half': 2.5,
        'nan': math.nan,
        'text': 'a-b-a',
        'none': None,
        'list': [3, 'x', None, 3.0],
        'tasks': [{'id': 1, 'ok': True}, {'id': 2}, {}, 'no'],
        'deep': {'a': {'b': [1, 2]}},
        'when': datetime(2021, 1, 3, 12, tzinfo=UTC),
        'raw': b'ab',
    },
}
OTHERS: list[dict[str, Any]] = [{'msg_id': 'empty'}, {'msg_id': 'list', 'content': [{'n': 7}, {'n': 8}]}]


@pytest.fixture(scope='module')
def store() -> Iterator[Store]:
    with mqsql.open(':memory:') as opened:
        for record in (RECORD, *OTHERS):
            opened.add_record(record['msg_id'], record)
        yield opened


@pytest.fixture(scope='module')
def one() -> Iterator[Store]:
    with mqsql.open(':memory:') as opened:
        opened.add_record('m', RECORD)
        yield opened


def found(store: Store, expression: Any) -> list[str]:
    """The keys of the records of which the expression is true, by SQL and by the reference."""
    query = {'$expr': expression}
    keys = [record['msg_id'] for record in store.find(query, [])]
    with interpreted():
        assert keys == [record['msg_id'] for record in store.find(query, [])]
    records = [RECORD, *OTHERS][: store.count()]
    assert keys == [record['msg_id'] for record in records if reference.matches(record, query)]
    return keys


DAY = datetime(2024, 3, 31, tzinfo=UTC)
MISSING = 'missing'
"""Stands for an expression that gives nothing."""

VALUES: list[tuple[Any, Any]] = [
    # paths, variables, literals
    ('$content.n', 7),
    ('$complete', RECORD['completed']),
    ('$content.tasks.id', [1, 2]),
    ('$content.list.0', []),
    ('$content.nothing', MISSING),
    ('$content.n.x', MISSING),
    ('$received', MISSING),
    ('$$ROOT.content.deep.a.b', [1, 2]),
    ('$$CURRENT.label', 'Straße'),
    ('$$REMOVE', MISSING),
    ({'$literal': '$label'}, '$label'),
    ({'$literal': {'$add': [1, 2]}}, {'$add': [1, 2]}),
    (['$content.n', '$content.nothing'], [7, None]),
    ({'$mergeObjects': [{'a': '$content.n', 'b': '$content.nothing'}, None, {'a': 1}]}, {'a': 1}),
    ({'$let': {'vars': {'x': '$content.deep', 'y': 1}, 'in': ['$$x.a.b', '$$y']}}, [[1, 2], 1]),
    ({'$let': {'vars': {'数': 1, 'Éé_2': 2}, 'in': ['$$数', '$$Éé_2']}}, [1, 2]),
    ({'$let': {'vars': {'CURRENT': '$content.deep'}, 'in': ['$a.b', '$$ROOT.content.n', '$label']}}, [[1, 2], 7, None]),
    ({'$let': {'vars': {'CURRENT': 5, 'x': '$content.n'}, 'in': ['$$CURRENT', '$$x']}}, [5, 7]),
    ({'$map': {'input': '$content.tasks', 'as': 'CURRENT', 'in': '$id'}}, [1, 2, None, None]),
    ({'$eq': ['$$NOW', '$$NOW']}, True),
    ('$$NOW.year', MISSING),
    # comparison, conditions
    ({'$eq': ['$content.nan', math.nan]}, True),
    ({'$ne': ['$content.nothing', None]}, True),
    ({'$gt': ['$content.raw', '$content.text']}, True),
    ({'$gte': [7.0, '$content.n']}, True),
    ({'$lt': ['$content.nothing', None]}, True),
    ({'$lte': ['b', '$content.text']}, False),
    ({'$cmp': ['$content.n', 8]}, -1),
    ({'$and': []}, True),
    ({'$and': ['$content.n', '$content.nan', '']}, True),
    ({'$or': [None, 0, '$content.nothing']}, False),
    ({'$not': ['$content.none']}, True),
    ({'$cond': ['$content.none', 1, 2]}, 2),
    ({'$cond': {'if': True, 'then': 'yes', 'else': {'$divide': [1, '$content.n']}}}, 'yes'),
    ({'$ifNull': ['$content.none', '$content.nothing', 'else']}, 'else'),
    ({'$switch': {'branches': [{'case': {'$gt': ['$content.n', 9]}, 'then': 1}, {'case': 1, 'then': 2}]}}, 2),
    ({'$switch': {'branches': [{'case': False, 'then': {'$divide': [1, 0]}}], 'default': 'd'}}, 'd'),
    # arithmetic
    ({'$add': ['$content.n', 1, 0.5]}, 8.5),
    ({'$add': [2**63 - 1, 1]}, 2.0**63),
    ({'$add': ['$started', 2.0]}, LEAP + timedelta(milliseconds=2)),
    ({'$add': ['$content.n', None, 'x']}, None),
    ({'$subtract': ['$content.n', 10]}, -3),
    ({'$subtract': ['$started', 1000]}, LEAP - timedelta(seconds=1)),
    ({'$multiply': [2**40, 2**40]}, 2.0**80),
    ({'$multiply': ['$content.n', '$content.half']}, 17.5),
    ({'$divide': [7, 2]}, 3.5),
    ({'$divide': [4, 2]}, 2.0),
    ({'$mod': [-7, 3]}, -1),
    ({'$mod': [7, -2.5]}, 2.0),
    ({'$abs': -3}, 3),
    ({'$ceil': [2.1]}, 3.0),
    ({'$floor': -0.5}, -1.0),
    ({'$round': 3.5}, 4.0),
    ({'$round': [2.675, 2]}, 2.67),
    ({'$round': [150, -2]}, 200),
    ({'$trunc': [-2.79, 1]}, -2.7),
    ({'$sqrt': 16}, 4.0),
    ({'$pow': [3, 4]}, 81),
    ({'$pow': [2, 64]}, 2.0**64),
    ({'$pow': [-1, 2**40 + 1]}, -1),
    ({'$exp': [0]}, 1.0),
    ({'$ln': 1}, 0.0),
    ({'$log': [8, 2]}, 3.0),
    ({'$log10': 100}, 2.0),
    ({'$sum': '$content.list'}, 6.0),
    ({'$sum': ['$content.n', 'x', None]}, 7),
    ({'$avg': ['$content.n', 2]}, 4.5),
    ({'$avg': '$content.text'}, None),
    ({'$sum': [0.1, 0.7, 0.3]}, 1.1),  # 1.0999999999999999 where each addition is rounded, or the sum only
    ({'$avg': [0.1, 0.7, 0.3]}, 1.1 / 3),
    ({'$sum': [1e100, 1.0, -1e100]}, 0.0),
    ({'$sum': [2**63 - 1, 1, -1]}, 2**63 - 1),
    ({'$sum': [2**63 - 1, 0.25, 1 - 2**63]}, 0.0),
    ({'$sum': [2**53 + 1, 2.0]}, 2.0**53 + 4),
    ({'$sum': [1e308, 1e308, -1e308]}, math.inf),
    ({'$min': '$content.list'}, 3),
    ({'$max': '$content.list'}, 'x'),
    # dates
    ({'$year': '$started'}, 2024),
    ({'$month': {'date': '$started', 'timezone': 'Asia/Tokyo'}}, 3),
    ({'$dayOfMonth': ['$started']}, 29),
    ({'$dayOfYear': '$started'}, 60),
    ({'$dayOfWeek': '$content.when'}, 1),
    ({'$isoDayOfWeek': '$content.when'}, 7),
    ({'$week': '$content.when'}, 1),
    ({'$isoWeek': '$content.when'}, 53),
    ({'$isoWeekYear': '$content.when'}, 2020),
    ({'$hour': {'date': '$started', 'timezone': '-03:30'}}, 20),
    ({'$minute': {'date': '$started', 'timezone': '+0545'}}, 44),
    ({'$second': '$started'}, 59),
    ({'$millisecond': '$started'}, 999),
    ({'$hour': '$received'}, None),
    ({'$dateAdd': {'startDate': '$started', 'unit': 'year', 'amount': 1}}, LEAP.replace(year=2025, day=28)),
    ({'$dateSubtract': {'startDate': DAY, 'unit': 'month', 'amount': 1}}, DAY.replace(month=2, day=29)),
    (
        {'$dateAdd': {'startDate': DAY, 'unit': 'day', 'amount': 1, 'timezone': 'Europe/Berlin'}},
        DAY + timedelta(hours=23),
    ),
    ({'$dateAdd': {'startDate': DAY, 'unit': 'hour', 'amount': 24, 'timezone': 'Europe/Berlin'}}, DAY + timedelta(1)),
    ({'$dateDiff': {'startDate': '$started', 'endDate': DAY, 'unit': 'month'}}, 1),
    ({'$dateDiff': {'startDate': '$content.when', 'endDate': DAY, 'unit': 'week', 'startOfWeek': 'mon'}}, 169),
    ({'$dateDiff': {'startDate': DAY, 'endDate': '$content.when', 'unit': 'quarter'}}, -12),
    ({'$dateTrunc': {'date': '$started', 'unit': 'minute', 'binSize': 15}}, datetime(2024, 2, 29, 23, 45, tzinfo=UTC)),
    ({'$dateTrunc': {'date': '$started', 'unit': 'week', 'startOfWeek': 'monday'}}, datetime(2024, 2, 26, tzinfo=UTC)),
    ({'$dateTrunc': {'date': '$started', 'unit': 'year', 'binSize': 5}}, datetime(2020, 1, 1, tzinfo=UTC)),
    ({'$dateToString': {'date': '$started'}}, '2024-02-29T23:59:59.999Z'),
    ({'$dateToString': {'date': '$started', 'format': '%d.%m.%Y %j %z', 'timezone': '+02'}}, '01.03.2024 061 +0200'),
    ({'$dateToString': {'date': '$received', 'onNull': 'never'}}, 'never'),
    # text
    ({'$concat': ['$label', '!']}, 'Straße!'),
    ({'$concat': ['$label', '$content.none']}, None),
    ({'$toLower': '$label'}, 'straße'),
    ({'$toUpper': '$label'}, 'STRAßE'),
    ({'$strLenCP': '$label'}, 6),
    ({'$strLenBytes': '$label'}, 7),
    ({'$substr': ['$label', 1, -1]}, 'traße'),
    ({'$substrBytes': ['$label', 4, 2]}, 'ß'),
    ({'$substrCP': ['$label', 4, 9]}, 'ße'),
    ({'$indexOfBytes': ['$label', 'e']}, 6),
    ({'$indexOfCP': ['$content.text', 'a', 1]}, 4),
    ({'$indexOfCP': ['$content.text', 'a', 1, 3]}, -1),
    ({'$split': ['$content.text', '-']}, ['a', 'b', 'a']),
    ({'$trim': {'input': '  x '}}, 'x'),
    ({'$trim': {'input': '$content.text', 'chars': 'a' * 4096}}, '-b-'),
    ({'$ltrim': {'input': '$content.text', 'chars': 'a-'}}, 'b-a'),
    ({'$rtrim': {'input': '$content.text', 'chars': 'a-'}}, 'a-b'),
    ({'$replaceOne': {'input': '$content.text', 'find': 'a', 'replacement': ''}}, '-b-a'),
    ({'$replaceAll': {'input': '$content.text', 'find': 'a', 'replacement': 'c'}}, 'c-b-c'),
    ({'$strcasecmp': ['A-B-C', '$content.text']}, 1),
    ({'$regexMatch': {'input': '$label', 'regex': 'SS|ß'}}, True),
    ({'$regexMatch': {'input': '$label', 'regex': re.compile('^S.*E$', re.I)}}, True),
    ({'$regexMatch': {'input': '$content.none', 'regex': '.'}}, False),
    ({'$regexMatch': {'input': '$label'}}, False),
    ({'$regexMatch': {'regex': '.'}}, False),
    ({'$regexMatch': {'input': '$label', 'regex': 'STRA', 'options': 'ui'}}, True),
    ({'$regexMatch': {}}, False),
    ({'$regexMatch': {'input': 'é', 'regex': re.compile(r'\w', re.ASCII)}}, False),
    ({'$regexMatch': {'input': '$label', 'regex': re.compile('ß$'), 'options': 'i'}}, False),
    # arrays and objects
    ({'$size': '$content.list'}, 4),
    ({'$isArray': ['$content.deep']}, False),
    ({'$arrayElemAt': ['$content.list', -4]}, 3),
    ({'$arrayElemAt': ['$content.list', 4]}, MISSING),
    ({'$first': '$content.tasks'}, {'id': 1, 'ok': True}),
    ({'$last': '$content.list'}, 3.0),
    ({'$last': [[]]}, MISSING),
    ({'$slice': ['$content.list', -2]}, [None, 3.0]),
    ({'$slice': ['$content.list', 1, 2]}, ['x', None]),
    ({'$slice': ['$content.list', 1, None]}, None),
    ({'$concatArrays': [[1], '$content.deep.a.b']}, [1, 1, 2]),
    ({'$reverseArray': '$content.deep.a.b'}, [2, 1]),
    ({'$range': [5, 0, -2]}, [5, 3, 1]),
    ({'$in': [3, '$content.list']}, True),
    ({'$indexOfArray': ['$content.list', 3.0, 1]}, 3),
    ({'$setIsSubset': [[1, 1], '$content.deep.a.b']}, True),
    ({'$setEquals': [[2, 1, 1.0], '$content.deep.a.b']}, True),
    ({'$anyElementTrue': [[None, 0]]}, False),
    ({'$allElementsTrue': ['$content.deep.a.b']}, True),
    ({'$filter': {'input': '$content.list', 'as': 'x', 'cond': {'$isNumber': '$$x'}}}, [3, 3.0]),
    ({'$filter': {'input': '$content.list', 'cond': True, 'limit': 2}}, [3, 'x']),
    ({'$map': {'input': '$content.tasks', 'in': '$$this.id'}}, [1, 2, None, None]),
    ({'$reduce': {'input': [1, 2, 3], 'initialValue': '$content.n', 'in': {'$subtract': ['$$value', '$$this']}}}, 1),
    ({'$objectToArray': '$content.deep.a'}, [{'k': 'b', 'v': [1, 2]}]),
    # types
    ({'$type': '$content.raw'}, 'binData'),
    ({'$type': 2**40}, 'long'),
    ({'$isNumber': '$content.nan'}, True),
    ({'$toBool': '$content.nan'}, True),
    ({'$toInt': '-12'}, -12),
    ({'$toLong': '$content.when'}, 1_609_675_200_000),
    ({'$toDouble': '2.5e3'}, 2500.0),
    ({'$toString': '$content.when'}, '2021-01-03T12:00:00.000Z'),
    ({'$toString': False}, 'false'),
    ({'$toDate': '2021-01-03T13:00:00+01:00'}, datetime(2021, 1, 3, 12, tzinfo=UTC)),
]


@pytest.mark.parametrize(('expression', 'value'), VALUES, ids=[str(expression)[:60] for expression, _ in VALUES])
def test_an_expression_gives(one: Store, expression: Any, value: Any) -> None:
    same = {'$eq': [expression, {'$literal': value}]}
    kind = {'$type': [expression]}
    if value == MISSING:
        assert found(one, {'$eq': [kind, MISSING]})
    else:
        assert found(one, {'$and': [same, {'$eq': [kind, {'$type': {'$literal': value}}]}]})


@pytest.mark.parametrize(
    ('expression', 'value'),
    [
        ({'$add': ['$started', 1.5]}, LEAP + timedelta(milliseconds=2)),
        ({'$subtract': ['$started', 0.4]}, LEAP),
        ({'$let': {'vars': {'x': [{'id': 1}, [{'id': 2}]]}, 'in': '$$x.id'}}, [1]),
        ({'$dateToString': {'date': '$content.when', 'timezone': '+01:00'}}, '2021-01-03T13:00:00.000'),
        ({'$min': []}, None),
        ({'$replaceOne': {'input': None, 'find': 'a', 'replacement': '$content.none'}}, None),
    ],
)
def test_the_finer_points(one: Store, expression: Any, value: Any) -> None:
    assert one.count({'$expr': {'$eq': [expression, {'$literal': value}]}}) == 1


def test_every_operator_is_tried() -> None:
    tried = set(re.findall(r"'(\$[a-zA-Z0-9]+)':", repr([expression for expression, _ in VALUES])))
    assert not OPERANDS.keys() - tried


@pytest.mark.parametrize(
    ('expression', 'keys'),
    [
        ({'$gt': [{'$subtract': ['$completed', '$started']}, 60_000]}, ['m']),
        ({'$eq': ['$content.n', [7, 8]]}, ['list']),
        ('$content', ['m', 'list']),
        ({'$not': '$label'}, ['empty', 'list']),
        (True, ['m', 'empty', 'list']),
        (0, []),
        ({'$eq': ['$$ROOT.msg_id', 'empty']}, ['empty']),
        ({'$lt': ['$started', '$$NOW']}, ['m', 'empty', 'list']),
        ({'$gt': ['$started', '$$NOW']}, []),
    ],
)
def test_what_is_found(store: Store, expression: Any, keys: list[str]) -> None:
    assert found(store, expression) == keys


def test_among_other_conditions(store: Store) -> None:
    assert store.count({'$expr': '$content.n', 'label': 'x'}) == 0
    assert store.count({'$nor': [{'$expr': '$label'}]}) == 2
    assert store.count({'$or': [{'$expr': '$label'}, {'msg_id': 'list'}]}) == 2


def test_times_are_subtracted_in_whole_milliseconds(store: Store) -> None:
    # Each is cut down to its millisecond first, as it would be on its way into MongoDB: a microsecond may count for one.
    took = {'$subtract': ['$completed', '$started']}
    assert store.count({'$expr': {'$eq': [took, 90_001]}, 'msg_id': 'm'}) == 1
    as_numbers = {'$subtract': [{'$toLong': '$completed'}, {'$toLong': '$started'}]}
    assert store.count({'$expr': {'$eq': [took, as_numbers]}, 'msg_id': 'm'}) == 1


def test_dates_keep_their_microseconds(store: Store) -> None:
    later = {'$dateAdd': {'startDate': '$started', 'unit': 'second', 'amount': 1}}
    assert found(store, {'$eq': [later, LEAP + timedelta(seconds=1)]}) == ['m']


def test_the_whole_record_is_without_buffers(store: Store) -> None:
    names = {'$map': {'input': {'$objectToArray': '$$ROOT'}, 'in': '$$this.k'}}
    whole = {'$setEquals': [names, ['msg_id', 'label', 'started', 'completed', 'content']]}
    assert store.count({'$expr': whole, 'msg_id': 'm'}) == 1


def test_the_sql_shows_the_columns_and_no_value() -> None:
    first, second = (mqsql.compile({'$expr': {'$gt': [{'$sqrt': '$content.n'}, n]}}, []) for n in (5, 6))
    assert first.sql == 'SELECT msg_id FROM task_records WHERE mqsql_expr(:p0, content) ORDER BY rowid'
    assert second.sql == first.sql
    assert second.params != first.params


# --- refusals

REFUSED: list[tuple[Any, str]] = [
    ({'$eq': [1]}, '$expr.$eq'),
    ({'$eq': 1}, '$expr.$eq'),
    ({'$eq': [1, 1], '$ne': [1, 2]}, '$expr'),
    ({'a': 1, '$eq': [1, 1]}, '$expr'),
    ({'a.b': 1}, '$expr'),
    ({5: 1}, '$expr'),
    ({'$eq': ['$content.', 1]}, '$expr.$eq[0]'),
    ('$content..a', '$expr'),
    ('$content.$a', '$expr'),
    ('$queue.x', '$expr'),
    ({'$size': '$buffers'}, '$expr.$size'),
    ({'$eq': [re.compile('a'), 1]}, '$expr.$eq[0]'),
    ({'$eq': [object(), 1]}, '$expr.$eq[0]'),
    ({'$divide': [1, 0]}, '$expr.$divide'),
    ({'$cond': [True, {'$add': ['a', 1]}, 1]}, '$expr.$cond.then.$add'),
    ({'$cond': [1, 2]}, '$expr.$cond'),
    ({'$cond': {'if': 1, 'then': 2}}, '$expr.$cond'),
    ({'$switch': {'branches': []}}, '$expr.$switch'),
    ({'$switch': {'branches': [{'case': False, 'then': 1}]}}, '$expr.$switch'),
    ({'$let': {'vars': {'X': 1}, 'in': 1}}, '$expr.$let'),
    ({'$let': {'vars': 1, 'in': 1}}, '$expr.$let'),
    ({'$map': {'input': [1], 'in': 1, 'at': 1}}, '$expr.$map'),
    ({'$filter': {'input': [1], 'cond': 1, 'as': 'a b'}}, '$expr.$filter.as'),
    ({'$ifNull': [1]}, '$expr.$ifNull'),
    ({'$hour': {'date': '$started', 'timezone': 'Mars/Olympus'}}, '$expr.$hour.timezone'),
    ({'$dateAdd': {'startDate': '$started', 'unit': 'moon', 'amount': 1}}, '$expr.$dateAdd.unit'),
    ({'$dateToString': {'date': '$started', 'format': '%q'}}, '$expr.$dateToString.format'),
    ({'$regexMatch': {'input': 'a', 'regex': '('}}, '$expr.$regexMatch'),
    ({'$regexMatch': {'input': 'a', 'regex': re.compile('a', re.I), 'options': 'i'}}, '$expr.$regexMatch'),
    ({'$range': [0, 10**7]}, '$expr.$range'),
    ({'$range': [0, 5, 0]}, '$expr.$range'),
    ({'$toInt': 'five'}, '$expr.$toInt'),
    ({'$toInt': 2**40}, '$expr.$toInt'),
    ({'$toDate': 'soon'}, '$expr.$toDate'),
    ({'$dateAdd': {'startDate': LEAP, 'unit': 'year', 'amount': 9000}}, '$expr.$dateAdd'),
    ({'$add': [LEAP, 2**62]}, '$expr.$add'),
    ({'$abs': -(2**63)}, '$expr.$abs'),
    ({'$rand': {}}, '$expr'),
    ({'$function': {'body': 'x', 'args': [], 'lang': 'js'}}, '$expr'),
]


@pytest.mark.parametrize(('expression', 'place'), REFUSED, ids=[str(expression)[:60] for expression, _ in REFUSED])
def test_bad_expressions_are_refused_with_their_place(expression: Any, place: str) -> None:
    with pytest.raises(QueryError) as refusal:
        mqsql.compile({'$expr': expression}, [])
    assert refusal.value.path == place


@pytest.mark.parametrize(
    'expression',
    [
        '$content.a\0b',
        {'$eq': [{'a\0b': 1}, 1]},
        {'$trim': {'input': 'a', 'chars': 'é' * 2048 + 'a'}},
        {'$let': {'vars': {'_x': 1}, 'in': 1}},
        {'$let': {'vars': {'ROOT': 1}, 'in': 1}},
        {'$let': {'vars': {'数 ': 1}, 'in': 1}},
        {'$regexMatch': 'a'},
        {'$regexMatch': {'regex': '('}},
        {'$regexMatch': {'options': 1}},
        {'$regexMatch': {'input': '$label', 'options': 'i\0'}},
        {'$regexMatch': {'input': '$label', 'regex': re.compile('a', re.M), 'options': ''}},
    ],
    ids=repr,
)
def test_what_both_refuse(expression: Any) -> None:
    refused(expression)


def test_the_time_is_the_querys(store: Store) -> None:
    asked: dict[str, Any] = {'projection': {'content': {'x': '$$NOW', 'y': {'$add': ['$$NOW', 0]}}}}
    for found_records in (store.find({}, **asked), reference.find([RECORD, *OTHERS], **asked)):
        times = [record['content'] for record in found_records if isinstance(record['content'], dict)]
        assert len(times) == 2
        assert len({moment for content in times for moment in content.values()}) == 1


@pytest.mark.parametrize(
    'expression', [{'$sizes': 1}, '$lable', '$', '$$this', '$$ROOT.lable', {'$cond': [1, 1, '$$x']}]
)
def test_unknown_names_are_told_apart(expression: Any) -> None:
    with pytest.raises(UnknownNameError):
        mqsql.compile({'$expr': expression}, [])


@pytest.mark.parametrize(
    ('expression', 'message'),
    [
        ({'$divide': [1, {'$subtract': ['$content.n', 7]}]}, r'\$expr\.\$divide: divides by zero'),
        ({'$gt': [{'$add': ['$label', 1]}, 0]}, r'\$expr\.\$gt\[0\]\.\$add: takes numbers'),
        ({'$size': '$label'}, r'\$expr\.\$size: takes an array'),
        ({'$hour': '$label'}, r'\$expr\.\$hour: takes a date'),
        ({'$concat': ['$content.n']}, r'\$expr\.\$concat: takes text'),
        ({'$year': {'date': '$started', 'timezone': '$label'}}, r'\$expr\.\$year: takes the name of a time zone'),
    ],
)
def test_an_expression_without_an_answer_ends_the_query(store: Store, expression: Any, message: str) -> None:
    query = {'$expr': expression, 'msg_id': 'm'}
    with pytest.raises(QueryError, match=message):
        list(store.find(query))
    with pytest.raises(QueryError):
        store.count(query)
    with pytest.raises(QueryError):
        reference.matches(RECORD, query)


def test_what_is_not_reached_does_no_harm(store: Store) -> None:
    divided = {'$divide': [1, {'$subtract': ['$content.n', 7]}]}
    is_seven = {'$eq': ['$content.n', 7]}
    assert store.count({'$expr': {'$or': [is_seven, divided]}, 'msg_id': 'm'}) == 1
    assert store.count({'$expr': {'$and': [{'$not': is_seven}, divided]}, 'msg_id': 'm'}) == 0
    assert store.count({'$expr': {'$ifNull': ['$content.n', divided]}, 'msg_id': 'm'}) == 1
    inverse = {'$cond': [{'$isNumber': '$content.n'}, {'$divide': [1, '$content.n']}, 0]}
    assert found(store, {'$gt': [inverse, 0]}) == ['m']


def test_not_inside_an_element() -> None:
    with pytest.raises(QueryError, match=r'\$elemMatch'):
        mqsql.compile({'content.a': {'$elemMatch': {'$expr': True}}})


def nested(depth: int) -> Any:
    return {'$not': nested(depth - 1)} if depth else '$label'


def test_depth_has_a_limit(store: Store) -> None:
    assert len(found(store, nested(48))) == 1
    for depth in (101, 500):
        with pytest.raises(QueryError, match='nested'):
            mqsql.compile({'$expr': nested(depth)})
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    with pytest.raises(QueryError, match='nested'):
        mqsql.compile({'$expr': cyclic})


def test_a_wide_table() -> None:
    table = mqsql.Table('wide', {'k': mqsql.schema.STRING, **{f'c{i}': mqsql.schema.STRING for i in range(200)}}, 'k')
    assert mqsql.compile({'$expr': {'$eq': ['$c1', '$c199']}}, [], table=table).sql.count('c1') == 2
    with pytest.raises(QueryError, match='at most 99 columns'):
        mqsql.compile({'$expr': '$$ROOT'}, [], table=table)


BAD = {'$nope': 1}


@pytest.mark.parametrize(
    ('expression', 'where'),
    [
        ({'$filter': {'input': BAD, 'cond': True}}, '$filter.input'),
        ({'$filter': {'input': [], 'cond': BAD}}, '$filter.cond'),
        ({'$filter': {'input': [], 'cond': True, 'limit': BAD}}, '$filter.limit'),
        ({'$map': {'input': BAD, 'in': 1}}, '$map.input'),
        ({'$map': {'input': [], 'in': BAD}}, '$map.in'),
        ({'$map': {'input': [], 'as': 'A', 'in': 1}}, '$map.as'),
        ({'$reduce': {'input': BAD, 'initialValue': 1, 'in': 1}}, '$reduce.input'),
        ({'$reduce': {'input': [], 'initialValue': BAD, 'in': 1}}, '$reduce.initialValue'),
        ({'$reduce': {'input': [], 'initialValue': 1, 'in': BAD}}, '$reduce.in'),
        ({'$switch': {'branches': [{'case': 1, 'then': 1}, {'case': BAD, 'then': 1}]}}, '$switch.branches[1].case'),
        ({'$switch': {'branches': [{'case': 1, 'then': BAD}]}}, '$switch.branches[0].then'),
        ({'$switch': {'branches': [{'case': 1, 'then': 1}], 'default': BAD}}, '$switch.default'),
        ({'$cond': [True, BAD, 1]}, '$cond.then'),
        ({'$let': {'vars': {'x': BAD}, 'in': 1}}, '$let.vars.x'),
        ({'$let': {'vars': {'x': 1}, 'in': BAD}}, '$let.in'),
        ({'$dateTrunc': {'date': BAD, 'unit': 'day'}}, '$dateTrunc.date'),
    ],
)
def test_where_an_operand_is_wrong_is_named(expression: Any, where: str) -> None:
    with pytest.raises(QueryError) as caught:
        mqsql.compile({'$and': [{'$expr': expression}]})
    assert caught.value.path == f'$and[0].$expr.{where}'
