"""Equalities of strings in documents, where SQLite first looks for the string in the document's text."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from store_files import other

import mqsql
from mqsql.storage import Store

CODES = [
    *range(0x110),
    0x2028,
    0x2029,
    *range(0xD7FE, 0xD802),
    *range(0xDFFE, 0xE002),
    0xFEFF,
    0xFFFF,
    0x1F600,
    0x10FFFF,
]
TEXTS = ['', 'a', '"a"', '\\"', '\\u0000', '[', '{"$date":1}', *(f'a{chr(code)}b' for code in CODES)]

SHAPES: dict[str, Callable[[str], Any]] = {
    'alone': lambda text: {'x': text},
    'array': lambda text: {'x': ['-', text]},
    'way': lambda text: [{'x': text}],
}
OTHERS: dict[str, Callable[[str], Any]] = {
    'key': lambda text: {text: {'x': '-'}},
    'part': lambda text: {'x': f'{text}-'},
    'elsewhere': lambda text: {'y': text},
}


@pytest.fixture(scope='module')
def store() -> Iterator[Store]:
    """Each text in all shapes, of which the others have it elsewhere."""
    with mqsql.open(':memory:') as opened:
        for i, text in enumerate(TEXTS):
            for name, make in (SHAPES | OTHERS).items():
                opened.add_record(f'{name}{i:03}', {'content': make(text)})
        yield opened


def found(store: Store, query: dict[str, Any]) -> list[str]:
    return [record['msg_id'] for record in store.find(query, ['msg_id'])]


def escaped(text: str) -> str:
    """The string in JSON with an escape for each character."""
    units = text.encode('utf-16-be').hex()
    return '"' + ''.join(f'\\u{units[i : i + 4]}' for i in range(0, len(units), 4)) + '"'


@pytest.mark.parametrize(
    'write',
    [
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps(text).replace('/', '\\/'),
        escaped,
    ],
    ids=['ASCII', 'UTF-8', 'slashes', 'escapes'],
)
def test_other_programs_may_write_strings_in_other_ways(path: Path, write: Callable[[str], str]) -> None:
    texts = ['a', 'a/b', 'é', 'a"b', 'a\\b', 'a\nb', '\U0001f600']
    with mqsql.open(path) as opened:
        for i, text in enumerate(texts):
            opened.add_record(f'{i}', {})
            written = f'[ {{"x": {write(text)}}} ]'
            other(path).execute('UPDATE task_records SET content = ? WHERE msg_id = ?', (written, f'{i}'))
        for i, text in enumerate(texts):
            assert found(opened, {'content.x': text}) == [f'{i}']
            assert found(opened, {'content.x': {'$in': ['-', text]}}) == [f'{i}']


def test_each_string_is_found_where_it_is(store: Store) -> None:
    for i, text in enumerate(TEXTS):
        assert found(store, {'content.x': text}) == [f'{name}{i:03}' for name in SHAPES]


@pytest.mark.parametrize('number', range(6))
def test_each_string_of_a_list_is_found(store: Store, number: int) -> None:
    for i in range(0, len(TEXTS) - number, 7):
        wanted = range(i, i + number)
        expected = [f'{name}{n:03}' for n in wanted for name in SHAPES]
        assert found(store, {'content.x': {'$in': [TEXTS[n] for n in wanted]}}) == expected


def test_all_others_are_unequal(store: Store) -> None:
    every = found(store, {})
    for i in (0, 2, 9, 60):
        here = {f'{name}{n:03}' for n in (i, i + 1) for name in SHAPES}
        assert found(store, {'content.x': {'$nin': TEXTS[i : i + 2]}}) == [key for key in every if key not in here]
        assert found(store, {'content.x': {'$not': {'$in': TEXTS[i : i + 2]}}}) == [
            key for key in every if key not in here
        ]
        one = {key for key in here if key.endswith(f'{i:03}')}
        assert found(store, {'content.x': {'$ne': TEXTS[i]}}) == [key for key in every if key not in one]
