"""The corpus of telling queries: its SQL is what the compiler gives, and SQLite and the reference answer it alike."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import corpus
import pytest
from stores import filled

import mqsql
from mqsql.reference import find
from mqsql.schema import TASKS

CASES = list(corpus.read())

DAY = datetime(2026, 1, 1, tzinfo=UTC)
CONTENTS = [
    {},
    {'n': 5, 's': 'm', 'b': True, 'x': None, 'l': [], 'o': {'a': 1, 'b': [2]}},
    {'n': 5.0, 's': 'n', 'b': False, 'x': 2**40, 'l': [1, 2], 'd': DAY, 'raw': b'abc'},
    {'n': 10**30, 'x': [None, 1.5], 'l': ['a', 'b', 2], 'raw': b'ab', 'o': {'a': 2}},
    {'n': float('inf'), 'a': [{'b': 1}, 1], 'l': [{'a': 1, 'b': {'c': 3}}, {'b': 2}]},
    {'n': float('nan'), 'a': {'b': {'c': 'deep'}, '0': 1}, 'l': [[1], 2.5]},
    {'n': [1, [1], {'a': 1}], 'a': [[{'b': 1}], {'0': {'b': 1}}], 'it\'s "odd"': {'$x': 1}},
    {'n': 1e25, 'n2': -4, 'x': {}, 'a': [{'x': 1}, {'b': {'c': ['deep']}}]},
    ['an element', {'n': 8, 'a': {'b': 1}}],
]
RECORDS: list[dict[str, Any]] = [
    {
        'msg_id': str(i),
        'label': [None, 'train', 7, ['run', 'test'], {'run': 1}][i % 5],
        'queue': [None, 'a', 'train-7x', 'train-6', 'Again'][i % 5],
        'client_uuid': [None, 'c1', 'c2'][i % 3],
        'engine_uuid': [None, 'task', 'mux', 'e1'][i % 4],
        'submitted': [DAY, None, datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 11, 22, 3, tzinfo=UTC)][i % 4],
        'started': [None, datetime(2026, 11, 22, 18, i, tzinfo=UTC), datetime(2026, 11, 22, 19, i, tzinfo=UTC)][i % 3],
        'completed': [None, datetime(2026, 11, 22, 20, i % 2, tzinfo=UTC)][i % 2],
        'buffers': [None, [], [b'a', b'b', b'c'], [b'\x00']][i % 4],
        'result_buffers': [[b'r'], None][i % 2],
        'header': {
            'msg_type': ['apply_request', 'execute_request'][i % 2],
            'date': datetime(2025 + i % 2, 1, 1 + i, tzinfo=UTC),
        },
        'result_content': [{'ename': 'ValueError', 'evalue': 'out of MEMORY'}, {'status': 'ok'}, None][i % 3],
        'content': content,
    }
    for i, content in enumerate(CONTENTS)
]


@pytest.fixture(scope='module')
def store() -> Iterator[mqsql.Store]:
    with filled(RECORDS, table=TASKS) as store:
        yield store


def test_the_corpus_is_read() -> None:
    assert len(CASES) >= 100
    assert len({case.arguments for case in CASES}) == len(CASES)


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.arguments)
def test_sql_is_as_shown(case: corpus.Case) -> None:
    assert corpus.show(case.call(mqsql.compile)) == case.text, 'renew with: python tests/support/corpus.py'


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.arguments)
def test_sqlite_answers_as_the_reference(case: corpus.Case, store: mqsql.Store) -> None:
    def ask_reference(query: object, *arguments: object, **options: object) -> object:
        return find(RECORDS, query, *arguments, **options)  # type: ignore[arg-type]

    answer, expected = list(case.call(store.find)), case.call(ask_reference)
    assert answer == expected or repr(answer) == repr(expected)  # as text, NaN is NaN


def test_the_corpus_bites(store: mqsql.Store) -> None:
    found = [len(list(case.call(store.find))) for case in CASES]
    assert sum(0 < n < len(RECORDS) for n in found) >= 0.6 * len(CASES)
