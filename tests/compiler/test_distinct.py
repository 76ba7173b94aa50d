"""The values that `distinct` finds at a path: as in MongoDB, a number is a position wherever it meets an array."""

from collections.abc import Iterator
from typing import Any

import pytest

import mqsql
from mqsql.storage import Store


@pytest.fixture(params=[':memory:', 'dict:'])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with mqsql.open(request.param) as store:
        yield store


@pytest.mark.parametrize(
    ('content', 'key', 'values'),
    [
        ({'x': [{'0': 5}, {'1': 6}]}, 'content.x.0', [{'0': 5}]),
        ({'x': [{'0': {'b': 2}}]}, 'content.x.0.b', []),
        ({'x': [{'b': 2}, {'b': 3}]}, 'content.x.0.b', [2]),
        ({'x': [{'b': 2}, {'b': [3, 4]}, 5]}, 'content.x.b', [2, 3, 4]),
        ({'x': {'0': 5}}, 'content.x.0', [5]),
        ({'x': {'00': 5}}, 'content.x.00', [5]),
        ({'x': [{'00': 5}]}, 'content.x.00', []),
        ({'x': [[1, 2], [3]]}, 'content.x.0', [1, 2]),
        ({'x': [[1, 2], [3]]}, 'content.x.0.1', [2]),
        ({'x': [[{'b': 1}]]}, 'content.x.b', []),
        ({'x': [[{'b': 1}]]}, 'content.x.0.b', [1]),
        ({'x': [1]}, 'content.x.1', []),
        ({'x': [{'99999999999': 1}]}, 'content.x.99999999999', []),
        ([{'b': 1}, {'0': 2}], 'content.0', [{'b': 1}]),
    ],
)
def test_a_number_is_a_position_of_an_array(store: Store, content: Any, key: str, values: list[Any]) -> None:
    store.add_record('m', {'content': content})
    assert store.distinct(key) == values
