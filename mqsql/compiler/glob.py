"""Patterns of Python's fnmatch as patterns of SQLite's GLOB. Imports `schema.codec` of the project.

The two differ in how they negate a class, in which brackets are literal, and in what one character is: stored text holds a
few code points as pairs (see `schema.codec`). The rules are those of `fnmatch.translate` and of SQLite's patternCompare().
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from mqsql.schema.codec import encode_text, second_of_pair

MAX_PATTERN = 10_000
MAX_SQLITE_PATTERN = 50_000  # bytes, SQLITE_MAX_LIKE_PATTERN_LENGTH

Range = tuple[int, int]


@dataclass(frozen=True)
class Glob:
    """A pattern for SQLite; its form is 'characters' where it counts them (? and classes), so that pairs must be undone."""

    form: str
    pattern: str


def to_sqlite(pattern: str) -> Glob | None:
    """The GLOB pattern that matches the same stored texts; None if none can match."""
    tokens = list(_tokens(pattern))
    if Class(()) in tokens:
        return None
    counts = any(isinstance(token, Class) or token == ANY for token in tokens)
    literal = _single if counts else encode_text
    return Glob('characters' if counts else 'text', ''.join(_render(token, literal) for token in tokens))


class Wildcard(Enum):
    """What is no literal character and no class."""

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


def _render(token: Token, literal: Callable[[str], str]) -> str:
    match token:
        case Wildcard():
            return token.value
        case Class():
            return _render_class(token)
    return f'[{token}]' if token in '*?[' else literal(token)


def _single(c: str) -> str:
    """The one code point that stands for a literal once the leads of pairs are gone."""
    return encode_text(c)[-1]


def _render_class(wanted: Class) -> str:
    """]-…^ is the order in which SQLite takes these three literally."""
    parts = [part for low, high in wanted.ranges for part in _stored(low, high)]
    singles = {chr(low) for low, high in parts if low == high}
    wide = ''.join(f'{chr(low)}-{chr(high)}' for low, high in parts if low < high)
    if singles == {'^'} and not wide and not wanted.negated:
        return '^'
    first, last = ''.join(c for c in ']-' if c in singles), '^' if '^' in singles else ''
    return f'[{"^" if wanted.negated else ""}{first}{wide}{"".join(sorted(singles - set("]-^")))}{last}]'


_LEAD_RANGES = ((0, 1), (0xD7FF, 0xDFFF))


def _stored(low: int, high: int) -> Iterator[Range]:
    """The range with its special code points moved to where they are stored, and no end that SQLite reads as a sign."""
    for first, last in _LEAD_RANGES:
        if (a := max(low, first)) <= (b := min(high, last)):
            yield second_of_pair(a), second_of_pair(b)
    for a, b in ((max(low, 2), min(high, 0xD7FE)), (max(low, 0xE000), high)):
        if a <= b:
            yield from _without_signs(a, b)


def _without_signs(low: int, high: int) -> Iterator[Range]:
    if low < high and chr(low) in ']-^':
        yield low, low
        yield from _without_signs(low + 1, high)
    elif low < high and chr(high) in ']-^':
        yield high, high
        yield from _without_signs(low, high - 1)
    else:
        yield low, high
