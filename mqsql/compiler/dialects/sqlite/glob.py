"""Patterns of Python's fnmatch as patterns of SQLite's GLOB.

The two differ in how they negate a class, in which brackets are literal, and in what one character is: stored text holds a
few code points as pairs (see `values.codec`). The rules are those of `fnmatch.translate` and of SQLite's patternCompare().
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mqsql.compiler.tree.params import OperandType
from mqsql.functions.glob import ANY, Class, Range, Token, Wildcard, tokens_of
from mqsql.values.codec import second_of_pair

LONG_GLOB = 500
"""Characters of the longest pattern for SQLite's GLOB, which takes time by its length and cannot be stopped."""


def glob_type(pattern: str) -> OperandType:
    """How a pattern of $glob is matched in SQLite: by its GLOB, if that can, else by the function of the connection."""
    glob = to_sqlite(pattern) if len(pattern) <= LONG_GLOB else None
    return OperandType.FUNCTION if glob is None else glob.form


def encode_glob(pattern: str) -> str:
    """The pattern of SQLite's GLOB that matches the same stored texts."""
    glob = to_sqlite(pattern)
    assert glob is not None  # see `glob_type`
    return glob.pattern


@dataclass(frozen=True)
class Glob:
    """A pattern for SQLite; its form is CHARACTERS_GLOB where it has ? or classes, so that pairs must be undone."""

    form: OperandType
    pattern: str


@lru_cache(maxsize=16)  # the form is asked for first, and then the pattern
def to_sqlite(pattern: str) -> Glob | None:
    """The GLOB pattern that matches the same stored texts; None if there is none."""
    tokens = list(tokens_of(pattern))
    if Class(()) in tokens or any(map(_is_ambiguous, tokens)):
        return None
    counts = any(isinstance(token, Class) or token == ANY for token in tokens)
    rendered = ''.join(map(_render, tokens))
    return Glob(OperandType.CHARACTERS_GLOB if counts else OperandType.GLOB, rendered)


_PAIRED = ((0, 1), (0xD7FF, 0xDFFF))
_AMBIGUOUS = [*_PAIRED, *((second_of_pair(low), second_of_pair(high)) for low, high in _PAIRED)]
"""Where pairs are made one, a code point that is stored as a pair is not told from the pair's second."""


def _is_ambiguous(token: Token) -> bool:
    ranges = token.ranges if isinstance(token, Class) else [(ord(token), ord(token))] if isinstance(token, str) else []
    return any(low <= last and first <= high for low, high in ranges for first, last in _AMBIGUOUS)


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
