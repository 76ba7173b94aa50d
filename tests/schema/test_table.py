"""Definitions of tables: a wrong one is refused when it is made, not by SQLite later."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import mqsql
from mqsql.errors import DuplicateRecordError, MissingRecordError, RecordError, StorageError
from mqsql.schema import ANY, BOOLEAN, BUFFERS, DOCUMENT, NUMBER, STRING, TIMESTAMP, Index, Table
from mqsql.schema.definition import MAX_COLUMNS

SOUND: dict[str, Any] = {'name': 'things', 'columns': {'a': STRING, 'at': TIMESTAMP, 'doc': DOCUMENT}, 'key': 'a'}


@pytest.mark.parametrize(
    ('part', 'value', 'message'),
    [
        ('name', 5, "the name of a table is text, such as 'orders', not 5 (int)"),
        ('name', None, "the name of a table is text, such as 'orders', not None"),
        ('name', b'things', "not b'things' (bytes)"),
        ('columns', None, "columns are a dict of names and types, such as {'id': STRING, 'price': NUMBER}, not None"),
        ('columns', ['a'], 'columns are a dict'),
        ('columns', {'a': STRING, 5: STRING}, 'the name of a column is text, not 5 (int)'),
        (
            'columns',
            {'a': STRING, 'b': 5},
            "the type of the column 'b' is STRING, NUMBER, BOOLEAN, TIMESTAMP, DOCUMENT, BUFFERS or ANY, not 5 (int)",
        ),
        ('columns', {'a': STRING, 'b': 'number'}, "the type of the column 'b' is NUMBER, not 'number' (str)"),
        ('columns', {'a': STRING, 'b': bool}, "the type of the column 'b' is BOOLEAN, not <class 'bool'> (type)"),
        ('columns', {'a': STRING, 'b': float}, "the type of the column 'b' is NUMBER, not"),
        ('columns', {'a': STRING, 'b': set}, "the type of the column 'b' is STRING, NUMBER,"),
        ('key', 5, "the key is the name of a STRING column, such as 'id', not 5 (int)"),
        ('key', ['a'], 'the key is the name of a STRING column'),
        ('aliases', 5, "aliases are a dict, such as {'other name': 'column'}, not 5 (int)"),
        ('aliases', {'b': 5}, 'an alias and its column are text, not 5 (int)'),
        ('aliases', {5: 'a'}, 'an alias and its column are text, not 5 (int)'),
        ('indexes', 5, "indexes are a tuple, such as (Index(('price',)), Index(('paid', 'at'), (1, -1))), not 5 (int)"),
        ('indexes', (5,), "an index is an Index, such as Index(('price',)), not 5 (int)"),
        ('history', 5, 'history is the name of a column or None, not 5 (int)'),
        ('indexes', ('a',), "an index is an Index, such as Index(('price',)), not 'a' (str)"),
    ],
)
def test_a_part_that_is_none_is_a_type_error(part: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Table(**{**SOUND, part: value})


@pytest.mark.parametrize(
    ('part', 'value', 'message'),
    [
        ('columns', {}, "key: unknown column 'a'"),
        ('key', 'b', "key: unknown column 'b'"),
        ('columns', {'a': ANY}, "the key 'a' holds values of any type; a key is a STRING column"),
        ('columns', {'a': STRING, '': STRING}, "a column cannot be named '': a name has characters"),
        ('columns', {'a': STRING, 'a.b': STRING}, 'queries take a $ for an operator and a dot for a path'),
        ('columns', {'a': STRING, 'B': STRING, 'b': STRING}, "SQLite does not tell it from 'B'; write another"),
        ('aliases', {'other': 'nope'}, "alias 'other': unknown column 'nope'"),
        ('history', 'ats', "history: unknown column 'ats', did you mean 'at'?"),
        ('columns', {'a': STRING, 'b\ud800': STRING}, 'a column cannot be named'),
        ('columns', {'a': STRING, 'b\0': STRING}, 'a column cannot be named'),
        ('columns', {'a': STRING, 'RowId': STRING}, 'a column cannot be named'),
        ('columns', {'a': STRING, 'A': STRING}, 'a column cannot be named'),
        (
            'columns',
            {'a': STRING} | {f'c{i}': STRING for i in range(MAX_COLUMNS)},
            'a table has at most 1,900 columns, not 1,901',
        ),
        ('aliases', {'\ud800': 'a'}, 'a column cannot be named'),
        ('aliases', {'b\0': 'a'}, 'a column cannot be named'),
        ('aliases', {'at': 'a'}, "'at' is a column and an alias of another"),
        ('indexes', (Index(('nope',)),), "index 'nope_1': unknown column 'nope'"),
        ('indexes', (Index(('at.b',)),), "no path leads into 'at', which holds times"),
        ('indexes', (Index(('doc..b',)),), "there is no index on 'doc..b'"),
        ('indexes', (Index(('at',)), Index(('at',))), "there are two indexes 'at_1'"),
    ],
)
def test_a_part_that_contradicts_the_others_is_a_value_error(part: str, value: Any, message: str) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"table 'things': {message}").replace('things', '.*').replace("'.*': a", '.*a')
    ):
        Table(**{**SOUND, part: value})


def test_there_is_no_index_on_buffers() -> None:
    with pytest.raises(ValueError, match="there is no index on 'b'"):
        Table('things', {'a': STRING, 'b': BUFFERS}, 'a', indexes=(Index(('b',)),))


@pytest.mark.parametrize(
    'name',
    ['a\ud800', 'a\0', 'pragma_table_info', 'Pragma_x', 'json_tree', 'sqlite', 'sqlites', 'SQLite_records', 'E12'],
)
def test_a_name_that_sqlite_or_a_statement_needs_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f'a table cannot be named {name!r}')):
        Table(name, {'a': STRING}, 'a')


@pytest.mark.parametrize(
    ('make', 'error', 'message'),
    [
        (lambda: Index(()), ValueError, 'one or more keys'),
        (lambda: Index(('a', 'a')), ValueError, 'each once'),
        (lambda: Index('a'), ValueError, "the columns of an index are a tuple, such as \\('price',\\), not 'a'"),  # type: ignore[arg-type]
        (lambda: Index(5), ValueError, "the columns of an index are a tuple, such as \\('price',\\), not 5"),  # type: ignore[arg-type]
        (lambda: Index((5,)), ValueError, 'on the names of columns and paths, not on 5'),  # type: ignore[arg-type]
        (lambda: Index(('a',), 1), ValueError, 'the directions of an index are a tuple'),  # type: ignore[arg-type]
        (lambda: Index(('a',), (2,)), ValueError, 'are 1 or -1, one for each key'),
        (lambda: Index(('a', 'b'), (1,)), ValueError, 'are 1 or -1, one for each key'),
        (lambda: Index(('a',), ('x',)), ValueError, 'are 1 or -1, one for each key'),  # type: ignore[arg-type]
    ],
)
def test_an_index_that_makes_no_sense_is_refused(
    make: Callable[[], Index], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make()


def test_lists_are_taken_for_tuples() -> None:
    table = Table(**SOUND, indexes=[Index(['at', 'a'], [1, -1])])  # type: ignore[arg-type]
    assert table.indexes == (Index(('at', 'a'), (1, -1)),)
    with mqsql.open(':memory:', table=table) as store:
        assert list(store.list_indexes()) == ['at_1_a_-1']


@pytest.mark.parametrize(
    'name', ['new', 'old', 'excluded', 'named', 'blobs', 'key', 'value', 'record', 'select', 'a/b~c.d']
)
def test_any_other_name_works(name: str) -> None:
    columns = {'key': STRING, 'value': ANY, 'type': DOCUMENT, 'record': BUFFERS}
    table = Table(name, columns, 'key', indexes=(Index(('value',)), Index(('type.a', 'value'))))
    with mqsql.open(':memory:', table=table) as store:
        store.add_record('k', {'value': 7, 'type': {'a': [1, {'b': 2}]}, 'record': [b'x']})
        for query in (
            {'value': 7},
            {'type.a': 1},
            {'type.a.b': 2, 'record': {'$size': 1}},
            {'$expr': {'$eq': ['$value', 7]}},
        ):
            assert list(store.find(query, ['record'], sort='type.a')) == [{'key': 'k', 'record': [b'x']}]
        store.drop_record('k')


def test_as_many_columns_as_a_table_takes_can_be_stored_found_and_sorted() -> None:
    names = [f'c{i}' for i in range(MAX_COLUMNS - 2)]
    columns = {'key': STRING, 'doc': DOCUMENT, **dict.fromkeys(names, STRING)}
    with mqsql.open(':memory:', table=Table('wide', columns, 'key', indexes=(Index(('doc.a', 'c1')),))) as store:
        store.add_record('k', {'doc': {'a': 1}, **dict.fromkeys(names, 'x')})
        store.update_record('k', dict.fromkeys(names, 'y'))
        (found,) = store.find({'doc.a': 1}, sort=[('doc.a', 1), ('c1', -1)], limit=1)
        assert found['c9'] == 'y'
        assert (
            store.count({'$jsonSchema': {'minProperties': 1000, 'additionalProperties': {'bsonType': 'string'}}}) == 0
        )


def test_a_table_prints_as_it_is_written() -> None:
    indexes = (Index(('total',)), Index(('doc.a', 'total'), (1, -1)))
    columns = {
        'nr': STRING,
        'total': NUMBER,
        'paid': BOOLEAN,
        'doc': DOCUMENT,
        'label': ANY,
        'raw': BUFFERS,
        'at': TIMESTAMP,
    }
    table = Table('orders', columns, 'nr', aliases={'sum': 'total'}, indexes=indexes, history='at')
    assert repr(table) == (
        "Table('orders', {'nr': STRING, 'total': NUMBER, 'paid': BOOLEAN, 'doc': DOCUMENT, 'label': ANY, 'raw': BUFFERS, "
        "'at': TIMESTAMP}, 'nr', aliases={'sum': 'total'}, "
        "indexes=(Index(('total',)), Index(('doc.a', 'total'), (1, -1))), history='at')"
    )
    again = eval(repr(table), {name: getattr(mqsql, name) for name in mqsql.__all__})
    assert repr(again) == repr(table)


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize('url', ['file', ':memory:', 'dict:'])
def test_every_method_of_a_store_works_on_any_table(url: str, tmp_path: Path) -> None:
    columns = {
        'at': TIMESTAMP,
        'paid': BOOLEAN,
        'total': NUMBER,
        'nr': STRING,
        'items': DOCUMENT,
        'raw': BUFFERS,
        'any': ANY,
    }
    table = Table('orders', columns, 'nr', aliases={'sum': 'total'}, indexes=[Index(('total',))], history='at')  # type: ignore[arg-type]
    path = tmp_path / 'orders.db'
    with mqsql.open(path if url == 'file' else url, table=table) as store:
        store.add_record('b', {'total': 2, 'paid': True, 'at': NOON, 'items': [{'name': 'tea'}], 'raw': [b'x']})
        store.add_record('a', {'nr': 'a', 'sum': 2.5, 'any': 'x'})
        store.add_record('c', {'total': -1, 'paid': False, 'at': NOON - timedelta(1)})
        with pytest.raises(DuplicateRecordError, match="there is already a record with nr 'a'"):
            store.add_record('a', {})
        with pytest.raises(RecordError, match="nr: names another record, 'x'"):
            store.add_record('d', {'nr': 'x'})
        store.update_record('c', {'total': 3.0, 'any': None})
        with pytest.raises(MissingRecordError, match="there is no record with nr 'z'"):
            store.update_record('z', {'total': 1})
        with pytest.raises(MissingRecordError, match="there is no record with nr 'z'"):
            store.get_record('z')
        assert store.get_record('b')['raw'] == [b'x']
        assert store.find_one('c', ['sum']) == {'nr': 'c', 'sum': 3.0}
        assert list(store.find({'total': {'$gt': 2}}, sort=[('total', -1)], projection={'total': 1})) == [
            {'nr': 'c', 'total': 3.0},
            {'nr': 'a', 'total': 2.5},
        ]
        assert [record['nr'] for record in store.find_records({'items.name': 'tea'})] == ['b']
        assert store.count({'paid': {'$ne': True}}) == 2
        assert store.distinct('total') == [2, 2.5, 3.0]
        assert store.keys() == ['b', 'a', 'c']
        assert store.keys({'total': {'$gte': 2.5}}, sort={'sum': -1}, limit=1) == ['c']
        assert store.get_history() == ['a', 'c', 'b']
        assert store.create_index([('items.name', 1), ('total', -1)]) == 'items.name_1_total_-1'
        assert store.create_index('paid') == 'paid_1'
        assert set(store.list_indexes()) == {'total_1', 'items.name_1_total_-1', 'paid_1'}
        assert store.keys({'items.name': 'tea', 'total': 2}) == ['b']
        assert store.explain({'total': 2}).indexes == ('total_1',)
        store.drop_index('paid_1')
        store.drop_record('a')
        store.drop_matching_records({'total': {'$lt': 3}})
        assert store.keys() == ['c']
    if url == 'file':
        with mqsql.open(path, table=table, readonly=True) as store:
            assert store.get_record('c')['total'] == 3.0
        with pytest.raises(
            StorageError, match="its table 'orders' was defined otherwise: 'any' is only in the file, 'at' is"
        ):
            mqsql.open(path, table=Table('orders', {'nr': STRING}, 'nr'))


def test_history_is_by_insertion_where_a_table_names_no_column() -> None:
    with mqsql.open('dict:', table=Table('things', {'k': STRING}, 'k')) as store:
        for key in 'ba':
            store.add_record(key, {})
        assert store.get_history() == ['b', 'a']
