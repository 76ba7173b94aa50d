"""Patterns of Python's fnmatch as patterns of SQLite's GLOB.

The two differ in how they negate a class, in which brackets are literal, and in what one character is: stored text holds a
few code points as pairs (see `schema.codec`). The rules are those of `fnmatch.translate` and of SQLite's patternCompare().
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from mqsql import limits
from mqsql.values.codec import second_of_pair

# SQLite takes 50,000 bytes (SQLITE_MAX_LIKE_PATTERN_LENGTH): four or fewer are made of a character.
MAX_PATTERN = 10_000

Range = tuple[int, int]


@dataclass(frozen=True)
class Glob:
    """A pattern for SQLite; its form is 'characters' where it counts them (? and classes), so that pairs must be undone."""

    form: str
    pattern: str


@lru_cache(maxsize=64)
def to_sqlite(pattern: str) -> Glob | None:
    """The GLOB pattern that matches the same stored texts; None if there is none."""
    tokens = list(_tokens(pattern))
    if Class(()) in tokens or any(map(_is_ambiguous, tokens)):
        return None
    counts = any(isinstance(token, Class) or token == ANY for token in tokens)
    rendered = ''.join(map(_render, tokens))
    return Glob('characters' if counts else 'text', rendered)


_PAIRED = ((0, 1), (0xD7FF, 0xDFFF))
_AMBIGUOUS = [*_PAIRED, *((second_of_pair(low), second_of_pair(high)) for low, high in _PAIRED)]
"""Where pairs are made one, a code point that is stored as a pair is not told from the pair's second."""


def _is_ambiguous(token: 'Token') -> bool:
    ranges = token.ranges if isinstance(token, Class) else [(ord(token), ord(token))] if isinstance(token, str) else []
    return any(low <= last and first <= high for low, high in ranges for first, last in _AMBIGUOUS)


class Wildcard(Enum):
    """A token that is neither a literal character nor a class."""

    MANY = '*'
    ONE = '?'


ANY = Wildcard.ONE


@dataclass(frozen=True)
class Class:
    """A class of characters, as ranges of code points; with none and not negated it matches nothing."""

    ranges: tuple[Range, ...]
    negated: bool = False


Token: TypeAlias = Wildcard | Class | str


def _tokens(pattern: str) -> Iterator[Token]:
    i = 0
    while i < len(pattern):
        c = pattern[i]
        end = _class_end(pattern, i + 1) if c == '[' else -1
        if end > 0:
            yield _read_class(pattern[i + 1 : end])
            i = end
        else:
            yield Wildcard(c) if c in '*?' else c
        i += 1


def _class_end(pattern: str, start: int) -> int:
    """Where the class that begins at `start` ends: a ] right at its beginning is literal; -1 if it does not end."""
    first = start + pattern.startswith('!', start)
    return pattern.find(']', first + 1)


def _read_class(body: str) -> Token:
    # A range from high to low is left out first, so that a ! behind it begins the class.
    while body[1:2] == '-' and body[0] > body[2:3] > '' and body[0] != '!':
        body = body[3:]
    negated = body.startswith('!')
    ranges = tuple(_ranges(body[negated:]))
    return Class(ranges, negated) if ranges or not negated else ANY


def _ranges(body: str) -> Iterator[Range]:
    i = 0
    while i < len(body):
        if body[i + 1 : i + 2] == '-' and i + 2 < len(body):
            low, high, i = ord(body[i]), ord(body[i + 2]), i + 3
        else:
            low, high, i = ord(body[i]), ord(body[i]), i + 1
        if low <= high:
            yield low, high


# --- matching for patterns that GLOB cannot express

STEPS = 1_000_000  # characters that are compared between two checks of the deadline


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches: each part between two * is searched for after the one before."""
    first, *others = _parts(pattern)
    if not others:
        return len(first) == len(text) and first.begins(text, 0)
    *middle, last = others
    position = len(first) if first.begins(text, 0) else -1
    for part in middle:
        position = part.next(text, position) if position >= 0 else -1
    return 0 <= position <= len(text) - len(last) and last.begins(text, len(text) - len(last))


class _Part:
    """A pattern without *; it is as long as the texts that it matches."""

    def __init__(self, tokens: list['Token']) -> None:
        parts = [_as_regex(token) for token in tokens]
        self._length, self._regex = len(parts), re.compile(''.join(parts), re.DOTALL)

    def __len__(self) -> int:
        return self._length

    def begins(self, text: str, position: int) -> bool:
        """Whether the text matches at this position."""
        return self._regex.match(text, position) is not None

    def next(self, text: str, position: int) -> int:
        """Where its next occurrence ends, -1 without one."""
        window = max(1, STEPS // (self._length + 1))
        for start in range(position, len(text) + 1, window):
            limits.check()
            if found := self._regex.search(text, start, start + window + self._length):
                return found.end()
        return -1


@lru_cache(maxsize=16)
def _parts(pattern: str) -> list[_Part]:
    parts: list[list[Token]] = [[]]
    for token in _tokens(pattern):
        if token is not Wildcard.MANY:
            parts[-1].append(token)
        elif parts[-1] or len(parts) == 1:
            parts.append([])
    return [_Part(tokens) for tokens in parts]


def _as_regex(token: 'Token') -> str:
    match token:
        case Wildcard():
            return '.'
        case Class():
            ranges = ''.join(f'\\U{low:08x}-\\U{high:08x}' for low, high in token.ranges)
            return f'[{"^" if token.negated else ""}{ranges}]' if ranges else '(?!)'
    return re.escape(token)


# --- as GLOB


def _render(token: Token) -> str:
    match token:
        case Wildcard():
            return token.value
        case Class():
            return _render_class(token)
    return f'[{token}]' if token in '*?[' else token


def _render_class(wanted: Class) -> str:
    """]-…^ is the order in which SQLite takes these three literally."""
    parts = [part for low, high in wanted.ranges for part in _without_signs(low, high)]
    singles = {chr(low) for low, high in parts if low == high}
    wide = ''.join(f'{chr(low)}-{chr(high)}' for low, high in parts if low < high)
    if singles == {'^'} and not wide and not wanted.negated:
        return '^'
    first, last = ''.join(c for c in ']-' if c in singles), '^' if '^' in singles else ''
    return f'[{"^" if wanted.negated else ""}{first}{wide}{"".join(sorted(singles - set("]-^")))}{last}]'


def _without_signs(low: int, high: int) -> Iterator[Range]:
    """The range, with no end that SQLite reads as a sign."""
    if low < high and chr(low) in ']-^':
        yield low, low
        yield from _without_signs(low + 1, high)
    elif low < high and chr(high) in ']-^':
        yield high, high
        yield from _without_signs(low, high - 1)
    else:
        yield low, high
