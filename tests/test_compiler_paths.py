"""Paths into Documents: which steps can be an array's positions."""

import pytest

import mqsql
from mqsql.compiler.paths import MAX_INDEX, is_index


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
        assert store.distinct(f'content.a.{digits}') == [2]
        assert store.count({}) == len(list(store.find({}, [], sort=f'content.a.{digits}')))
