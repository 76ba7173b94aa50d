"""The reference's expressions against answers from MongoDB's manual, "Expression Operators"."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mqsql import reference
from mqsql.errors import QueryError, UnknownNameError
from mqsql.reference.expressions import EXPRESSIONS
from mqsql.reference.expressions.core import UNSUPPORTED

NOON = datetime(2026, 3, 29, 12, 34, 56, 789123, tzinfo=UTC)
RECORD = {
    'msg_id': 'm',
    'label': 'Größe',
    'started': NOON,
    'completed': NOON + timedelta(minutes=1, microseconds=1999),
    'buffers': [b'x'],
    'content': {
        'n': 5, 'f': 2.5, 'zero': 0, 'null': None, 's': 'abc', 'empty': '', 'list': [3, 1, 2], 'mixed': [1, 'a', None],
        'o': {'b': 1, 'c': {'d': 2}}, 'rows': [{'b': 1}, {'c': 2}, 7, [{'b': 3}]], 'date': datetime(2012, 12, 31, tzinfo=UTC),
    },
}  # fmt: skip
ABSENT = 'absent'


def value_of(expression: Any, collation: Any = None) -> Any:
    """What a computed field of this expression gives, or ABSENT."""
    (found,) = reference.find([RECORD], projection={'content': {'x': expression}}, collation=collation)
    return found['content'].get('x', ABSENT)


VALUES: list[tuple[Any, Any]] = [
    # paths, variables, literals
    ('$content.n', 5),
    ('$started', NOON),
    ('$pyout', ABSENT),
    ('$content.o.c.d', 2),
    ('$content.rows.b', [1]),
    ('$content.list.0', []),
    ('$content.n.x', ABSENT),
    ('$$ROOT.content.n', 5),
    ('$$CURRENT.label', 'Größe'),
    ('$$REMOVE', ABSENT),
    ('text', 'text'),
    ({'$literal': '$n'}, '$n'),
    ([1, '$content.nope', ['$content.n']], [1, None, [5]]),
    ({'$mergeObjects': [{'a': '$content.n', 'b': '$content.nope'}]}, {'a': 5}),
    ({'$let': {'vars': {'n': '$content.n', 'o': '$content.o'}, 'in': {'$add': ['$$n', '$$o.b']}}}, 6),
    # comparison, in which missing comes before null
    ({'$eq': ['$content.nope', None]}, False),
    ({'$eq': ['$content.null', None]}, True),
    ({'$lt': ['$content.nope', None]}, True),
    ({'$lt': [None, 0]}, True),
    ({'$gt': ['a', 5]}, True),
    ({'$gt': [[], {'a': 1}]}, True),
    ({'$gte': [1, 1.0]}, True),
    ({'$lte': [True, False]}, False),
    ({'$ne': ['a', 'A']}, True),
    ({'$cmp': [1, 2]}, -1),
    ({'$cmp': ['b', 'a']}, 1),
    # boolean and conditional
    ({'$and': [1, 'a', []]}, True),
    ({'$and': [1, '$content.zero']}, False),
    ({'$and': []}, True),
    ({'$or': [None, '$content.nope', 0]}, False),
    ({'$not': ['$content.null']}, True),
    ({'$not': '$content.empty'}, False),
    ({'$cond': [{'$gt': ['$content.n', 3]}, 'more', 'less']}, 'more'),
    ({'$cond': {'if': '$content.nope', 'then': {'$divide': [1, '$content.zero']}, 'else': '$content.f'}}, 2.5),
    ({'$switch': {'branches': [{'case': 1, 'then': '$content.f'}, {'case': 1, 'then': {'$divide': [1, 0]}}]}}, 2.5),
    ({'$switch': {'branches': [{'case': 0, 'then': {'$divide': [1, 0]}}], 'default': '$content.f'}}, 2.5),
    # nothing is evaluated beyond the operand that decides
    ({'$and': ['$content.zero', {'$divide': [1, '$content.zero']}]}, False),
    ({'$or': ['$content.n', {'$divide': [1, '$content.zero']}]}, True),
    ({'$ifNull': ['$content.n', {'$divide': [1, '$content.zero']}]}, 5),
    ({'$add': ['$content.null', {'$divide': [1, '$content.zero']}]}, None),
    ({'$multiply': ['$content.null', 'a']}, None),
    ({'$concat': ['$content.null', 1]}, None),
    ({'$concatArrays': ['$content.null', 1]}, None),
    (
        {'$dateToString': {'date': '$content.date', 'onNull': {'$divide': [1, '$content.zero']}}},
        '2012-12-31T00:00:00.000Z',
    ),
    ({'$ifNull': ['$content.nope', '$content.null', 'x']}, 'x'),
    ({'$ifNull': [None, '$content.nope']}, ABSENT),
    ({'$switch': {'branches': [{'case': False, 'then': 1}, {'case': 1, 'then': 2}]}}, 2),
    ({'$switch': {'branches': [{'case': 0, 'then': 1}], 'default': 'd'}}, 'd'),
    # arithmetic
    ({'$add': [1, 2, 0.5]}, 3.5),
    ({'$add': ['$content.n', None]}, None),
    ({'$add': []}, 0),
    ({'$add': [2**63 - 1, 1]}, 2.0**63),
    ({'$add': ['$started', 1000]}, NOON + timedelta(seconds=1)),
    ({'$subtract': [1, 2.5]}, -1.5),
    # dates in milliseconds: each is cut to its own, numbers are rounded half away from zero
    ({'$subtract': ['$completed', '$started']}, 60_002),
    ({'$subtract': ['$started', '$completed']}, -60_002),
    ({'$toLong': datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)}, -1),
    ({'$add': ['$content.date', 0.5]}, datetime(2012, 12, 31, 0, 0, 0, 1000, tzinfo=UTC)),
    ({'$add': ['$content.date', 0.4, 0.4]}, datetime(2012, 12, 31, tzinfo=UTC)),
    ({'$add': [0.4, 0.4, '$content.date']}, datetime(2012, 12, 31, 0, 0, 0, 1000, tzinfo=UTC)),
    ({'$add': ['$content.date', 1e15, -1e15]}, datetime(2012, 12, 31, tzinfo=UTC)),
    ({'$add': [-1.5, '$content.date']}, datetime(2012, 12, 30, 23, 59, 59, 998_000, tzinfo=UTC)),
    ({'$subtract': ['$content.date', 0.4]}, datetime(2012, 12, 31, tzinfo=UTC)),
    ({'$toDate': 1.9}, datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)),
    ({'$toDate': -1.9}, datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
    ({'$subtract': ['$started', 60_000]}, NOON - timedelta(minutes=1)),
    ({'$multiply': [3, '$content.f']}, 7.5),
    ({'$multiply': [2**40, 2**40]}, 2.0**80),
    ({'$divide': [6, 4]}, 1.5),
    ({'$divide': [6, 3]}, 2.0),
    ({'$mod': [-7, 3]}, -1),
    ({'$mod': [7.5, 2]}, 1.5),
    ({'$abs': -5}, 5),
    ({'$ceil': 2.1}, 3.0),
    ({'$floor': -2.1}, -3.0),
    ({'$floor': 7}, 7),
    ({'$floor': 2**70}, 2.0**70),
    ({'$round': 2**70}, 2.0**70),
    ({'$substr': ['abc', 1, -(2**63)]}, 'bc'),
    ({'$multiply': [-(2**63), 2**53 + 1, 2**53 + 1]}, -(2.0**169)),
    ({'$divide': [-(2**63), 2**53 + 1]}, -1024.0),
    ({'$pow': [-1, -7]}, -1),
    ({'$log': [1234.5678, 10]}, math.log(1234.5678) / math.log(10)),
    ({'$reduce': {'input': '$content.null', 'initialValue': {'$divide': [1, '$content.zero']}, 'in': 1}}, None),
    ({'$filter': {'input': '$content.null', 'cond': 1, 'limit': {'$divide': [1, '$content.zero']}}}, None),
    ({'$abs': -(2**64)}, 2.0**64),
    ({'$pow': [-5, 2**53 + 1]}, math.inf),
    ({'$round': [10.5]}, 10.0),
    ({'$round': [11.5, 0]}, 12.0),
    ({'$round': [1234.5678, 2]}, 1234.57),
    ({'$round': [1250, -2]}, 1200),
    ({'$trunc': [-1234.5678, 2]}, -1234.56),
    ({'$trunc': -7.8}, -7.0),
    ({'$sqrt': 25}, 5.0),
    ({'$pow': [2, 10]}, 1024),
    ({'$pow': [2, -1]}, 0.5),
    ({'$pow': [2, 70]}, 2.0**70),
    ({'$exp': 0}, 1.0),
    ({'$ln': math.e}, 1.0),
    ({'$log': [100, 10]}, 2.0),
    ({'$log10': 1000}, 3.0),
    ({'$sum': '$content.list'}, 6),
    ({'$sum': [1, '2', None, 2.5]}, 3.5),
    ({'$avg': ['$content.n', 2]}, 3.5),
    ({'$avg': '$content.nope'}, None),
    ({'$avg': [0.1] * 10}, 0.1),
    ({'$sum': [0.1] * 10}, 1.0),
    ({'$sum': [1e308, 1e308]}, math.inf),
    ({'$sum': []}, 0),
    ({'$avg': []}, None),
    ({'$min': []}, None),
    ({'$max': []}, None),
    ({'$max': '$content.mixed'}, 'a'),
    ({'$min': ['$content.n', None, 3]}, 3),
    # dates
    ({'$year': '$started'}, 2026),
    ({'$month': {'date': '$started'}}, 3),
    ({'$dayOfMonth': ['$started']}, 29),
    ({'$dayOfYear': '$started'}, 88),
    ({'$dayOfWeek': '$started'}, 1),
    ({'$isoDayOfWeek': '$started'}, 7),
    ({'$week': '$content.date'}, 53),
    ({'$isoWeek': '$content.date'}, 1),
    ({'$isoWeekYear': '$content.date'}, 2013),
    ({'$hour': {'date': '$started', 'timezone': 'Europe/Berlin'}}, 14),
    ({'$hour': {'date': '$started', 'timezone': '-03'}}, 9),
    ({'$minute': {'date': '$started', 'timezone': '+0530'}}, 4),
    ({'$second': '$started'}, 56),
    ({'$millisecond': '$started'}, 789),
    ({'$year': '$content.nope'}, None),
    ({'$hour': {'date': '$started', 'timezone': '$content.nope'}}, None),
    (
        {'$dateAdd': {'startDate': datetime(2020, 10, 31, tzinfo=UTC), 'unit': 'month', 'amount': 1}},
        datetime(2020, 11, 30, tzinfo=UTC),
    ),
    (
        {
            '$dateAdd': {
                'startDate': datetime(2026, 3, 28, 12, tzinfo=UTC),
                'unit': 'day',
                'amount': 1,
                'timezone': 'Europe/Berlin',
            }
        },
        datetime(2026, 3, 29, 11, tzinfo=UTC),
    ),
    (
        {
            '$dateAdd': {
                'startDate': datetime(2026, 3, 28, 12, tzinfo=UTC),
                'unit': 'hour',
                'amount': 24,
                'timezone': 'Europe/Berlin',
            }
        },
        datetime(2026, 3, 29, 12, tzinfo=UTC),
    ),
    (
        {'$dateSubtract': {'startDate': '$started', 'unit': 'quarter', 'amount': 5}},
        NOON.replace(year=2024, month=12),
    ),
    ({'$dateAdd': {'startDate': '$started', 'unit': 'day', 'amount': None}}, None),
    (
        {
            '$dateDiff': {
                'startDate': datetime(2020, 12, 31, 23, 59, tzinfo=UTC),
                'endDate': datetime(2021, 1, 1, tzinfo=UTC),
                'unit': 'year',
            }
        },
        1,
    ),
    (
        {
            '$dateDiff': {
                'startDate': datetime(2021, 1, 25, tzinfo=UTC),
                'endDate': datetime(2021, 3, 1, tzinfo=UTC),
                'unit': 'week',
            }
        },
        5,
    ),
    (
        {
            '$dateDiff': {
                'startDate': datetime(2021, 1, 25, tzinfo=UTC),
                'endDate': datetime(2021, 3, 5, tzinfo=UTC),
                'unit': 'week',
                'startOfWeek': 'FRIDAY',
            }
        },
        6,
    ),
    ({'$dateDiff': {'startDate': '$started', 'endDate': '$completed', 'unit': 'minute'}}, 1),
    ({'$dateDiff': {'startDate': '$completed', 'endDate': '$started', 'unit': 'second'}}, -60),
    ({'$dateDiff': {'startDate': '$started', 'endDate': '$completed', 'unit': 'millisecond'}}, 60_002),
    (
        {
            '$dateDiff': {
                'startDate': datetime(2026, 3, 28, 23, tzinfo=UTC),
                'endDate': datetime(2026, 3, 29, 22, tzinfo=UTC),
                'unit': 'hour',
                'timezone': 'Europe/Berlin',
            }
        },
        23,
    ),
    ({'$dateTrunc': {'date': '$started', 'unit': 'hour'}}, datetime(2026, 3, 29, 12, tzinfo=UTC)),
    ({'$dateTrunc': {'date': '$started', 'unit': 'week'}}, datetime(2026, 3, 29, tzinfo=UTC)),
    (
        {'$dateTrunc': {'date': '$started', 'unit': 'week', 'startOfWeek': 'mon'}},
        datetime(2026, 3, 23, tzinfo=UTC),
    ),
    ({'$dateTrunc': {'date': '$started', 'unit': 'quarter'}}, datetime(2026, 1, 1, tzinfo=UTC)),
    (
        {'$dateTrunc': {'date': '$started', 'unit': 'day', 'timezone': 'Europe/Berlin'}},
        datetime(2026, 3, 28, 23, tzinfo=UTC),
    ),
    (
        {'$dateTrunc': {'date': datetime(2021, 3, 20, 11, 30, 5, tzinfo=UTC), 'unit': 'month', 'binSize': 6}},
        datetime(2021, 1, 1, tzinfo=UTC),
    ),
    ({'$dateToString': {'date': '$started'}}, '2026-03-29T12:34:56.789Z'),
    ({'$dateToString': {'date': '$started', 'format': '%G-W%V-%u %j%%', 'timezone': 'Asia/Tokyo'}}, '2026-W13-7 088%'),
    ({'$dateToString': {'date': '$content.nope', 'onNull': '-'}}, '-'),
    # text
    ({'$concat': ['$content.s', '-', 'd']}, 'abc-d'),
    ({'$concat': ['a', None]}, None),
    ({'$toUpper': '$label'}, 'GRößE'),
    ({'$toLower': None}, ''),
    ({'$strLenCP': '$label'}, 5),
    ({'$strLenBytes': '$label'}, 7),
    ({'$substrCP': ['$label', 2, 2]}, 'öß'),
    ({'$substrBytes': ['$label', 2, 2]}, 'ö'),
    ({'$substr': ['abc', 1, -1]}, 'bc'),
    ({'$indexOfCP': ['$label', 'e']}, 4),
    ({'$indexOfBytes': ['$label', 'e']}, 6),
    ({'$indexOfCP': ['abcabc', 'b', 2]}, 4),
    ({'$indexOfCP': ['abc', 'z']}, -1),
    ({'$indexOfCP': ['$content.nope', 'z']}, None),
    ({'$split': ['a-b--c', '-']}, ['a', 'b', '', 'c']),
    ({'$trim': {'input': ' \t a b\n'}}, 'a b'),
    ({'$ltrim': {'input': 'xyxa', 'chars': 'xy'}}, 'a'),
    ({'$rtrim': {'input': 'axyx', 'chars': 'xy'}}, 'a'),
    ({'$replaceOne': {'input': 'aXbX', 'find': 'X', 'replacement': '-'}}, 'a-bX'),
    ({'$replaceAll': {'input': 'aXbX', 'find': 'X', 'replacement': '-'}}, 'a-b-'),
    ({'$strcasecmp': ['abc', 'ABD']}, -1),
    ({'$regexMatch': {'input': '$content.s', 'regex': '^B', 'options': 'i'}}, False),
    ({'$regexMatch': {'input': '$content.s', 'regex': re.compile('B', re.I)}}, True),
    ({'$regexMatch': {'input': '$content.nope', 'regex': 'a'}}, False),
    # arrays and objects
    ({'$size': '$content.list'}, 3),
    ({'$isArray': '$content.list'}, True),
    ({'$isArray': '$content.nope'}, False),
    ({'$arrayElemAt': ['$content.list', -1]}, 2),
    ({'$arrayElemAt': ['$content.list', 9]}, ABSENT),
    ({'$first': '$content.list'}, 3),
    ({'$last': '$content.nope'}, None),
    ({'$slice': ['$content.list', -2]}, [1, 2]),
    ({'$slice': ['$content.list', 1, 5]}, [1, 2]),
    ({'$slice': ['$content.list', -2, 1]}, [1]),
    ({'$concatArrays': ['$content.list', [9]]}, [3, 1, 2, 9]),
    ({'$concatArrays': ['$content.list', None]}, None),
    ({'$reverseArray': '$content.list'}, [2, 1, 3]),
    ({'$range': [0, 10, 4]}, [0, 4, 8]),
    ({'$in': [1.0, '$content.list']}, True),
    ({'$indexOfArray': ['$content.list', 2]}, 2),
    ({'$indexOfArray': ['$content.list', 3, 1]}, -1),
    ({'$setIsSubset': [[1, 1.0], '$content.list']}, True),
    ({'$setEquals': [[1, 2, 3, 3], '$content.list']}, True),
    ({'$anyElementTrue': [[0, None, 'x']]}, True),
    ({'$allElementsTrue': [[1, 0]]}, False),
    ({'$filter': {'input': '$content.list', 'as': 'x', 'cond': {'$gt': ['$$x', 1]}}}, [3, 2]),
    ({'$filter': {'input': '$content.list', 'cond': {'$gt': ['$$this', 1]}, 'limit': 1}}, [3]),
    ({'$map': {'input': '$content.list', 'as': 'x', 'in': {'$multiply': ['$$x', 2]}}}, [6, 2, 4]),
    ({'$map': {'input': '$content.nope', 'in': '$$this'}}, None),
    ({'$reduce': {'input': '$content.list', 'initialValue': 0, 'in': {'$add': ['$$value', '$$this']}}}, 6),
    ({'$mergeObjects': ['$content.o', None, {'b': 9}]}, {'b': 9, 'c': {'d': 2}}),
    ({'$mergeObjects': {'$slice': ['$content.rows', 2]}}, {'b': 1, 'c': 2}),
    ({'$objectToArray': {'a': 1}}, [{'k': 'a', 'v': 1}]),
    ({'$indexOfArray': [None, 1, 'a']}, None),
    ({'$substrBytes': ['abc', 1.5, 1.9]}, 'b'),
    ({'$trim': {'input': 'a', 'chars': '$content.nope'}}, None),
    ({'$dateToString': {'date': '$content.date', 'timezone': '+05:30'}}, '2012-12-31T05:30:00.000'),
    ({'$dateToString': {'date': '$content.date', 'timezone': 'GMT'}}, '2012-12-31T00:00:00.000'),
    ({'$dateToString': {'date': '$content.date', 'timezone': 'UTC'}}, '2012-12-31T00:00:00.000Z'),
    ({'$dateToString': {'date': '$content.date', 'timezone': '+00'}}, '2012-12-31T00:00:00.000Z'),
    ({'$dateToString': {'date': '$content.date', 'timezone': '$content.nope'}}, None),
    ({'$dateTrunc': {'date': '$started', 'unit': 'day', 'binSize': '$content.null'}}, None),
    # types
    ({'$type': '$content.n'}, 'int'),
    ({'$type': '$content.nope'}, 'missing'),
    ({'$type': '$started'}, 'date'),
    ({'$isNumber': '$content.f'}, True),
    ({'$isNumber': True}, False),
    ({'$toInt': '12'}, 12),
    ({'$toInt': -2.9}, -2),
    ({'$toLong': '$content.date'}, 1356912000000),
    ({'$toDouble': True}, 1.0),
    ({'$toBool': 'false'}, True),
    ({'$toString': 2.0}, '2'),
    ({'$toString': True}, 'true'),
    ({'$toString': '$content.date'}, '2012-12-31T00:00:00.000Z'),
    ({'$toDate': 1000}, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
    ({'$toDate': '2012-12-31T01:00:00+01:00'}, datetime(2012, 12, 31, tzinfo=UTC)),
    ({'$toInt': None}, None),
]


@pytest.mark.parametrize(('expression', 'value'), VALUES, ids=[str(expression)[:60] for expression, _ in VALUES])
def test_an_expression_gives(expression: Any, value: Any) -> None:
    found = value_of(expression)
    assert found == value
    assert type(found) is type(value)


def test_every_expression_operator_is_tried() -> None:
    tried = set(re.findall(r"'(\$[a-zA-Z0-9]+)':", repr([expression for expression, _ in VALUES])))
    assert not EXPRESSIONS.keys() - tried


@pytest.mark.parametrize(
    ('query', 'answer'),
    [
        ({'$expr': {'$gt': [{'$subtract': ['$completed', '$started']}, 60_000]}}, True),
        ({'$expr': {'$gt': [{'$subtract': ['$complete', '$started']}, 60_002]}}, False),
        ({'$expr': '$content.null'}, False),
        ({'$expr': '$content.empty'}, True),
        ({'$expr': 0.0}, False),
        ({'$or': [{'$expr': {'$eq': ['$label', 'Größe']}}, {'label': 'x'}]}, True),
        ({'$expr': {'$eq': [{'$size': '$content.list'}, 3]}, 'msg_id': 'x'}, False),
    ],
)
def test_expr(query: Any, answer: bool) -> None:
    assert reference.matches(RECORD, query) is answer


@pytest.mark.parametrize(
    'expression',
    [
        '$nope', '$queue.x', '$buffers', '$', '$content..a', '$content.$x', '$$nope', '$$', {'$nope': 1}, {'$eq': [1]},
        {'$eq': [1, 2], '$gt': [1, 2]}, {'$eq': [1, 2], 'a': 1}, {'a.b': 1}, {'a': 1, '$add': []}, {1: 2}, {1}, re.compile('a'),
        {'$cond': [1, 2]}, {'$cond': {'if': 1, 'then': 2}}, {'$cond': {'if': 1, 'then': 2, 'else': 3, 'x': 4}},
        {'$switch': {}}, {'$switch': {'branches': []}}, {'$let': {'vars': {'A': 1}, 'in': 1}},
        {'$let': {'vars': {}, 'in': '$$x'}},
        {'$map': {'input': [], 'in': '$$x'}}, {'$filter': {'input': [], 'as': 'x', 'cond': '$$this'}},
        {'$regexMatch': {'input': 'a', 'regex': '('}}, {'$regexMatch': {'input': 'a', 'regex': 'a', 'options': 'q'}},
        {'$dateDiff': {'startDate': '$started', 'endDate': '$started', 'unit': 'fortnight'}},
        {'$hour': {'date': '$started', 'timezone': 'Mars/Olympus'}}, {'$dateToString': {'date': '$started', 'format': '%Q'}},
        {'$cond': ['$label', 1, {'$divide': [1, 0]}]}, {'$and': ['$content.zero', {'$divide': [1, 0]}]},
        {'$map': {'input': '$content.nope', 'in': {'$divide': [1, 0]}}}, {'$switch': {'branches': [{'case': 0, 'then': 1}]}},
        {'$convert': {'input': 1, 'to': 'int'}}, {'$rand': {}}, {'$size': {1: 2}}, '$content' + 51 * '.a',
        {'$map': {'input': [], 'in': '$$this' + 51 * '.a'}},
    ],
)  # fmt: skip
def test_an_expression_without_meaning_is_refused_before_any_record_is_seen(expression: Any) -> None:
    with pytest.raises(QueryError):
        reference.find([], {'$expr': expression})


@pytest.mark.parametrize(
    'expression',
    [
        {'$add': ['a', 1]}, {'$add': [True, 1]}, {'$add': ['$started', '$completed']}, {'$subtract': [1, '$started']},
        {'$add': ['$started', 1e300]}, {'$divide': [1, '$content.zero']}, {'$mod': [1, 0]}, {'$sqrt': -1}, {'$ln': 0},
        {'$pow': [0, -1]}, {'$pow': [2, 'a']}, {'$round': [1, 0.5]},
        {'$concat': ['a', 1]}, {'$strLenCP': None}, {'$substrCP': ['a', -1, 1]},
        {'$substrBytes': ['ö', 0, 1]}, {'$split': ['a', '']}, {'$size': '$content.n'}, {'$in': [1, 2]}, {'$range': [0, 1, 0]},
        {'$range': [0, 10**9]}, {'$slice': [[1], 0, 0]}, {'$arrayElemAt': [[1], 0.5]}, {'$year': '$content.n'},
        {'$dateAdd': {'startDate': '$started', 'unit': 'year', 'amount': 9000}}, {'$toInt': 'x'}, {'$toInt': 2**31},
        {'$dateAdd': {'startDate': '$started', 'unit': 'day', 'amount': 0.5}}, {'$toLong': math.nan}, {'$toDate': 'x'},
        {'$switch': {'branches': [{'case': 0, 'then': 1}]}}, {'$mergeObjects': [1]}, {'$objectToArray': [[1]]},
        {'$hour': {'date': '$started', 'timezone': '$content.s'}}, {'$toDouble': '1_0'}, {'$trim': {'input': 5}},
        {'$regexMatch': {'input': 5, 'regex': 'a'}}, {'$map': {'input': 5, 'in': 1}},
        {'$abs': -(2**63)}, {'$substr': ['a', math.nan, 1]}, {'$substr': ['a', 0, 2**63]}, {'$substr': ['a', 0, None]},
        {'$add': ['$content.date', 1e300, -1e300]}, {'$log': [2, 1]}, {'$log10': 0},
        {'$indexOfArray': [[1], 1, 0, '$content.nope']}, {'$indexOfCP': ['a', 'a', 0, '$content.nope']},
        {'$log': [2, -1]}, {'$add': ['a', '$content.null']},
        {'$multiply': ['a', None]}, {'$concat': [1, None]},
        {'$concatArrays': [1, None]}, {'$add': ['$started', math.nan]}, {'$substr': ['abc', -1, 1]},
        {'$replaceOne': {'input': None, 'find': 1, 'replacement': 'a'}}, {'$trim': {'input': 5, 'chars': None}},
        {'$replaceAll': {'input': 1, 'find': None, 'replacement': None}}, {'$slice': [[1], 2**31]},
        {'$regexMatch': {'input': 5, 'regex': '$content.null'}},
        {'$slice': [[1], 0, 2**31]}, {'$arrayElemAt': [[1], 2**31]}, {'$range': [2**31, 0]},
        {'$filter': {'input': [1], 'cond': True, 'limit': 2**31}}, {'$indexOfArray': ['$content.n', 1]},
        {'$indexOfArray': ['$started', 1, 0, 2]}, {'$indexOfArray': [[1], 1, 0, None]}, {'$indexOfCP': ['a', 'a', 0, None]},
        {'$dateToString': {'date': None, 'format': 5}}, {'$dateToString': {'date': '$content.null', 'timezone': 'Z'}},
        {'$dateTrunc': {'date': '$started', 'unit': 'day', 'binSize': 0}},
    ],
)  # fmt: skip
def test_a_value_without_meaning_refuses_the_query(expression: Any) -> None:
    with pytest.raises(QueryError):
        reference.matches(RECORD, {'$expr': expression})


def test_unknown_names_are_key_errors_too() -> None:
    with pytest.raises(UnknownNameError, match=r"'\$subtract'"):
        reference.find([], {'$expr': {'$substract': [1, 2]}})
    with pytest.raises(UnknownNameError, match="'completed'"):
        reference.find([], {'$expr': '$complted'})


def test_nesting_has_an_end() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {'$not': [deep]}
    cycle: list[Any] = []
    cycle.append(cycle)
    for expression in (deep, cycle):
        with pytest.raises(QueryError):
            reference.find([], {'$expr': expression})


def test_a_collation_holds_in_expressions() -> None:
    assert value_of({'$eq': ['$content.s', 'ABC']}, {'locale': 'en', 'strength': 2}) is True
    assert value_of({'$in': ['B', ['a', 'b']]}, {'locale': 'en', 'strength': 1}) is True


def test_a_known_expression_that_is_not_supported_is_no_unknown_name() -> None:
    with pytest.raises(QueryError, match=r'\$convert is not supported') as caught:
        reference.find([], {'$expr': {'$convert': {'input': 1, 'to': 'int'}}})
    assert not isinstance(caught.value, UnknownNameError)
    assert not EXPRESSIONS.keys() & UNSUPPORTED
