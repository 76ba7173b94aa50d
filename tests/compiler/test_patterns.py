"""Regular expressions mean what they mean in MongoDB: in $regex, compiled, in $regexMatch and in $jsonSchema, on SQL and on
the reference.
"""

import re
import warnings
from collections.abc import Callable, Iterator

import pytest
from evaluating import refused
from pattern_queries import WAYS, Query

import mqsql
from mqsql import QueryError
from mqsql.storage import Store

FOUND: list[tuple[str, str, str]] = [
    # text, pattern, options: classes of characters by name
    ('Train', '[[:upper:]]', ''),
    ('Train', '^[[:alpha:]]+$', ''),
    ('a]', '[[:^alpha:]]', ''),
    ('a&b', '[&&]', ''),
    ('a~b', '[a~~]b', ''),
    ('c-', '[+--]', ''),
    # ends of lines and of the text
    ('done\n', r'done\Z', ''),
    ('done\n', 'done$', ''),
    ('a\nb', '^b', 'm'),
    ('a\nb', 'a$', 'm'),
    ('done', r'done\z', ''),
    # vertical and horizontal space, ends of lines
    ('a\rb', r'a\vb', ''),
    ('a\nb', r'a\vb', ''),
    ('a\u2028b', r'a\vb', ''),
    ('a\xa0b', r'a\hb', ''),
    ('a\tb', r'a\hb', ''),
    ('a\r\nb', r'a\Rb', ''),
    ('a\u2029b', r'a\Rb', ''),
    ('ab', r'a\Nb|a\N', ''),
    # what \w, \d, \s and \b are not, without UCP
    ('é', r'\W', ''),
    ('\u0663', r'\D', ''),
    ('\xa0', r'^\S$', ''),
    ('aé', r'a\bé', ''),
    # and with
    ('é', r'(*UCP)\w', ''),
    ('\u0663', r'(*UCP)^\d$', ''),
    ('É', '(*UCP)É', ''),
    # letters by their properties, whole characters
    ('é', r'^\p{L}$', ''),
    ('é', r'^\p{Ll}\z', ''),
    ('5', r'^\P{L}$', ''),
    ('λ', r'\p{Greek}', ''),
    ('e\u0301x', r'^\Xx$', ''),
    ('🇩🇪x', r'^\Xx$', ''),
    # names, quotes, escapes
    ('aa', r'(?<n>a)\k<n>', ''),
    ('aa', r"(?'n'a)\k{n}", ''),
    ('aa', r'(?P<n>a)(?P=n)', ''),
    ('aa', r'(a)\g{1}', ''),
    ('a.b', r'\Qa.b\E$', ''),
    ('a.b', r'\Qa.b', ''),
    ('é', r'\x{e9}', ''),
    ('🇩', r'\x{1F1E9}', ''),
    ('\x1b', r'\e', ''),
    ('a\0b', r'a\x00b', ''),
    ('a\0b', '^a.b$', ''),
    ('foobar', r'foo\Kbar', ''),
    ('bb', r'(?|(a)|(b))\1', ''),
    ('aba', r'^(a|b(?1)c|.)*$', ''),
    ('((x))', r'^(\((?:[^()]|(?1))*\))$', ''),
    ('aab', 'a++b', ''),
    ('b', '(?(?=b)b|a)', ''),
    # options within
    ('aB', 'a(?i)b', ''),
    ('Ab', '(?i)a(?-i)b', ''),
    ('aB', 'a(?i:b)', ''),
    ('É', 'é', 'i'),
    ('\u017f', 's', 'i'),
    ('a\nb', '(?s)a.b', ''),
    ('a\nb', 'a.b', 's'),
    ('ab', 'a b # a comment', 'x'),
    ('ab', '(?x) a b # a comment', ''),
    ('a b', 'a[ ]b', 'x'),
    ('a b', r'a\ b', 'x'),
    ('b', 'a # or\n | b', 'x'),
    # from where Python's and PCRE2's ways are the same
    ('', '', ''),
    ('', '^$', ''),
    ('ab', '(?=a)ab', ''),
    ('ab', '(?<=a)b', ''),
    ('aab', '(?<=a{1,2})b', ''),
    ('日本', '^..$', ''),
]

NOT_FOUND: list[tuple[str, str, str]] = [
    ('train', '[[:upper:]]', ''),
    ('done\n', '^$', 'm'),
    ('done\n', r'done\z', ''),
    ('é', r'\w', ''),
    ('é', r'\bé', ''),
    ('\u0663', r'\d', ''),
    ('\xa0', r'\s', ''),
    ('é', r'\p{Lu}', ''),
    ('\u0131', 'i', 'i'),
    ('\u0130', 'i', 'i'),
    ('i', '\u0131', 'i'),
    ('a\nb', 'a.b', ''),
    ('a\nb', r'a\Nb', 's'),
    ('AB', 'a(?i)b', ''),
    ('AB', '(?i)a(?-i)b', ''),
    ('axb', r'\Qa.b\E', ''),
    ('ab', 'a b', ''),
    ('a b', 'a b', 'x'),
    ('aaa', 'a++a', ''),
    ('c', '(*COMMIT)a|b|x', ''),
    ('xb', 'x(*COMMIT)a|xb', ''),
]

