"""Numbers on a path compare exactly, whatever they are stored as and given as; Python's own comparison is exact, too."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from stores import filled

import mqsql
from mqsql import reference
from mqsql.values.bson_order import bson_key

NUMBERS: list[int | float] = [
    *(float('-inf'), -(10**400), -(10**30), -1e30, -(2**64) - 1, -(2.0**64), -(2**63) - 1, -(2**63), -(2**63) + 1),
    *(-(2**53) - 1, -1000.5, -1000, -1, -0.5, -5e-324, 0, 5e-324, 0.5, 1, 127, 1000, 1000.5, 2.0**53, 2**53 + 1),
    *(2**63 - 1, 2**63, 2.0**63, 2**63 + 1, 2**64 - 1, 2.0**64, 2**64 + 1, 1e30, 10**30, 10**400, float('inf')),
]
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    '$eq': operator.eq,
    '$gt': operator.gt,
    '$gte': operator.ge,
    '$lt': operator.lt,
    '$lte': operator.le,
    '$in': lambda number, operands: number in operands,
}


@pytest.fixture(scope='module')
def store() -> Iterator[mqsql.Store]:
    with mqsql.open(':memory:') as store:
        for i, number in enumerate(NUMBERS):
            store.add_record(str(i), {'content': {'n': number, 'in': [number]}})
        store.add_record('NaN', {'content': {'n': float('nan'), 'in': [float('nan')]}})
        yield store


@pytest.mark.parametrize('path', ['content.n', 'content.in'])
@pytest.mark.parametrize('name', COMPARISONS)
def test_numbers_compare_exactly(store: mqsql.Store, name: str, path: str) -> None:
    for number in NUMBERS:
        operand = [number, 'x'] if name == '$in' else number
        found = {r['msg_id'] for r in store.find({path: {name: operand}}, [])}
        assert found == {str(i) for i, n in enumerate(NUMBERS) if COMPARISONS[name](n, operand)}, number


@pytest.mark.parametrize(('name', 'found'), [('$eq', 1), ('$gte', 1), ('$lte', 1), ('$gt', 0), ('$lt', 0)])
def test_nan_equals_itself_alone(store: mqsql.Store, name: str, found: int) -> None:
    assert store.count({'content.n': {name: float('nan')}}) == found


def cut_remainder(number: float, divisor: float) -> int | None:
    """The remainder as C has it, of what 64 bits hold."""
    if not -(2**63) <= number < 2**63:
        return None
    return abs(int(number)) % abs(int(divisor)) * (-1 if number < 0 else 1)


@pytest.mark.parametrize('divisor', [-(2**63), -1000, -3.9, 1, 2.9, 7, 1000, 2**63 - 1])
def test_remainders_are_cut_toward_zero(store: mqsql.Store, divisor: float) -> None:
    for remainder in (-(2**63) + 1, -1000, -2.9, -1, 0, 1, 2.9, 126, 1000, 2**53 + 1):
        found = {r['msg_id'] for r in store.find({'content.n': {'$mod': [divisor, remainder]}}, [])}
        expected = {str(i) for i, n in enumerate(NUMBERS) if cut_remainder(n, divisor) == int(remainder)}
        assert found == expected, remainder


def test_the_order_of_keys_is_that_of_the_numbers() -> None:
    keys = {number: bson_key(number) for number in NUMBERS}
    assert sorted(NUMBERS, key=keys.__getitem__) == sorted(NUMBERS)
    assert len(bson_key(2.0**1000)) == len(bson_key(2.0))


BITS: list[Any] = [513, 513.0, b'\x01\x02', -1, 0, b'', 1 << 62, 5.5, 2**64, '513', [513, 0]]
"""513 has the bits 0 and 9; a negative number has all beyond its own."""


@pytest.mark.parametrize(
    ('test', 'found'),
    [
        ({'$bitsAllSet': 513}, [0, 1, 2, 3, 10]),
        ({'$bitsAllSet': [9, 0, 9]}, [0, 1, 2, 3, 10]),
        ({'$bitsAllSet': b'\x01\x02\x00'}, [0, 1, 2, 3, 10]),
        ({'$bitsAllSet': b'\x02\x01'}, [3]),
        ({'$bitsAllSet': 0}, [0, 1, 2, 3, 4, 5, 6, 10]),
        ({'$bitsAllSet': []}, [0, 1, 2, 3, 4, 5, 6, 10]),
        ({'$bitsAllSet': [200]}, [3]),
        ({'$bitsAllSet': [62]}, [3, 6]),
        ({'$bitsAllClear': 513}, [4, 5, 6, 10]),
        ({'$bitsAllClear': [2**31 - 1]}, [0, 1, 2, 4, 5, 6, 10]),
        ({'$bitsAnySet': [1, 9]}, [0, 1, 2, 3, 10]),
        ({'$bitsAnySet': 0}, []),
        ({'$bitsAnyClear': [0, 1]}, [0, 1, 2, 4, 5, 6, 10]),
        ({'$bitsAnyClear': [0, 9]}, [4, 5, 6, 10]),
    ],
)
def test_bits_of_numbers_and_binaries(test: Any, found: list[int]) -> None:
    records = [{'msg_id': str(i), 'content': {'n': value}} for i, value in enumerate(BITS)]
    with filled(records) as store:
        answer = [int(r['msg_id']) for r in store.find({'content.n': test}, [])]
    assert answer == [int(r['msg_id']) for r in reference.find(records, {'content.n': test}, [])] == found
