"""The strategies draw records that a table holds, and queries that tell them apart, of the language that is asked for."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mqsql.schema import BUFFERS, DOCUMENT, NUMBER, STRING, TASKS, TIMESTAMP, Record, Table
from mqsql.testing import Oracle, expressions, finds, histories, queries, records
from mqsql.testing.drawing.languages import DOCUMENTED, FIND, FULL, OF_MQSQL
from mqsql.testing.drawing.queries import operators_in

ORDERS = Table(
    'orders',
    {'id': STRING, 'paid': TIMESTAMP, 'price': NUMBER, 'customer': DOCUMENT},
    'id',
    aliases={'cost': 'price'},
    history='paid',
)


def leaves(value: Any) -> list[Any]:
    """All that is in a value and is neither an object nor a list."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if parts is None else [leaf for part in parts for leaf in leaves(part)]


@pytest.mark.parametrize('table', [TASKS, ORDERS], ids=['tasks', 'orders'])
@pytest.mark.parametrize('values', ['usual', 'all'])
def test_every_record_is_one_of_the_table(table: Table, values: str) -> None:
    @settings(max_examples=50)
    @given(histories(table, values=values))
    def check(history: list[Record]) -> None:
        keys = [record[table.key] for record in history]
        assert len(set(keys)) == len(keys)
        for record in history:
            assert table.normalize(record).keys() <= table.columns.keys()

    check()


@given(records())
def test_usual_values_are_those_that_every_database_holds(record: Record) -> None:
    for column, value in record.items():
        for leaf in leaves(value) if TASKS.columns[column] is not BUFFERS else []:
            assert not isinstance(leaf, bytes)
            if isinstance(leaf, datetime):
                assert leaf.tzinfo is not None
                assert leaf.microsecond % 1000 == 0
            else:
                json.dumps(leaf, allow_nan=False).encode()
                assert not isinstance(leaf, int) or abs(leaf) < 2**53


@pytest.mark.parametrize('table', [TASKS, ORDERS], ids=['tasks', 'orders'])
@pytest.mark.parametrize('values', ['usual', 'all'])
@pytest.mark.parametrize('language', [DOCUMENTED, FIND, FULL], ids=lambda language: language.name)
def test_queries_have_an_answer_and_many_select_some_records_but_not_all(
    table: Table, values: str, language: Any
) -> None:
    done, used = Counter[str](), set[str]()

    @settings(max_examples=30)
    @given(histories(table, values=values, least=2), st.data())
    def draw(history: list[Record], data: st.DataObject) -> None:
        oracle = Oracle(history, table)
        for _ in range(5):
            query = data.draw(queries(history, table, language=language.name, values=values))
            done['all'] += 1
            done['telling'] += 0 < oracle.count(query) < len(oracle)
            used.update(operators_in(query))

    draw()
    assert done['telling'] >= 0.25 * done['all']
    assert used <= language.operators
    assert len(used) >= 0.5 * len(language.operators)


@settings(max_examples=50)
@given(st.data())
def test_operators_can_be_left_out(data: st.DataObject) -> None:
    history = data.draw(histories())
    left_out = {'$gt', '$elemMatch', '$not', '$or', '$in', '$expr'}
    for _ in range(5):
        assert not left_out & set(operators_in(data.draw(queries(history, language='full', without=left_out))))


@settings(max_examples=50)
@given(st.data())
def test_documented_queries_are_tests_of_columns(data: st.DataObject) -> None:
    query = data.draw(queries(data.draw(histories()), language='documented'))
    for key, test in query.items():
        assert TASKS.columns[key] is not BUFFERS
        if TASKS.columns[key] is DOCUMENT:
            assert test in (None, {'$ne': None}, {'$eq': None})


@settings(max_examples=50)
@given(st.data())
def test_finds_have_options_and_an_answer(data: st.DataObject) -> None:
    history = data.draw(histories(ORDERS))
    oracle = Oracle(history, ORDERS)
    for language in ('documented', 'find', 'full'):
        query, options = data.draw(finds(history, ORDERS, language=language))
        oracle.find(query, **options)
        assert language == 'full' or 'collation' not in options
        assert language != 'documented' or options.keys() <= {'keys'}


def test_all_options_are_drawn() -> None:
    drawn = Counter[str]()

    @settings(max_examples=100)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        drawn.update(list(data.draw(finds(data.draw(histories(least=2)), language='full')).options))

    draw()
    assert drawn.keys() == {'keys', 'sort', 'limit', 'skip', 'projection', 'collation'}


def test_expressions_are_of_many_operators_and_have_an_answer() -> None:
    drawn = Counter[str]()

    @settings(max_examples=100)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        history = data.draw(histories(least=1))
        expression = data.draw(expressions(history))
        drawn.update(list(expression))
        Oracle(history).find({'$expr': expression})

    draw()
    assert len(drawn) > 20


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'language': 'sql'}, "language is 'documented', 'find', 'full', not 'sql'"),
        ({'values': 'some'}, "values is 'usual' or 'all', not 'some'"),
        ({'without': ['$gtt']}, "without: unknown operator '\\$gtt', did you mean '\\$gt'?"),
        ({'without': '$gt'}, "without is a list of operators, such as \\['\\$gt'\\], not a text"),
    ],
)
def test_an_unknown_name_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        queries([], **options)


def test_the_operators_of_mqsql_alone_are_not_mongodbs() -> None:
    assert not set(OF_MQSQL) & FIND.operators
    assert DOCUMENTED.operators <= FULL.operators