REFUSED = [
    (r'\u00e9', 'PCRE2 does not support'),
    (r'a\C', r'\C is disabled'),
    ('(', 'missing closing parenthesis at position 1'),
    ('é[a', 'missing terminating ] for character class at position 3'),
    ('*a', 'quantifier does not follow a repeatable item'),
    ('a{5,2}', 'numbers out of order'),
    ('(?P<n>a)(?P<n>b)', 'two named subpatterns have the same name'),
    ('((a{1,1000}){1,1000}){1,1000}', 'regular expression is too large'),
    ('(*FOO)a', '(*VERB) not recognized'),
    (r'\x{d800}', 'disallowed Unicode code point'),
    ('a\ud800', 'a lone surrogate at position 1'),
    ('(' * 300 + ')' * 300, 'parentheses are too deeply nested'),
]


COMPILED: dict[str, Callable[[re.Pattern[str]], Query]] = {
    'value': lambda p: {'label': p},
    '$regex': lambda p: {'content.text': {'$regex': p}},
    '$in': lambda p: {'label': {'$in': ['-', p]}},
    '$all': lambda p: {'content.text': {'$all': [p]}},
    '$not': lambda p: {'label': {'$exists': True}, '$nor': [{'content.text': {'$not': p}}]},
    '$regexMatch': lambda p: {'$expr': {'$regexMatch': {'input': '$label', 'regex': p}}},
}


@pytest.fixture(params=[':memory:', 'dict:'])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with mqsql.open(request.param) as store:
        store.add_record('other', {'content': {'text': 5, 'names': {}}})
        yield store


def is_found(store: Store, text: str, query: Query) -> bool:
    store.add_record('it', {'label': text, 'content': {'text': text, 'names': {text: 0}}})
    found = [record['msg_id'] for record in store.find(query, [])]
    assert found in ([], ['it'])
    return bool(found)


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize(('text', 'pattern', 'options'), FOUND)
def test_it_is_found(store: Store, way: str, text: str, pattern: str, options: str) -> None:
    assert is_found(store, text, WAYS[way](pattern, options))


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize(('text', 'pattern', 'options'), NOT_FOUND)
def test_it_is_not_found(store: Store, way: str, text: str, pattern: str, options: str) -> None:
    assert not is_found(store, text, WAYS[way](pattern, options))


def in_python(pattern: str, options: str) -> re.Pattern[str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            return re.compile(pattern, sum(getattr(re, letter.upper()) for letter in options))
        except (re.error, RecursionError):
            return None


@pytest.mark.parametrize('way', COMPILED)
def test_a_compiled_pattern_means_what_its_text_does(way: str) -> None:
    cases = [(*case, True) for case in FOUND] + [(*case, False) for case in NOT_FOUND]
    tried = 0
    for text, pattern, options, expected in cases:
        if python := in_python(pattern, options):
            tried += 1
            for place in (':memory:', 'dict:'):
                with mqsql.open(place) as store:
                    assert is_found(store, text, COMPILED[way](python)) is expected, (text, pattern)
    assert tried > 30


@pytest.mark.parametrize('flags', [re.ASCII, re.UNICODE, re.DEBUG], ids=str)
def test_flags_of_python_alone_change_nothing(store: Store, flags: int, capsys: pytest.CaptureFixture[str]) -> None:
    query = {'label': {'$regex': re.compile(r'^\w$', flags), '$options': 'i'}}
    assert not is_found(store, 'é', query)
    assert store.count({'label': {'$not': re.compile(r'^\W$', flags)}}) == 1


@pytest.mark.parametrize('pattern', [re.compile(b'a'), re.compile(b'a', re.LOCALE)])
def test_a_pattern_of_bytes_is_refused(store: Store, pattern: re.Pattern[bytes]) -> None:
    for query in ({'label': pattern}, {'label': {'$in': [pattern]}}, {'content.text': {'$regex': pattern}}):
        with pytest.raises(QueryError, match=r'label|content\.text'):
            store.count(query)


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize(('pattern', 'reason'), REFUSED)
def test_a_wrong_pattern_is_refused_with_the_reason(store: Store, way: str, pattern: str, reason: str) -> None:
    with pytest.raises(QueryError, match=re.escape(reason)) as raised:
        store.count(WAYS[way](pattern, ''))
    assert re.match(r'(\$nor\[0]\.)?(\$expr|\$jsonSchema|label|content)', raised.value.path)


def test_no_warning_leaves(store: Store) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for source in ('[[a]', '[+--b]', '[a&&b]', '[a~~b]', '[a||b]', '[[:alpha:]]', r'\A(?i)a'):
            for way in WAYS.values():
                store.count(way(source, ''))
            store.count({'label': {'$glob': source}})


# --- code points that UTF-8 has no bytes for


HALF = 'a\ud800b'


@pytest.mark.parametrize(
    ('pattern', 'found'),
    [
        ('^a.b$', True),
        ('^a[^x]b$', True),
        (r'^\w+$', False),
        ('b$', True),
        ('ab', False),
        ('\ufffd', False),
        (r'[\x{e000}-\x{ffff}]', False),
    ],
)
@pytest.mark.parametrize('way', WAYS)
def test_half_a_character_is_one_character(store: Store, way: str, pattern: str, found: bool) -> None:
    assert is_found(store, HALF, WAYS[way](pattern, '')) is found


def test_refused_by_expressions_before_any_record() -> None:
    refused({'$regexMatch': {'input': '$label', 'regex': '('}})
    refused({'$regexMatch': {'input': '$label', 'regex': 'a\ud800'}})


def test_a_pattern_that_fails_on_the_name_of_a_column_is_an_error_of_the_query(store: Store) -> None:
    with pytest.raises(QueryError, match='nested recursion'):
        store.count({'$jsonSchema': {'patternProperties': {'(?R)*m': {}}}})
