"""The finer rules of expressions, on SQL and on the reference: what is evaluated when, numbers at their limits, zones."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from evaluating import NOON, fails, refused, value_of

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
FAILS: Any = {'$divide': [1, '$content.zero']}
"""Has no value, but that is found only where it is evaluated."""

WRONG: Any = {'$divide': [1, 0]}
"""Is refused before any record is seen, wherever it is looked at."""


def in_zone(name: Any, **others: Any) -> dict[str, Any]:
    return {'$dateToString': {'date': '$started', 'timezone': name, **others}}


def between(start: Any, end: Any, unit: Any, **others: Any) -> dict[str, Any]:
    return {'$dateDiff': {'startDate': start, 'endDate': end, 'unit': unit, **others}}


def days_from(start: Any, amount: Any, zone: Any) -> dict[str, Any]:
    return {'$dateAdd': {'startDate': start, 'unit': 'day', 'amount': amount, 'timezone': zone}}


def bin_of(unit: Any, **others: Any) -> dict[str, Any]:
    return {'$dateTrunc': {'date': '$started', 'unit': unit, **others}}


VALUES: list[tuple[Any, Any]] = [
    # nothing is evaluated beyond the operand that decides
    ({'$add': ['$content.null', FAILS, 'x']}, None),
    ({'$multiply': [2, '$content.null', FAILS]}, None),
    ({'$concat': ['$content.null', FAILS, 5]}, None),
    ({'$concatArrays': ['$content.null', FAILS]}, None),
    ({'$round': ['$content.null', FAILS]}, None),
    ({'$slice': ['$content.null', 1, FAILS]}, None),
    ({'$indexOfArray': ['$content.null', FAILS]}, None),
    ({'$indexOfCP': ['$content.null', FAILS]}, None),
    ({'$indexOfBytes': ['$content.null', 'a', FAILS]}, None),
    ({'$trim': {'input': '$content.null', 'chars': FAILS}}, None),
    ({'$dateToString': {'date': '$started', 'onNull': FAILS}}, '2024-02-29T12:00:00.000Z'),
    ({'$dateToString': {'date': '$content.null', 'onNull': '-', 'timezone': '$content.null'}}, '-'),
    ({'$hour': {'date': '$content.null', 'timezone': FAILS}}, None),
    (between('$content.null', FAILS, FAILS), None),
    (between(5, '$content.null', 'day'), None),
    (between('$started', '$started', 'day', startOfWeek='$content.n'), 0),
    ({'$dateAdd': {'startDate': 5, 'unit': 'day', 'amount': '$content.null', 'timezone': FAILS}}, None),
    (bin_of(FAILS, binSize='$content.null'), None),
    ({'$filter': {'input': '$content.null', 'cond': 1, 'limit': FAILS}}, None),
    ({'$filter': {'input': '$content.empty', 'cond': 1, 'limit': 0}}, []),
    (
        {'$filter': {'input': '$content.list', 'cond': {'$divide': [1, {'$subtract': ['$$this', 3]}]}, 'limit': 2}},
        [1, 2],
    ),
    # a constant that decides does so before all else
    ({'$and': [FAILS, False]}, False),
    ({'$or': [FAILS, 1]}, True),
    ({'$switch': {'branches': [{'case': False, 'then': WRONG}], 'default': 1}}, 1),
    ({'$switch': {'branches': [{'case': True, 'then': 1}, {'case': WRONG, 'then': WRONG}]}}, 1),
    ({'$cond': ['$content.n', {'$map': {'input': [], 'in': '$$this'}}, {'$add': ['x', '$content.n']}]}, []),
    (between('$started', FAILS, None), None),
    (bin_of('day', startOfWeek=None), None),
    # sums and products
    ({'$add': [-0.0]}, 0.0),
    ({'$add': [2**53, 1.0, -1]}, 2.0**53 - 1),
    ({'$add': [0.1, 0.2, 0.3]}, 0.1 + 0.2 + 0.3),
    ({'$add': [2**63 - 1, 1, -1]}, 2.0**63),
    ({'$add': [1e308, 1e308, -1e308]}, math.inf),
    ({'$sum': [0.1, 0.2, 0.3]}, 0.6),
    ({'$sum': [1e308, 1e308]}, math.inf),
    ({'$avg': [2**53 + 1, 2**53 + 1]}, 2.0**53),
    ({'$add': ['$started', 0.4, 0.4]}, NOON),
    ({'$add': [0.4, 0.4, '$started']}, NOON + timedelta(milliseconds=1)),
    ({'$add': ['$started', 0.49999999999999994]}, NOON),
    ({'$add': ['$started', -0.5]}, NOON - timedelta(milliseconds=1)),
    ({'$add': ['$started', 10**15, -(10**15)]}, NOON),
    ({'$subtract': ['$content.n', -(2**63)]}, 2.0**63),
    ({'$subtract': [-1, -(2**63)]}, 2**63 - 1),
    ({'$subtract': [-0.0, 0]}, -0.0),
    ({'$multiply': [-(2**63), 2**53 + 1, 2**53 + 1]}, -(2.0**169)),
    ({'$multiply': [2**40, 2**40, 0]}, 0.0),
    ({'$pow': [0, 100]}, 0),
    ({'$pow': [2**53 + 1, 2]}, 2.0**106),
    ({'$abs': -(2.0**63)}, 2.0**63),
    # integers that 64 bits do not hold count as the nearest floating-point number
    ({'$add': ['$content.big', 1]}, math.inf),
    ({'$ceil': 2**64}, 2.0**64),
    ({'$toDouble': '$content.big'}, math.inf),
    # text
    ({'$substr': ['$content.s', 1, -(2**63)]}, 'bc'),
    ({'$indexOfBytes': ['abcd', 'cd', 0, 3]}, -1),
    ({'$indexOfCP': ['abcd', 'cd', 0, 3]}, 2),
    ({'$indexOfCP': ['abc', '', 3]}, -1),
    ({'$indexOfBytes': ['abc', '', 3]}, 3),
    ({'$indexOfCP': ['', '']}, 0),
    ({'$indexOfCP': ['', '', 1]}, -1),
    ({'$regexMatch': {'input': '$content.s', 'regex': None}}, False),
    # zones: only the one that is called so is UTC, and an offset of zero
    (in_zone('GMT'), '2024-02-29T12:00:00.000'),
    (in_zone('+00'), '2024-02-29T12:00:00.000Z'),
    (in_zone('+0530'), '2024-02-29T17:30:00.000'),
    (in_zone('UTC', format=''), ''),
    (in_zone('$content.null'), None),
    ({'$dateToString': {'date': FIRST, 'format': '%z %Z', 'timezone': 'Europe/Paris'}}, '+0009 9'),
    (in_zone('-03:30', format='%Z, %d %b, %B'), '-210, 29 Feb, February'),
    (in_zone('UTC', format='%Z%z'), '0+0000'),
    (in_zone('+99:99'), '2024-03-04T16:39:00.000'),
    (in_zone('-9959', format='%d %H:%M %z %Z'), '25 08:01 -9959 -5999'),
    # a time that the clocks show twice is in summer time if the date that is moved is, east and west of Greenwich
    (
        days_from(datetime(2024, 10, 26, 0, 30, tzinfo=UTC), 1, 'Europe/Paris'),
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
    ),
    (
        days_from(datetime(2024, 10, 28, 1, 30, tzinfo=UTC), -1, 'Europe/Paris'),
        datetime(2024, 10, 27, 1, 30, tzinfo=UTC),
    ),
    (
        days_from(datetime(2024, 11, 2, 4, 30, tzinfo=UTC), 1, 'America/Havana'),
        datetime(2024, 11, 3, 4, 30, tzinfo=UTC),
    ),
    (
        days_from(datetime(2024, 11, 4, 5, 30, tzinfo=UTC), -1, 'America/Havana'),
        datetime(2024, 11, 3, 5, 30, tzinfo=UTC),
    ),
    # what is neither before nor after the change is the later time in the east, and the earlier in the west
    (
        days_from(datetime(2014, 10, 20, 21, 30, tzinfo=UTC), 5, 'Europe/Moscow'),
        datetime(2014, 10, 25, 22, 30, tzinfo=UTC),
    ),
    (
        days_from(datetime(2007, 12, 7, 6, 45, tzinfo=UTC), 2, 'America/Caracas'),
        datetime(2007, 12, 9, 6, 45, tzinfo=UTC),
    ),
    # bins are counted from a first of January, which says the same of their beginnings
    (
        {'$dateTrunc': {'date': datetime(2024, 11, 3, 12, tzinfo=UTC), 'unit': 'day', 'timezone': 'America/Havana'}},
        datetime(2024, 11, 3, 5, tzinfo=UTC),
    ),
    # texts: what stands for numbers and dates
    ({'$toLong': '0' * 50 + '7'}, 7),
    ({'$toDouble': '-NaN'}, math.nan),
    ({'$toDouble': '+Infinity'}, math.inf),
    ({'$toDouble': '-0e-9999'}, -0.0),
    ({'$toDouble': '2.2250738585072014e-308'}, 2.0**-1022),
    ({'$toDate': '2024-02-29 12:00 GMT'}, NOON),
    ({'$toDate': '2024-02-29T14:00:00.000 GMT+02'}, NOON),
    ({'$toDate': '20240229T080000-0400'}, NOON),
    ({'$toDate': '2024-W09-4T12UTC'}, NOON),
    ({'$toDate': '2024W09 13.00+0100'}, NOON - timedelta(days=3)),
    ({'$toDate': '2024-02-29T12:00.01'}, NOON + timedelta(seconds=1)),
    ({'$toDate': '2024-02-29T12.00.01.0015009 Z'}, NOON + timedelta(seconds=1, microseconds=1500)),
    # what the clocks are changed by counts in whole units of time that passed
    (
        between(
            datetime(2024, 4, 6, 14, tzinfo=UTC), datetime(2024, 4, 6, 17, tzinfo=UTC), 'hour', timezone='Europe/Paris'
        ),
        3,
    ),
    (
        between(
            datetime(2024, 4, 6, 14, tzinfo=UTC),
            datetime(2024, 4, 6, 15, 15, tzinfo=UTC),
            'hour',
            timezone='Australia/Lord_Howe',
        ),
        0,
    ),
    (between(FIRST, LAST, 'millisecond', timezone='-08:00'), 315537897599999),
    # bins
    (bin_of('millisecond', binSize=10**18), datetime(2000, 1, 1, tzinfo=UTC)),
    (bin_of('day', binSize=10**11), datetime(2000, 1, 1, tzinfo=UTC)),
    ({'$dateTrunc': {'date': LAST, 'unit': 'minute', 'timezone': '+05:30'}}, LAST.replace(second=0, microsecond=0)),
]


@pytest.mark.parametrize(('expression', 'value'), VALUES, ids=[str(expression)[:60] for expression, _ in VALUES])
def test_an_expression_gives(expression: Any, value: Any) -> None:
    assert repr(value_of(expression)) == repr(value)


@pytest.mark.parametrize(
    'expression',
    [
        {'$cond': [False, WRONG, 1]},
        {'$cond': ['$content.n', 1, WRONG]},
        {'$cond': ['$content.n', 1, {'$add': [{'$cond': [True, 'x', '$content.n']}, 1]}]},
        {'$cond': ['$content.n', 1, {'$add': [{'$and': ['$content.n', 0]}, 1]}]},
        {'$cond': ['$content.n', 1, {'$size': '$$REMOVE'}]},
        {'$switch': {'branches': [{'case': True, 'then': 1}], 'default': WRONG}},
        {'$switch': {'branches': [{'case': 0, 'then': 1}, {'case': [], 'then': WRONG}]}},
        {'$and': ['$content.zero', WRONG]},
        {'$map': {'input': '$content.nothing', 'in': WRONG}},
        {'$regexMatch': {'input': '$content.nothing', 'regex': '('}},
        {'$regexMatch': {'input': '$content.nothing', 'regex': 5}},
        {'$regexMatch': {'input': '$content.nothing', 'regex': None, 'options': 5}},
        {'$hour': {'date': '$content.nothing', 'timezone': 5}},
        {'$hour': {'date': '$content.nothing', 'timezone': 'Z'}},
        {'$hour': {'date': '$content.nothing', 'timezone': '+02:'}},
        {'$hour': {'timezone': '$content.s'}},
        {'$hour': ['$started', '$started']},
        {'$hour': {'date': 5, 'timezone': None}},
        in_zone(5),
        between('$content.nothing', '$started', 5),
        between('$content.nothing', '$started', 'day', startOfWeek='x'),
        bin_of('day', binSize=0),
        bin_of({'$concat': ['d', 'ays']}),
        {'$toDouble': '1e309'},
        {'$toDouble': '-1' + '0' * 400},
        {'$toDouble': '1e-400'},
        {'$toDouble': '.00001e-305'},
        {'$toDate': '2024-02-29T24:00'},
        {'$toDate': '2024-02-29T23:59:60'},
        {'$toDate': '2024-02-29T12:00:00,5'},
        {'$toDate': '2024-02-29x12:00'},
        {'$toDate': '2024-02-29 12'},
        {'$toDate': '2024-0229'},
        {'$toDate': '2024-02-29T12:00+01:60'},
        {'$toDate': '29 February 2024'},
    ],
    ids=str,
)
def test_what_is_wrong_with_constants_is_found_before_any_record(expression: Any) -> None:
    refused(expression)


@pytest.mark.parametrize(
    'expression',
    [
        FAILS,
        {'$add': [FAILS, None]},
        {'$add': ['$started', '$started', None]},
        {'$add': ['$started', 2**63 - 1, -(2**63) + 1]},
        {'$round': ['$content.s', None]},
        {'$round': ['$content.n', '$content.s']},
        {'$round': [{'$add': ['$content.zero', 2**63 - 1]}, -1]},
        {'$slice': ['$content.list', 1, '$content.s']},
        {'$substrBytes': [{'$concat': ['é', '$content.s']}, 1, 0]},
        {'$regexMatch': {'input': '$content.n', 'regex': None}},
        {'$hour': {'date': '$content.n', 'timezone': None}},
        {'$dateToString': {'date': '$content.null', 'timezone': '$content.s'}},
        {'$dateToString': {'date': '$content.null', 'format': '$content.n'}},
        bin_of('hour', binSize=10**18),
        bin_of('day', binSize=10**11 + 1),
        {'$toLong': '$content.big'},
        {'$toInt': {'$add': ['$content.zero', 2**31 - 0.5]}},
        {'$toInt': {'$subtract': ['$content.zero', 2**31 + 0.5]}},
    ],
    ids=str,
)
def test_what_has_no_value_is_found_where_it_is_evaluated(expression: Any) -> None:
    fails(expression)
