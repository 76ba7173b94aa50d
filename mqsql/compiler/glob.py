"""Patterns of Python's fnmatch as patterns of SQLite's GLOB. Imports `schema.codec` of the project.

The two differ in how they negate a class, in which brackets are literal, and in what one character is: stored text holds a
few code points as pairs (see `schema.codec`). The rules are those of `fnmatch.translate` and of SQLite's patternCompare().
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
    if [] in tokens:
        return None
    counts = any(not isinstance(token, str) or token == '?' for token in tokens)
    render = _single if counts else encode_text
    return Glob('characters' if counts else 'text', ''.join(_render(token, render) for token in tokens))


Token = str | list[Range] | tuple[list[Range]]  # '*', '?', '=' and a literal; a class; a negated class


def _tokens(pattern: str) -> Iterator[Token]:
    i = 0
    while i < len(pattern):
        c = pattern[i]
        end = _class_end(pattern, i + 1) if c == '[' else -1
        if end > 0:
            yield _read_class(pattern[i + 1 : end])
            i = end
        else:
            yield c if c in '*?' else '=' + c
        i += 1


def _class_end(pattern: str, start: int) -> int:
    """Where the class that begins at `start` ends: a ] right at its beginning is literal; -1 if it does not end."""
    first = start + pattern.startswith('!', start)
    return pattern.find(']', first + 1)


def _read_class(body: str) -> Token:
    negated = body.startswith('!')
    ranges = list(_ranges(body[negated:]))
    if not negated:
        return ranges
    return (ranges,) if ranges else '?'


def _ranges(body: str) -> Iterator[Range]:
    i = 0
    while i < len(body):
        if body[i + 1 : i + 2] == '-' and i + 2 < len(body):
            low, high, i = ord(body[i]), ord(body[i + 2]), i + 3
        else:
            low, high, i = ord(body[i]), ord(body[i]), i + 1
        if low <= high:
            yield low, high


def _render(token: Token, literal: 'type[str] | object') -> str:
    match token:
        case '*' | '?':
            return str(token)
        case str():
            return f'[{token[1]}]' if token[1] in '*?[' else literal(token[1])  # type: ignore[operator]
        case list():
            return _render_class(token, '')
        case _:
            return _render_class(token[0], '^')


def _single(c: str) -> str:
    """The one code point that stands for a literal once the leads of pairs are gone."""
    return encode_text(c)[-1]


def _render_class(ranges: list[Range], sign: str) -> str:
    """]-…^ : the order in which SQLite takes those three literally."""
    parts = [part for low, high in ranges for part in _stored(low, high)]
    singles = {chr(low) for low, high in parts if low == high}
    if not sign and singles == {'^'} and len(parts) == len([p for p in parts if p[0] == p[1]]):
        return '^'
    wide = ''.join(f'{chr(low)}-{chr(high)}' for low, high in parts if low < high)
    plain = ''.join(sorted(singles - set(']-^')))
    lead, last = ''.join(c for c in ']-' if c in singles), '^' if '^' in singles else ''
    return f'[{sign}{lead}{wide}{plain}{last}]'


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
