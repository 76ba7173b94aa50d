"""The weights of the characters of a text: the elements of the Unicode Collation Algorithm (UTS #10).

A character that the order does not list comes behind those of its group, by code point.
"""

import re
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from mqsql import limits
from mqsql.values.collation.root_order import (
    CURRENCY,
    DIGIT,
    DOTTED,
    GROUPS,
    LETTER,
    LETTERS,
    LIGATURE,
    LONG,
    MARKS,
    PAIRS,
    PUNCTUATION,
    SHAPES,
    SYMBOL,
)
from mqsql.values.decomposed import decomposed


class Element(NamedTuple):
    """A collation element: what it weighs at each level, nothing where it does not count."""

    primary: bytes
    secondary: bytes
    tertiary: bytes


def elements_of(text: str, *, numeric: bool) -> Iterable[Element]:
    """The elements of a text; `numeric` makes one of each number that it holds."""
    characters = text if text.isascii() else _decomposed(text)
    if not numeric:
        return chain.from_iterable(map(_elements, limits.checked(characters)))
    parts = re.findall(r'\d+|\D', characters)
    return chain.from_iterable(
        _number(part) if part[0].isdecimal() else _elements(part) for part in limits.checked(parts)
    )


_PLACES = 0x1000  # more than a group lists; characters that are not listed come behind, by code point
_LISTED = {char: (group, i) for group, chars in enumerate(GROUPS, 1) for i, char in enumerate(chars, 1)}
_COMMON, _UNLISTED = b'\x01', b'\xf0'
_OWN_ACCENTS = {LIGATURE: b'\xf8', LONG: b'\xf9', DOTTED: b'\xfa'}
_ACCENTS = {char: bytes([i]) for i, chars in enumerate(MARKS, 2) for char in chars} | _OWN_ACCENTS
_SHAPES = {shape: bytes([i]) for i, shape in enumerate(SHAPES, 1)}
_GROUPS = {'Z': PUNCTUATION, 'P': PUNCTUATION, 'S': SYMBOL}
_SELECTORS = frozenset(map(chr, (0x34F, *range(0xFE00, 0xFE10))))
"""Marks that only choose how another character looks."""


@lru_cache(4096)
def _elements(char: str, shape: str = '', capital: bool = False) -> tuple[Element, ...]:
    """The elements of a character; shape and case are those of what it is a part of."""
    tertiary = _SHAPES.get(shape + '^' * capital) or _SHAPES[shape]
    if char in _LISTED:
        return (Element(_primary(*_LISTED[char]), _COMMON, tertiary),)
    if char in _ACCENTS:
        return (Element(b'', _ACCENTS[char], tertiary),)
    if found := _stands_for(char):
        own, parts = found
        shape, capital = shape or own.strip('^'), capital or own == '^'
        return tuple(element for inner in parts for element in _elements(inner, shape, capital))
    if unicodedata.category(char) in ('Cc', 'Cf') or char in _SELECTORS:
        return ()
    return (_unlisted(char, tertiary),)


def _decomposed(text: str) -> str:
    """Letters and accents apart."""
    characters = decomposed(text)
    for pair, char in PAIRS.items():
        characters = characters.replace(pair, char)
    return characters


def _stands_for(char: str) -> tuple[str, str] | None:
    """The shape of a character, and what it counts as otherwise."""
    if char in LETTERS:
        return LETTERS[char]
    kind, _, points = unicodedata.decomposition(char).partition(' ')
    if kind.startswith('<'):
        return kind[1:-1], unicodedata.normalize('NFD', ''.join(chr(int(point, 16)) for point in points.split()))
    small = _decomposed(char.lower())
    if small != char:
        return '^', small
    digit = unicodedata.decimal(char, None)
    return None if digit is None else ('', str(digit))


def _primary(group: int, place: int) -> bytes:
    return struct.pack('>I', (group << 24) + place)


def _unlisted(char: str, tertiary: bytes) -> Element:
    if unicodedata.combining(char):
        return Element(b'', _UNLISTED + struct.pack('>I', ord(char)), tertiary)
    category = unicodedata.category(char)
    group = CURRENCY if category == 'Sc' else _GROUPS.get(category[0], LETTER)
    return Element(_primary(group, _PLACES + ord(char)), _COMMON, tertiary)


_SEGMENT = 254  # digits of the longest number; ICU takes what follows for another one


def _number(digits: str) -> Iterator[Element]:
    """Digits of any script by the value, so that leading zeros count at no level; before other characters of digits."""
    rest = ''.join(str(unicodedata.decimal(digit)) for digit in digits)
    while rest:
        rest = rest.lstrip('0') or '0'
        part, rest = rest[:_SEGMENT], rest[_SEGMENT:]
        yield Element(_primary(DIGIT, 0) + bytes([len(part)]) + part.encode(), _COMMON, _SHAPES[''])
