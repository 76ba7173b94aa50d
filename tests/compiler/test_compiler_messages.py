"""What is said of expressions and schemas that are refused: the operator, the kind of operand it takes, and the operand."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

import mqsql

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

EXPRESSIONS: list[tuple[Any, str]] = [
    ({'$abs': 'a'}, "$abs: takes a number, not 'a' (str)"),
    ({'$abs': -(2**63)}, '$abs: the greatest long is less than this'),
    ({'$divide': [1, 0]}, '$divide: divides by zero'),
    ({'$let': {'vars': 5, 'in': 1}}, '$let: takes a dict of variables, not 5 (int)'),
    ({'$switch': {'branches': 5}}, '$switch: takes a non-empty list of branches, not 5 (int)'),
    ({'$round': [1, 2, 3]}, '$round: takes 1 to 2 operands, not 3'),
    ({'$filter': 5}, '$filter: takes a dict of input cond, not 5 (int)'),
    ({'$round': [5, -21]}, '$round: takes a place from -20 to 100, not -21 (int)'),
    ({'$indexOfCP': ['a', 'b', 0, 1, 2]}, '$indexOfCP: takes 2 to 4 operands, not 5'),
    (
        {'$trim': {'input': 'a', 'chars': 'x' * 4097}},
        "$trim: takes at most 4,096 bytes of characters to trim, not 'xxx",
    ),
    ({'$literal': {5: 1}}, '$literal: a key is text, not 5 (int)'),
    ({'$literal': {1, 2}}, '$literal: mqsql has no type for {1, 2} (set); write a list'),
    ({'$not': [{'$foo': 1}]}, "$not[0]: unknown expression '$foo', did you mean '$floor'?"),
    ({'$not': ['$content..a']}, "$not[0]: a path has no such step: 'content..a' (str)"),
    ({'$not': ['$content' + '.a' * 51]}, '$not[0]: a path has at most 50 steps'),
    ({'$regexMatch': 5}, '$regexMatch: takes a dict of input regex options, not 5 (int)'),
    ({'$mod': [1, 0]}, '$mod: divides by zero'),
    ({'$mod': [1, 'b']}, "$mod: takes numbers, not 'b' (str)"),
    ({'$multiply': [1, 'b']}, "$multiply: takes numbers, not 'b' (str)"),
    ({'$add': [1, 'b']}, "$add: takes numbers and one date, not 'b' (str)"),
    ({'$subtract': ['a', 1]}, "$subtract: takes numbers, dates, or a date and a number, not 'a' (str)"),
    ({'$subtract': [1, 'b']}, "$subtract: takes numbers, dates, or a date and a number, not 'b' (str)"),
    ({'$round': ['a', 1]}, "$round: takes a number, not 'a' (str)"),
    ({'$round': [1, 101]}, '$round: takes a place from -20 to 100, not 101 (int)'),
    ({'$round': [1, -21]}, '$round: takes a place from -20 to 100, not -21 (int)'),
    ({'$sqrt': -1}, '$sqrt: takes a number of at least 0, not -1'),
    ({'$ln': 0}, '$ln: takes a number above 0, not 0'),
    ({'$log10': -1}, '$log10: takes a number above 0, not -1'),
    ({'$log': [1, 1]}, '$log: takes a number above 0, and a base above 0 other than 1'),
    ({'$pow': [0, -1]}, '$pow: 0 has no negative powers'),
    ({'$concat': ['a', 5]}, '$concat: takes text, not 5 (int)'),
    ({'$split': ['a', '']}, '$split: takes a separator that is not empty'),
    ({'$substrCP': ['abc', -1, 2]}, '$substrCP: takes a position and a length of at least 0, not -1 (int)'),
    ({'$substrCP': ['abc', 1, -2]}, '$substrCP: takes a position and a length of at least 0, not -2 (int)'),
    ({'$substrBytes': ['abc', -1, 2]}, '$substrBytes: takes a position of at least 0, not -1 (int)'),
    ({'$substrBytes': ['é', 1, 1]}, '$substrBytes: the bytes begin or end inside a character'),
    ({'$indexOfCP': ['abc', 'c', -1]}, '$indexOfCP: takes positions of at least 0, not -1 (int)'),
    ({'$indexOfBytes': ['abc', 'c', 0, -5]}, '$indexOfBytes: takes positions of at least 0, not -5 (int)'),
    ({'$regexMatch': {'input': 'a', 'regex': 'a', 'options': 'q'}}, '$regexMatch: takes options of the letters'),
    ({'$regexMatch': {'input': 'a', 'regex': '('}}, "$regexMatch: the pattern '(' cannot be compiled"),
    ({'$size': 5}, '$size: takes an array, not 5 (int)'),
    ({'$range': [0, 5, 0]}, '$range: takes a step other than 0, not 0 (int)'),
    ({'$mergeObjects': [5]}, '$mergeObjects: takes objects, not 5 (int)'),
    ({'$year': 'a'}, "$year: takes a date, not 'a' (str)"),
    ({'$toInt': 'a'}, "$toInt: 'a' (str) is not an integer"),
    ({'$toInt': 2**31}, f'$toInt: {2**31} (int) is beyond 32 bits'),
    ({'$toLong': 1e19}, '$toLong: 1e+19 (float) is beyond 64 bits'),
    ({'$toDouble': 'a'}, "$toDouble: 'a' (str) is not a number"),
    ({'$toDouble': {'$literal': []}}, '$toDouble: takes what can be a number, not [] (list)'),
    ({'$toDate': 'a'}, "$toDate: 'a' (str) is not a date in ISO 8601"),
    ({'$toDate': float('nan')}, '$toDate: takes what can be a date, not nan (float)'),
    ({'$add': [MOMENT, MOMENT]}, '$add: takes one date at most'),
    ({'$add': [MOMENT, 1e19]}, '$add: a date leads beyond 64 bits of milliseconds'),
    ({'$add': [MOMENT, float('inf')]}, '$add: a date leads beyond 64 bits of milliseconds'),
    ({'$cond': [1, 2]}, '$cond: takes 3 operands, not 2'),
    ({'$toDate': True}, '$toDate: takes what can be a date, not True (bool)'),
    ({'$switch': {'branches': [{'case': False, 'then': 1}]}}, '$switch: no branch holds, and there is no default'),
    (
        {'$switch': {'branches': [{'case': 1, 'then': 1}], 'default': '$lable'}},
        "$switch.default: unknown key 'lable', did you mean 'label'?",
    ),
    ({'$map': {'input': [], 'in': '$$thi'}}, "$map.in: unknown variable '$$thi', did you mean '$$this'?"),
    (
        {'$dateAdd': {'startDate': MOMENT, 'unit': 'day', 'amount': 2**63}},
        f'$dateAdd: takes an integer of 64 bits, not {2**63} (int)',
    ),
    ({'$eq': [1]}, '$eq: takes 2 operands, not 1'),
    ({'$ifNull': 5}, '$ifNull: takes a list of 2 operands or more, not 5 (int)'),
    ({'$let': {'vars': {'A': 1}, 'in': 1}}, "small letter first, not 'A' (str)"),
    ({'$let': {'vars': {'a-b': 1}, 'in': 1}}, "small letter first, not 'a-b' (str)"),
]
SCHEMAS: list[tuple[Any, str]] = [
    ({'minimum': 'x'}, ".minimum: takes a number, not 'x' (str)"),
    ({'properties': 5}, '.properties: takes a dict, not 5 (int)'),
    ({'properties': {5: {}}}, '.properties: a key is text, not 5 (int)'),
    ({'properties': {'lable': {}}}, ".properties: unknown key 'lable', did you mean 'label'?"),
    ({'uniqueItems': 1}, '.uniqueItems: takes True or False, not 1 (int)'),
    ({'enum': 5}, '.enum: takes a non-empty list, not 5 (int)'),
    ({'required': ['a', 'a']}, ".required: takes a list of texts, each once, not ['a', 'a'] (list)"),
    ({'type': 'int'}, ".type: unknown type 'int' (str); known are object, array, number, string, null, boolean"),
    ({'minimun': 5}, ": unknown keyword 'minimun', did you mean 'minimum'?"),
    ({'format': 'date'}, ": the keyword 'format' is not supported"),
    ({'title': 5}, '.title: takes text, not 5 (int)'),
    ({'pattern': 5}, '.pattern: takes a pattern as text, not 5 (int)'),
    ({'minLength': -1}, '.minLength: takes a non-negative integer, not -1 (int)'),
    ({'multipleOf': 0}, '.multipleOf: takes a finite number above 0, not 0 (int)'),
    ({'exclusiveMinimum': True}, ".exclusiveMinimum: is allowed only with 'minimum'"),
    ({'enum': [1, 1.0]}, '.enum: takes values that differ, not [1, 1.0] (list)'),
    ({'required': ['complete', 'completed']}, '.required: two of the names are those of one column: ['),
    ({'properties': {'buffers': {'enum': [[b'a']]}}}, '.properties.buffers.enum: buffers cannot be compared'),
    ({'items': [5]}, '.items[0]: '),
]


@pytest.mark.parametrize(('expression', 'message'), EXPRESSIONS, ids=[message for _, message in EXPRESSIONS])
def test_a_refused_expression_is_named(expression: Any, message: str) -> None:
    with pytest.raises(mqsql.QueryError, match=re.escape(message)) as refusal:
        mqsql.compile({'$expr': {'$and': [expression]}})
    assert str(refusal.value).startswith('$expr.$and[0].$')


@pytest.mark.parametrize(('schema', 'message'), SCHEMAS, ids=[message for _, message in SCHEMAS])
def test_a_refused_schema_is_named(schema: Any, message: str) -> None:
    with pytest.raises(mqsql.QueryError, match=re.escape(f'$and[0].$jsonSchema{message}')):
        mqsql.compile({'$and': [{'$jsonSchema': schema}]})
