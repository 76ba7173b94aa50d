"""Searches for patterns: what the pcre2 package must do, what is cached, and that no search takes too long."""

import re
import signal
import threading
import time
from contextlib import suppress
from random import Random

import pytest
from pattern_queries import WAYS

import mqsql
from bench import nasty
from mqsql import MqsqlError, QueryError, StorageError, limits, patterns
from mqsql.functions import regex_matches
from mqsql.kept import Kept
from mqsql.patterns import engine
from mqsql.patterns.cost import Cost
from mqsql.patterns.engine import Watch

# --- the package behind


def test_the_package_still_lets_its_own_options_be_switched_off() -> None:
    def found(pattern: str, text: str) -> bool:
        return engine.search(engine.compiled('', pattern, '', Watch.NEVER, 100, True), text)

    assert not found(r'\w', 'é')
    assert found('.', '日')
    assert found(r'^\x{e9}$', 'é')
    for pattern in (r'\u00e9', r'\C'):
        with pytest.raises(engine.CompileError):
            engine.check(pattern, '')


@pytest.mark.parametrize('jit', [True, False])
@pytest.mark.parametrize('watch', [Watch.STARTS, Watch.ITEMS])
def test_an_exception_leaves_a_search_that_looks_up(jit: bool, watch: Watch) -> None:
    looked = []

    def look(place: object) -> int:
        looked.append(place)
        if len(looked) == 3:
            raise KeyError('x')
        return 0

    code = engine.compiled('', '[ab]c|d', '', watch, 1000, jit)
    with pytest.raises(KeyError):
        engine.search(code, 'ababababcd', look)
    assert len(looked) == 3
    # Nothing of it remains.
    assert engine.search(code, 'ababcd', lambda place: 0)


# --- how long it takes

EVIL = [
    ('(a+)+$', 'a' * 60 + 'b'),
    ('(a|a)*$', 'a' * 60 + 'b'),
    ('(a+)+$', ('a' * 21 + 'b') * 2_000),
    (r'(?:(a)|b)*\1$', 'ab' * 50_000),
    ('(?:[^b]*[bx])*[cd]', 'a' * 200_000),
    ('a.*b.*[cd]', 'ab' * 200_000),
    ('^(?:(?=[^b]*+)(?=[^c]*+)a)*[bc]', 'a' * 100_000),
    ('(?:a?){30}' + 'a{30}b?$', 'a' * 29 + 'c'),
    ('^(a(?1)?|(?1)?a)*$', 'a' * 5_000),
    ('(?s)(.*?,){25}P', '1,' * 5_000),
]


@pytest.mark.parametrize(('pattern', 'text'), EVIL, ids=[pattern for pattern, _ in EVIL])
@pytest.mark.parametrize('place', [':memory:', 'dict:'])
@pytest.mark.parametrize('way', ['column', '$regexMatch', 'pattern', 'patternProperties'])
def test_a_pattern_without_end_is_stopped(place: str, way: str, pattern: str, text: str) -> None:
    with mqsql.open(place) as store:
        store.add_record('it', {'label': text, 'content': {'names': {text[:90]: 0}}})
        start = time.thread_time()
        with limits.deadline(0.1), suppress(StorageError, QueryError):
            store.count(WAYS[way](pattern, ''))
        assert time.thread_time() - start < 5


@pytest.mark.parametrize('place', [':memory:', 'dict:'])
def test_without_a_deadline_the_limit_of_pcre2_is_an_error_that_names_place_and_pattern(place: str) -> None:
    with mqsql.open(place) as store:
        store.add_record('it', {'label': 'a' * 40 + 'b'})
        for query, path in (
            ({'label': {'$regex': '(a+)+$'}}, r'label\.\$regex'),
            ({'$nor': [{'label': re.compile('(a+)+$')}]}, r'\$nor\[0]\.label'),
            (WAYS['$regexMatch']('(a+)+$', ''), r'\$expr\.\$regexMatch'),
            (WAYS['pattern']('(a+)+$', ''), r'\$jsonSchema\.properties\.label\.pattern'),
        ):
            with pytest.raises(
                QueryError, match=rf"^{path}: the pattern '\(a\+\)\+\$' takes more steps than PCRE2 allows"
            ):
                store.count(query)


def test_a_pattern_without_end_ends_with_the_deadline() -> None:
    with limits.deadline(0.1), pytest.raises(StorageError, match=r'query_timeout \(0.1 s\)'):
        patterns.compile('(a+)+$').found_in(('a' * 21 + 'b') * 5_000)


def test_the_memory_of_a_search_is_bounded() -> None:
    with pytest.raises(patterns.PatternError, match='takes more than 100,000 KiB of memory'):
        patterns.compile('^(?:a|b)*c').found_in('ab' * 1_000_000)


