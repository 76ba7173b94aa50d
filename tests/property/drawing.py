"""Draws as plain calls: a place, an operand that occurs there, a pattern for its texts.

Imports `places`, `strategies` and the schema.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

import strategies as some
from hypothesis import strategies as st
from places import COLUMNS, Place, as_given, near
from strategies import Strategy

from mqsql.schema import BUFFERS, DOCUMENT, TASKS

T = TypeVar('T')


class Draws:
    """Hypothesis's choices as calls; composing strategies for each collection anew takes most of a test's time."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, options: Sequence[T]) -> T:
        """One of them; shrinks to the first."""
        index: int = self.draw(_indexes(len(options)))
        return options[index]

    def once_in(self, times: int) -> bool:
        """True so often; shrinks to False."""
        return self.pick(range(times)) == times - 1

    def several(self, least: int, most: int, draw: Callable[[], T]) -> list[T]:
        """A list of so many."""
        return [draw() for _ in range(self.pick(range(least, most + 1)))]


@lru_cache
def _indexes(length: int) -> Strategy:
    return st.integers(0, length - 1)


def somewhere(d: Draws, known: list[Place], depth: int = 0) -> Place:
    """A place of the collection, or one beside it: a longer path, an alias, a column that may be empty."""
    place = replace(d.pick(known), depth=depth)
    if not d.once_in(5):
        return place
    if place.kind is DOCUMENT and not d.once_in(3):
        return replace(place, key=f'{place.key}.{d.draw(path_steps)}')
    alias = ALIASES.get(place.key)
    return replace(place, key=alias) if alias else replace(d.pick(COLUMNS), depth=depth)


ALIASES = {column: alias for alias, column in TASKS.aliases.items()}
path_steps: Strategy = some.keys.filter(lambda key: '.' not in key)


def operand(d: Draws, place: Place) -> Any:
    """What a column of the place's kind compares with: mostly a value that is there, or one near it."""
    if place.kind is BUFFERS:
        return None
    if not place.values or d.once_in(8):
        return d.draw(ANYTHING[place.kind])
    value = d.pick(place.values)
    if not d.once_in(3):
        return value
    return d.pick([value, *near(value), *as_given(place.kind, value)])


ANYTHING = {kind: st.none() | strategy for kind, strategy in {**some.BY_KIND, DOCUMENT: some.values}.items()}


def short_text(d: Draws, place: Place) -> str:
    """A text that is there, with no NUL in it, or another."""
    there = [v for v in place.values if isinstance(v, str) and len(v) < 5 and '\0' not in v]
    return d.pick(there or some.USUAL_TEXTS)


def pattern(d: Draws, place: Place) -> str:
    """A regular expression."""
    return d.pick(PATTERNS).replace('{}', re.escape(short_text(d, place)))


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
    '^.$',
    '{} #b',
]


def compiled(d: Draws, place: Place) -> re.Pattern[str]:
    """A regular expression as the value that it may be."""
    return re.compile(pattern(d, place), d.pick([0, re.I, re.M, re.S, re.I | re.S]))


GLOBS = ['{}*', '*{}', '?{}', '{}', '[!{}]*', '[a-{}]*', '*[{}', '{}?', '*', '?', '[!a]*', 'a*']


def glob(d: Draws, place: Place) -> str | bytes:
    """A pattern of `fnmatch`."""
    return b'a*' if d.once_in(12) else d.pick(GLOBS).replace('{}', short_text(d, place))
