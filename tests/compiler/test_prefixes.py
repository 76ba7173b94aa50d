"""Patterns that begin with ^ and plain text, which are ranges."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import mqsql
from mqsql import patterns
from mqsql.patterns.prefix import Prefix, prefix_of
from mqsql.values.codec import encode_end, encode_text

ALL, SOME = True, False


@pytest.mark.parametrize(
    ('source', 'prefix'),
    [
        ('^audio/res', Prefix('audio/res', ALL)),
        ('^audio/res.*', Prefix('audio/res', ALL)),
        ('^audio/res.*x$', Prefix('audio/res', SOME)),
        ('^audio/res$', Prefix('audio/res', SOME)),
        ('^a b#c', Prefix('a b#c', ALL)),
        (r'^1\.5\ \-\\', Prefix('1.5 -\\', ALL)),
        (r'^a\d', Prefix('a', SOME)),
        (r'^a\Qb\E', Prefix('a', SOME)),
        ('^ab?c', Prefix('a', SOME)),
        ('^ab*', Prefix('a', SOME)),
        ('^ab+', Prefix('a', SOME)),
        ('^ab{0}c', Prefix('a', SOME)),
        (r'^ab\.?', Prefix('ab', SOME)),
        ('^a(b)', Prefix('a', SOME)),
        ('^a[b]', Prefix('a', SOME)),
        ('^a(?i)b', Prefix('a', SOME)),
        ('^a\0', Prefix('a', SOME)),
        ('^a\x01', Prefix('a', SOME)),
        ('^a\ud7ff', Prefix('a', SOME)),
        ('^a\U0010ffff', Prefix('a', SOME)),
        ('^é\ue000', Prefix('é\ue000', ALL)),
    ],
)
def test_the_text_with_which_all_begin(source: str, prefix: Prefix) -> None:
    assert prefix_of(source, '') == prefix_of(source, 's') == prefix


@pytest.mark.parametrize(
    'source',
    ['', 'a', '^', 'a^b', '^a|b', '^(a|b)', r'^a\|b', '^.*', '^a?', '^a*b', '(?m)^a', '(*CRLF)^a', r'\^a', '^^a', '^$'],
)
def test_no_text_with_which_all_begin(source: str) -> None:
    assert prefix_of(source, '') is None


@pytest.mark.parametrize('options', ['i', 'm', 'x', 'imsx'])
def test_options_that_change_its_meaning(options: str) -> None:
    assert prefix_of('^a', options) is None


@pytest.mark.parametrize('prefix', ['a', 'a\0', 'a\ud800', 'a\ud7fe', 'a\U0010fffe', 'a\x7f', 'z~'])
def test_the_end_of_a_range(prefix: str) -> None:
    first, end = encode_text(prefix), encode_end(prefix)
    for more in ('', '\0', 'z', '\ud800', '\U0010ffff' * 3):
        assert first <= encode_text(prefix + more) < end
    assert encode_text(prefix[:-1] + chr(ord(prefix[-1]) + 1)) >= end


TEXTS = [
    *(
        '',
        'a',
        'ab',
        'ab/',
        'ab/x',
        'ab/x\nx',
        'ab/\nx',
        'abx',
        'Ab/x',
        'xab/x',
        '\nab/x',
        'a/b',
        'ac',
        'a.b',
        'axb',
        'a',
    ),
    *(
        'ab/\0',
        'ab/\ud800',
        'ab/\U0010ffff',
        'ab\ud7ff',
        'aé',
        'aèx',
        'aé\ud7ff',
        'aê',
        '\ud7ff',
        '\ud800',
        '\x01x',
        '\x01',
    ),
]
SOURCES = [
    *(
        '^a',
        '^ab/',
        '^ab/.*',
        '^ab/.*x$',
        '^ab/x$',
        r'^a\.b',
        '^a.b',
        '^ab?/',
        '^aé',
        '^aé.*x',
        '^ab/\ud7ff',
        '^\ud7ff',
        '^\x01',
    ),
    *('^a|x', '^(?:a)b', '^ab+/', '^ab{1}/', '^ab/\n', '^a(?=b)', '^(?!a)', '^ab/[^x]', '^A'),
]


def values() -> list[Any]:
    """Texts, and arrays of two of them."""
    return [*TEXTS, *([one, other] for one, other in zip(TEXTS, TEXTS[5:], strict=False)), [], 5, None]


@pytest.fixture(scope='module', params=['plain', 'indexed'])
def store(request: pytest.FixtureRequest) -> Iterator[mqsql.Store]:
    with mqsql.open(':memory:') as store:
        for i, value in enumerate(values()):
            text = value if isinstance(value, str) else None
            store.add_record(f'{i:03}', {'label': value, 'content': {'a': value}, 'queue': text})
        if request.param == 'indexed':
            store.create_index('content.a')
            store.create_index('queue')
        yield store


@pytest.mark.parametrize('source', SOURCES)
def test_what_begins_so_is_what_the_pattern_finds(store: mqsql.Store, source: str) -> None:
    pattern = patterns.compile(source)

    def finds(value: Any) -> bool:
        return any(
            isinstance(one, str) and pattern.found_in(one) for one in (value if isinstance(value, list) else [value])
        )

    wanted = [f'{i:03}' for i, value in enumerate(values()) if finds(value)]
    of_texts = [key for key in wanted if isinstance(values()[int(key)], str)]
    for test in ({'$regex': source}, re.compile(source), {'$in': [re.compile(source), 'none']}):
        assert store.keys({'label': test}) == wanted
        assert store.keys({'content.a': test}) == wanted
        assert store.keys({'queue': test}) == of_texts
    for key in ('label', 'content.a'):
        assert store.keys({key: {'$not': {'$regex': source}}}) == sorted(
            {f'{i:03}' for i in range(len(values()))} - {*wanted}
        )


@pytest.mark.parametrize('key', ['label', 'queue', 'content.a'])
@pytest.mark.parametrize(('source', 'searches'), [('^ab/', False), ('^ab/.*x$', True)])
def test_a_prefix_is_a_range_of_the_index(key: str, source: str, searches: bool) -> None:
    with mqsql.open(':memory:') as store:
        name = store.create_index(key)
        for test in ({'$regex': source}, re.compile(source)):
            explained = store.explain({key: test}, [])
            assert explained.indexes == (name,)
            assert sum('SEARCH' in line and '>? AND' in line and '<?' in line for line in explained.plan) >= 1
            assert not any('SCAN task_records' in line for line in explained.plan)
            assert ('mqsql_regex' in explained.sql) is searches


def test_the_text_of_the_statement_has_none_of_the_pattern() -> None:
    assert mqsql.compile({'label': {'$regex': '^ab'}}).sql == mqsql.compile({'label': {'$regex': '^cde'}}).sql
    assert mqsql.compile({'queue': {'$regex': '^ab'}}, []).params == {'p0': 'ab', 'p1': 'ac'}
