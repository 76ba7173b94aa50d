"""An upper bound for the steps of a search, estimated from a pattern's text.

A step is about the work of PCRE2 for one character of the text. The pattern is not parsed: its signs are counted, even where
they are escaped or in a class. So a bound may be too high, but never too low.
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

LARGEST = 20_000
"""No pattern has more items: PCRE2 limits the compiled form to 65,535 bytes."""

CLUSTER = 300  # steps that \X takes for a character, see MOST_FLAGS in the package
MOST_CHOICES = 100
"""Bits of a number of ways that is infinite."""

_BRACES = re.compile(r'\{\s*(\d*)\s*(,?)\s*(\d*)\s*\}')
_ESCAPED_REFERENCE = re.compile(r'\\[1-9gk]|\(\?P=')
_RECURSION = re.compile(r"\(\?(?:R|&|P>|[-+]?\d)|\\g[<']|\(\*scs:")
_REPEATED_GROUP = re.compile(r'\)[*+{]|\\[QE]')
_EXTENDED = re.compile(r'\(\?[a-zA-Z^-]*x')
_NO_LINES = re.compile(r'\(\?[a-zA-Z^-]*s|\(\*|\(\?#|\\[QE]')
_TOKEN = re.compile(r'\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|.', re.DOTALL)
_SIGNS = frozenset('*+{?')
_IN_LINE = re.compile(r'[^\\\[\n]|\\[wdSNh]|\\[^\w\n]|\[(?:[^\\\[\]^\x00-\x1f]|\\[wd])+\]')
_REPEATED = re.compile(r'[*+{]')
_VERB = re.compile(r'(?<!\\)\(\*[A-Za-z:]')
_GROUP = re.compile(r'(?<!\\)\(\?')
_VARIED_LOOKBEHIND = re.compile(r'(?:\(\?<[=!*]|\(\*n?[pa]*lb:|look_?behind)[^)]*[?*+{|(]')


@dataclass(frozen=True)
class Cost:
    """Upper bounds for the steps of a search for the pattern `source` with these options."""

    source: str
    options: str

    @cached_property
    def _recursive(self) -> bool:
        """Whether it calls itself, or a group of it from elsewhere."""
        return _RECURSION.search(self.source) is not None

    @cached_property
    def _extended(self) -> bool:
        return 'x' in self.options or _EXTENDED.search(self.source) is not None

    @cached_property
    def in_lines(self) -> bool:
        """Whether no repetition reaches beyond a line of the text: no repeated item can match a newline."""
        if self._extended or _NO_LINES.search(self.source) or 's' in self.options:
            return False
        tokens = _TOKEN.findall(self.source)
        return all(_IN_LINE.fullmatch(token) for token, sign in pairwise(tokens) if sign in _SIGNS)

    @cached_property
    def _nested(self) -> bool:
        """Whether a group, and with it the choices inside, may be repeated."""
        spaced = self._extended and ')' in self.source and _REPEATED.search(self.source) is not None
        return self._recursive or spaced or _REPEATED_GROUP.search(self.source) is not None

    @cached_property
    def _braces(self) -> list[tuple[int, int | None]]:
        found = _BRACES.findall(self.source)
        return [
            (_number(least), _number(most) if most else None if comma else _number(least))
            for least, comma, most in found
        ]

    @cached_property
    def copies(self) -> int:
        """How many times an item may be in the compiled form: groups with a count are written out."""
        return min(LARGEST, math.prod(max(1, least, most or 0) for least, most in self._braces))

    @cached_property
    def _scans(self) -> int:
        """Items that may each look at a whole stretch of the text."""
        signs = sum(_number_of(sign, self.source) for sign in (_REPEATED, _ESCAPED_REFERENCE))
        return signs * (self.copies if self._nested else 1)

    @cached_property
    def _items(self) -> int:
        return min(LARGEST, len(self.source) * (self.copies if self._nested else 1)) + sum(
            max(least, most or 0) for least, most in self._braces
        )

    @cached_property
    def _factor(self) -> int:
        # A lookbehind may try 255 beginnings; a cluster of characters is looked at from its beginning.
        return (255 if _VARIED_LOOKBEHIND.search(self.source) else 1) * (CLUSTER if '\\X' in self.source else 1)

    def _steps(self, stretch: int) -> int:
        return (self._items + self._scans * stretch) * self._factor

    def unit(self, stretch: int) -> float:
        """Steps between two that PCRE2 counts for its match limit, if repetitions reach over so many characters."""
        return math.inf if self._recursive else self._steps(stretch)

    def start(self, stretch: int) -> float:
        """Steps of the search at one position of the text; infinite where repetitions are nested."""
        ways = [stretch + 1] * self._repetitions
        ways += [
            stretch + 1 if most is None else min(stretch, max(0, most - least)) + 1 for least, most in self._braces
        ]
        if self._nested or self._choices + sum(map(int.bit_length, ways)) > MOST_CHOICES:
            return math.inf
        return self._steps(stretch) * math.prod(ways) << self._choices

    @cached_property
    def _repetitions(self) -> int:
        return self.source.count('*') + self.source.count('+') - _number_of(_VERB, self.source)

    @cached_property
    def _choices(self) -> int:
        return self.source.count('|') + self.source.count('?') - _number_of(_GROUP, self.source)


def _number_of(sign: re.Pattern[str], source: str) -> int:
    return len(sign.findall(source))


def _number(digits: str) -> int:
    return min(int(digits[:6] or 0), 65_535)
