"""A dotted key fetches the value at its path, not the whole document, and the answer is the reference's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

import mqsql
from mqsql import reference
from mqsql.errors import DamagedValueWarning

DAY = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: list[Any] = [
    *(None, True, 0, -0.0, 1.5, 10**30, float('inf'), 'text', '', 'a"b\\c\n', '\0\x01\ud7ff\ud800', b'raw', DAY),
    *({}, [], [{}], {'b': 1}, {'b': None}, {'b': {}}, {'b': {'c': {'d': 1}}}, {'b': [{'c': 1}, 5, [{'c': 2}]]}),
    *([{'b': 1}, 5, DAY, {'c': 2}], [[{'b': 1}], {'b': [1]}], {'c': 1, 'b': DAY}, {'b': b'raw', 'a': 0}),
]
NAMES = ['a', 'b', '0', 'a b', '$a', '$date', 'a"b', "a'b", 'a\\b', 'ä\n', '\0', '\ud800', '\U0001f600', 'A' * 300]
DOCUMENTS: list[Any] = [
    *({'x': 1, 'a': value, 'y': [1, 2]} for value in VALUES),
    *({'first': 0, name: {name: 1, 'z': 2}, 'last': DAY} for name in NAMES),
    *({}, [], [{'a': 1}, {'a': {'b': 2}}, 3], [[{'a': {'b': 1}}]], {'b': {'a': 1}}),
]
RECORDS = [{'msg_id': f'm{i}', 'content': document} for i, document in enumerate(DOCUMENTS)] + [{'msg_id': 'none'}]
KEYS = [
    *(['content.a'], ['content.a.b'], ['content.a.b.c'], ['content.a.b.c.d'], ['content.a.b.c.d.e.f']),
    *(['content.a.b', 'content.a.c'], ['content.y', 'content.a', 'content.x'], ['content.nothing'], ['content.0']),
    *([f'content.{name}'] for name in NAMES),
    *([f'content.{name}.{name}'] for name in NAMES),
]


@pytest.fixture(scope='module')
def store() -> Iterator[mqsql.Store]:
    with mqsql.open(':memory:') as store:
        for record in RECORDS:
            store.add_record(record['msg_id'], record)
        yield store


@pytest.mark.parametrize('keys', KEYS, ids=ascii)
def test_the_answer_is_the_references(store: mqsql.Store, keys: list[str]) -> None:
    expected = reference.find(RECORDS, {}, keys)
    assert repr(list(store.find({}, keys))) == repr(expected)
    assert repr(store.find_records({}, keys)) == repr(expected)
    assert repr(store.find_one({'msg_id': 'm5'}, keys)) == repr(expected[5])


@pytest.mark.parametrize('keys', [keys for keys in KEYS if not any('$' in key for key in keys)], ids=ascii)
def test_an_inclusion_is_the_same(store: mqsql.Store, keys: list[str]) -> None:
    projection = dict.fromkeys(keys, 1)
    expected = reference.find(RECORDS, {}, None, projection=projection)
    assert repr(list(store.find({}, projection=projection))) == repr(expected)


@pytest.mark.parametrize(
    'key', ['content.a', 'content.a.b', 'content.a.0', 'content.0.a', 'content.a.b.c', 'content.A.b']
)
def test_distinct_values_are_the_same(store: mqsql.Store, key: str) -> None:
    assert repr(store.distinct(key)) == repr(reference.distinct(RECORDS, key))


@pytest.mark.parametrize(
    ('key', 'document', 'fetched'),
    [
        ('content.a', {'a': 1, 'b': 2}, '{"a":1}'),
        ('content.a', {'b': 2}, '{}'),
        ('content.a.b', {'x': 1, 'a': {'y': 2, 'b': [3]}}, '{"a":{"b":[3]}}'),
        ('content.a.b', {'x': 1, 'a': {'y': 2}}, '{"a":{}}'),
        ('content.a.b', {'x': 1, 'a': [{'y': 2}]}, '{"a":[{"y":2}]}'),
        ('content.a.b', {'x': 1, 'a': DAY}, '{"a":{"$date":"2026-01-01T00:00:00.000000Z"}}'),
        ('content.a', [{'a': 1, 'b': 2}], '[{"a":1,"b":2}]'),
        (
            'content.a.b.c.d.e',
            {'a': {'b': {'c': {'d': {'e': 1, 'f': 2}, 'x': 3}}}},
            '{"a":{"b":{"c":{"d":{"e":1,"f":2}}}}}',
        ),
    ],
)
def test_what_a_row_has_of_a_document(tmp_path: Path, key: str, document: Any, fetched: str) -> None:
    with mqsql.open(tmp_path / 'a.db') as store:
        store.add_record('m', {'content': document})
    query = mqsql.compile({}, [key])
    assert list(apsw.Connection(str(tmp_path / 'a.db')).execute(query.sql, query.params)) == [('m', fetched)]


def test_damage_elsewhere_in_a_document_costs_nothing(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'a.db') as store:
        store.add_record('m', {'content': {'a': 1}})
        for stored in (
            '{"a":{"b":5},"d":{"$date":"nonsense"}}',
            '{"d":{"$date":"nonsense"},"a":[{"b":5,"c":{"$date":1}}]}',
        ):
            apsw.Connection(str(tmp_path / 'a.db')).execute('UPDATE task_records SET content = ?', (stored,))
            wanted: Any = {'b': 5} if '[' not in stored else [{'b': 5}]
            assert list(store.find({}, ['content.a.b'])) == [{'msg_id': 'm', 'content': {'a': wanted}}]
            assert list(store.find({}, {'content.a.b': 1})) == [{'msg_id': 'm', 'content': {'a': wanted}}]


@pytest.mark.parametrize(
    'stored', ['{"a":{"$date":"nonsense"}}', '{"a":', '5', '{"$date":"2026-01-01T00:00:00Z"}', "{'a':1}"]
)
def test_a_damaged_value_is_told_once(tmp_path: Path, stored: str) -> None:
    with mqsql.open(tmp_path / 'a.db') as store:
        store.add_record('m', {'content': {'a': 1}})
        store.add_record('n', {'content': {'a': 2}})
        apsw.Connection(str(tmp_path / 'a.db')).execute(
            "UPDATE task_records SET content = ? WHERE msg_id = 'm'", (stored,)
        )
        with pytest.warns(DamagedValueWarning, match="the content of the record 'm' is ") as caught:
            found = [*store.find({}, ['content.a']), *store.find({}, {'content.a': 1}), *store.distinct('content.a')]
        assert [record['content'] for record in found[:4]] == [None, {'a': 2}] * 2
        assert found[4:] == [2]
        assert len(caught) == 1


def test_expressions_read_hidden_columns(tmp_path: Path) -> None:
    with mqsql.open(tmp_path / 'a.db') as store:
        store.add_record('m', {'content': {'a': 1, 'b': 2}, 'label': 'x'})
        apsw.Connection(str(tmp_path / 'a.db')).execute("UPDATE task_records SET label = x'ff'")
        wanted = {'msg_id': 0, 'content.a': 1, 'n': {'$add': ['$content.b', 1]}, 'label of': '$label'}
        with pytest.warns(DamagedValueWarning, match='the label of a record'):
            assert list(store.find({}, projection=wanted)) == [{'content': {'a': 1}, 'n': 3, 'label of': None}]
