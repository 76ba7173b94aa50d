"""Decomposes texts into letters and accents, in a time that is linear in their length.

unicodedata puts the accents of one letter in order by insertion, which takes hours where a million follow each other.
"""

import unicodedata
from collections.abc import Iterator
from itertools import chain, groupby

from mqsql import limits

PIECE = 1_000
"""Characters that are decomposed at a time, but for accents that follow."""

_AS_ACCENTS = '\u0f73\u0f75\u0f81'
"""The characters that are no accents, and decompose into accents alone."""


def decomposed(text: str) -> str:
    """The text in Unicode's normalization form D."""
    if len(text) <= PIECE:
        return unicodedata.normalize('NFD', text)
    return ''.join(map(_decomposed, _pieces(text)))


def _pieces(text: str) -> Iterator[str]:
    """The text in parts, each of which begins with a letter."""
    start = 0
    while start < len(text):
        limits.check()
        end = min(start + PIECE, len(text))
        while end < len(text) and (unicodedata.combining(text[end]) or text[end] in _AS_ACCENTS):
            end += 1
        yield text[start:end]
        start = end


def _decomposed(piece: str) -> str:
    if len(piece) <= 2 * PIECE:
        return unicodedata.normalize('NFD', piece)
    apart = ''.join(unicodedata.normalize('NFD', char) for char in limits.checked(piece))
    runs = groupby(apart, lambda char: unicodedata.combining(char) != 0)
    return ''.join(
        chain.from_iterable(sorted(run, key=unicodedata.combining) if accents else run for accents, run in runs)
    )
