"""Draws the parts of a query: a place, an operand that occurs there, a pattern for its texts.

Imports `draws`, `places`, `strategies` and the schema.
"""

import re
from dataclasses import replace
from typing import Any

import strategies as some
from draws import Draws
from hypothesis import strategies as st
from places import COLUMNS, Place, as_given, near
from strategies import Strategy
from tables import TABLE

from mqsql.schema import BOOLEAN, BUFFERS, DOCUMENT, NUMBER


def somewhere(d: Draws, known: list[Place], depth: int = 0) -> Place:
    """A place of the collection, or one beside it: a longer path, an alias, a column that may be empty."""
    place = replace(d.pick(known), depth=depth)
    if not d.once_in(5):
        return place
    if place.kind.mixed and not d.once_in(3):
        return replace(place, key=f'{place.key}.{d.draw(path_steps)}', values=(None,))
    alias = ALIASES.get(place.key)
    return replace(place, key=alias) if alias else replace(d.pick(COLUMNS), depth=depth)


ALIASES = {column: alias for alias, column in TABLE.aliases.items()}
path_steps: Strategy = some.keys.filter(lambda key: '.' not in key) | st.sampled_from(['a', '0', '1'])


def operand(d: Draws, place: Place) -> Any:
    """What a column of the place's kind compares with: mostly a value that is there, or one near it."""
    if place.kind is BUFFERS:
        return None
    if not place.values or d.once_in(8):
        return d.draw(ANYTHING[place.kind])
    value = d.pick(place.values)
    if not d.once_in(3):
        return value
    others = [other for other in near(value) if place.kind is not BOOLEAN or isinstance(other, bool)]
    return d.pick([value, *others, *as_given(place.kind, value)])


ANYTHING = {
    kind: st.none() | strategy
    for kind, strategy in {**some.BY_KIND, NUMBER: some.numbers, DOCUMENT: some.values()}.items()
}


def short_text(d: Draws, place: Place) -> str:
    """A text that is there, with no NUL in it, or another."""
    there = [v for v in place.values if isinstance(v, str) and len(v) < 5 and '\0' not in v]
    return d.pick(there or some.USUAL_TEXTS)


def pattern(d: Draws, place: Place) -> str:
    """A regular expression."""
    return _filled(d, place, PATTERNS + PCRE_PATTERNS)


def _filled(d: Draws, place: Place, patterns: list[str]) -> str:
    return d.pick(patterns).replace('{}', literal(short_text(d, place)))


def literal(text: str) -> str:
    """A regular expression for the text, without lone surrogates, which it cannot hold."""
    return re.escape(re.sub('[\ud800-\udfff]', '', text))


PATTERNS = [
    '{}',
    '^{}',
    '{}$',
    '^{}.',
    '(?i){}',
    'a|{}',
    '^{}$',
    r'\A{}\Z',
    '[^a]',
    '',
    '.',
    r'\d',
    r'\w',
    r'\W',
    r'^\s',
    r'\b{}',
    '^.$',
    '^..$',
    '{} #b',
]
"""Those that Python takes too."""

PCRE_PATTERNS = [
    r'{}\z',
    r'^\h|\v|\R',
    r'^\Q{}\E',
    r'(?<n>{})\k<n>',
    r'\p{L}',
    r'^\P{Lu}\X',
    r'[[:upper:][:punct:]]',
    r'\x{e9}|\x{1f600}',
    r'a(?i){}',
    r'(?i){}(?-i)b',
    r'(*UCP)^\w+$',
    r'{}\K.',
    r'(?|(a)|(b))\1',
    r'^(?:a|{})++\N',
]


def compiled(d: Draws, place: Place) -> re.Pattern[str]:
    """A regular expression as the value that it may be."""
    return re.compile(_filled(d, place, PATTERNS), d.pick([0, re.I, re.M, re.S, re.I | re.S]))


GLOBS = ['{}*', '*{}', '?{}', '{}', '[!{}]*', '[a-{}]*', '*[{}', '{}?', '*', '?', '[!a]*', 'a*']


def glob(d: Draws, place: Place) -> str | bytes:
    """A pattern of `fnmatch`."""
    return b'a*' if d.once_in(12) else d.pick(GLOBS).replace('{}', short_text(d, place))
