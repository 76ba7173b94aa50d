"""Tests of a column of times, by the microsecond.

A document holds the milliseconds of a time in the column, and the microsecond within its second in `microseconds` unless
the milliseconds say it all. So a test is one of both. The part that is of the column alone lets the server use an index.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mqsql.storage.mongodb.documents import MICROSECONDS, Document

ORDERS = frozenset({'$gt', '$gte', '$lt', '$lte'})


def ordered(column: str, operator: str, time: datetime) -> Document:
    """The test of an order."""
    here, microsecond, first = _parts(time)
    after = operator in ('$gt', '$gte')
    if microsecond == first and operator in ('$gte', '$lt'):
        return {column: {operator: here}}
    # Whether a microsecond of the same millisecond is later, or late enough.
    later = _within(column, first, '$gt' if operator in ('$gt', '$lte') else '$gte', microsecond)
    rest = later if after else {'$nor': [later]}
    return {
        column: {'$gte' if after else '$lte': here},
        '$or': [{column: {'$gt' if after else '$lt': here}}, rest],
    }


def equal(column: str, time: datetime) -> Document:
    """The test of equality."""
    here, microsecond, first = _parts(time)
    if microsecond == first:
        return {column: here, '$nor': [_within(column, first, '$gt', first)]}
    return {column: here, f'{MICROSECONDS}.{column}': microsecond}


def among(column: str, times: Iterable[datetime], others: list[Any]) -> Document:
    """The test of equality with one of these, or with other values, which are compared as they are."""
    alternatives = [equal(column, time) for time in times]
    return {'$or': [*alternatives, {column: {'$in': others}}] if others or not alternatives else alternatives}


def _parts(time: datetime) -> tuple[datetime, int, int]:
    """The time to the millisecond, its microsecond, and the first one of its millisecond."""
    first = time.microsecond // 1000 * 1000
    return time.replace(microsecond=first), time.microsecond, first


def _within(column: str, first: int, operator: str, microsecond: int) -> Document:
    """The microsecond is after this one, or from it on. One of another millisecond is a former value's, and none."""
    return {f'{MICROSECONDS}.{column}': {operator: microsecond, '$lt': first + 1000}}
