"""Definitions of tables: a wrong one is refused when it is made, not by SQLite later."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import mqsql
from mqsql.schema import ANY, BUFFERS, DOCUMENT, STRING, TIMESTAMP, Index, Table
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
