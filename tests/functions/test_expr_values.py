"""What each operator of expressions gives at the edges of its operands, on SQL and on the reference."""

import math
import random
import re
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from evaluating import ABSENT, NOON, fails, value_of

from mqsql.values.paths import MAX_STEPS

pytestmark = pytest.mark.usefixtures('local_zone')


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def bin_of(date: datetime, unit: str, **others: Any) -> dict[str, Any]:
    return {'$dateTrunc': {'date': date, 'unit': unit, **others}}


def between(start: datetime, end: datetime, unit: str, **others: Any) -> dict[str, Any]:
    return {'$dateDiff': {'startDate': start, 'endDate': end, 'unit': unit, **others}}


def moved(date: datetime, unit: str, amount: int, **others: Any) -> dict[str, Any]:
    return {'$dateAdd': {'startDate': date, 'unit': unit, 'amount': amount, **others}}


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 1


def shown_as(date: datetime, text: str, zone: str = 'UTC') -> dict[str, Any]:
    return {'$dateToString': {'date': date, 'format': text, 'timezone': zone}}


FOUR = ['a', 'b', 'c', 'd']
SUNDAY, MONDAY = at(2024, 3, 10, 12), at(2024, 3, 11, 12)

VALUES: list[tuple[Any, Any]] = [
    # elements of arrays
    ({'$arrayElemAt': [FOUR, 0]}, 'a'),
    ({'$arrayElemAt': [FOUR, 3.0]}, 'd'),
    ({'$arrayElemAt': [FOUR, 4]}, ABSENT),
    ({'$arrayElemAt': [FOUR, -4]}, 'a'),
    ({'$arrayElemAt': [FOUR, -5]}, ABSENT),
    ({'$arrayElemAt': [FOUR, 2**31 - 1]}, ABSENT),
    ({'$arrayElemAt': [FOUR, -(2**31)]}, ABSENT),
    ({'$arrayElemAt': [FOUR, None]}, None),
    ({'$arrayElemAt': [None, 0]}, None),
    ({'$slice': [FOUR, 2]}, ['a', 'b']),
    ({'$slice': [FOUR, 0]}, []),
    ({'$slice': [FOUR, -1]}, ['d']),
    ({'$slice': [FOUR, -9]}, FOUR),
    ({'$slice': [FOUR, 0, 1]}, ['a']),
    ({'$slice': [FOUR, 1, 2]}, ['b', 'c']),
    ({'$slice': [FOUR, -3, 2]}, ['b', 'c']),
    ({'$slice': [FOUR, -1, 3]}, ['d']),
    ({'$slice': [FOUR, -9, 1]}, ['a']),
    ({'$slice': [FOUR, 4, 1]}, []),
    ({'$filter': {'input': FOUR, 'cond': {'$gt': ['$$this', 'a']}, 'limit': 1}}, ['b']),
    ({'$filter': {'input': FOUR, 'cond': {'$gt': ['$$this', 'a']}, 'limit': 2}}, ['b', 'c']),
    ({'$filter': {'input': FOUR, 'as': 'x', 'cond': {'$ne': ['$$x', 'c']}}}, ['a', 'b', 'd']),
    ({'$mergeObjects': [{'a': 1, 'b': 1}, {'b': 2}]}, {'a': 1, 'b': 2}),
    ({'$mergeObjects': [[{'a': 1, 'b': 1}, None, {'b': 2, 'c': 3}]]}, {'a': 1, 'b': 2, 'c': 3}),
    ({'$setIsSubset': [['b', 'a'], ['a', 'b']]}, True),
    ({'$setIsSubset': [['b', 'x'], ['a', 'b']]}, False),
    ({'$indexOfArray': [FOUR, 'a']}, 0),
    ({'$indexOfArray': [FOUR, 'd']}, 3),
    ({'$indexOfArray': [FOUR, 'x']}, -1),
    ({'$indexOfArray': [FOUR, 'a', 0]}, 0),
    ({'$indexOfArray': [FOUR, 'a', 1]}, -1),
    ({'$indexOfArray': [FOUR, 'a', 0, 0]}, -1),
    ({'$indexOfArray': [FOUR, 'c', 1, 3]}, 2),
    ({'$indexOfArray': [FOUR, 'c', 1, 2]}, -1),
    ({'$indexOfArray': [FOUR, 'd', 0, 9]}, 3),
    ({'$range': [0, 5]}, [0, 1, 2, 3, 4]),
    ({'$range': [0, 5, 2]}, [0, 2, 4]),
    ({'$range': [5, 0, -2]}, [5, 3, 1]),
    ({'$range': [5, 0]}, []),
    ({'$size': {'$range': [0, 1_000_000]}}, 1_000_000),
    ({'$cond': [False, '$content.n', 2]}, 2),
    ({'$cond': [True, '$content.n', 2]}, 5),
    ({'$size': {'$literal': nested(150)}}, 1),
    ('$content' + '.a' * MAX_STEPS, ABSENT),
    (
        {'$switch': {'branches': [{'case': True, 'then': 1}, {'case': '$content.n', 'then': moved(NOON, 'foo', 1)}]}},
        1,
    ),
    # dates: bins begin at 2000-01-01, weeks on a Sunday
    (bin_of(at(2024, 2, 29, 12), 'month', binSize=5), at(2023, 10, 1)),
    (bin_of(at(2000, 1, 31, 5), 'day', binSize=1), at(2000, 1, 31)),
    (bin_of(at(2000, 1, 31), 'month', binSize=2), at(2000, 1, 1)),
    (bin_of(at(2000, 2, 1), 'month', binSize=2), at(2000, 1, 1)),
    (bin_of(at(1999, 12, 31), 'month', binSize=2), at(1999, 11, 1)),
    (bin_of(at(2000, 3, 1), 'quarter'), at(2000, 1, 1)),
    (bin_of(at(2000, 4, 1), 'quarter'), at(2000, 4, 1)),
    (bin_of(at(2006, 12, 1), 'quarter', binSize=3), at(2006, 10, 1)),
    (bin_of(at(2006, 12, 1), 'year', binSize=7), at(2000, 1, 1)),
    (bin_of(at(2007, 1, 1), 'year', binSize=7), at(2007, 1, 1)),
    (bin_of(at(1999, 1, 1), 'year', binSize=7), at(1993, 1, 1)),
    (bin_of(at(2024, 1, 1), 'second', binSize=2**63 // 1000), at(2000, 1, 1)),
    (bin_of(SUNDAY, 'week'), at(2024, 3, 10)),
    (bin_of(at(2024, 3, 10, 23, 30), 'day', startOfWeek='mon', timezone='Europe/Berlin'), at(2024, 3, 10, 23)),
    (bin_of(SUNDAY, 'week', startOfWeek='monday'), at(2024, 3, 4)),
    (bin_of(MONDAY, 'week', startOfWeek='Mon'), at(2024, 3, 11)),
    (bin_of(at(2024, 3, 10, 13, 14, 15), 'hour', binSize=5), at(2024, 3, 10, 10)),
    (bin_of(at(2024, 3, 10, 13, 14, 15), 'minute'), at(2024, 3, 10, 13, 14)),
    (between(SUNDAY, MONDAY, 'week'), 0),
    (between(SUNDAY, MONDAY, 'week', startOfWeek='monday'), 1),
    (between(at(2024, 3, 9), SUNDAY, 'week'), 1),
    (between(at(2024, 3, 9), SUNDAY, 'week', startOfWeek='monday'), 0),
    (between(SUNDAY, at(2024, 3, 17), 'week', startOfWeek='tuesday'), 1),
    (between(at(2024, 3, 5), at(2024, 3, 12), 'week', startOfWeek='tuesday'), 1),
    (between(MONDAY, SUNDAY, 'day'), -1),
    (between(at(2023, 12, 31), at(2024, 1, 1), 'quarter'), 1),
    (between(at(2024, 1, 1), at(2024, 12, 31), 'month'), 11),
    (between(at(2024, 1, 1, 0, 59, 59), at(2024, 1, 1, 1), 'hour'), 1),
    # the clock went from 2 to 3 that day: an hour less has passed than it shows
    (between(at(2024, 3, 31), at(2024, 3, 31, 2), 'hour', timezone='Europe/Berlin'), 2),
    (between(at(2024, 3, 31, 0, 30), at(2024, 3, 31, 1, 30), 'minute', timezone='Europe/Berlin'), 60),
    (between(at(2024, 3, 30, 23), at(2024, 3, 31, 22), 'day', timezone='Europe/Berlin'), 1),
    (between(at(2024, 10, 27), at(2024, 10, 27, 2), 'hour', timezone='Europe/Berlin'), 2),
    (moved(at(2024, 1, 31), 'month', 1), at(2024, 2, 29)),
    (moved(at(2024, 1, 31, 20), 'month', 1, timezone='+05:30'), at(2024, 2, 29, 20)),
    (moved(at(2024, 7, 19), 'day', -200), at(2024, 1, 1)),
    # from double to single summer time, which the clock shows twice
    (moved(at(1941, 8, 9, 0, 30), 'day', 1, timezone='Europe/London'), at(1941, 8, 10, 1, 30)),
    (moved(at(2024, 2, 29), 'year', 1), at(2025, 2, 28)),
    (moved(at(2024, 11, 30), 'quarter', 1), at(2025, 2, 28)),
    (moved(at(2024, 1, 31), 'month', -2), at(2023, 11, 30)),
    (moved(at(2, 3, 1), 'year', -1), at(1, 3, 1)),
    (moved(at(9998, 3, 1), 'year', 1), at(9999, 3, 1)),
    (moved(at(2024, 1, 1), 'week', 2), at(2024, 1, 15)),
    (moved(at(2024, 1, 1), 'hour', 49), at(2024, 1, 3, 1)),
    (moved(at(2024, 3, 30, 12), 'day', 2, timezone='Europe/Berlin'), at(2024, 4, 1, 11)),
    (moved(at(2024, 3, 30, 12), 'hour', 48, timezone='Europe/Berlin'), at(2024, 4, 1, 12)),
    (shown_as(SUNDAY, '%z %Z', '-03:30'), '-0330 -210'),
    (shown_as(SUNDAY, '%z %Z', '+0530'), '+0530 330'),
    (shown_as(SUNDAY, '%z %Z'), '+0000 0'),
    (shown_as(SUNDAY, '%H:%M', '-03:30'), '08:30'),
    ({'$hour': {'date': '$started', 'timezone': '$content.null'}}, None),
    ({'$year': {'$add': ['$started', 0]}}, 2024),
    (shown_as(at(2021, 1, 3), '%G %V %u %w %U %j'), '2020 53 7 1 01 003'),
    # numbers
    ({'$pow': [2, 10]}, 1024),
    ({'$pow': [2, 0]}, 1),
    ({'$pow': [3, -1]}, 1 / 3),
    ({'$pow': [0, 0]}, 1),
    ({'$pow': [-2, 63]}, -(2**63)),
    ({'$pow': [2, 63]}, 2.0**63),
    ({'$pow': [2, 62]}, 2**62),
    ({'$pow': [1, -5]}, 1),
    ({'$pow': [-1, -5]}, -1),
    ({'$pow': [2, 0.5]}, math.sqrt(2)),
    ({'$pow': [4.0, 2]}, 16.0),
    ({'$pow': [10.0, 400]}, math.inf),
    ({'$pow': [-10.0, 401]}, -math.inf),
    ({'$pow': [-10.0, 400]}, math.inf),
    ({'$pow': [0.5, -2000]}, math.inf),
    ({'$pow': [0.5, -2001]}, math.inf),
    ({'$sqrt': 0}, 0.0),
    ({'$sqrt': 0.25}, 0.5),
    ({'$sqrt': 25}, 5.0),
    ({'$log10': 1}, 0.0),
    ({'$log10': 0.1}, -1.0),
    ({'$log10': 1000}, 3.0),
    ({'$ln': 1}, 0.0),
    ({'$log': [8, 2]}, 3.0),
    ({'$round': [5, 0]}, 5),
    ({'$round': [5, -20]}, 0),
    ({'$round': [5, 100]}, 5),
    ({'$floor': math.inf}, math.inf),
    ({'$ceil': math.nan}, math.nan),
    ({'$pow': [None, 2]}, None),
    ({'$pow': [2, None]}, None),
    ({'$log': [2, None]}, None),
    ({'$round': [2**53 + 1, 0]}, 2**53 + 1),
    ({'$round': [15, -1]}, 20),
    ({'$round': [25, -1]}, 20),
    ({'$trunc': [-19, -1]}, -10),
    ({'$round': [2.5]}, 2.0),
    ({'$round': [-2.5, 0]}, -2.0),
    ({'$round': [2.345, 2]}, 2.35),
    ({'$mod': [-7, 3]}, -1),
    ({'$mod': [7, -3]}, 1),
    ({'$mod': [0, 3]}, 0),
    ({'$mod': [7, 2.5]}, 2.0),
    ({'$mod': [-7.5, 2]}, -1.5),
    ({'$mod': [math.inf, 2]}, math.nan),
    ({'$mod': [2**63 - 1, 2.0]}, 0.0),
    ({'$mod': [1, 3]}, 1),
    ({'$multiply': [2, 0.5]}, 1.0),
    ({'$multiply': [2**53 + 1, 3, 1.0]}, 3 * 2.0**53),
    ({'$multiply': [2**62 + 1, 3, 0.5]}, 3 * 2.0**61),
    ({'$add': [-(10**400), 0.5]}, -math.inf),
    ({'$add': ['$content.big', 0.5]}, math.inf),
    ({'$multiply': [2**62, 2]}, 2.0**63),
    ({'$subtract': [5, None]}, None),
    ({'$subtract': [None, 5]}, None),
    # texts
    ({'$indexOfBytes': ['abcabc', 'c']}, 2),
    ({'$indexOfBytes': ['abcabc', 'c', 3]}, 5),
    ({'$indexOfBytes': ['abcabc', '', 6]}, 6),
    ({'$indexOfBytes': ['abcabc', '', 7]}, -1),
    ({'$indexOfBytes': ['abcabc', 'b', 1, 1]}, -1),
    ({'$indexOfCP': ['äbcäbc', 'c']}, 2),
    ({'$indexOfCP': ['äbcäbc', 'ä', 1]}, 3),
    ({'$indexOfCP': ['äbcäbc', 'c', 3, 5]}, -1),
    ({'$indexOfCP': ['äbcäbc', 'ä', 0, 0]}, -1),
    ({'$substrCP': ['häuser', 0, 2]}, 'hä'),
    ({'$substrCP': ['häuser', 1, 2]}, 'äu'),
    ({'$substrCP': ['häuser', 1, 0]}, ''),
    ({'$substrBytes': ['häuser', 0, 3]}, 'hä'),
    ({'$substrBytes': ['häuser', 1, 0]}, ''),
    ({'$substrBytes': ['häuser', 3, -1]}, 'user'),
    ({'$substrBytes': ['häuser', 9, 2]}, ''),
    ({'$substrBytes': ['häuser', 200, 2]}, ''),
    ({'$substrBytes': ['a\ud800', 1, 3]}, '\ud800'),
    ({'$strLenBytes': 'a\ud800'}, 4),
    ({'$split': ['a-b-c', '-']}, ['a', 'b', 'c']),
    ({'$split': [None, '-']}, None),
    ({'$split': ['a', None]}, None),
    ({'$toString': True}, 'true'),
    ({'$toString': False}, 'false'),
    ({'$toString': 7}, '7'),
    ({'$toString': -7}, '-7'),
    ({'$toString': 7.0}, '7'),
    ({'$toString': 0.5}, '0.5'),
    ({'$toString': math.nan}, 'NaN'),
    ({'$toString': math.inf}, 'Infinity'),
    ({'$toString': -math.inf}, '-Infinity'),
    ({'$concat': [{'$toString': '$content.n'}, ' of ', '$content.s']}, '5 of abc'),
    ({'$toString': SUNDAY}, '2024-03-10T12:00:00.000Z'),
    ({'$toString': 0.1 + 0.2}, '0.30000000000000004'),
    ({'$toString': 1e15}, '1000000000000000'),
    ({'$toString': 1e16}, '1e+16'),
    ({'$type': 2**31 - 1}, 'int'),
    ({'$type': 2**31}, 'long'),
    ({'$type': -(2**31)}, 'int'),
    ({'$type': -(2**31) - 1}, 'long'),
    ({'$type': 1.0}, 'double'),
    ({'$toString': -0.0}, '-0'),
    # other operators take six digits of a float
    ({'$toLower': 1234567.5}, '1.23457e+06'),
    ({'$toLower': 1234567}, '1234567'),
    ({'$toUpper': 1e-7}, '1E-07'),
    ({'$toUpper': -math.inf}, '-INF'),
    ({'$toLower': None}, ''),
    ({'$toLower': SUNDAY}, '2024-03-10t12:00:00.000z'),
    ({'$substrCP': [0.1 + 0.2, 0, 9]}, '0.3'),
    ({'$substrBytes': [2.0, 0, 9]}, '2'),
    ({'$strcasecmp': [1e6, '1E+06']}, 0),
    ({'$strcasecmp': ['a', 'B']}, -1),
    ({'$strcasecmp': ['B', 'a']}, 1),
    ({'$strcasecmp': [None, '\ud800']}, -1),
    # conversions
    ({'$toDate': '2024-03-10T12:00:00+02:00'}, at(2024, 3, 10, 10)),
    ({'$toDate': '2024-03-10'}, at(2024, 3, 10)),
    # patterns: options in the pattern or beside it
    ({'$regexMatch': {'input': 'Abc', 'regex': re.compile('^a', re.I)}}, True),
    ({'$regexMatch': {'input': 'Abc', 'regex': re.compile('^a')}}, False),
    ({'$regexMatch': {'input': 'x\nAbc', 'regex': re.compile('^a', re.I | re.M)}}, True),
    ({'$regexMatch': {'input': 'x\nAbc', 'regex': '^a', 'options': 'im'}}, True),
    ({'$regexMatch': {'input': 'x\nabc', 'regex': re.compile('^a'), 'options': 'm'}}, True),
    ({'$regexMatch': {'input': 'x\nabc', 'regex': re.compile('x.a', re.S)}}, True),
    ({'$regexMatch': {'input': 'x\nabc', 'regex': re.compile('x.a')}}, False),
    ({'$regexMatch': {'input': 'ä', 'regex': re.compile(r'\w')}}, False),
    ({'$regexMatch': {'input': 'ä', 'regex': r'(*UCP)\w'}}, True),
    ({'$regexMatch': {'input': 'ä', 'regex': re.compile(r'\w', re.A)}}, False),
]


@pytest.mark.parametrize(('expression', 'value'), VALUES, ids=[str(expression)[:60] for expression, _ in VALUES])
def test_an_expression_gives(expression: Any, value: Any) -> None:
    assert repr(value_of(expression)) == repr(value)


NO_VALUE: list[tuple[Any, str]] = [
    ({'$slice': ['$content.list', 1, '$content.zero']}, '0 ('),
    ({'$slice': ['$content.list', 1, {'$subtract': ['$content.zero', 1]}]}, '-1 ('),
    ({'$filter': {'input': '$content.list', 'cond': True, 'limit': '$content.zero'}}, '0 ('),
    ({'$arrayElemAt': ['$content.list', {'$add': ['$content.zero', 0.5]}]}, '0.5 ('),
    ({'$indexOfArray': ['$content.list', 1, {'$subtract': ['$content.zero', 1]}, 3]}, '-1 ('),
    ({'$indexOfArray': ['$content.list', 1, 0, {'$subtract': ['$content.zero', 2]}]}, '-2 ('),
    ({'$indexOfCP': ['$content.s', 'a', {'$subtract': ['$content.zero', 1]}]}, '-1 ('),
    ({'$objectToArray': '$content.n'}, '5 ('),
    ({'$arrayElemAt': ['$content.list', {'$add': ['$content.zero', 2**31]}]}, '2147483648 ('),
    ({'$arrayElemAt': ['$content.list', {'$subtract': ['$content.zero', 2**31 + 1]}]}, '-2147483649 ('),
    ({'$arrayElemAt': ['$content.list', {'$add': ['$content.zero', math.nan]}]}, 'nan ('),
    ({'$arrayElemAt': ['$content.list', '$content.s']}, "'abc' ("),
    ({'$pow': ['$content.zero', -1]}, ''),
    ({'$sqrt': {'$subtract': ['$content.zero', 0.1]}}, '-0.1'),
    ({'$log10': '$content.zero'}, 'not 0'),
    ({'$log': ['$content.zero', 2]}, ''),
    ({'$log': [2, '$content.zero']}, ''),
    ({'$log': [2, {'$add': ['$content.zero', 1]}]}, ''),
    ({'$range': ['$content.zero', 2**31 - 1]}, ''),
    ({'$range': ['$content.zero', 5, '$content.zero']}, ''),
    ({'$substrCP': ['$content.s', {'$subtract': ['$content.zero', 1]}, 1]}, '-1 ('),
    ({'$substrCP': ['$content.s', 0, {'$subtract': ['$content.zero', 2]}]}, '-2 ('),
    ({'$substrBytes': ['$content.s', {'$add': ['$content.zero', math.nan]}, 1]}, 'nan ('),
    ({'$substrBytes': ['$content.s', {'$add': ['$content.zero', 2.0**63]}, 1]}, '9.223372036854776e+18 ('),
    ({'$substrBytes': ['$content.s', '$content.s', 1]}, "'abc' ("),
    ({'$substrBytes': ['$content.s', 0, {'$subtract': ['$content.zero', 1e19]}]}, '-1e+19 ('),
    ({'$toInt': {'$add': ['$content.zero', math.inf]}}, 'inf ('),
    ({'$toLower': '$content.list'}, '[1, 2, 3] ('),
    ({'$toDouble': {'$concat': ['1e999', {'$substrCP': ['$content.s', 0, 0]}]}}, "'1e999' ("),
    (
        {'$regexMatch': {'input': 'a', 'regex': 'a', 'options': {'$concat': ['$content.s', '\0']}}},
        r"'abc\x00' (",
    ),
    ({'$toInt': '$content.list'}, '[1, 2, 3] ('),
    ({'$toInt': '$content.s'}, "'abc' ("),
    ({'$round': [{'$add': [2**63 - 1, '$content.zero']}, -1]}, ''),
    (
        {'$dateAdd': {'startDate': at(1, 1, 1), 'unit': 'year', 'amount': {'$subtract': ['$content.zero', 1]}}},
        '',
    ),
    (
        {'$dateAdd': {'startDate': at(9999, 1, 1), 'unit': 'year', 'amount': {'$add': ['$content.zero', 1]}}},
        '',
    ),
    (
        {'$dateTrunc': {'date': '$started', 'unit': 'hour', 'binSize': {'$add': ['$content.zero', 2**43]}}},
        f'{2**43} hours',
    ),
    ({'$dateTrunc': {'date': '$started', 'unit': 'hour', 'binSize': '$content.zero'}}, '0 ('),
    (
        {
            '$dateTrunc': {
                'date': '$started',
                'unit': 'second',
                'binSize': {'$add': ['$content.zero', 2**63 // 1000 + 1]},
            }
        },
        f'{2**63 // 1000 + 1} seconds',
    ),
    ({'$dateTrunc': {'date': '$started', 'unit': '$content.s'}}, "'abc' ("),
    (
        {'$dateTrunc': {'date': '$started', 'unit': 'week', 'startOfWeek': '$content.s'}},
        "'abc' (",
    ),
    ({'$dateToString': {'date': '$started', 'format': {'$concat': ['%', '$content.s']}}}, "'%abc' ("),
    ({'$toDate': {'$concat': ['$content.s', '']}}, "'abc' ("),
    (
        {'$toDate': {'$substrCP': ['9999-12-31T23:59:59-01:00', 0, {'$add': ['$content.zero', 25]}]}},
        "'9999-12-31T23:59:59-01:00' (",
    ),
]
"""What has no value, and the value at fault as the message names it."""


@pytest.mark.parametrize(('expression', 'named'), NO_VALUE, ids=[str(expression)[:60] for expression, _ in NO_VALUE])
def test_an_expression_has_no_value(expression: Any, named: str) -> None:
    message = fails(expression)
    assert f'{next(iter(expression))}: ' in message
    assert named in message


LONGS = [3, 2**31, -(2**31) - 1, 2**53 + 1, -(2**54) - 3, 2**62 + 2**32 + 1, -(2**63), 2**63 - 1]
FLOATS = [0.1, -0.75, 1e16, 2.0**53, -1e-3]


def test_sums_are_made_alike_of_longs_and_floats() -> None:
    draw = random.Random(1)
    lists: list[list[float]] = [
        *map(list, product(LONGS, LONGS, FLOATS)),
        *map(list, product(FLOATS, LONGS, FLOATS)),
        *([draw.choice([1, -1]) * draw.random() * 10 ** draw.randrange(20) for _ in range(6)] for _ in range(300)),
    ]
    sums = value_of([{'$sum': numbers} for numbers in lists])
    assert sum(a != math.fsum(numbers) for a, numbers in zip(sums, lists, strict=True)) > 10
    value_of([{'$avg': numbers} for numbers in lists])
