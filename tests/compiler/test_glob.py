"""Patterns of fnmatch as SQLite's GLOB, against fnmatch itself, in both SQLite libraries that are here."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from fnmatch import fnmatchcase

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mqsql
from mqsql import limits, reference, storage
from mqsql.compiler.dialects.sqlite.glob import Glob, to_sqlite
from mqsql.compiler.tree.params import OperandType
from mqsql.functions import glob
from mqsql.functions.glob import MAX_PATTERN
from mqsql.values.codec import encode_text

# The signs of patterns, their neighbours, and the code points that are stored as pairs.
ALPHABET = st.sampled_from('abz*?[]!^-\\&|~\x00\x01\x02\ud7ff\ud800\udfff\ue000é\U000f1001\U000fdfff\U0010ffff')
LIBRARIES: dict[str, Callable[[], apsw.Connection | sqlite3.Connection]] = {
    'apsw': lambda: apsw.Connection(':memory:'),
    'sqlite3': lambda: sqlite3.connect(':memory:'),
}


def found(connection: apsw.Connection | sqlite3.Connection, text: str, pattern: str) -> bool | None:
    """Whether SQLite takes the text; None for a pattern that it cannot have."""
    wanted = to_sqlite(pattern)
    if wanted is None:
        return None
    subject = encode_text(text)
    if wanted.form is OperandType.CHARACTERS_GLOB:
        subject = subject.replace('\x01', '').replace('\ud7ff', '')
    return bool(next(iter(connection.execute('SELECT ? GLOB ?', (subject, wanted.pattern))))[0])


@pytest.mark.parametrize('library', LIBRARIES)
@settings(max_examples=settings().max_examples * 10)
@given(pattern=st.text(ALPHABET, max_size=8), text=st.text(ALPHABET, max_size=4))
def test_it_matches_what_fnmatch_matches(library: str, pattern: str, text: str) -> None:
    with closing(LIBRARIES[library]()) as connection:
        assert found(connection, text, pattern) in (fnmatchcase(text, pattern), None)


@settings(max_examples=settings().max_examples * 10)
@given(
    pattern=st.text(ALPHABET, max_size=8), text=st.text(ALPHABET, max_size=6), steps=st.sampled_from([1, 9, 1_000_000])
)
def test_the_function_matches_what_fnmatch_matches(pattern: str, text: str, steps: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glob, 'STEPS', steps)
        assert glob.matches(pattern, text) is fnmatchcase(text, pattern)


@pytest.mark.parametrize('place', [':memory:', 'dict:'])
def test_a_long_glob_is_stopped(place: str) -> None:
    with storage.open(place) as store:
        for i in range(50):
            store.add_record(str(i), {'label': 'a' * 100_000})
        with limits.deadline(0.2), pytest.raises(mqsql.StorageError, match='query_timeout'):
            store.count({'label': {'$glob': '*' + '[ab]' * 2_000 + 'c*'}})


@pytest.mark.parametrize(
    ('pattern', 'sqlite'),
    [
        ('[!a]*', '[^a]*'),
        ('[^a]', '[a^]'),
        ('[]-]', '[]-]'),
        ('[a-c-e]', '[-a-ce]'),
        ('[a]b]', '[a]b]'),
        ('[!b-a]', '?'),
        ('[^]', '^'),
        ('[!^]', '[^^]'),
        ('[^a-c]', '[a-c^]'),
        ('[a-cx-z]', '[a-cx-z]'),
        ('[A-X]', '[A-X]'),
        ('[X-Z]', '[X-Z]'),
        ('[Xa]', '[Xa]'),
        ('[]-a]', '[]_-a^]'),
        ('[+--]', '[-+-,]'),
    ],
)
def test_the_class_for_sqlite(pattern: str, sqlite: str) -> None:
    assert to_sqlite(pattern) == Glob(OperandType.CHARACTERS_GLOB, sqlite)


@pytest.mark.parametrize(
    ('pattern', 'sqlite'), [('train-*', 'train-*'), ('[', '[[]'), ('a]', 'a]'), ('[!]', '[[]!]'), ('X', 'X')]
)
def test_the_text_for_sqlite(pattern: str, sqlite: str) -> None:
    assert to_sqlite(pattern) == Glob(OperandType.GLOB, sqlite)


TEXTS = ['a', 'za', '\x01a', '\U000f1001a', 'a\x01', 'a\U000f1001', '\0', 'z\ud800', 'z\U000fd800', 'é' * 9_990]
ELSEWISE = [
    'a[z-b]',
    '\x01*',
    '*\U000f1001',
    '[\0-z]',
    '[a-\x01\U000f1001]*',
    '?\ud800',
    '[!\ud800]?',
    'é' * 9_980 + '[?-é]?*',
]


@pytest.mark.parametrize('pattern', [*ELSEWISE, '[a-é]' * 1_998 + '*' * 9])
def test_what_sqlite_cannot_have_is_found_too(pattern: str) -> None:
    with storage.open(':memory:') as store:
        for text in TEXTS:
            store.add_record(text, {'label': text})
        found = [record['msg_id'] for record in store.find({'label': {'$glob': pattern}}, [])]
    assert found == [text for text in TEXTS if fnmatchcase(text, pattern)]


def test_a_pattern_has_a_longest() -> None:
    mqsql.compile({'label': {'$glob': 'a' * MAX_PATTERN}})
    with pytest.raises(mqsql.QueryError, match='at most 10,000 characters, not 10,001'):
        mqsql.compile({'label': {'$glob': 'a' * (MAX_PATTERN + 1)}})


@pytest.mark.parametrize(
    'pattern',
    ['*[^-[!*]', '[z-a!b]', '[z-a!]', '[z-ay-x!b]', '[!z-a]', '[!z-a!b]', '[z-a]', '[z-a-b]', '[]', '[!]', '[]a]'],
)
def test_classes_with_empty_ranges_are_as_fnmatch_reads_them(pattern: str) -> None:
    texts = ['', *'ab!*-[]^z', 'za', '[]', '[!]']
    records = [{'msg_id': str(i), 'stdout': text} for i, text in enumerate(texts)]
    expected = [text for text in texts if fnmatchcase(text, pattern)]
    with mqsql.open(':memory:') as store:
        for record in records:
            store.add_record(record['msg_id'], record)
        for found in (store.find, lambda query: reference.find(records, query)):
            assert [record['stdout'] for record in found({'stdout': {'$glob': pattern}})] == expected
    assert [text for text in texts if glob.matches(pattern, text)] == expected
