"""Patterns and texts drawn at random, many of which take long: nested repetitions, recursion, long runs of one character."""

from contextlib import suppress
from random import Random

from mqsql.patterns import PatternError, compile

ITEMS: list[str] = [
    *'abc.é ^$',
    *r'[ab] [^b] [^bc] [^é] [[:alpha:]] [\p{L}\d] (?i:a)'.split(),
    *r'\w \W \d \s \S \h \v \R \N \X \b \B \K \G \p{L} \p{Lu} \pN \x{1F1E9}'.split(),
]
REPEATS: list[str] = ['', '', '', *'* + ? *? +? *+ ++ ?? {2,} {0,50} {3} {1,200} {5,9}? {100}'.split()]
GROUPS = ['(', '(?:', '(?>', '(?i:', '(?s:']
LOOKS = ['(?=', '(?!', '(?<=', '(?<!']
CALLS = [r'\1', r'\1*', r'\1*+', '(?R)?', '(?1)', '(?1)?', '(?1)*']
VERBS = ['(*SKIP)', '(*COMMIT)', '(*PRUNE)', '(*THEN)', '(*F)', '(*ACCEPT)']
ENDS = ['', '', '$', 'c', '[bc]', '!', r'\z', 'x$']
UNITS: list[str] = [
    *'abx1 é日ßK\n',
    'ab',
    'aaab',
    'a b ',
    'a\u0301',
    '🇩🇪',
    'aA',
    'a\n',
    'a' * 20 + 'b',
    '\r\n',
    'ab' * 30 + '\n',
    '\ud800a',
]
LAST: list[str] = ['', *'bcx\n!']
LENGTHS = [0, 1, 10, 30, 60, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000]


MOST = 32_750  # characters of a pattern, about


def valid_pattern(r: Random) -> tuple[str, str]:
    """A pattern that PCRE2 compiles, and its options."""
    while True:
        source, options = pattern(r)
        with suppress(PatternError):
            compile(source, options)
            return source, options


def pattern(r: Random) -> tuple[str, str]:
    """A pattern, which PCRE2 may refuse, and its options."""
    begin = r.choice(['', '', '', '', '^', '(*UCP)', r'\A'])
    return (begin + _sequence(r, 3))[:MOST] + r.choice(ENDS), r.choice(['', '', '', 'i', 's', 'x', 'm', 'ims'])


def _sequence(r: Random, depth: int) -> str:
    return ''.join(_part(r, depth) for _ in range(r.randint(1, 4)))


def _part(r: Random, depth: int) -> str:
    form = r.random() if depth else 0
    if form < 0.45:
        return r.choice(ITEMS) + r.choice(REPEATS)
    if form < 0.75:
        return (
            r.choice(GROUPS)
            + '|'.join(_sequence(r, depth - 1) for _ in range(r.randint(1, 3)))
            + ')'
            + r.choice(REPEATS)
        )
    if form < 0.82:
        return f'{r.choice(LOOKS)}{_sequence(r, depth - 1)})'
    if form < 0.92:
        return r.choice([*CALLS, *VERBS])
    if form < 0.95:
        return f'(?(1){_part(r, depth - 1)}|{_part(r, depth - 1)})'
    return _part(r, depth - 1) * r.choice([5, 20, 100, 500])


def text(r: Random, longest: int = LENGTHS[-1]) -> str:
    """A text of few different characters."""
    length = min(longest, r.choice(LENGTHS))
    units = [r.choice(UNITS) for _ in range(r.randint(1, 3))]
    mixed = ''.join(r.choice(units) for _ in range(min(length, 10_000)))
    form = r.choice(['run', 'mixed', 'halves'])
    if form == 'halves':
        return _run(units[0], length // 2) + _run(units[-1], length // 2) + r.choice(LAST)
    return _run(units[0] if form == 'run' or not mixed else mixed, length) + r.choice(LAST)


def _run(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length]
