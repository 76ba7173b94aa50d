"""Patterns of fnmatch as SQLite's GLOB, against fnmatch itself, in both SQLite libraries that are here."""

import sqlite3
import warnings
from collections.abc import Callable
from fnmatch import fnmatchcase

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mqsql
from mqsql.compiler.glob import MAX_PATTERN, to_sqlite
from mqsql.schema.codec import encode_text

# The signs of patterns, their neighbours, and the code points that are stored as pairs.
ALPHABET = st.sampled_from('abz*?[]!^-\\&|~\x00\x01\x02\ud7ff\ud800\udfff\ue000é\U0010ffff')
LIBRARIES: dict[str, Callable[[], apsw.Connection | sqlite3.Connection]] = {
    'apsw': lambda: apsw.Connection(':memory:'),
    'sqlite3': lambda: sqlite3.connect(':memory:'),
}


def found(connection: apsw.Connection | sqlite3.Connection, text: str, pattern: str) -> bool:
    glob = to_sqlite(pattern)
    if glob is None:
        return False
    subject = encode_text(text)
    if glob.form == 'characters':
        subject = subject.replace('\x01', '').replace('\ud7ff', '')
    return bool(next(iter(connection.execute('SELECT ? GLOB ?', (subject, glob.pattern))))[0])


@pytest.mark.parametrize('library', LIBRARIES)
@settings(max_examples=settings().max_examples * 10)
@given(pattern=st.text(ALPHABET, max_size=8), text=st.text(ALPHABET, max_size=4))
def test_it_matches_what_fnmatch_matches(library: str, pattern: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # re warns of sets that fnmatch makes
        expected = fnmatchcase(text, pattern)
    connection = LIBRARIES[library]()
    assert found(connection, text, pattern) == expected
    connection.close()


@pytest.mark.parametrize(
    ('pattern', 'sqlite'),
    [
        ('train-*', 'train-*'),
        ('[!a]*', '[^a]*'),
        ('[^a]', '[a^]'),
        ('[]-]', '[]-]'),
        ('[', '[[]'),
        ('a]', 'a]'),
        ('[!]', '[[]!]'),
        ('[a-c-e]', '[-a-ce]'),
    ],
)
def test_the_pattern_for_sqlite(pattern: str, sqlite: str) -> None:
    glob = to_sqlite(pattern)
    assert glob is not None
    assert glob.pattern == sqlite


def test_a_class_that_nothing_is_in_matches_nothing() -> None:
    assert to_sqlite('a[z-b]') is None
    assert mqsql.compile({'label': {'$glob': 'a[z-b]'}}, []).sql.endswith('WHERE FALSE ORDER BY rowid')


def test_a_pattern_has_a_longest() -> None:
    mqsql.compile({'label': {'$glob': 'a' * MAX_PATTERN}})
    with pytest.raises(mqsql.QueryError, match='at most 10,000 characters, not 10,001'):
        mqsql.compile({'label': {'$glob': 'a' * (MAX_PATTERN + 1)}})
    # Pairs and escapes make it longer than SQLite takes, which would only say so when it runs.
    with pytest.raises(mqsql.QueryError, match='at most 50,000 bytes as SQLite reads it'):
        mqsql.compile({'label': {'$glob': '\ud800' * MAX_PATTERN}})
