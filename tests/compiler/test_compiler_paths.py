"""Paths into Documents: which steps can be an array's positions."""

from datetime import UTC, datetime
from typing import Any

import pytest
from stores import filled, ids

import mqsql
from mqsql import reference
from mqsql.values.paths import MAX_INDEX, is_index


@pytest.mark.parametrize('step', ['0', '7', '10', str(MAX_INDEX - 1)])
def test_positions(step: str) -> None:
    assert is_index(step)


@pytest.mark.parametrize('step', ['', '-1', '01', '1.', '1a', ' 1', '1_0', '²', '\u0661', str(MAX_INDEX), '9' * 5_000])
def test_names(step: str) -> None:
    assert not is_index(step)


def test_a_step_of_thousands_of_digits_is_a_name() -> None:
    digits = '9' * 5_000
    with mqsql.open(':memory:') as store:
        store.add_record('m', {'content': {'a': [1, {digits: 2}]}})
        assert store.count({f'content.a.{digits}': 2}) == 1
        assert store.distinct(f'content.a.{digits}') == []  # where an array is met, a number is a position
        assert store.count({}) == len(list(store.find({}, [], sort=f'content.a.{digits}')))


@pytest.mark.parametrize(
    ('element', 'offers'),
    [
        ({}, 'missing'),
        ({'a': 5}, 'missing'),
        ({'a': None}, 'missing'),
        ({'a': {}}, 'missing'),
        ({'a': {'c': 1}}, 'missing'),
        ({'a': datetime(2026, 1, 1, tzinfo=UTC)}, 'missing'),
        ({'a': b'x'}, 'missing'),
        ({'a': [{}]}, 'missing'),
        ({'a': {'b': None}}, 'null'),
        ({'a': [{'b': [None]}]}, 'null'),
        ({'a': {'b': 1}}, 'a value'),
        ({'a': []}, 'nothing'),
        ({'a': [5]}, 'nothing'),
        (5, 'nothing'),
    ],
)
def test_what_an_array_s_element_offers_further_in(element: Any, offers: str) -> None:
    records = [{'msg_id': 'm', 'content': {'x': [element]}}]
    with filled(records) as store:
        for test, holds in (
            (None, offers in ('missing', 'null')),
            ({'$ne': None}, offers in ('a value', 'nothing')),
            ({'$exists': False}, offers in ('missing', 'nothing')),
        ):
            assert bool(ids(store, {'content.x.a.b': test})) is holds, test
            assert bool(list(reference.find(records, {'content.x.a.b': test}))) is holds, test