def test_a_search_that_needs_more_stack_than_machine_code_has_is_answered() -> None:
    for seconds in (0, 60):
        with limits.deadline(seconds):
            assert patterns.compile('^(?:a|b)*c$').found_in('ab' * 20_000 + 'c')
            assert not patterns.compile('^(?:(a)|b)*c$').found_in('ab' * 2_000)


USUAL = [
    'foo',
    '^task [0-9]+ ',
    'a.*b',
    r'\w+@\w+\.org',
    '(?i)error|warning',
    r'(\d{1,3}\.){3}\d+',
    '(a|b)*c',
    'x # c',
    '(*UCP)é|a',
    '(?i)a|b',
    r'\Qa',
    'a|(?-i)b',
    '(*LIMIT_MATCH=5)(a|b)*c',
]


@pytest.mark.parametrize('source', USUAL)
def test_watched_or_not_the_answer_is_the_same(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        '',
        'foo',
        'one\ntwo foo\n',
        '\n\nabc\n',
        'task 12 a b',
        'me@here.org',
        'an ERROR',
        '10.0.0.1',
        'abbac',
        'xyz',
        'É',
        'B',
        'a' * 500 + 'c',
    ]

    def answers(pattern: patterns.Pattern) -> list[object]:
        found: list[object] = []
        for text in texts:
            try:
                found.append(pattern.found_in(text))
            except patterns.PatternError as e:
                found.append(str(e))
        return found

    expected = answers(patterns.Pattern(source, 'x'))
    for steps in (0, 100, 10_000, 1_000_000):
        monkeypatch.setattr(patterns, 'STEPS', steps)
        with limits.deadline(60):
            assert answers(patterns.Pattern(source, 'x')) == expected


def outcome(pattern: patterns.Pattern, text: str, jit: bool, watch: Watch) -> object:
    try:
        return pattern._run(text, jit, watch, 1_000)
    except engine.LibraryError as e:
        return engine.code_of(e)


@pytest.mark.parametrize('watch', [Watch.LINES, Watch.STARTS, Watch.ITEMS])
def test_random_patterns_are_found_by_whatever_watch(watch: Watch) -> None:
    compared = 0
    for seed in range(400):
        r = Random(seed)
        pattern = patterns.Pattern(*nasty.valid_pattern(r))
        if len(pattern.source) < 1_000:
            text = nasty.text(r, 30).encode('utf-8', 'replace').decode()
            expected = outcome(pattern, text, True, Watch.NEVER)
            for found in (outcome(pattern, text, jit, watch) for jit in (True, False)):
                if isinstance(found, bool) and isinstance(expected, bool):
                    compared += 1
                    assert found is expected, (pattern.source, pattern.options, text)
    assert compared > 400


def test_random_patterns_and_texts_raise_our_errors_only() -> None:
    for seed in range(150):
        r = Random(seed)
        (source, options), text = nasty.valid_pattern(r), nasty.text(r, 10_000)
        start = time.thread_time()
        with limits.deadline(0.05), suppress(MqsqlError, patterns.PatternError):
            patterns.compile(source, options).found_in(text)
        assert time.thread_time() - start < 5, (seed, source)


def test_an_interrupt_ends_a_search() -> None:
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt), limits.deadline(60):
            patterns.compile('(a+)+$').found_in('a' * 60 + 'b')
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)


IN_LINES = ['a.*b', r'\w+@[a-z.]+', r'(?:a|b)+ \d{2,}', r'(a+)+$', 'é*?x', r'\.+[^"]', r'\S++ x']
BEYOND = [
    r'a\s*b',
    '(?s)a.*',
    '[^"]*a',
    r'[[:space:]]+',
    r'[\s]*',
    'a\n*',
    '\\\n*',
    r'\v+',
    r'\p{L}*',
    r'\W+',
    '[^x[abc]+',
    '(?x)a *',
    r'\R+',
    '[\t-z]+',
]


@pytest.mark.parametrize('source', IN_LINES + BEYOND)
def test_it_is_known_that_a_repetition_stays_in_its_line(source: str) -> None:
    assert Cost(source, '').in_lines is (source in IN_LINES)
    assert not Cost(source, 's').in_lines


def test_threads_share_patterns() -> None:
    failures: list[object] = []

    def work(seed: int) -> None:
        r = Random(seed)
        for _ in range(300):
            i = r.randrange(50)
            with limits.deadline(30):
                found = [regex_matches(':label', f'^(a|{i})+$', text) for text in (f'a{i}', f'b{i}')]
            if found != [True, False]:
                failures.append((i, found))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_what_is_kept_is_bounded_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    cache: Kept[tuple[str, str], patterns.Pattern] = Kept(1_000_000)
    monkeypatch.setattr(patterns, '_PATTERNS', cache)
    for i in range(200):
        source = 'a' * 1_000 + str(i)
        last = patterns.compile(source)
    assert 0 < len(cache._entries) < 20
    assert cache.size == sum(entry.value.size for entry in cache._entries.values()) <= 1_000_000
    assert patterns.compile(source) is last
    assert ('a' * 1_000 + '0', '') not in cache._entries
