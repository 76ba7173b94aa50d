"""How a notebook shows answers, stores and explanations. IPython's own formatter asks for it."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

import mqsql
from mqsql.storage import Store, showing

START = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


class Text(HTMLParser):
    """The cells of tables, row by row, and the other text of HTML, whose elements are all closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.lines: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """See HTMLParser."""
        self.open.append(tag)
        if tag == 'tr':
            self.rows.append([])
        if tag in ('td', 'th'):
            self.rows[-1].append('')

    def handle_endtag(self, tag: str) -> None:
        """See HTMLParser."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """See HTMLParser."""
        if {'td', 'th'} & set(self.open):
            self.rows[-1][-1] += data
        else:
            self.lines.append(data)


def shown(value: object) -> Text:
    """What a notebook shows."""
    found, _ = DisplayFormatter().format(value)  # type: ignore[no-untyped-call]
    assert 'background:none' in found['text/html'] or 'color:inherit' in found['text/html']  # the page's colours
    assert len(found['text/plain']) < 300
    return Text(found['text/html'])


@pytest.fixture(autouse=True)
def filled(store: Store) -> None:
    """25 tasks, five of which run and five of which wait."""
    store.add_records(
        {
            'msg_id': f'm{i:02}',
            'label': '<b>&' if i == 1 else i,
            'submitted': START,
            'started': START if i < 20 else None,
            'completed': START if i < 15 else None,
            'stdout': 'x' * 1000,
        }
        for i in range(25)
    )


def test_an_answer_shows_its_first_records_and_how_many_there_are(store: Store) -> None:
    found = store.find({}, ['label', 'submitted', 'stdout', 'resubmitted'], sort='msg_id')
    text = shown(found)
    assert text.rows[0] == ['msg_id', 'label', 'submitted', 'stdout', 'resubmitted']
    assert text.rows[2] == ['m01', '<b>&', '2026-01-01 12:30:00.000000 UTC', 'x' * 59 + '…', '']
    assert len(text.rows) == 1 + showing.ROWS
    assert text.lines == ['25 records']
    assert len(found.to_list()) == 25


@pytest.mark.parametrize(
    ('options', 'line'),
    [
        ({'limit': 3}, '3 records'),
        ({'limit': 12}, '12 records'),
        ({'skip': 24}, '1 record'),
        ({'skip': 5}, '20 records'),
        ({'skip': 25}, 'no records'),
    ],
)
def test_what_is_shown_is_what_was_asked(store: Store, options: Any, line: str) -> None:
    assert shown(store.find({}, [], **options)).lines == [line]
    chained = store.find({}, []).skip(options.get('skip', 0)).limit(options.get('limit', 0))
    assert shown(chained).lines == [line]


def test_a_long_answer_is_not_counted_to_its_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, 'COUNTED', 20)
    assert shown(store.find()).lines == ['more than 20 records']
    assert shown(store.find(limit=20)).lines == ['20 records']


@pytest.mark.parametrize('store', ['file', ':memory:', 'dict:', 'duckdb'], indirect=True)
def test_a_slow_answer_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_records({'msg_id': f'n{i}', 'content': {'a': [*range(50)]}} for i in range(2000))
    monkeypatch.setattr(showing, 'SECONDS', 1e-6)
    found = store.find({'content.a': {'$elemMatch': {'$mod': [51, 50]}}}, [])
    assert shown(found).lines == [
        "find({'content.a': {'$elemMatch': {'$mod': [51, 50]}}}, []): its first records take longer than 1e-06 s"
    ]
    assert found.to_list() == []
    assert store.find({}, []).limit(1).to_list() == [{'msg_id': 'm00'}]


def test_the_repr_of_an_answer_reads_nothing(store: Store) -> None:
    found = store.find({'label': {'$gt': 3}}, ['label'], sort='label', limit=2)
    assert repr(found) == "<unread answer of find({'label': {'$gt': 3}}, ['label'], sort='label', limit=2)>"
    assert not found.begun
    next(found)
    assert repr(found).startswith('<read answer of find(')
    assert shown(found).lines == [repr(found)]
    assert repr(store.find({'label': 'x' * 1000}, [])) < '<unread answer of find({' + 'x' * 100
    assert len(repr(store.find({'label': 'x' * 1000}, []))) < 200


def test_a_store_shows_its_file_and_its_tasks(store: Store) -> None:
    text = shown(store)
    pairs = dict(text.rows)
    assert pairs['store'] == store.name
    assert [pairs[name] for name in ('tasks', 'waiting', 'running', 'completed')] == ['25', '5', '5', '15']
    assert ('size' in pairs) == (Path(store.name).exists())
    assert re.fullmatch(r'\d+\.\d MB', pairs.get('size', '0.0 MB'))
    store.close()
    assert dict(shown(store).rows)['state'] == 'closed'
    assert repr(store) == f'<mqsql.Store {store.name} (closed)>'


def test_a_store_of_another_table_shows_its_records() -> None:
    table = mqsql.Table('orders', {'nr': mqsql.STRING}, 'nr')
    with mqsql.open(':memory:', table=table) as store:
        store.add_record('A1', {})
        assert dict(shown(store).rows) == {'store': ':memory:', 'table': 'orders', 'records': '1'}


def test_an_explanation_shows_its_sql_plan_and_indexes(store: Store) -> None:
    explained = store.explain({'label': '<i>'}, sort='submitted')
    pairs = dict(shown(explained).rows)
    assert pairs.get('SQL', '') == explained.sql
    assert pairs['plan'] == '\n'.join(explained.plan)
    assert pairs['indexes'] == (', '.join(explained.indexes) or 'none')
    assert ('<i>' in pairs['parameters']) if explained.params else 'parameters' not in pairs
    assert repr(explained).startswith('<explanation of ')
    assert repr(explained).endswith(f'indexes: {pairs["indexes"]}>')
    assert len(repr(explained)) < 200
