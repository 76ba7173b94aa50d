"""The values that `distinct` finds at a path: as in MongoDB, a number is a position wherever it meets an array."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

import mqsql
from mqsql import reference
from mqsql.compiler import compile_distinct
from mqsql.errors import DamagedValueWarning
from mqsql.schema import ANY, NUMBER, STRING, TASKS, TIMESTAMP, Index, Table
from mqsql.storage import Store
from mqsql.values.codec import encode_text


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


VALUES: dict[str, list[Any]] = {
    'value': ['b', None, 'a', 'b', 'B', '\0', '\x01', 'a', '\ud800'],
    'o': [5, 'x', [1, 'x', [2]], None, 5.0, {'a': 1}, 'X', True, [1, 'x', [2]]],
    'rowcount': [3, 1.5, None, 3.0, float('nan'), -0.0, float('nan'), 0, 2**60],
    'time': [datetime(2026, 1, 1 + i % 3, tzinfo=UTC) for i in range(9)],
}
KINDS = {'value': STRING, 'o': ANY, 'rowcount': NUMBER, 'time': TIMESTAMP}


@pytest.mark.parametrize('collation', [None, {'locale': 'en', 'strength': 2}])
@pytest.mark.parametrize('analyzed', [False, True])
@pytest.mark.parametrize('indexes', [(), tuple(VALUES), ('value.o', 'o.time', 'rowcount.value', 'time.rowcount')])
def test_an_index_changes_no_value(tmp_path: Path, indexes: tuple[str, ...], analyzed: bool, collation: Any) -> None:
    table = Table('things', {'key': STRING, **KINDS}, 'key')
    records = [{'key': f'{i}', **{name: values[i % 9] for name, values in VALUES.items()}} for i in range(90)]
    with mqsql.open(tmp_path / 'a.db', table=table) as store:
        for index in indexes:
            store.create_index(index.split('.'))
        for record in records:
            store.add_record(record['key'], record)
        if analyzed:
            apsw.Connection(str(tmp_path / 'a.db')).execute('ANALYZE')
        for key in table.columns:
            for query in ({}, {'value': {'$ne': 'b'}}):
                expected = reference.distinct(records, key, query, table=table, collation=collation)
                found = store.distinct(key, query, collation=collation)
                assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_an_index_on_the_column_is_searched_for_the_next_value() -> None:
    assert 'SELECT DISTINCT label' in compile_distinct('label').sql
    assert 'SELECT DISTINCT label' in compile_distinct('label.a').sql
    plain: list[tuple[str, Any]] = [('queue', {}), ('label', {'queue': 'x'}), ('msg_id', {}), ('content.a', {})]
    for key, query in plain:
        assert 'DISTINCT' not in compile_distinct(key, query).sql
    indexed = replace(TASKS, indexes=(Index(('started', 'queue')), Index(('queue',), (-1,))))
    assert 'DISTINCT' in compile_distinct('queue', table=indexed).sql
    assert 'DISTINCT' not in compile_distinct('label', table=indexed).sql


@pytest.mark.parametrize('key', ['queue', 'label', 'msg_id'])
def test_texts_are_read_at_once(key: str) -> None:
    texts = ['b', 'a', '\0', 'b', '\x01', '\ud800', None, 'a', 'B']
    shaper = compile_distinct(key)
    rows = [(None if text is None else encode_text(text),) for text in texts]
    assert shaper.values(rows) == ['b', 'a', '\0', '\x01', '\ud800', 'B']
    made = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event in ('call', 'c_call')

    many = [(f't{i}',) for i in range(1000)]
    sys.setprofile(note)
    try:
        found = shaper.values(many)
    finally:
        sys.setprofile(None)
    assert len(found) == 1000
    assert made < 100
    assert compile_distinct('label').values([('a',), (b'["a"]',), (b'5',)]) == ['a', 5]
    assert compile_distinct('label', collation={'locale': 'en', 'strength': 2}).values([('a',), ('A',)]) == ['a']
    assert compile_distinct('label.x').values([('a',)]) == []


def test_a_damaged_value_in_an_index_is_left_out_with_a_warning(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'a.db') as store:
        for i in range(6):
            store.add_record(f'm{i}', {'label': f'{i % 3}'})
        apsw.Connection(str(tmp_path / 'a.db')).execute("UPDATE task_records SET label = x'ff' WHERE msg_id = 'm1'")
        with pytest.warns(DamagedValueWarning, match="the label of the record 'm1' is "):
            assert store.distinct('label') == ['0', '2', '1']
