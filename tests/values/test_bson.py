"""BSON's order as text: each list is in the order of MongoDB's manual, "Comparison/Sort Order"."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from mqsql.values.bson_order import EMPTY_ARRAY, bson_key

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
BIG = 2.0**80
ORDERED: list[list[Any]] = [
    [None, float('nan'), 'a', {}, [], b'', False, True, MOMENT],
    [float('nan'), float('-inf'), -(10**400), -BIG, -(2**63), -1.5, -1, -5e-324, 0, 5e-324, 0.5, 1],
    [1, 1.5, 2**53, 2**53 + 1, 2.0**53 + 2, 2**63 - 1, 2**63, int(BIG) - 1, BIG, int(BIG) + 1, 10**400, float('inf')],
    ['', '\x00', '\x00a', '\x01', 'a', 'a\x00', 'aa', 'b', 'é', '\ud7ff', '\ud800', '\udfff', '\ue000', '\U0010ffff'],
    [{}, {'a': 1}, {'a': 1, 'b': 1}, {'a': 2}, {'b': 1}, {'a': 'x'}, {'a': {}}, {'a': {'b': 1}}],
    [[], [None], [1], [1, 1], [1, 'a'], [2], ['a'], [{}], [[]]],
    [b'', b'\xff', b'\x00\x00', b'\x00\x01', b'\xff\xff'],
    [datetime(1, 1, 1, tzinfo=UTC), MOMENT - timedelta(microseconds=1), MOMENT, datetime(9999, 12, 31, tzinfo=UTC)],
]
EQUAL: list[tuple[Any, Any]] = [
    (1, 1.0),
    (0.0, -0.0),
    (2**70, 2.0**70),
    (float('nan'), -float('nan')),
    ({'a': [1, {'b': 2.0}]}, {'a': [1.0, {'b': 2}]}),
]
DIFFERENT: list[tuple[Any, Any]] = [(1, True), (0, False), ('1', 1), ({'a': 1, 'b': 2}, {'b': 2, 'a': 1}), (b'a', 'a')]


@pytest.mark.parametrize('values', ORDERED, ids=lambda values: repr(values)[:40])
def test_keys_are_in_order(values: list[Any]) -> None:
    keys = [bson_key(value) for value in values]
    assert [(a, b) for a, b in pairwise(zip(keys, values, strict=True)) if not a[0] < b[0]] == []


@pytest.mark.parametrize(('a', 'b'), EQUAL)
def test_equal_values_share_a_key(a: Any, b: Any) -> None:
    assert bson_key(a) == bson_key(b)


@pytest.mark.parametrize(('a', 'b'), DIFFERENT)
def test_other_values_do_not(a: Any, b: Any) -> None:
    assert bson_key(a) != bson_key(b)


def test_an_empty_array_sorts_below_null() -> None:
    assert bson_key(None) > EMPTY_ARRAY


def test_infinities_are_beyond_all_numbers() -> None:
    keys = [bson_key(number) for number in (math.nan, -math.inf, -(10**400), 0, 0.5, 10**400, math.inf)]
    assert keys == sorted(set(keys))
    assert keys[-1] < bson_key('')
    assert bson_key(0xFF00) < bson_key(0xFF58) < bson_key(0xFF5800)
