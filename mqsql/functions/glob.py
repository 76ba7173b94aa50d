"""Patterns of Python's fnmatch: their tokens, and whether a text matches. The rules are those of `fnmatch.translate`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from mqsql import limits

MAX_PATTERN = 10_000

Range = tuple[int, int]


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


def tokens_of(pattern: str) -> Iterator[Token]:
    """The tokens of a pattern."""
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


# --- matching

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
    for token in tokens_of(pattern):
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
